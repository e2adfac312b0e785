"""Figures of records for print and projection: one call, one file, nothing half-written."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from landscape.defaults import DPI
from landscape.errors import InputError
from landscape.records.base import LOSS
from landscape.records.sampled import Profile, Surface
from landscape.rendering.facts import caption, tex
from landscape.rendering.facts.names import label_lines
from landscape.rendering.geometry.backend import Backend, find_backend
from landscape.rendering.geometry.barcodes import barcodes_of
from landscape.rendering.geometry.camera import Camera, Frame
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.profiles import lines_of
from landscape.rendering.geometry.style import Theme, ThemeName, colors_of, theme_of
from landscape.rendering.geometry.sublevel import Sublevel
from landscape.rendering.geometry.viewpoint import hidden_minimum_message, lower_box
from landscape.rendering.look import PLAIN, Look, Rendering, as_list, rendering_of, thin
from landscape.rendering.views import contour
from landscape.rendering.views.barcode import barcode_figure
from landscape.rendering.views.layout import COLUMN, Margins, Sheet, compose, inches
from landscape.rendering.views.overlay import shows_heights
from landscape.rendering.views.perspective import Projection, draw_box
from landscape.rendering.views.profile import profile_figure
from landscape.rendering.write import picture_path, write_figure, write_text

Draw: TypeAlias = Literal["auto", "surface", "contour", "profile", "barcode"]
Ranges: TypeAlias = Literal["shared", "free"]
BackendName: TypeAlias = Literal["auto", "vtk", "matplotlib"]
MAX_PANELS = 36
MAX_POLYGONS = 200  # a side; vectors of more make files that no viewer likes


@dataclass(frozen=True)
class FigureOptions:
    """The options of figures alone; `landscape.render` says what each of them means."""

    draw: Draw = "auto"
    color: str | None = None
    ranges: Ranges = "shared"
    columns: int | None = None
    width: str | float | None = None
    dpi: int = DPI
    theme: ThemeName | None = None
    font: str | None = None
    usetex: bool = False
    notes: bool | None = None
    with_tex: bool = False
    backend: BackendName = "auto"


@dataclass(frozen=True)
class _Order:
    """A figure that is to be drawn: its options, checked, and what their names stand for."""

    target: Path
    look: Look
    options: FigureOptions
    theme: Theme
    colors: Colormap
    width: float | None

    @property
    def shared(self) -> bool:
        return self.options.ranges == "shared"

    @property
    def notes(self) -> bool:
        return not self.options.with_tex if self.options.notes is None else self.options.notes

    def column(self, columns: float = 1) -> float:
        """The width in inches; by default that of text columns."""
        return self.width or columns * COLUMN * self.theme.size / 8


def render_figure(
    records: Surface | Profile | Sequence[Surface | Profile],
    path: str | Path,
    look: Look = PLAIN,
    options: FigureOptions = FigureOptions(),
) -> Rendering:
    """Draw surfaces side by side, or profiles in one picture: same axes, same heights, same colours.

    Args:
        records: planes or corridors, of one kind unless ranges are free; or profiles along axes of one unit.
        path: the suffix chooses PNG, PDF or SVG; what exists is replaced when the picture is complete.
        look: see `landscape.render`.
        options: likewise.

    Raises:
        InputError: an unknown suffix, metric, scale, colour map, font or camera, or records that cannot share axes.
        DisplayError: nothing finite to draw, or fewer than 2 points a side.
        FileError: the picture cannot be written.
    """
    target = picture_path(path)
    records = as_list(records)
    kind = _kind_of(options.draw, records)
    _check_records(records, kind, look.titles)
    _check_options(options, look.sublevel)
    theme, colors = theme_of(options.theme or "paper", options.font), colors_of(look.colormap)
    order = _Order(target, look, options, theme, colors, inches(options.width))
    if not 20 <= options.dpi <= 2400:
        raise InputError(f"dpi must lie between 20 and 2400, got {options.dpi}")
    if options.with_tex:
        tex.check_format(target)
    with mpl.rc_context(theme.settings(usetex=options.usetex)):
        if kind == "profile":
            return _draw_profiles(records, order)
        surfaces = [record for record in records if isinstance(record, Surface)]
        draw = {"barcode": _draw_barcodes, "contour": _draw_maps, "surface": _draw_surfaces}[kind]
        return draw(surfaces, order)


def _draw_profiles(records: Sequence[Surface | Profile], order: _Order) -> Rendering:
    look = order.look
    lines = label_lines(lines_of(records, look.metric), look.titles)
    figure, heights = profile_figure(
        lines,
        order.theme,
        width=order.column(),
        scale=look.scale,
        ceiling=look.ceiling,
        notes=order.notes,
    )
    facts = caption.of_profiles(lines, heights)
    clipped = tuple(heights.num_clipped(line.profile, look.metric) for line in lines)
    return _finish(figure, Rendering(order.target, "matplotlib", clipped, heights.low, heights.high), facts, order)


def _draw_barcodes(surfaces: Sequence[Surface], order: _Order) -> Rendering:
    if order.look.metric != LOSS:
        raise InputError(f"a barcode is that of {LOSS}, got the metric {order.look.metric!r}")
    codes = barcodes_of(surfaces, order.look.names(surfaces))
    figure = barcode_figure(codes, order.theme, width=order.column(2), one_range=order.shared)
    rendering = Rendering(order.target, "matplotlib", (0,) * len(codes), *codes[0].ends)
    return _finish(figure, rendering, caption.of_barcodes(codes), order)


def _draw_maps(surfaces: Sequence[Surface], order: _Order) -> Rendering:
    def draw(axes: Axes, panel: Panel, _: float) -> None:
        contour.draw_map(axes, panel, order.colors, order.theme)

    panels = thin(_panels(surfaces, order), contour.MAX_POINTS)
    sheet = Sheet(
        panels, contour.aspect(panels), draw, contour.MARGINS, order.shared, order.notes, flat=True, bar_names=True
    )
    return _finish_panels(sheet, order, Backend("matplotlib"))


def _draw_surfaces(surfaces: Sequence[Surface], order: _Order) -> Rendering:
    panels: Sequence[Panel] = _panels(surfaces, order)
    look, name = order.look, order.options.backend
    camera = look.viewpoint(panels)
    if look.camera == "auto" and look.azimuth is None and look.elevation is None:
        panels, camera = lower_box(panels, camera)
    backend = find_backend() if name == "auto" else Backend(name)
    if backend.name != "vtk":
        panels = thin(panels, MAX_POLYGONS)
    frame = Frame.around(camera.project(np.concatenate([panel.box.corners() for panel in panels])))

    def draw(axes: Axes, panel: Panel, width: float) -> None:
        projection = Projection(camera, frame, round(width * order.options.dpi), backend.name)
        draw_box(axes, panel, order.theme, order.colors, projection)

    sheet = Sheet(
        panels,
        frame.height / frame.width,
        draw,
        _margins(camera),
        order.shared,
        order.notes,
        bar_names=not shows_heights(camera),
    )
    # A camera that the reader chose may hide a minimum; then the picture says so instead of moving.
    warnings = [hidden_minimum_message(panel, camera) for panel in panels]
    return _finish_panels(sheet, order, backend, tuple(filter(None, warnings)))


def _margins(camera: Camera) -> Margins:
    """Room for the axes of the floor: below where one runs across, on the right where one runs up."""
    facing = camera.towards
    outward = camera.project(np.diag([np.copysign(1.0, facing[0]), np.copysign(1.0, facing[1]), 0.0])[:2])
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    right = float(np.clip((outward[:, 0].max() - 0.75) / 0.25, 0, 1))
    below = float(np.clip((-outward[:, 1].min() - 0.8) / 0.2, 0, 1))
    usual = Margins()
    return replace(usual, right=usual.right + 0.5 * right, below=usual.below + 0.14 * below)


def _panels(surfaces: Sequence[Surface], order: _Order) -> list[Panel]:
    return order.look.panels(surfaces, color=order.options.color, shared=order.shared)


def _finish_panels(sheet: Sheet, order: _Order, backend: Backend, messages: tuple[str, ...] = ()) -> Rendering:
    figure = compose(sheet, order.theme, order.colors, width=order.width, columns=order.options.columns)
    facts = caption.of_panels(sheet.panels, shared=order.shared, flat=sheet.flat)
    return _finish(figure, rendering_of(sheet.panels, order.target, backend, messages), facts, order)


def _finish(figure: Figure, rendering: Rendering, facts: caption.Caption, order: _Order) -> Rendering:
    if order.options.usetex:
        tex.prepare(figure)
    with tex.latex_errors(order.options.usetex):
        write_figure(figure, order.target, order.options.dpi)
    rendering = replace(rendering, caption=facts.text())
    if not order.options.with_tex:
        return rendering
    beside = order.target.with_suffix(".tex")
    write_text(tex.document(facts, order.target, float(figure.get_size_inches()[0])), beside)
    return replace(rendering, tex=beside)


def _kind_of(draw: str, records: Sequence[Surface | Profile]) -> str:
    if draw not in get_args(Draw):
        raise InputError(f"cannot draw as {draw!r}; expected one of {', '.join(get_args(Draw))}")
    if draw != "auto":
        return draw
    return "profile" if records and all(isinstance(record, Profile) for record in records) else "surface"


def _check_records(records: Sequence[Surface | Profile], kind: str, titles: Sequence[str] | None) -> None:
    if not 1 <= len(records) <= MAX_PANELS:
        raise InputError(f"a figure has 1 to {MAX_PANELS} panels, got {len(records)} records")
    if titles is not None and len(titles) != len(records):
        raise InputError(f"every panel or curve needs one title: {len(records)} of them, got {len(titles)} titles")
    if kind != "profile" and any(isinstance(record, Profile) for record in records):
        raise InputError("a profile has no surface: draw profiles and surfaces in figures of their own")


def _check_options(options: FigureOptions, sublevel: Sublevel) -> None:
    if options.ranges not in get_args(Ranges):
        raise InputError(f"unknown ranges {options.ranges!r}; expected shared or free")
    if not (sublevel is None or sublevel == "auto" or 0 <= sublevel < math.inf):
        raise InputError(f"the sublevel is a rise above 0, got {sublevel}; None (--sublevel 0) shades nothing")
