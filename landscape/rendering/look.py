"""The look that figures, pages and films share, and the record of a picture that was drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from landscape.records.base import LOSS
from landscape.records.sampled import Profile, Surface
from landscape.rendering.facts.names import names_of
from landscape.rendering.geometry.backend import Backend
from landscape.rendering.geometry.camera import Box, Camera
from landscape.rendering.geometry.heights import HeightScale
from landscape.rendering.geometry.panel import Panel, panels_of
from landscape.rendering.geometry.sublevel import Sublevel
from landscape.rendering.geometry.viewpoint import Preset, viewpoint

CORRIDOR_BOX = Box(half_x=1.15, half_y=1.0)
PLANE_BOX = Box(top=1.18)


@dataclass(frozen=True)
class Look:
    """The options that figures, pages and films share; `landscape.render` says what each of them means."""

    metric: str = LOSS
    scale: HeightScale = "auto"
    ceiling: float | None = None
    sublevel: Sublevel = "auto"
    titles: Sequence[str] | None = None
    colormap: str = "viridis"
    camera: Preset = "auto"
    azimuth: float | None = None
    elevation: float | None = None

    def names(self, surfaces: Sequence[Surface]) -> list[str]:
        """The titles, or the models' names."""
        return names_of(surfaces) if self.titles is None else list(self.titles)

    def panels(self, surfaces: Sequence[Surface], *, color: str | None = None, shared: bool = True) -> list[Panel]:
        """The surfaces in boxes, on one range of heights and colours if it is shared.

        Raises:
            InputError: surfaces that cannot share axes, or an unknown metric or scale.
            DisplayError: nothing finite to draw, or fewer than 2 points a side.
        """
        return panels_of(
            surfaces,
            self.metric,
            CORRIDOR_BOX if surfaces[0].kind == "corridor" else PLANE_BOX,
            self.names(surfaces),
            color=color,
            scale=self.scale,
            ceiling=self.ceiling,
            shared=shared,
            sublevel=self.sublevel if self.metric == LOSS else None,
        )

    def viewpoint(self, panels: Sequence[Panel]) -> Camera:
        """Where the viewer of the panels stands.

        Raises:
            InputError: an unknown camera, or an angle out of range.
        """
        return viewpoint(panels, self.camera, azimuth=self.azimuth, elevation=self.elevation)


PLAIN = Look()


@dataclass(frozen=True)
class Rendering:
    """A picture that was drawn.

    Args:
        path: where it is.
        backend: ``"vtk"``, ``"matplotlib"`` or ``"webgl"``.
        clipped: points cut away above the ceiling or diverged, per panel or curve.
        low: smallest value on the height axis, of the first panel.
        high: largest value on it.
        caption: what is shown, in words, with every number; of figures.
        tex: the LaTeX file beside it, if one was asked for.
        messages: lines that the user should read.
    """

    path: Path
    backend: str
    clipped: tuple[int, ...]
    low: float
    high: float
    caption: str = ""
    tex: Path | None = None
    messages: tuple[str, ...] = ()


def rendering_of(panels: Sequence[Panel], path: Path, backend: Backend, messages: tuple[str, ...] = ()) -> Rendering:
    """The record of a picture of these panels, with the backend's advice among the messages."""
    clipped = tuple(panel.heights.num_clipped(panel.surface, panel.metric) for panel in panels)
    heights = panels[0].heights
    messages += (f"drawn with matplotlib's own 3-D; {backend.advice}",) if backend.advice else ()
    return Rendering(path, backend.name, clipped, heights.low, heights.high, messages=messages)


def thin(panels: Sequence[Panel], limit: int) -> list[Panel]:
    """The panels with at most ``limit`` points a side: every second or third row and column where there are more."""
    return [panel.limit_points(limit) for panel in panels]


def as_list(records: Surface | Profile | Sequence[Surface | Profile]) -> list[Surface | Profile]:
    """One record or several, as a list."""
    return [records] if isinstance(records, Surface | Profile) else list(records)
