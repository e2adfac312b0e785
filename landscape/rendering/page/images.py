"""Images of a study for a page: every plot and picture by itself, its maps together, each held in its address."""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from landscape.records.findings import Picture, Plot, StudyResult
from landscape.rendering.geometry.style import Theme, theme_of
from landscape.rendering.study import PLOT_INCHES, draw_picture
from landscape.rendering.views.maps import draw_maps, map_rows, maps_size, size_of
from landscape.rendering.views.plot import draw_plot, plot_words

MAPS_IN_ROW = 5
PICTURE_PIXELS = 300  # a small picture is enlarged to about as many

Size: TypeAlias = tuple[float, float]
Painter: TypeAlias = Callable[[Figure, Theme], None]


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
    maps = [_maps(result)] if result.surfaces else []
    return (*map(_plot, result.plots), *map(_photo, result.pictures), *maps)


def data_address(content: bytes, kind: str = "image/png") -> str:
    """A file as a ``data:`` address; ``kind`` is its media type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _plot(plot: Plot) -> Image:
    """A plot without its title, which the page has, and with the legend above it, where it hides no curve."""

    def draw(figure: Figure, theme: Theme) -> None:
        axes = figure.subplots()
        draw_plot(axes, plot, theme)
        axes.set_title("")
        if (legend := axes.get_legend()) is not None:
            legend.remove()
            figure.legend(loc="outside upper left", fontsize=7.5, frameon=False)

    width, height = PLOT_INCHES
    return _image("plot", plot.title, plot_words(plot), (width, height - 0.2 + 0.16 * len(plot.series)), draw)


def _maps(result: StudyResult) -> Image:
    surfaces = result.surfaces
    rows = map_rows(surfaces, MAPS_IN_ROW)
    width, height = maps_size(rows)
    kinds = " and ".join(dict.fromkeys(f"{surface.kind}s" for surface in surfaces))
    names = ", ".join(dict.fromkeys(size_of(surface) for surface in surfaces))
    title, alt = f"{kinds.capitalize()} on one colour scale", f"Maps of the loss: {kinds} of {names}."
    return _image("maps", title, alt, (width, height + 0.15), lambda figure, _: draw_maps(figure, rows))


def _photo(picture: Picture) -> Image:
    """A picture pixel by pixel, enlarged where it is small."""
    height, width = picture.values.shape
    times = max(1, round(PICTURE_PIXELS / height))
    size = (times * width / 100, times * height / 100)

    def draw(figure: Figure, _: Theme) -> None:
        draw_picture(figure.add_axes((0.0, 0.0, 1.0, 1.0)), picture)
        figure.axes[0].set_title("")

    address = _address(size, draw, theme_of("paper"), "png")
    alt = f"Grey picture: {picture.title}."
    return Image("picture", picture.title, alt, address, address, times * width, times * height)


def _image(kind: str, title: str, alt: str, size: Size, draw: Painter) -> Image:
    light, dark = (_address(size, draw, theme_of(name), "svg") for name in ("paper", "dark"))
    return Image(kind, title, alt, light, dark, round(96 * size[0]), round(96 * size[1]))


def _address(size: Size, draw: Painter, theme: Theme, kind: Literal["svg", "png"]) -> str:
    """A picture as a ``data:`` address; letters as outlines, so that it looks the same without our fonts."""
    drawing = kind == "svg"
    stream = io.BytesIO()
    with mpl.rc_context({**theme.settings(), "svg.fonttype": "path"}):
        figure = Figure(figsize=size, layout="constrained" if drawing else None, facecolor="none")
        FigureCanvasAgg(figure)
        draw(figure, theme)
        metadata = {"Date": None} if drawing else None
        figure.savefig(stream, format=kind, dpi=150 if drawing else 100, transparent=False, metadata=metadata)
    return data_address(stream.getvalue(), "image/svg+xml" if drawing else "image/png")
