"""What the script of a page is given: arrays, scales and axes of surfaces, as JSON can hold them."""

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from landscape.records.base import FloatArray
from landscape.records.sampled import Surface
from landscape.rendering.facts.quantities import axis_label, metric_label
from landscape.rendering.geometry.camera import Camera
from landscape.rendering.geometry.heights import Heights, HeightScale
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.style import colors_of
from landscape.rendering.geometry.ticks import axis_ticks, height_ticks, number, plain
from landscape.rendering.look import Look, thin

MAX_POINTS = 256  # a side; more are thinned, and the page says so


def panels_by_scale(surfaces: Sequence[Surface], look: Look) -> dict[str, list[Panel]]:
    """The panels on every scale that the values allow, the one to begin with first."""
    panels = thin(look.panels(surfaces), MAX_POINTS)
    by_scale: dict[str, list[Panel]] = {panels[0].heights.scale: panels}
    finite = np.concatenate([panel.values[np.isfinite(panel.values)] for panel in panels])
    scales: tuple[HeightScale, ...] = ("linear", "log") if finite.min() > 0 else ("linear",)
    for scale in scales:
        if scale not in by_scale:
            by_scale[scale] = thin(replace(look, scale=scale).panels(surfaces), MAX_POINTS)
    return by_scale


def payload(
    by_scale: Mapping[str, Sequence[Panel]], groups: Sequence[Sequence[Panel]], camera: Camera, colormap: str
) -> dict[str, Any]:
    """All that is drawn, the scales it is drawn on, the first view, the colours, and box and axes.

    Args:
        by_scale: all panels on each scale, see `panels_by_scale`.
        groups: those on the first scale: one group a panel of the page, with a surface a stop of its slider.
        camera: where the viewer stands at first.
        colormap: by name.
    """
    colors = colors_of(colormap)(np.linspace(0, 1, 256))[:, :3]
    return {
        "panels": [{"frames": [_frame(panel) for panel in group]} for group in groups],
        "scales": [_scale(panels) for panels in by_scale.values()],
        "colors": _base64((colors * 255).round().astype(np.uint8)),
        "camera": {"azimuth": camera.azimuth, "elevation": camera.elevation},
        **_axes(groups[0][0]),
    }


def _frame(panel: Panel) -> dict[str, Any]:
    """One surface as the script takes it: world coordinates, the record's own coordinates and values."""
    # Arrays travel as bytes: decimal text would be three times as long, and the reader is promised exact values.
    values = panel.values
    step = panel.stride
    below = panel.excess()
    path = panel.path_at()
    frame: dict[str, Any] = {
        "x": _base64(panel.x),
        "y": _base64(panel.y),
        "alpha": _base64(panel.surface.alpha.values[::step]),
        "beta": _base64(panel.surface.beta.values[::step]),
        "values": _base64(values),
        "below": None if below is None else _base64(below),
        "path": None,
        "marker": None,
    }
    if path is not None:
        frame["path"] = _marks(panel, path)
    if panel.solution is not None and math.isfinite(panel.solution[2]):
        frame["marker"] = _marks(panel, np.array([panel.solution]))[0]
    return frame


def _marks(panel: Panel, at: FloatArray) -> list[list[float]]:
    """World x and y and the value of points given as positions and value, those on the floor."""
    x, y = panel.floor.x(at[:, 0], panel.box), panel.floor.y(at[:, 1], panel.box)
    inside = (np.abs(x) <= panel.box.half_x + 1e-9) & (np.abs(y) <= panel.box.half_y + 1e-9) & np.isfinite(at[:, 2])
    points: list[list[float]] = np.column_stack([x, y, at[:, 2]])[inside].tolist()
    return points


def _scale(panels: Sequence[Panel]) -> dict[str, Any]:
    heights = panels[0].heights
    values, labels = height_ticks(heights)
    shares = heights.share(values)
    return {
        "name": heights.scale,
        "low": heights.low,
        "high": heights.high,
        "note": _cut(panels, heights),
        "ticks": [{"share": float(share), "label": plain(text)} for share, text in zip(shares, labels, strict=True)],
    }


def _cut(panels: Sequence[Panel], heights: Heights) -> str:
    counts = [
        (panel.title, heights.num_clipped(panel.surface, panel.metric), panel.surface.status.size) for panel in panels
    ]
    points = ", ".join(f"{count:,} of {total:,} points of {title}" for title, count, total in counts if count)
    if len(counts) > 3 and points:
        points = f"up to {max(count for _, count, _ in counts):,} of {counts[0][2]:,} points of a surface"
    reason = "diverged" if heights.ceiling is None else f"cut away above {plain(number(heights.ceiling, 3))}"
    return f"{reason}: {points}" if points else ""


def _axes(panel: Panel) -> dict[str, Any]:
    floor, box = panel.floor, panel.box
    label = plain(metric_label(panel.metric, panel.surface.provenance))
    name, _, unit = label.partition(" (")
    places = {"alpha": (floor.alpha_axis, floor.alpha, floor.x), "beta": (floor.beta_axis, floor.beta, floor.y)}
    axes = {}
    for key, (axis, ends, spread) in places.items():
        positions, labels = axis_ticks(axis, ends)
        ticks = zip(spread(positions, box).tolist(), labels, strict=True)
        axes[key] = {
            "label": plain(axis_label(axis, f"$\\{key}$")),
            "ticks": [{"at": at, "label": plain(text)} for at, text in ticks],
        }
    step = floor.alpha_axis.unit == "step"
    return {
        "box": {"half_x": box.half_x, "half_y": box.half_y, "bottom": box.bottom, "top": box.top},
        **axes,
        "names": {
            "alpha": "step" if step else "\u03b1",
            "beta": "\u03b2",
            "metric": name,
            "height": label.replace(" per example", ""),
        },
        "unit": f" {unit.removesuffix(')')}" if unit else "",
    }


def _base64(values: np.ndarray[Any, Any]) -> str:
    """The bytes of an array, little-endian, row by row."""
    little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return base64.b64encode(little.tobytes()).decode()
