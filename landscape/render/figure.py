"""The print figure: shaded surfaces inside vector axes, side by side on one scale, as PNG, PDF or SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure

from landscape.errors import InputError
from landscape.records import LOSS, Profile, Surface
from landscape.render.backend import Backend, find_backend
from landscape.render.camera import Box, Camera, Frame
from landscape.render.heights import HeightScale, common_heights
from landscape.render.overlay import Overlay
from landscape.render.panel import Panel, panels_of
from landscape.render.profile import curves_of, profile_figure
from landscape.render.style import ThemeName, colors_of, theme_of
from landscape.render.ticks import height_ticks, metric_label
from landscape.render.write import suffixed, write_figure

PANEL_INCHES = 3.35
MOST_PANELS = 6
COLUMN = 3.375
View: TypeAlias = Literal["auto", "surface", "profile"]
CORRIDOR_CAMERA = Camera(-32.0, 33.0)
PLANE_CAMERA = Camera(-58.0, 40.0)
CORRIDOR_BOX = Box(half_x=1.15, half_y=1.0)
PLANE_BOX = Box(top=1.18)
# Around the box, in inches: room for ticks, axis names, title and small print.
LEFT, RIGHT, BELOW, NOTE_LINE, TITLE_LINE, BAR = 0.52, 0.12, 0.36, 0.135, 0.26, 0.78


@dataclass(frozen=True)
class Rendering:
    """A picture that was drawn.

    Args:
        path: where it is.
        backend: ``"vtk"`` or ``"matplotlib"``.
        clipped: points cut away above the ceiling or diverged, per panel.
        low: smallest value on the height axis.
        high: largest value on the height axis.
        messages: lines that the user should read.
    """

    path: Path
    backend: str
    clipped: tuple[int, ...]
    low: float
    high: float
    messages: tuple[str, ...] = ()


def render(
    records: Surface | Profile | Sequence[Surface | Profile],
    path: str | Path,
    *,
    view: View = "auto",
    metric: str = LOSS,
    scale: HeightScale = "auto",
    ceiling: float | None = None,
    titles: Sequence[str] | None = None,
    width: float | None = None,
    dpi: int = 300,
    colormap: str = "viridis",
    theme: ThemeName = "paper",
    backend: Literal["auto", "vtk", "matplotlib"] = "auto",
) -> Rendering:
    """Draw surfaces side by side, or profiles in one picture: same axes, same heights, same colours.

    Args:
        records: planes or corridors, all of one kind; or profiles along axes of one unit.
        path: the suffix chooses PNG, PDF or SVG; what exists is replaced when the picture is complete.
        view: ``"surface"`` in 3-D, ``"profile"`` in 1-D (of surfaces: their rays), or ``"auto"``: as the records are.
        metric: what the height shows.
        scale: ``"linear"``, ``"log"``, ``"sqrt"``, or ``"auto"``: linear where the metric has a natural ceiling, see
            `common_heights`.
        ceiling: value above which the surfaces are cut away; the picture says how many points that are.
        titles: one per panel or curve; by default the models' names, and what tells curves apart.
        width: of the figure, inches; by default 3.35 a panel, or one column for a profile.
        dpi: pixels per inch of the shaded surface, and of a PNG.
        colormap: a matplotlib colour map whose lightness goes one way.
        theme: ``"paper"``, ``"dark"`` or ``"slide"``.
        backend: ``"auto"`` draws with VTK where this machine can, else with matplotlib's own 3-D.

    Raises:
        InputError: an unknown suffix, metric, scale or colour map, or records that cannot share axes.
        DisplayError: nothing finite to draw, or fewer than 2 points a side.
        FileError: the picture cannot be written.
    """
    target = suffixed(path)
    given = [records] if isinstance(records, Surface | Profile) else list(records)
    _check(given, titles, width, dpi)
    looks = theme_of(theme)
    if view == "profile" or (view == "auto" and all(isinstance(record, Profile) for record in given)):
        with mpl.rc_context(looks.settings()):
            curves = curves_of(given, metric, titles)
            figure, heights = profile_figure(curves, metric, looks, width=width or COLUMN, scale=scale, ceiling=ceiling)
            write_figure(figure, target, dpi)
        cut = tuple(heights.clipped(curve.profile, metric) for curve in curves)
        return Rendering(target, "matplotlib", cut, heights.low, heights.high)
    surfaces = [record for record in given if isinstance(record, Surface)]
    if len(surfaces) < len(given):
        raise InputError("a profile has no surface: draw profiles and surfaces in figures of their own")
    colors = colors_of(colormap)
    heights = common_heights(surfaces, metric, scale, ceiling)
    corridor = surfaces[0].kind == "corridor"
    names = list(titles) if titles is not None else [_name(surface) for surface in surfaces]
    panels = panels_of(surfaces, metric, heights, CORRIDOR_BOX if corridor else PLANE_BOX, names)
    chosen = find_backend() if backend == "auto" else Backend(backend)
    camera = CORRIDOR_CAMERA if corridor else PLANE_CAMERA
    with mpl.rc_context(looks.settings()):
        figure = _figure(panels, camera, colors, width, dpi, chosen)
        write_figure(figure, target, dpi)
    messages = (f"drawn with matplotlib's own 3-D; {chosen.advice}",) if chosen.advice else ()
    clipped = tuple(heights.clipped(surface, metric) for surface in surfaces)
    return Rendering(target, chosen.name, clipped, heights.low, heights.high, messages)


def _figure(
    panels: list[Panel], camera: Camera, colors: Colormap, width: float | None, dpi: int, backend: Backend
) -> Figure:
    frame = Frame.around(camera.project(panels[0].box.corners()))
    notes = max(len(panel.notes()) for panel in panels)
    total = width or PANEL_INCHES * len(panels) + BAR
    cell = (total - BAR) / len(panels)
    inner = cell - LEFT - RIGHT
    if inner < 0.8:
        raise InputError(
            f"{total:g} inches are too narrow for {len(panels)} panels; give at least "
            f"{(LEFT + RIGHT + 0.8) * len(panels) + BAR:.2g}"
        )
    scale = inner / frame.width
    tall = frame.height * scale
    height = TITLE_LINE + tall + BELOW + NOTE_LINE * notes + 0.05
    figure = Figure(figsize=(total, height), facecolor="white")
    FigureCanvasAgg(figure)
    for index, panel in enumerate(panels):
        left, bottom = index * cell + LEFT, height - TITLE_LINE - tall
        axes = figure.add_axes((left / total, bottom / height, inner / total, tall / height))
        _draw_panel(axes, panel, camera, frame, colors, dpi, backend, inner)
        middle = (left + inner / 2) / total
        letter = f"({chr(ord('a') + index)}) " if len(panels) > 1 else ""
        figure.text(middle, 1 - 0.05 / height, letter + panel.title, ha="center", va="top", fontsize=11)
        for row, line in enumerate(panel.notes()):
            y = (bottom - BELOW - NOTE_LINE * row) / height
            figure.text(middle, y, line, ha="center", va="top", fontsize=7.5, color="#333333")
    _color_bar(
        figure,
        panels[0],
        colors,
        (total - BAR + 0.16) / total,
        (height - TITLE_LINE - 0.86 * tall) / height,
        0.72 * tall / height,
        total,
    )
    return figure


def _draw_panel(
    axes: Axes, panel: Panel, camera: Camera, frame: Frame, colors: Colormap, dpi: int, backend: Backend, inches: float
) -> None:
    axes.set_axis_off()
    axes.set_xlim(frame.left, frame.right)
    axes.set_ylim(frame.bottom, frame.top)
    Overlay(axes, panel, camera, colors).draw()
    if backend.name == "vtk":
        from landscape.render.scene import draw

        size = max(8, round(inches * dpi)), max(8, round(inches * dpi * frame.height / frame.width))
        image = draw(panel.scene(), camera, frame, size, colors)
        extent = (frame.left, frame.right, frame.bottom, frame.top)
        axes.imshow(image, extent=extent, aspect="auto", interpolation="none", zorder=2, clip_on=False)
    else:
        from landscape.render.fallback import draw_polygons

        draw_polygons(axes, panel, camera, colors)
    axes.set_xlim(frame.left, frame.right)
    axes.set_ylim(frame.bottom, frame.top)


def _color_bar(
    figure: Figure, panel: Panel, colors: Colormap, left: float, bottom: float, height: float, total: float
) -> None:
    heights = panel.heights
    norm = Normalize(0, 1)
    axes = figure.add_axes((left, bottom, 0.11 / total, height))
    values, labels = height_ticks(heights)
    bar = figure.colorbar(
        ScalarMappable(norm, colors), cax=axes, extend="max" if heights.ceiling is not None else "neither"
    )
    bar.set_ticks(list(heights.share(values)), labels=labels, fontsize=8)
    bar.ax.minorticks_off()
    bar.outline.set_linewidth(0.6)
    bar.ax.tick_params(width=0.6, length=2.5, pad=2)
    bar.set_label(metric_label(panel.metric, panel.surface.provenance), fontsize=9)


def _name(surface: Surface) -> str:
    model = surface.provenance.model or "surface"
    return model.removesuffix(":0").replace(":", ", member ")


def _check(surfaces: Sequence[Surface | Profile], titles: Sequence[str] | None, width: float | None, dpi: int) -> None:
    if not 1 <= len(surfaces) <= MOST_PANELS:
        raise InputError(f"a figure has 1 to {MOST_PANELS} panels, got {len(surfaces)} surfaces")
    if titles is not None and len(titles) != len(surfaces):
        raise InputError(f"{len(surfaces)} panels need as many titles, got {len(titles)}")
    if not 20 <= dpi <= 2400:
        raise InputError(f"dpi must lie between 20 and 2400, got {dpi}")
    if width is not None and not 0.5 <= width <= 60:
        raise InputError(f"the width of a figure must lie between 0.5 and 60 inches, got {width:g}")
