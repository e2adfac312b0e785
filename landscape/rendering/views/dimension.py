"""Dimension lines, as a draughtsman notes how wide or high something is."""

from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from landscape.records.base import FloatArray
from landscape.rendering.geometry.style import Theme
from landscape.rendering.geometry.ticks import length

Place: TypeAlias = tuple[float, float] | FloatArray
HEADS = "<|-|>,head_width=0.13,head_length=0.3"


def dimension_line(
    axes: Axes, start: Place, end: Place, theme: Theme, *, color: str, halo: Any, zorder: float, bounded: bool = True
) -> None:
    """An arrow with a head at either end, and a halo; without heads where what it measures goes on."""
    style: dict[str, Any] = {"arrowstyle": HEADS if bounded else "-", "shrinkA": 0, "shrinkB": 0}
    style |= {"linewidth": 0.8 * theme.line, "color": color}
    options: dict[str, Any] = {"zorder": zorder, "annotation_clip": False, "in_layout": False}
    arrow = axes.annotate("", np.asarray(end), np.asarray(start), arrowprops=style, **options).arrow_patch
    if arrow is not None:
        arrow.set_path_effects([withStroke(linewidth=1.8 * theme.line, foreground=halo)])


def width_text(low: float, high: float, *, bounded: bool) -> str:
    """How far apart two walls are, or at least are."""
    return ("" if bounded else "\u2265 ") + length(high - low)
