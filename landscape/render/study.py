"""The figure of a study's result: curves with bands, threshold lines, pictures, surfaces as maps. Records only."""

import math
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from landscape.errors import DisplayError
from landscape.records import Surface
from landscape.render.write import MAKER, suffixed, write_figure
from landscape.results import Picture, Plot, Series, StudyResult, Table

# Okabe and Ito 2008: told apart with every kind of colour vision; yellow left out, too light on white.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STYLE = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": MAKER,
}
PLOT_INCHES, HEIGHT_INCHES, MAP_INCHES = 3.4, 2.9, 1.5
MAPS_A_ROW = 10
# Losses below are drawn as this: a map on a logarithmic scale has no zero.
LOWEST = 1e-4
EDGE_LIMIT = 400


def render_study(result: StudyResult, path: str | Path, *, dpi: int = 200) -> Path:
    """Draw a study's result and return where the picture is.

    Plots stand side by side, pictures and maps of surfaces in rows below; surfaces share one colour scale. A table is
    drawn where there is nothing else.

    Args:
        result: what a study found.
        path: the suffix chooses PNG, PDF or SVG; what exists is replaced when the picture is complete.
        dpi: pixels per inch of a PNG.

    Raises:
        InputError: an unknown suffix.
        DisplayError: the result holds nothing to draw.
        FileError: the picture cannot be written.
    """
    target = suffixed(path)
    with mpl.rc_context(STYLE):
        write_figure(_figure(result), target, dpi)
    return target


def _figure(result: StudyResult) -> Figure:
    rows = [row for row in (result.plots, result.pictures, _map_rows(result.surfaces)) if row]
    if not rows and result.table is None:
        raise DisplayError(f"study {result.name} holds nothing to draw")
    width, heights = _size(result)
    figure = Figure(figsize=(width, sum(heights) + 0.35), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"{result.title}: the data {_words(result)}", fontsize=11)
    parts = iter(np.atleast_1d(figure.subfigures(len(heights), 1, height_ratios=heights)))
    if result.plots:
        for axes, plot in zip(_row(next(parts), len(result.plots)), result.plots, strict=True):
            _draw_plot(axes, plot)
    if result.pictures:
        for axes, picture in zip(_row(next(parts), len(result.pictures)), result.pictures, strict=True):
            _draw_picture(axes, picture)
    if result.surfaces:
        _draw_maps(next(parts), result.surfaces)
    if not rows and result.table is not None:
        _draw_table(next(parts).subplots(), result.table)
    return figure


def _words(result: StudyResult) -> str:
    return {"agrees": "agree", "disagrees": "disagree", "undecided": "do not decide"}[result.verdict]


def _size(result: StudyResult) -> tuple[float, list[float]]:
    """Width of the figure and heights of its rows, inches."""
    widths, heights = [PLOT_INCHES * 1.3], []
    if result.plots:
        widths.append(PLOT_INCHES * len(result.plots))
        heights.append(HEIGHT_INCHES)
    if result.pictures:
        widths.append(2.6 * len(result.pictures))
        heights.append(3.3)
    if result.surfaces:
        widths.append(MAP_INCHES * min(MAPS_A_ROW, len(result.surfaces)) * 0.85 + 0.9)
        heights.append(MAP_INCHES * 1.15 * len(_map_rows(result.surfaces)) + 0.3)
    if not heights:
        widths.append(10.5)
        heights.append(0.32 * (2 + len(result.table.rows if result.table else ())))
    return max(widths), heights


def _row(part: Any, count: int) -> list[Axes]:
    return list(np.atleast_1d(part.subplots(1, count)))


def _draw_plot(axes: Axes, plot: Plot) -> None:
    axes.set_xscale(plot.x_scale)
    axes.set_yscale(plot.y_scale)
    for number, series in enumerate(plot.series):
        _draw_series(axes, series, COLORS[number % len(COLORS)], MARKERS[number % len(MARKERS)])
    for mark in plot.marks:
        line = axes.axvline if mark.axis == "x" else axes.axhline
        line(mark.value, color="0.45", linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        _label_mark(axes, mark.axis, mark.value, mark.label)
    axes.set_title(plot.title, fontsize=10)
    axes.set_xlabel(plot.x_label, fontsize=9)
    axes.set_ylabel(plot.y_label, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(True, which="major", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    if plot.series:
        axes.legend(fontsize=7.5, frameon=True, framealpha=0.85, edgecolor="none")


def _draw_series(axes: Axes, series: Series, color: str, marker: str) -> None:
    y, low, high = (np.where(np.isfinite(v), v, np.nan) for v in (series.y, series.low, series.high))
    if axes.get_yscale() == "log":
        y, low, high = (np.where(v > 0, v, np.nan) for v in (y, low, high))
    if series.style == "fit":
        axes.plot(series.x, y, color=color, linewidth=1.0, linestyle="--", label=series.label)
        return
    joined = "-" if series.style == "line" else ""
    axes.plot(series.x, y, joined, marker=marker, color=color, linewidth=1.3, markersize=3.6, label=series.label)
    if np.nanmax(np.abs(high - low), initial=0) > 0:
        axes.fill_between(series.x, low, high, color=color, alpha=0.2, linewidth=0)


def _label_mark(axes: Axes, axis: str, value: float, label: str) -> None:
    """The words of a threshold, beside its line and inside the axes."""
    if axis == "x":
        place, transform = (value, 0.98), axes.get_xaxis_transform()
        axes.text(*place, f" {label}", transform=transform, rotation=90, va="top", ha="right", fontsize=7, color="0.35")
    else:
        place, transform = (0.99, value), axes.get_yaxis_transform()
        axes.text(*place, label, transform=transform, va="bottom", ha="right", fontsize=7, color="0.35")


def _draw_picture(axes: Axes, picture: Picture) -> None:
    axes.imshow(np.clip(picture.values, 0, 1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    pieces = np.asarray(picture.pieces)
    if 0 <= pieces.max() < EDGE_LIMIT:
        edges = np.zeros(pieces.shape, dtype=bool)
        edges[:, 1:] |= pieces[:, 1:] != pieces[:, :-1]
        edges[1:] |= pieces[1:] != pieces[:-1]
        axes.imshow(np.ma.masked_where(~edges, edges), cmap=mpl.colors.ListedColormap(["#D55E00"]), alpha=0.55)
    axes.set_title(picture.title, fontsize=9)
    axes.set_axis_off()


def _map_rows(surfaces: tuple[Surface, ...]) -> list[list[Surface]]:
    """Surfaces of one kind in rows of at most ten."""
    kinds = list(dict.fromkeys(surface.kind for surface in surfaces))
    by_kind = [[surface for surface in surfaces if surface.kind == kind] for kind in kinds]
    return [group[k : k + MAPS_A_ROW] for group in by_kind for k in range(0, len(group), MAPS_A_ROW)]


def _draw_maps(part: Any, surfaces: tuple[Surface, ...]) -> None:
    """Losses as maps on one logarithmic colour scale, diverged and unmeasured points left white."""
    rows = _map_rows(surfaces)
    finite = np.concatenate([surface.loss[np.isfinite(surface.loss)] for surface in surfaces])
    if not finite.size:
        raise DisplayError("no surface of this study holds a finite loss")
    ceiling = 1.5 * math.log(max(2, max(surface.provenance.K for surface in surfaces)))
    low = max(LOWEST, float(finite.min()))
    norm = LogNorm(min(low, ceiling / 10), ceiling)
    grid = part.subplots(len(rows), max(map(len, rows)), squeeze=False)
    drawn = None
    for axes_row, row in zip(grid, rows, strict=True):
        for axes in axes_row[len(row) :]:
            axes.set_axis_off()
        for axes, surface in zip(axes_row, row, strict=False):
            drawn = _draw_map(axes, surface, norm)
        axes_row[0].set_ylabel("across" if row[0].kind == "corridor" else "direction 2", fontsize=7)
    bar = part.colorbar(drawn, ax=grid, shrink=0.85, pad=0.01, extend="both")
    bar.set_label("loss (nats per example)", fontsize=8)
    bar.ax.tick_params(labelsize=7)


def _draw_map(axes: Axes, surface: Surface, norm: LogNorm) -> Any:
    x, y = surface.alpha.positions, surface.beta.values
    values = np.ma.masked_invalid(np.maximum(surface.loss.T, LOWEST))
    drawn = axes.pcolormesh(x, y, values, norm=norm, cmap="viridis", shading="nearest", rasterized=True)
    made = surface.provenance
    axes.set_title(made.network.rpartition(", ")[2], fontsize=7.5, pad=2)
    axes.set_xlabel("training" if surface.kind == "corridor" else "direction 1", fontsize=7, labelpad=1)
    axes.set_xticks([])
    axes.tick_params(labelsize=6)
    if axes.get_subplotspec() is not None and not axes.get_subplotspec().is_first_col():
        axes.set_yticklabels([])
    return drawn


def _draw_table(axes: Axes, table: Table) -> None:
    axes.set_axis_off()
    drawn = axes.table(cellText=list(table.rows), colLabels=list(table.header), loc="center", cellLoc="left")
    drawn.auto_set_font_size(False)
    drawn.set_fontsize(8)
    drawn.auto_set_column_width(list(range(len(table.header))))
    drawn.scale(1, 1.25)
    for (row, _), cell in drawn.get_celld().items():
        cell.set_linewidth(0.4)
        if row == 0:
            cell.set_facecolor("0.93")
