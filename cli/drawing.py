"""How a picture is drawn: options of ``landscape render``, and the same as keywords of `landscape.render`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import click

from landscape.defaults import DPI, FRAMES, PIXELS, SECONDS

from .options import Option, was_given
from .params import Metric, Scale

if TYPE_CHECKING:
    from landscape.rendering.figure import Ranges
    from landscape.rendering.film.movie import Film
    from landscape.rendering.geometry.style import ThemeName
    from landscape.rendering.geometry.sublevel import Sublevel
    from landscape.rendering.geometry.viewpoint import Preset
else:  # words that the library refuses itself; its types would load matplotlib before --help is printed
    Film = Preset = Ranges = ThemeName = str


@dataclass(frozen=True)
class Heights:
    """What the height and the colour show."""

    metric: Metric
    color: Annotated[str | None, Option("Another metric as colour, such as train_accuracy.", metavar="METRIC")]
    scale: Scale
    ceiling: Annotated[float | None, Option("Cut the surfaces at this loss.")]
    ranges: Annotated[Ranges, Option("shared by all panels, or free.", "shared")]
    sublevel: Annotated[
        str, Option("Rise shaded on the floor; 0 for none. auto: 0.5 nat, or by the scale of the loss.", "auto")
    ]
    titles: Annotated[tuple[str, ...], Option("One per panel or curve, in order.", flags=("--title",))]


@dataclass(frozen=True)
class Sheet:
    """Size, letters and colours."""

    width: Annotated[str | None, Option("column (3.375in), text (6.75in), or as 6.75in, 8.6cm.")]
    columns: Annotated[int | None, Option("Panels side by side; as many as can be read by default.")]
    dpi: Annotated[int, Option("Resolution of the surfaces, and of a PNG.", DPI)]
    theme: Annotated[ThemeName, Option("paper, dark or slide.", "paper")]
    font: Annotated[str | None, Option("Family of all text, such as 'DejaVu Serif'.")]
    usetex: Annotated[bool, Option("Set all text by LaTeX.")]
    colormap: Annotated[str, Option("Colour map; its lightness must go one way.", "viridis")]
    notes: Annotated[
        bool | None,
        Option("Small print under the panels; without it beside --tex.", flags=("--notes/--no-notes",)),
    ]
    with_tex: Annotated[bool, Option("Write a .tex beside: figure, caption, a macro a number.", flags=("--tex",))]


@dataclass(frozen=True)
class Viewpoint:
    """Where the viewer stands."""

    camera: Annotated[Preset, Option("auto, front, side, corner, low or top.", "auto")]
    azimuth: Annotated[float | None, Option("Degrees from the alpha axis towards the beta axis.")]
    elevation: Annotated[float | None, Option("Degrees above the floor, 5 to 85.")]


@dataclass(frozen=True)
class Motion:
    """What moves in a film, how long and on how many pixels."""

    film: Annotated[Film, Option("orbit, flight, growth or morph, for a film.", "orbit")]
    seconds: Annotated[float, Option("Length of a film.", SECONDS)]
    fps: Annotated[int, Option("Frames per second of a film.", FRAMES)]
    size: Annotated[str, Option("Pixels of a film.", "x".join(map(str, PIXELS)))]


def keywords(heights: Heights, sheet: Sheet, viewpoint: Viewpoint, motion: Motion) -> dict[str, Any]:
    """The options as `landscape.render` takes them: it knows one default for each medium where the help shows one."""
    return {
        **vars(heights),
        "sublevel": level(heights.sublevel),
        "titles": heights.titles or None,
        **vars(sheet),
        "theme": sheet.theme if was_given("theme") else None,
        **vars(viewpoint),
        **vars(motion),
        "size": num_pixels(motion.size),
    }


def level(text: str) -> "Sublevel":
    """The rise of ``"0.2"``, None of ``"0"``; ``"auto"`` stays."""
    if text == "auto":
        return "auto"
    try:
        return float(text) or None
    except ValueError:
        raise click.BadParameter(f"the sublevel is a rise of the loss, 0 or auto, got {text!r}") from None


def num_pixels(size: str) -> tuple[int, int]:
    """Width and height of ``"1280x720"``."""
    width, _, height = size.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise click.BadParameter(f"the size of a film is written as 1280x720, got {size!r}")
    return int(width), int(height)
