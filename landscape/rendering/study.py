"""The figure of a study's result: curves with bands, threshold lines, pictures, surfaces as maps. Records only."""

import base64
import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from landscape.errors import DisplayError, InputError
from landscape.records.base import FloatArray
from landscape.records.findings import Mark, Picture, Plot, Series, StudyResult, Table
from landscape.records.sampled import Surface
from landscape.rendering.film.movie import FilmOptions, render_film
from landscape.rendering.geometry.style import Theme, ThemeName, theme_of
from landscape.rendering.look import Look
from landscape.rendering.write import suffixed, write_figure

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
PLOT_INCHES, HEIGHT_INCHES, MAP_INCHES = 3.4, 2.9, 1.5
MAPS_A_ROW, MAPS_ON_PAGE = 10, 5
LETTER = 0.026  # of the axes: length of a letter in the words of a threshold
EDGE = "#d55e00"
PAPER = theme_of("paper")
# Losses below are drawn as this: a map on a logarithmic scale has no zero.
LOWEST = 1e-4
EDGE_LIMIT = 400


@dataclass(frozen=True)
class Image:
    """One part of a study's figure for a page, as an address that holds the picture itself.

    Args:
        kind: ``"plot"``, ``"picture"`` or ``"maps"``.
        title: above it.
        alt: what it shows, in words.
        light: ``data:`` address for light grounds.
        dark: the same for dark ones.
        width: pixels at its natural size.
        height: likewise.
    """

    kind: str
    title: str
    alt: str
    light: str
    dark: str
    width: int
    height: int


def study_images(result: StudyResult) -> tuple[Image, ...]:
    """Every plot and picture of a result by itself, and its maps together, for light and for dark grounds.

    Raises:
        DisplayError: surfaces without a finite loss.
    """
    plots = [_image("plot", plot.title, _plot_words(plot), _plot_size(plot), _drawer(plot)) for plot in result.plots]
    return (*plots, *map(_photo, result.pictures), *([_maps(result)] if result.surfaces else []))


def _plot_size(plot: Plot) -> tuple[float, float]:
    return PLOT_INCHES, HEIGHT_INCHES - 0.2 + 0.16 * len(plot.series)


def _drawer(plot: Plot) -> Callable[[Figure, Theme], None]:
    """A plot without its title, which the page has, and with the legend above it, where it hides no curve."""

    def draw(figure: Figure, theme: Theme) -> None:
        axes = figure.subplots()
        _draw_plot(axes, plot, theme)
        axes.set_title("")
        if (legend := axes.get_legend()) is not None:
            legend.remove()
            figure.legend(loc="outside upper left", fontsize=7.5, frameon=False)

    return draw


def _maps(result: StudyResult) -> Image:
    surfaces = result.surfaces
    rows = _map_rows(surfaces, MAPS_ON_PAGE)
    size = (_maps_width(rows), MAP_INCHES * 1.15 * len(rows) + 0.15)
    kinds = " and ".join(dict.fromkeys(f"{surface.kind}s" for surface in surfaces))
    names = ", ".join(dict.fromkeys(size_of(surface) for surface in surfaces))
    title = f"{kinds.capitalize()} on one colour scale"
    return _image("maps", title, f"Maps of the loss: {kinds} of {names}.", size, lambda f, t: _draw_maps(f, rows, t))


def _photo(picture: Picture) -> Image:
    """A picture pixel by pixel, enlarged where it is small."""
    height, width = picture.values.shape
    times = max(1, round(300 / height))
    size = (times * width / 100, times * height / 100)

    def draw(figure: Figure, theme: Theme) -> None:
        _draw_picture(figure.add_axes((0.0, 0.0, 1.0, 1.0)), picture)
        figure.axes[0].set_title("")

    address = _address(size, draw, PAPER, "png")
    alt = f"Grey picture: {picture.title}."
    return Image("picture", picture.title, alt, address, address, times * width, times * height)


def _image(kind: str, title: str, alt: str, size: tuple[float, float], draw: Callable[[Figure, Theme], None]) -> Image:
    light, dark = (_address(size, draw, theme_of(name), "svg") for name in ("paper", "dark"))
    return Image(kind, title, alt, light, dark, round(96 * size[0]), round(96 * size[1]))


def _address(size: tuple[float, float], draw: Callable[[Figure, Theme], None], theme: Theme, kind: str) -> str:
    """A picture as a ``data:`` address; letters as outlines, so that it looks the same without our fonts."""
    with mpl.rc_context({**theme.settings(), "svg.fonttype": "path"}):
        figure = Figure(figsize=size, layout="constrained" if kind == "svg" else None, facecolor="none")
        FigureCanvasAgg(figure)
        draw(figure, theme)
        target = io.BytesIO()
        metadata = {"Date": None} if kind == "svg" else None
        figure.savefig(target, format=kind, dpi=150 if kind == "svg" else 100, transparent=False, metadata=metadata)
    kind = {"svg": "image/svg+xml", "png": "image/png"}[kind]
    return f"data:{kind};base64,{base64.b64encode(target.getvalue()).decode()}"


def _plot_words(plot: Plot) -> str:
    """What a plot shows, for those who cannot see it: ends and extremes of every curve."""
    lines = [f"{plot.title}: {plot.y_label} against {plot.x_label}."]
    for series in plot.series:
        known = np.isfinite(series.y)
        if not known.any():
            continue
        x, y = series.x[known], series.y[known]
        highest = int(y.argmax())
        peak = f", at most {y[highest]:.3g} at {x[highest]:.3g}" if y[highest] > 1.02 * max(y[0], y[-1]) else ""
        lines.append(f"{series.label}: from {y[0]:.3g} at {x[0]:.3g} to {y[-1]:.3g} at {x[-1]:.3g}{peak}.")
    return " ".join(lines)


def render_study(result: StudyResult, path: str | Path, *, theme: ThemeName = "paper", dpi: int = 200) -> Path:
    """Draw a study's result and return where the picture is.

    Plots stand side by side, pictures and maps of surfaces in rows below; surfaces share one colour scale. A table is
    drawn where there is nothing else.

    Args:
        result: what a study found.
        path: the suffix chooses PNG, PDF or SVG; what exists is replaced when the picture is complete.
        theme: ``"paper"``, ``"dark"`` or ``"slide"``.
        dpi: pixels per inch of a PNG.

    Raises:
        InputError: an unknown suffix or theme.
        DisplayError: the result holds nothing to draw.
        FileError: the picture cannot be written.
    """
    target = suffixed(path)
    chosen = theme_of(theme)
    with mpl.rc_context(chosen.settings()):
        write_figure(_figure(result, chosen), target, dpi)
    return target


def film_study(result: StudyResult, path: str | Path, *, progress: bool = False) -> Path:
    """Film a study's corridors, one width after another on one scale, and return where the film is.

    Args:
        result: of the study ``morph``, with two corridors or more.
        path: the suffix chooses MP4, WebM or GIF.
        progress: whether a bar runs on stderr.

    Returns:
        The path of the film.

    Raises:
        InputError: fewer than two corridors, an unknown suffix, or a missing ``landscape[movie]``.
        FileError: the film cannot be written.
    """
    corridors = [surface for surface in result.surfaces if surface.kind == "corridor"]
    if len(corridors) < 2:
        raise InputError(f"study {result.name} has no surfaces to film; film the study morph")
    seconds = 0.7 * len(corridors)
    look = Look(titles=[size_of(surface) for surface in corridors])
    return render_film(corridors, path, look, FilmOptions("morph", seconds, progress=progress)).path


def _figure(result: StudyResult, theme: Theme = PAPER) -> Figure:
    rows = [row for row in (result.plots, result.pictures, _map_rows(result.surfaces)) if row]
    if not rows and result.table is None:
        raise DisplayError(f"study {result.name} holds nothing to draw")
    width, heights = _size(result)
    figure = Figure(figsize=(width, sum(heights) + 0.35), layout="constrained", facecolor=theme.ground)
    FigureCanvasAgg(figure)
    figure.suptitle(f"{result.title}: the data {_words(result)}", fontsize=11)
    parts = iter(np.atleast_1d(figure.subfigures(len(heights), 1, height_ratios=heights)))
    if result.plots:
        for axes, plot in zip(_row(next(parts), len(result.plots)), result.plots, strict=True):
            _draw_plot(axes, plot, theme)
    if result.pictures:
        for axes, picture in zip(_row(next(parts), len(result.pictures)), result.pictures, strict=True):
            _draw_picture(axes, picture)
    if result.surfaces:
        _draw_maps(next(parts), _map_rows(result.surfaces), theme)
    if not rows and result.table is not None:
        _draw_table(next(parts).subplots(), result.table, theme)
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
        widths.append(_maps_width(_map_rows(result.surfaces)))
        heights.append(MAP_INCHES * 1.15 * len(_map_rows(result.surfaces)) + 0.3)
    if not heights:
        widths.append(10.5)
        heights.append(0.32 * (2 + len(result.table.rows if result.table else ())))
    return max(widths), heights


def _maps_width(rows: list[list[Surface]]) -> float:
    return MAP_INCHES * max(map(len, rows)) * 0.85 + 0.9


def _row(part: Any, count: int) -> list[Axes]:
    return list(np.atleast_1d(part.subplots(1, count)))


def _draw_plot(axes: Axes, plot: Plot, theme: Theme) -> None:
    axes.set_facecolor("none")
    axes.set_xscale(plot.x_scale)
    axes.set_yscale(plot.y_scale)
    for number, series in enumerate(plot.series):
        _draw_series(axes, series, theme.series[number % len(theme.series)], MARKERS[number % len(MARKERS)])
    for mark in plot.marks:  # first all that may move the limits
        axes.update_datalim([(mark.value, mark.value)], updatex=mark.axis == "x", updatey=mark.axis == "y")
    curves = _curves_of(axes)
    for mark in plot.marks:
        line = axes.axvline if mark.axis == "x" else axes.axhline
        line(mark.value, color=theme.small, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1, alpha=0.8)
        _label_mark(axes, mark, curves, theme)
    axes.set_title(plot.title, fontsize=10)
    axes.set_xlabel(plot.x_label, fontsize=9)
    axes.set_ylabel(plot.y_label, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.tick_params(which="minor", labelsize=6.5)
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        if axis.get_scale() == "log" and high < 100 * low:  # few powers of ten: 20 and 50 rather than 2 x 10^1
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
    axes.grid(True, which="major", color=theme.grid, linewidth=0.6, alpha=0.7)
    axes.set_axisbelow(True)
    if plot.series:
        axes.legend(fontsize=7.5, frameon=True, framealpha=0.85, facecolor=theme.ground, edgecolor="none")


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


def _label_mark(axes: Axes, mark: Mark, curves: FloatArray, theme: Theme) -> None:
    """The words of a threshold, beside its line and inside the axes, where they hide least of the curves."""
    upright = mark.axis == "x"
    own = axes.transAxes.inverted().transform(axes.transData.transform((mark.value, mark.value)))[0 if upright else 1]
    long, wide = LETTER * len(mark.label) + 0.02, 1.8 * LETTER
    along, across = (curves[:, ::-1] if upright else curves).T

    def hidden(place: tuple[float, int]) -> int:
        end, side = place
        beside, out = np.abs(along - end + long / 2) < long / 2, side * (across - own)
        return int(np.count_nonzero(beside & (out > 0) & (out < wide)))

    ends = (0.985, 0.5 + long / 2, 0.015 + long)
    end, side = min(((end, side) for end in ends for side in (-1, 1)), key=hidden)
    look: Any = {
        "fontsize": 7,
        "color": theme.small,
        "path_effects": [withStroke(linewidth=2.5, foreground=theme.ground)],
    }
    if upright:
        look |= {"rotation": 90, "va": "top", "ha": "right" if side < 0 else "left"}
        axes.text(mark.value, end, mark.label, transform=axes.get_xaxis_transform(), **look)
    else:
        look |= {"va": "top" if side < 0 else "bottom", "ha": "right"}
        axes.text(end, mark.value, mark.label, transform=axes.get_yaxis_transform(), **look)


def _curves_of(axes: Axes) -> FloatArray:
    """Points close together on all curves drawn so far, shape (n, 2), as shares of the axes."""
    axes.get_xlim(), axes.get_ylim()  # limits that are due are set when they are asked for
    to_axes = axes.transData + axes.transAxes.inverted()
    found = [np.empty((0, 2))]
    for line in axes.lines:
        places = to_axes.transform(np.column_stack(line.get_data()))
        places = places[np.isfinite(places).all(axis=1)]
        if not len(places):
            continue
        steps = np.linspace(0, len(places) - 1, 40 * len(places))
        found.append(np.column_stack([np.interp(steps, np.arange(len(places)), side) for side in places.T]))
    return np.concatenate(found)


def _draw_picture(axes: Axes, picture: Picture) -> None:
    axes.imshow(np.clip(picture.values, 0, 1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    pieces = np.asarray(picture.pieces)
    if 0 <= pieces.max() < EDGE_LIMIT:
        edges = np.zeros(pieces.shape, dtype=bool)
        edges[:, 1:] |= pieces[:, 1:] != pieces[:, :-1]
        edges[1:] |= pieces[1:] != pieces[:-1]
        axes.imshow(np.ma.masked_where(~edges, edges), cmap=mpl.colors.ListedColormap([EDGE]), alpha=0.55)
    axes.set_title(picture.title, fontsize=9)
    axes.set_axis_off()


def _map_rows(surfaces: tuple[Surface, ...], most: int = MAPS_A_ROW) -> list[list[Surface]]:
    """Surfaces of one kind a row, or several rows of at most so many."""
    kinds = list(dict.fromkeys(surface.kind for surface in surfaces))
    by_kind = [[surface for surface in surfaces if surface.kind == kind] for kind in kinds]
    return [group[k : k + most] for group in by_kind for k in range(0, len(group), most)]


def _draw_maps(part: Any, rows: list[list[Surface]], theme: Theme) -> None:
    """Losses as maps on one logarithmic colour scale, diverged and unmeasured points left empty."""
    surfaces = [surface for row in rows for surface in row]
    finite = np.concatenate([surface.loss[np.isfinite(surface.loss)] for surface in surfaces])
    if not finite.size:
        raise DisplayError("no surface of this study holds a finite loss")
    ceiling = 1.5 * math.log(max(2, max(surface.provenance.identity.K for surface in surfaces)))
    low = max(LOWEST, float(finite.min()))
    norm = LogNorm(min(low, ceiling / 10), ceiling)
    grid = part.subplots(len(rows), max(map(len, rows)), squeeze=False)
    drawn = None
    for axes_row, row in zip(grid, rows, strict=True):
        for axes in axes_row[len(row) :]:
            axes.set_axis_off()
        for axes, surface in zip(axes_row, row, strict=False):
            drawn = _draw_map(axes, surface, norm)
        axes_row[0].set_ylabel(
            ("across" if row[0].kind == "corridor" else "direction 2") + "\n(filter norms)", fontsize=7
        )
    bar = part.colorbar(drawn, ax=grid, shrink=0.85, pad=0.01, extend="both")
    bar.set_label("loss (nats per example)", fontsize=8)
    bar.ax.tick_params(labelsize=7)


def _draw_map(axes: Axes, surface: Surface, norm: LogNorm) -> Any:
    x, y = surface.alpha.positions, surface.beta.values
    values = np.ma.masked_invalid(np.maximum(surface.loss.T, LOWEST))
    drawn = axes.pcolormesh(x, y, values, norm=norm, cmap="viridis", shading="nearest", rasterized=True)
    axes.set_title(size_of(surface), fontsize=7.5, pad=2)
    axes.set_xlabel("training" if surface.kind == "corridor" else "direction 1", fontsize=7, labelpad=1)
    axes.set_xticks([])
    axes.tick_params(labelsize=6)
    if axes.get_subplotspec() is not None and not axes.get_subplotspec().is_first_col():
        axes.set_yticklabels([])
    return drawn


def size_of(surface: Surface) -> str:
    """``"width 4"`` of ``"mlp, width 4"``."""
    return surface.provenance.identity.network.rpartition(", ")[2]


def _draw_table(axes: Axes, table: Table, theme: Theme) -> None:
    axes.set_axis_off()
    drawn = axes.table(cellText=list(table.rows), colLabels=list(table.header), loc="center", cellLoc="left")
    drawn.auto_set_font_size(False)
    drawn.set_fontsize(8)
    drawn.auto_set_column_width(list(range(len(table.header))))
    drawn.scale(1, 1.25)
    for (row, _), cell in drawn.get_celld().items():
        cell.set(linewidth=0.4, edgecolor=theme.small, facecolor=theme.wall if row == 0 else "none")
