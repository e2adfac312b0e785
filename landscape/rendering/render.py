"""One verb for every picture: the suffix of the file says whether it is a figure, a page or a film."""

import warnings
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Literal, TypeAlias

from landscape.defaults import DPI, FRAMES, PIXELS, SECONDS
from landscape.errors import InputError
from landscape.records.base import LOSS
from landscape.records.sampled import Profile, Surface
from landscape.rendering.facts.quantities import metric_of
from landscape.rendering.figure import BackendName, Draw, FigureOptions, Ranges, render_figure
from landscape.rendering.film.movie import SUFFIXES as FILMS
from landscape.rendering.film.movie import Film, FilmOptions, check_film, render_film
from landscape.rendering.geometry.heights import HeightScale
from landscape.rendering.geometry.style import ThemeName
from landscape.rendering.geometry.sublevel import Sublevel
from landscape.rendering.geometry.viewpoint import Preset
from landscape.rendering.look import Look, Rendering, as_list
from landscape.rendering.page.web import SUFFIXES as PAGES
from landscape.rendering.page.web import PageOptions, render_page
from landscape.rendering.write import check_free, check_target, picture_path

Medium: TypeAlias = Literal["figure", "page", "film"]
MEDIA: dict[str, Medium] = {**dict.fromkeys(PAGES, "page"), **dict.fromkeys(FILMS, "film")}
Options: TypeAlias = FigureOptions | PageOptions | FilmOptions


def medium_of(path: str | Path) -> Medium:
    """Whether a path's suffix asks for a page or a film; if neither, it is a figure's.

    Args:
        path: of the picture.

    Returns:
        ``"figure"``, ``"page"`` or ``"film"``.
    """
    return MEDIA.get(Path(path).suffix.lower(), "figure")


def foreign_options(path: str | Path) -> frozenset[str]:
    """The options of `render` that pictures of this kind do not have.

    Args:
        path: of the picture; its suffix says the kind.

    Returns:
        Names of parameters, such as ``"dpi"`` for a film.
    """
    options: dict[Medium, type[Options]] = {"figure": FigureOptions, "page": PageOptions, "film": FilmOptions}
    native = {field.name for field in fields(options.pop(medium_of(path)))}
    return frozenset({field.name for record in options.values() for field in fields(record)} - native)


def render(
    records: Surface | Profile | Sequence[Surface | Profile], path: str | Path, *, metric: str = LOSS,
    scale: HeightScale = "auto", ceiling: float | None = None, sublevel: Sublevel = "auto",
    titles: Sequence[str] | None = None, colormap: str = "viridis", camera: Preset = "auto",
    azimuth: float | None = None, elevation: float | None = None, theme: ThemeName | None = None, draw: Draw = "auto",
    color: str | None = None, ranges: Ranges = "shared", columns: int | None = None, width: str | float | None = None,
    dpi: int = DPI, font: str | None = None, usetex: bool = False, notes: bool | None = None, with_tex: bool = False,
    backend: BackendName = "auto", title: str | None = None, stack: str | None = None, start: int = 0, fixed: int = 0,
    film: Film = "orbit", seconds: float = SECONDS, fps: int = FRAMES, size: tuple[int, int] = PIXELS,
    processes: int | None = None, progress: bool = False, view: Draw | None = None,
) -> Rendering:  # fmt: skip
    """Draw a figure, a page or a film of records, on one range of heights and colours.

    Args:
        records: surfaces of one kind, side by side; of figures also profiles along axes of one unit, in one picture.
        path: png, pdf, svg (figures), html (a page), mp4, webm, gif (films); replaced when the picture is complete.
        metric: what the height shows; ``"pde"`` is short for ``"train_pde"``.
        scale: of heights: ``"linear"``, ``"log"``, ``"sqrt"``, or ``"auto"``: linear where there is a natural ceiling.
        ceiling: value of the metric above which surfaces are cut away; by default found from the values.
        sublevel: rise, in the unit of the loss, up to which the floor is shaded: ``"auto"`` is the default one of
            `half_width`, 0.5 nat for cross-entropy; None or 0 shades nothing.
        titles: one per panel or curve; by default the models' names. Of a stack, the slider's stops.
        colormap: a matplotlib colour map whose lightness goes one way.
        camera: ``"auto"``, so that no rim hides the minimum, or front, side, corner, low, top; of films at the start.
        azimuth, elevation: degrees, from the alpha axis and above the floor (5 to 85); instead of the camera's.
        theme: ``"paper"``, ``"dark"`` or ``"slide"``; by default that of figures is paper, of films slide.
        draw: figures: surface, contour (from above), profile (of surfaces: their rays), barcode of the minima, or auto.
        color: figures: another metric that the colour shows, with a colour bar of its own.
        ranges: figures: ``"shared"`` by all panels, so that they can be compared, or ``"free"``: each its own.
        columns: figures: panels side by side; by default as many as can be read.
        width: figures: inches, ``"column"`` (3.375 in), ``"text"`` (6.75 in) or ``"8.6cm"``; by default by the panels.
        dpi: figures: pixels per inch of the shaded surface, and of a PNG.
        font, usetex: figures: family of all text, as installed here; whether LaTeX sets all text, in its own font.
        notes: figures: whether the small print stands under the panels; by default unless ``with_tex``.
        with_tex: figures: write a LaTeX file beside the picture: figure, caption, and a macro for every number.
        backend: figures: ``"vtk"``, ``"matplotlib"`` (its own 3-D), or ``"auto"``: VTK where this machine can.
        title, stack: pages: of the page; what a slider runs over (``"width"``), None sets surfaces side by side.
        start, fixed: pages: the surface of a stack at first; so many first ones stand beside it and have no stop.
        film: films: ``"orbit"``, ``"flight"`` along the path, ``"growth"`` step by step, ``"morph"`` between surfaces.
        seconds, fps, size: films: length, frames per second, width and height in pixels (even numbers).
        processes, progress: films: how many draw, by default one a core, at most 8; whether a bar runs on stderr.
        view: the former name of ``draw``, for one more release.

    Returns:
        The path, the backend, the range of heights, points cut away, the caption, and lines to read.

    Raises:
        InputError: an unknown suffix or choice, an option the medium does not have, records that cannot share axes.
        DisplayError: nothing finite to draw, or fewer than 2 points a side.
        FileError: the picture cannot be written.
    """
    records = as_list(records)
    metric, color = metric_of(records, metric), color and metric_of(records, color)
    look = Look(metric, scale, ceiling, sublevel, titles, colormap, camera, azimuth, elevation)
    draw = draw if view is None else _draw_of(view)
    # By position: the names stand once more above, and a test compares their order with that of the records.
    figure = FigureOptions(draw, color, ranges, columns, width, dpi, theme, font, usetex, notes, with_tex, backend)
    page = PageOptions(title, stack, start, fixed)
    return _render(records, path, look, figure, page, FilmOptions(film, seconds, fps, size, theme, processes, progress))


def check_picture(path: str | Path, *, force: bool = False, with_tex: bool = False) -> None:
    """Refuse a picture that could not be written, or that would replace a file landscape did not make.

    Args:
        path: of a figure, a page or a film, as the suffix says.
        force: whether a file that landscape did not make may be replaced.
        with_tex: whether a LaTeX file is written beside it.

    Raises:
        InputError: the suffix names no format, or films cannot be written here.
        FileError: the folder is missing or locked, or something else lies there and ``force`` is off.
    """
    target, medium = Path(path), medium_of(path)
    if medium == "film":
        check_film(target)
    (check_target if medium == "figure" else check_free)(target, force=force)
    if with_tex:
        check_free(target.with_suffix(".tex"), force=force)


def _draw_of(view: Draw) -> Draw:
    warnings.warn("view= of landscape.render is called draw= now, and goes with the next release", FutureWarning, 3)
    return view


def _render(
    records: list[Surface | Profile],
    path: str | Path,
    look: Look,
    figure: FigureOptions,
    page: PageOptions,
    film: FilmOptions,
) -> Rendering:
    medium = medium_of(path)
    target = picture_path(path) if medium == "figure" else Path(path)
    _check_options(target, figure, page, film)
    match medium:
        case "page":
            return render_page(records, target, look, page)
        case "film":
            return render_film(records, target, look, film)
    return render_figure(records, target, look, figure)


def _check_options(target: Path, *records: Options) -> None:
    """Refuse what would be left out without a word: an option of another medium that is not at its default."""
    foreign = foreign_options(target)
    for options in records:
        for field in fields(options):
            value = getattr(options, field.name)
            drawn_anyway = (field.name, value) == ("draw", "surface")
            if field.name in foreign and value != field.default and not drawn_anyway:
                raise InputError(f"{field.name} has no meaning for {target.name}, a {medium_of(target)}")
