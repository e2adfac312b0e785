"""The figure of a study's result: plots, pictures and maps of surfaces in rows; and the film of its corridors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from landscape.errors import DisplayError, InputError
from landscape.records.findings import Picture, StudyResult, Table
from landscape.rendering.film.movie import FilmOptions, render_film
from landscape.rendering.geometry.style import Theme, ThemeName, theme_of
from landscape.rendering.look import Look
from landscape.rendering.views.maps import draw_maps, map_rows, maps_size, size_of
from landscape.rendering.views.plot import draw_plot
from landscape.rendering.write import picture_path, write_figure

PLOT_INCHES = (3.4, 2.9)
PICTURE_INCHES = (2.6, 3.3)
SECONDS_PER_WIDTH = 0.7
EDGE = "#d55e00"
EDGE_LIMIT = 400  # linear pieces; the edges of more would cover the picture
VERDICTS = {"agrees": "agree", "disagrees": "disagree", "undecided": "do not decide"}


def render_study(result: StudyResult, path: str | Path, *, theme: ThemeName = "paper", dpi: int = 200) -> Path:
    """Draw a study's result and return the path of the picture.

    Plots stand side by side, pictures and maps of surfaces in rows below; surfaces share one colour scale. A table is
    drawn where there is nothing else.

    Args:
        result: the record that a study returned.
        path: the suffix chooses PNG, PDF or SVG; an existing file is replaced when the picture is complete.
        theme: ``"paper"``, ``"dark"`` or ``"slide"``.
        dpi: pixels per inch of a PNG.

    Returns:
        The path.

    Raises:
        InputError: an unknown suffix or theme.
        DisplayError: the result holds nothing to draw.
        FileError: the picture cannot be written.
    """
    target, colors = picture_path(path), theme_of(theme)
    with mpl.rc_context(colors.settings()):
        write_figure(study_figure(result, colors), target, dpi)
    return target


def film_study(result: StudyResult, path: str | Path, *, progress: bool = False) -> Path:
    """Film a study's corridors, one width after another on one scale, and return the path of the film.

    Args:
        result: of a study whose surfaces are corridors, ``"morph"``.
        path: the suffix chooses MP4, WebM or GIF.
        progress: whether a bar runs on stderr.

    Returns:
        The path.

    Raises:
        InputError: fewer than two corridors, an unknown suffix, or a missing ``landscape[movie]``.
        FileError: the film cannot be written.
    """
    corridors = [surface for surface in result.surfaces if surface.kind == "corridor"]
    if len(corridors) < 2:
        raise InputError(f"study {result.name} has no surfaces to film; film the study morph")
    look = Look(titles=[size_of(surface) for surface in corridors])
    options = FilmOptions("morph", SECONDS_PER_WIDTH * len(corridors), progress=progress)
    return render_film(corridors, path, look, options).path


@dataclass(frozen=True)
class _Row:
    """A row of a study's figure: its size in inches, and the function that draws it into a part of the figure."""

    width: float
    height: float
    draw: Callable[[Any], None]


def study_figure(result: StudyResult, theme: Theme) -> Figure:
    """The figure of a result, not yet written.

    Raises:
        DisplayError: the result holds nothing to draw.
    """
    rows = _rows(result, theme)
    heights = [row.height for row in rows]
    width = max(1.3 * PLOT_INCHES[0], *(row.width for row in rows))
    figure = Figure(figsize=(width, sum(heights) + 0.35), layout="constrained", facecolor=theme.ground)
    FigureCanvasAgg(figure)
    figure.suptitle(f"{result.title}: the data {VERDICTS[result.verdict]}", fontsize=11)
    for row, part in zip(rows, np.atleast_1d(figure.subfigures(len(rows), 1, height_ratios=heights)), strict=True):
        row.draw(part)
    return figure


def _rows(result: StudyResult, theme: Theme) -> list[_Row]:
    rows, table = [], result.table
    if result.plots:
        rows.append(_side_by_side(PLOT_INCHES, result.plots, lambda axes, plot: draw_plot(axes, plot, theme)))
    if result.pictures:
        rows.append(_side_by_side(PICTURE_INCHES, result.pictures, draw_picture))
    if result.surfaces:
        maps = map_rows(result.surfaces)
        width, height = maps_size(maps)
        rows.append(_Row(width, height + 0.3, lambda part: draw_maps(part, maps)))
    if not rows and table is not None:
        rows.append(_Row(10.5, 0.32 * (2 + len(table.rows)), lambda part: _draw_table(part.subplots(), table, theme)))
    if not rows:
        raise DisplayError(f"study {result.name} holds nothing to draw")
    return rows


def _side_by_side(inches: tuple[float, float], items: Sequence[Any], draw: Callable[[Axes, Any], None]) -> _Row:
    def draw_all(part: Any) -> None:
        for axes, item in zip(np.atleast_1d(part.subplots(1, len(items))), items, strict=True):
            draw(axes, item)

    return _Row(inches[0] * len(items), inches[1], draw_all)


def draw_picture(axes: Axes, picture: Picture) -> None:
    """Draw a grey picture, with the edges of its linear pieces where these are few."""
    axes.imshow(np.clip(picture.values, 0, 1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    pieces = np.asarray(picture.pieces)
    if 0 <= pieces.max() < EDGE_LIMIT:
        edges = np.zeros(pieces.shape, dtype=bool)
        edges[:, 1:] |= pieces[:, 1:] != pieces[:, :-1]
        edges[1:] |= pieces[1:] != pieces[:-1]
        axes.imshow(np.ma.masked_where(~edges, edges), cmap=ListedColormap([EDGE]), alpha=0.55)
    axes.set_title(picture.title, fontsize=9)
    axes.set_axis_off()


def _draw_table(axes: Axes, table: Table, theme: Theme) -> None:
    axes.set_axis_off()
    cells = axes.table(cellText=list(table.rows), colLabels=list(table.header), loc="center", cellLoc="left")
    cells.auto_set_font_size(False)
    cells.set_fontsize(8)
    cells.auto_set_column_width(list(range(len(table.header))))
    cells.scale(1, 1.25)
    for (row, _), cell in cells.get_celld().items():
        cell.set(linewidth=0.4, edgecolor=theme.small, facecolor=theme.wall if row == 0 else "none")
