"""Figures of panels side by side, a record in each: cross-sections and spectral densities."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landscape.errors import InputError
from landscape.rendering.geometry.style import Theme, ThemeName, theme_of
from landscape.rendering.views.layout import COLUMN, inches
from landscape.rendering.write import picture_path, write_figure

MAX_PANELS = 4

Record = TypeVar("Record")


def draw_row(
    records: Sequence[Record],
    path: str | Path,
    panel: Callable[[Axes, Record, Theme], None],
    *,
    titles: Sequence[str],
    kind: str,
    heights: str,
    aspect: float,
    same_axes: bool,
    width: str | float | None,
    dpi: int,
    theme: ThemeName,
) -> Path:
    """Draw a panel for each record, 1 to 4, and return the file.

    Args:
        records: one for each panel.
        path: png, pdf or svg by its suffix; what exists is replaced.
        panel: draws a record into its axes.
        titles: one per panel.
        kind: the records in the plural, for the error.
        heights: label of the first panel's vertical axis.
        aspect: height over width of a panel.
        same_axes: whether the panels have the same axes.
        width: of the figure, as for `render`.
        dpi: of a PNG.
        theme: ``"paper"``, ``"dark"`` or ``"slide"``.

    Raises:
        InputError: another number of records or titles, or an unknown suffix.
        FileError: the picture cannot be written.
    """
    target, count = picture_path(path), len(records)
    if not 1 <= count <= MAX_PANELS or len(titles) != count:
        raise InputError(f"a figure has 1 to {MAX_PANELS} {kind}, each with a title, got {count} and {len(titles)}")
    look = theme_of(theme)
    with mpl.rc_context(look.settings()):
        size = inches(width) or COLUMN * count * look.size / 8
        figure = Figure(figsize=(size, aspect * size / count), facecolor=look.ground, layout="constrained")
        panels = figure.subplots(1, count, sharex=same_axes, sharey=same_axes, squeeze=False)[0]
        for axes, record, title in zip(panels, records, titles, strict=True):
            panel(axes, record, look)
            _frame(axes, title, look)
        panels[0].set_ylabel(heights, fontsize=look.size + 1)
        write_figure(figure, target, dpi)
    return target


def _frame(axes: Axes, title: str, theme: Theme) -> None:
    """Title, spines and ticks of a panel."""
    axes.set_facecolor(theme.ground)
    axes.set_title(title, fontsize=theme.size + 1)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=theme.size, which="both", width=0.6 * theme.line)
