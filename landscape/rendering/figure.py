"""Pictures of records for print and projection: one call, one file, nothing half-written."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from landscape.defaults import DPI
from landscape.errors import InputError
from landscape.records.base import LOSS, RISE
from landscape.records.sampled import Profile, Surface
from landscape.rendering.facts import caption, tex
from landscape.rendering.facts.curves import curves_of
from landscape.rendering.facts.notes import names_of
from landscape.rendering.geometry.backend import Backend, find_backend
from landscape.rendering.geometry.camera import Box, Camera, Frame
from landscape.rendering.geometry.heights import HeightScale
from landscape.rendering.geometry.panel import Panel, panels_of
from landscape.rendering.geometry.style import Theme, ThemeName, colors_of, theme_of
from landscape.rendering.geometry.viewpoint import Preset, hidden_minimum_message, lower_box, viewpoint
from landscape.rendering.views import contour
from landscape.rendering.views.barcode import barcode_figure, barcodes_of, caption_of
from landscape.rendering.views.layout import COLUMN, Margins, Sheet, compose, inches
from landscape.rendering.views.overlay import shows_heights
from landscape.rendering.views.perspective import Projection, draw_box
from landscape.rendering.views.profile import profile_figure
from landscape.rendering.write import suffixed, write_figure, write_text

View: TypeAlias = Literal["auto", "surface", "contour", "profile", "barcode"]
VIEWS = ("auto", "surface", "contour", "profile", "barcode")
RANGES = ("shared", "free")
MOST_PANELS = 36
MOST_POLYGONS = 200  # a side
CORRIDOR_BOX = Box(half_x=1.15, half_y=1.0)
PLANE_BOX = Box(top=1.18)


@dataclass(frozen=True)
class Rendering:
    """A picture that was drawn.

    Args:
        path: where it is.
        backend: ``"vtk"`` or ``"matplotlib"``.
        clipped: points cut away above the ceiling or diverged, per panel or curve.
        low: smallest value on the height axis, of the first panel.
        high: largest value on it.
        caption: what is shown, in words, with every number.
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


def render(
    records: Surface | Profile | Sequence[Surface | Profile],
    path: str | Path,
    *,
    view: View = "auto",
    metric: str = LOSS,
    color: str | None = None,
    scale: HeightScale = "auto",
    ceiling: float | None = None,
    ranges: Literal["shared", "free"] = "shared",
    sublevel: float | None = RISE,
    titles: Sequence[str] | None = None,
    columns: int | None = None,
    width: str | float | None = None,
    dpi: int = DPI,
    theme: ThemeName = "paper",
    font: str | None = None,
    usetex: bool = False,
    colormap: str = "viridis",
    camera: Preset = "auto",
    azimuth: float | None = None,
    elevation: float | None = None,
    notes: bool | None = None,
    with_tex: bool = False,
    backend: Literal["auto", "vtk", "matplotlib"] = "auto",
) -> Rendering:
    """Draw surfaces side by side, or profiles in one picture: same axes, same heights, same colours.

    Args:
        records: planes or corridors, of one kind unless ranges are free; or profiles along axes of one unit.
        path: the suffix chooses PNG, PDF or SVG; what exists is replaced when the picture is complete.
        view: ``"surface"`` in 3-D, ``"contour"`` from above, ``"profile"`` in 1-D (of surfaces: their rays),
            ``"barcode"`` of the minima of surfaces with their merge tree, or
            ``"auto"``: surfaces as such, profiles as such.
        metric: what the height shows.
        color: another metric that the colour shows, with a colour bar of its own.
        scale: ``"linear"``, ``"log"``, ``"sqrt"``, or ``"auto"``: linear where the metric has a natural ceiling, see
            `common_heights`.
        ceiling: value above which the surfaces are cut away; the picture says how many points that are.
        ranges: ``"shared"`` by all panels, so that they can be compared, or ``"free"``: each its own.
        sublevel: nats per example; where the loss rises by less is shaded on the floor, its width a dimension line.
            None shades nothing.
        titles: one per panel or curve; by default the models' names, and what tells curves apart.
        columns: panels side by side; by default as many as can be read.
        width: of the figure: inches, ``"column"`` (3.375 in), ``"text"`` (6.75 in), ``"8.6cm"``; by default 3.35
            inches a panel, or one column for a profile.
        dpi: pixels per inch of the shaded surface, and of a PNG.
        theme: ``"paper"``, ``"dark"`` or ``"slide"``.
        font: family of all text, as installed here.
        usetex: set all text by LaTeX, in the font of its default classes.
        colormap: a matplotlib colour map whose lightness goes one way.
        camera: ``"auto"`` so that no rim hides the minimum, or a preset; see `viewpoint`.
        azimuth: degrees; instead of the camera's.
        elevation: degrees; instead of the camera's.
        notes: whether the small print stands under the panels; by default unless the LaTeX caption holds it.
        with_tex: write a LaTeX file beside the picture: figure, caption, and a macro for every number.
        backend: ``"auto"`` draws with VTK where this machine can, else with matplotlib's own 3-D.

    Raises:
        InputError: an unknown suffix, metric, scale, colour map, font or camera, or records that cannot share axes.
        DisplayError: nothing finite to draw, or fewer than 2 points a side.
        FileError: the picture cannot be written.
    """
    target = suffixed(path)
    given = [records] if isinstance(records, Surface | Profile) else list(records)
    kind = _kind_of(view, given)
    _check(given, kind, titles)
    _check_choices(ranges, sublevel)
    shown = _Shown(metric, color, scale, ceiling, ranges == "shared", sublevel, titles)
    page = _Page(target, theme_of(theme, font), colors_of(colormap), inches(width), columns, _checked_dpi(dpi), notes)
    page = replace(page, usetex=usetex, tex=with_tex)
    if with_tex:
        tex.check_format(target)
    with mpl.rc_context(page.theme.settings(usetex=usetex)):
        return _draw(given, kind, shown, page, _Place(camera, azimuth, elevation, backend))


@dataclass(frozen=True)
class _Shown:
    metric: str
    color: str | None
    scale: HeightScale
    ceiling: float | None
    shared: bool
    sublevel: float | None
    titles: Sequence[str] | None


@dataclass(frozen=True)
class _Page:
    target: Path
    theme: Theme
    colors: Colormap
    width: float | None
    columns: int | None
    dpi: int
    notes: bool | None
    usetex: bool = False
    tex: bool = False

    @property
    def with_notes(self) -> bool:
        return not self.tex if self.notes is None else self.notes


@dataclass(frozen=True)
class _Place:
    camera: Preset
    azimuth: float | None
    elevation: float | None
    backend: str


def _draw(given: Sequence[Surface | Profile], kind: str, shown: _Shown, page: _Page, place: _Place) -> Rendering:
    if kind == "profile":
        return _draw_profiles(given, shown, page)
    surfaces = [record for record in given if isinstance(record, Surface)]
    if kind == "barcode":
        return _draw_barcodes(surfaces, shown, page)
    panels: Sequence[Panel] = _panels(surfaces, shown, flat=kind == "contour")
    if kind == "contour":
        return _draw_maps(panels, shown, page)
    camera = viewpoint(panels, place.camera, azimuth=place.azimuth, elevation=place.elevation)
    if place.camera == "auto" and place.azimuth is None and place.elevation is None:
        panels, camera = lower_box(panels, camera)
    backend = find_backend() if place.backend == "auto" else Backend(place.backend)
    return _draw_surfaces(panels, shown, page, camera, backend)


def _draw_profiles(given: Sequence[Surface | Profile], shown: _Shown, page: _Page) -> Rendering:
    curves = curves_of(given, shown.metric, shown.titles)
    figure, heights = profile_figure(
        curves,
        shown.metric,
        page.theme,
        width=page.width or COLUMN * page.theme.size / 8,
        scale=shown.scale,
        ceiling=shown.ceiling,
        notes=page.with_notes,
    )
    facts = caption.of_curves(curves, shown.metric, heights)
    clipped = tuple(heights.num_clipped(curve.profile, shown.metric) for curve in curves)
    drawn = Rendering(page.target, "matplotlib", clipped, heights.low, heights.high)
    return _finish(figure, drawn, facts, page)


def _draw_barcodes(surfaces: Sequence[Surface], shown: _Shown, page: _Page) -> Rendering:
    if shown.metric != LOSS:
        raise InputError(f"a barcode is that of {LOSS}, got the metric {shown.metric!r}")
    codes = barcodes_of(surfaces, list(shown.titles) if shown.titles is not None else names_of(surfaces))
    width = page.width or 2 * COLUMN * page.theme.size / 8
    figure = barcode_figure(codes, page.theme, width=width, shared=shown.shared)
    low, high = codes[0].ends
    drawn = Rendering(page.target, "matplotlib", (0,) * len(codes), low, high)
    return _finish(figure, drawn, caption_of(codes), page)


def _draw_maps(panels: Sequence[Panel], shown: _Shown, page: _Page) -> Rendering:
    def draw(axes: Axes, panel: Panel, _: float) -> None:
        contour.draw_map(axes, panel, page.colors, page.theme)

    sheet = Sheet(
        panels, contour.aspect(panels), draw, contour.MARGINS, shown.shared, page.with_notes, flat=True, named=True
    )
    return _finish_panels(sheet, shown, page, Backend("matplotlib"))


def _draw_surfaces(panels: Sequence[Panel], shown: _Shown, page: _Page, camera: Camera, backend: Backend) -> Rendering:
    if backend.name != "vtk":
        panels = [panel.limit_points(MOST_POLYGONS) for panel in panels]
    corners = np.concatenate([panel.box.corners() for panel in panels])
    frame = Frame.around(camera.project(corners))

    def draw(axes: Axes, panel: Panel, width: float) -> None:
        draw_box(axes, panel, page.theme, page.colors, Projection(camera, frame, round(width * page.dpi), backend.name))

    sheet = Sheet(
        panels,
        frame.height / frame.width,
        draw,
        _margins(camera),
        shown.shared,
        page.with_notes,
        named=not shows_heights(camera),
    )
    hidden = [hidden_minimum_message(panel, camera) for panel in panels]
    return _finish_panels(sheet, shown, page, backend, tuple(filter(None, hidden)))


def _margins(camera: Camera) -> Margins:
    """Room for the axes of the floor: below where one runs across, on the right where one runs up."""
    facing = camera.towards
    outward = camera.project(np.diag([np.copysign(1.0, facing[0]), np.copysign(1.0, facing[1]), 0.0])[:2])
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    right = float(np.clip((outward[:, 0].max() - 0.75) / 0.25, 0, 1))
    below = float(np.clip((-outward[:, 1].min() - 0.8) / 0.2, 0, 1))
    usual = Margins()
    return replace(usual, right=usual.right + 0.5 * right, below=usual.below + 0.14 * below)


def _finish_panels(
    sheet: Sheet, shown: _Shown, page: _Page, backend: Backend, messages: tuple[str, ...] = ()
) -> Rendering:
    figure = compose(sheet, page.theme, page.colors, width=page.width, columns=page.columns)
    panels = sheet.panels
    facts = caption.of_panels(panels, shared=shown.shared, flat=sheet.flat)
    clipped = tuple(panel.heights.num_clipped(panel.surface, panel.metric) for panel in panels)
    first = panels[0].heights
    messages += (f"drawn with matplotlib's own 3-D; {backend.advice}",) if backend.advice else ()
    drawn = Rendering(page.target, backend.name, clipped, first.low, first.high, messages=messages)
    return _finish(figure, drawn, facts, page)


def _finish(figure: Figure, drawn: Rendering, facts: caption.Caption, page: _Page) -> Rendering:
    if page.usetex:
        tex.prepare(figure)
    with tex.explained(page.usetex):
        write_figure(figure, page.target, page.dpi)
    drawn = replace(drawn, caption=facts.text())
    if not page.tex:
        return drawn
    beside = page.target.with_suffix(".tex")
    write_text(tex.document(facts, page.target, float(figure.get_size_inches()[0])), beside)
    return replace(drawn, tex=beside)


def _panels(surfaces: Sequence[Surface], shown: _Shown, *, flat: bool) -> list[Panel]:
    corridor = surfaces[0].kind == "corridor"
    names = list(shown.titles) if shown.titles is not None else names_of(surfaces)
    panels = panels_of(
        surfaces,
        shown.metric,
        CORRIDOR_BOX if corridor else PLANE_BOX,
        names,
        color=shown.color,
        scale=shown.scale,
        ceiling=shown.ceiling,
        shared=shown.shared,
        sublevel=shown.sublevel if shown.metric == LOSS else None,
    )
    return [panel.limit_points(contour.MAX_POINTS) for panel in panels] if flat else panels


def _kind_of(view: str, given: Sequence[Surface | Profile]) -> str:
    if view not in VIEWS:
        raise InputError(f"unknown view {view!r}; expected one of {', '.join(VIEWS)}")
    if view != "auto":
        return view
    return "profile" if given and all(isinstance(record, Profile) for record in given) else "surface"


def _check(given: Sequence[Surface | Profile], kind: str, titles: Sequence[str] | None) -> None:
    if not 1 <= len(given) <= MOST_PANELS:
        raise InputError(f"a figure has 1 to {MOST_PANELS} panels, got {len(given)} records")
    if titles is not None and len(titles) != len(given):
        raise InputError(f"every panel or curve needs one title: {len(given)} of them, got {len(titles)} titles")
    if kind != "profile" and any(isinstance(record, Profile) for record in given):
        raise InputError("a profile has no surface: draw profiles and surfaces in figures of their own")


def _check_choices(ranges: str, sublevel: float | None) -> None:
    if ranges not in RANGES:
        raise InputError(f"unknown ranges {ranges!r}; expected shared or free")
    if sublevel is not None and not 0 < sublevel < math.inf:
        raise InputError(f"the sublevel is a rise above 0 nats, got {sublevel:g}; None (--sublevel 0) shades nothing")


def _checked_dpi(dpi: int) -> int:
    if not 20 <= dpi <= 2400:
        raise InputError(f"dpi must lie between 20 and 2400, got {dpi}")
    return dpi
