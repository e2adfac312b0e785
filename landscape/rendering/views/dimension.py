"""Dimension lines, as in a technical drawing: an arrow as long as a width or a height, with its text."""

from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from landscape.records.base import FloatArray
from landscape.rendering.geometry.style import Theme
from landscape.rendering.geometry.sublevel import Dimension
from landscape.rendering.geometry.ticks import length

Point: TypeAlias = tuple[float, float] | FloatArray
HEADS = "<|-|>,head_width=0.13,head_length=0.3"


def dimension_line(
    axes: Axes, start: Point, end: Point, theme: Theme, *, color: str, halo: Any, zorder: float, bounded: bool = True
) -> None:
    """Draw an arrow with a head at either end and a halo; without heads where the length is a lower bound."""
    style: dict[str, Any] = {"arrowstyle": HEADS if bounded else "-", "shrinkA": 0, "shrinkB": 0}
    style |= {"linewidth": 0.8 * theme.line, "color": color}
    options: dict[str, Any] = {"zorder": zorder, "annotation_clip": False, "in_layout": False}
    arrow = axes.annotate("", np.asarray(end), np.asarray(start), arrowprops=style, **options).arrow_patch
    if arrow is not None:
        arrow.set_path_effects([withStroke(linewidth=1.8 * theme.line, foreground=halo)])


def width_text(dimension: Dimension) -> str:
    """The width, marked where it is a lower bound."""
    return ("" if dimension.bounded else "\u2265 ") + length(dimension.width)
