"""What each frame of a film shows: panels, where the viewer stands, and what is near."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from landscape.errors import InputError
from landscape.records.base import FloatArray
from landscape.records.sampled import Surface
from landscape.rendering.geometry.backend import Backend
from landscape.rendering.geometry.camera import Camera
from landscape.rendering.geometry.panel import Panel

CLOSE = 0.55  # of the full view's side, half way along a flight
MOVING = 0.85  # share of a film in which something moves; then it rests, so that the end can be read
STILL = 0.4  # share of each step of a morph during which a measured surface is shown


@dataclass(frozen=True)
class ShotList:
    """Every frame of a film, described for the process that draws it.

    Args:
        panels: side by side; of a morph in order.
        film: the kind of film, one of `Film`.
        count: frames.
        size: pixels.
        camera: where it begins.
        theme: by name.
        colormap: by name.
        backend: what draws the surfaces.
    """

    panels: Sequence[Panel]
    film: str
    count: int
    size: tuple[int, int]
    camera: Camera
    theme: str
    colormap: str
    backend: Backend

    def shot(self, index: int) -> "Shot":
        """What frame ``index`` shows."""
        last = self.count if self.film == "orbit" else self.count - 1  # an orbit begins again where it ends
        return _SHOTS[self.film](self, index / last)


@dataclass(frozen=True)
class Shot:
    """One frame: panels, where the viewer stands, and what is near.

    Args:
        panels: side by side.
        camera: for all of them.
        near: side of the view over the full one.
        centre: world point in the middle of each panel's view; None for the middle of the box.
        note: a line at the bottom.
    """

    panels: Sequence[Panel]
    camera: Camera
    near: float = 1.0
    centre: Sequence[FloatArray] | None = None
    note: str = ""


def _orbit(shots: ShotList, share: float) -> Shot:
    return Shot(shots.panels, replace(shots.camera, azimuth=shots.camera.azimuth + 360 * share))


def _flight(shots: ShotList, share: float) -> Shot:
    """Down the training path: the view closes in on a point that runs along it, and opens again at its end."""
    along = _ease(min(1.0, share / MOVING))
    closing = np.sin(np.pi * min(1.0, max(0.0, share)) ** 0.8) ** 2
    rise = min(12.0, 44.0 - shots.camera.elevation) if shots.camera.elevation < 44 else 0.0  # 45: other ticks
    camera = Camera(shots.camera.azimuth - 35 * (1 - along), shots.camera.elevation + rise * (1 - along))
    centres, panels = [], []
    for panel in shots.panels:
        path = panel.path()
        if path is None or len(path) < 2:
            raise InputError(f"{panel.title} has no training path to fly along")
        steps = np.linspace(0, 1, len(path))
        head = np.array([np.interp(along, steps, path[:, axis]) for axis in range(3)])
        middle = np.array([0.0, 0.0, panel.box.top / 2])
        centres.append(middle + closing * (head - middle))
        panels.append(panel)
    return Shot(panels, camera, 1 - (1 - CLOSE) * float(closing), centres)


def _growth(shots: ShotList, share: float) -> Shot:
    """The corridor up to a step of training that runs from its start to its end, where the film rests."""
    along = min(1.0, share / MOVING)
    panels, last = [], 0.0
    for panel in shots.panels:
        positions = panel.surface.alpha.positions
        head = positions[0] + along * (positions[-1] - positions[0]) + 1e-9
        rows = max(2, int(np.count_nonzero(positions <= head)))
        panels.append(replace(panel, surface=_until(panel.surface, rows)))
        last = max(last, float(panel.surface.alpha.values[rows - 1]))
    return Shot(panels, shots.camera, note=f"training step {last:,.0f}")


def _until(surface: Surface, rows: int) -> Surface:
    """The first rows of a corridor, with the path as far as they reach."""
    alpha = replace(surface.alpha, values=surface.alpha.values[:rows])
    path = surface.trajectory
    if path is not None:
        past = path.alpha <= alpha.values[-1] * (1 + 1e-9)
        names = ("step", "alpha", "beta", "loss", "length")
        path = replace(path, **{name: getattr(path, name)[past] for name in names})
    metrics = {name: values[:rows] for name, values in surface.metrics.items()}
    return replace(
        surface,
        axes=(alpha, surface.beta),
        metrics=metrics,
        status=surface.status[:rows],
        error=surface.error[:rows],
        trajectory=path,
    )


def _morph(shots: ShotList, share: float) -> Shot:
    """Measured surfaces in turn, each shown for a while, with a blend of heights between neighbours."""
    panels = shots.panels
    place = share * (len(panels) - 1)
    first = min(int(place), len(panels) - 2)
    part = _ease(float(np.clip((place - first - STILL / 2) / (1 - STILL), 0, 1)))
    before, after = panels[first], panels[first + 1]
    if part in (0.0, 1.0):
        return Shot([after if part else before], shots.camera, note="as measured")
    between = replace(_blend(before, after, part), title=f"{before.title} to {after.title}")
    return Shot([between], shots.camera, note=f"interpolated between {before.title} and {after.title}, not measured")


def _blend(before: Panel, after: Panel, part: float) -> Panel:
    """Heights and places of the grid points between those of two surfaces; no path, no marks, no width."""

    def mix(a: FloatArray, b: FloatArray) -> FloatArray:
        return np.asarray((1 - part) * a + part * b)

    heights, metric, start, end = before.heights, before.metric, before.surface, after.surface
    values = heights.value(mix(heights.share(start.metrics[metric]), heights.share(end.metrics[metric])))
    axes = tuple(replace(a, values=mix(a.values, b.values)) for a, b in zip(start.axes, end.axes, strict=True))
    status = np.minimum(start.status, end.status)
    surface = replace(start, axes=axes, metrics={metric: values}, status=status, trajectory=None, rays=None)
    return replace(before, surface=surface, sublevel=None, has_solution=False)


_SHOTS = {"orbit": _orbit, "flight": _flight, "growth": _growth, "morph": _morph}


def _ease(share: float) -> float:
    return share * share * (3 - 2 * share)
