"""``landscape render``."""

from pathlib import Path
from typing import Any

import click

from . import shared as opt
from .networks import refuse_own_options

SURFACES = ("plane", "corridor")
DRAWN = ("surface", "contour", "profile", "barcode")

shown = opt.options(
    click.option("--metric", default="train_loss", show_default=True, help="What the height shows."),
    click.option("--color", metavar="METRIC", help="Another metric as colour, such as train_accuracy."),
    click.option("--scale", default="auto", show_default=True, help="Height: auto, linear, log or sqrt."),
    click.option("--ceiling", type=float, help="Cut the surfaces at this loss."),
    click.option("--ranges", default="shared", show_default=True, help="shared by all panels, or free."),
    click.option(
        "--sublevel", type=float, default=0.5, show_default=True, help="Rise shaded on the floor; 0 for none."
    ),
    click.option("--title", "titles", multiple=True, help="One per panel or curve, in order."),
)
page = opt.options(
    click.option("--width", "width", help="column (3.375in), text (6.75in), or as 6.75in, 8.6cm."),
    click.option("--columns", type=int, help="Panels side by side; as many as can be read by default."),
    click.option("--dpi", default=300, show_default=True, help="Resolution of the surfaces, and of a PNG."),
    click.option("--theme", default="paper", show_default=True, help="paper, dark or slide."),
    click.option("--font", help="Family of all text, such as 'DejaVu Serif'."),
    click.option("--usetex", is_flag=True, help="Set all text by LaTeX."),
    click.option("--colormap", default="viridis", show_default=True, help="Colour map; its lightness must go one way."),
    click.option("--notes/--no-notes", default=None, help="Small print under the panels; without it beside --tex."),
    click.option("--tex", "with_tex", is_flag=True, help="Write a .tex beside: figure, caption, a macro a number."),
)
place = opt.options(
    click.option("--camera", default="auto", show_default=True, help="auto, front, side, corner, low or top."),
    click.option("--azimuth", type=float, help="Degrees from the alpha axis towards the beta axis."),
    click.option("--elevation", type=float, help="Degrees above the floor, 5 to 85."),
)
film = opt.options(
    click.option("--film", default="orbit", show_default=True, help="orbit, flight, growth or morph, for a film."),
    click.option("--seconds", type=float, default=5.0, show_default=True, help="Length of a film."),
    click.option("--fps", default=24, show_default=True, help="Frames per second of a film."),
    click.option("--size", default="1280x720", show_default=True, help="Pixels of a film."),
)
DRAWING = (
    *("metric", "color", "scale", "ceiling", "ranges", "width", "columns", "dpi", "theme", "font", "usetex"),
    *("colormap", "notes", "with_tex", "camera", "azimuth", "elevation", "film", "seconds", "fps", "size", "stack"),
)
EVERYWHERE = ("metric", "scale", "ceiling", "sublevel", "titles", "colormap", "camera", "azimuth", "elevation")
ONLY = {"page": ("stack",), "film": ("film", "seconds", "fps", "size", "theme")}
SUFFIXES = {".html": "page", ".htm": "page", ".mp4": "film", ".webm": "film", ".gif": "film"}


@click.command(short_help="Draw surfaces and profiles; trains and measures what is missing.")
@click.argument("files", nargs=-1, metavar="[FILE.h5]...")
@opt.model
@click.option("--view", help="surface, contour, profile or barcode (of the minima); plane or corridor.")
@click.option("--subspace", help="With --model: plane or corridor; by default plane, for the pair corridor.")
@click.option("-o", "--output", metavar="FILE", help="png, pdf or svg; html; mp4, webm or gif. By default NAME.png.")
@shown
@page
@place
@click.option("--checkpoints", metavar="DIR", help="Training path of a model of your own, for its corridor.")
@opt.own
@film
@click.option("--stack", metavar="NAME", help="On a page: one surface at a time, a slider of that name between them.")
@opt.sampling
@opt.runs
@opt.force
def command(files: tuple[str, ...], model: str | None, view: str | None, output: str | None, **given: Any) -> None:
    """Draw one surface or profile, or several with the same axes and the same scale.

    An .html is a page to turn, zoom and read values in, one file that works offline; .mp4, .webm and .gif are films.

    Without --extent, all surfaces of a figure reach as far as the widest of them has to.

    A picture that landscape made is replaced; any other file in its place only with --force. What is measured of a
    model of your own is kept beside the picture, as FILE.h5.

    \b
    Examples:
      landscape render --model wide
      landscape render --model pair -o pair.pdf --width text --tex
      landscape render --model pair --view profile -o widths.pdf
      landscape render narrow.h5 wide.h5 -o pair.svg --view contour
      landscape render wide.h5 --view barcode -o barcode.png
      landscape render --model my_model:make --weights net.pt --data my_model:data -o mine.png
      landscape render --model pair -o pair.html
      landscape render --model pair -o growth.mp4 --film growth
    """
    import landscape
    from landscape.sampling.solutions import file_stem

    if bool(files) == (model is not None):
        raise click.UsageError("give surface files, or --model: one of the two")
    if view not in (None, *DRAWN, *SURFACES):
        raise click.UsageError(f"unknown view {view!r}; expected {', '.join(DRAWN)}, plane or corridor")
    for name, value, what in (("--output", output, "a file"), ("--model", model, "a network, such as wide or pair")):
        if value is not None and not value.strip():
            raise click.UsageError(f"{name} names {what}, got an empty text")
    refuse_own_options(model, given)
    target = output or f"{Path(files[0]).stem if model is None else file_stem(model)}.png"
    medium = SUFFIXES.get(Path(target).suffix.lower(), "figure")
    _check_options(medium, target, view)
    _check(target, force=given["force"], with_tex=given["with_tex"])
    drawing = {key: given.pop(key) for key in DRAWING}
    drawing |= {"sublevel": given.pop("sublevel") or None, "titles": given.pop("titles") or None}
    subspace = given.pop("subspace") or (view if view in SURFACES else None)
    records = _loaded(files) if model is None else _sampled(model, subspace, given, view=view, beside=target)
    kind: dict[str, Any] = {"draw": "surface" if view in SURFACES else view or "auto"} if medium == "figure" else {}
    drawn = landscape.render(records, target, **_options_for(medium, drawing, given["quiet"]), **kind)
    for line in drawn.messages:
        click.echo(line, err=True)
    click.echo(target)
    if drawn.tex is not None:
        click.echo(drawn.tex)


def _check(target: str, *, force: bool, with_tex: bool) -> None:
    """Refuse before the long work what could not be written after it."""
    from landscape.rendering.write import check_free, check_target

    medium = SUFFIXES.get(Path(target).suffix.lower(), "figure")
    if medium == "film":
        from landscape.rendering.film.movie import check_film

        check_film(target)
    (check_target if medium == "figure" else check_free)(Path(target), force=force)
    if with_tex:
        check_free(Path(target).with_suffix(".tex"), force=force)


def _check_options(medium: str, target: str, view: str | None) -> None:
    """Refuse what was asked for and would be left out without a word."""
    context = click.get_current_context()
    others = {name for kind, names in ONLY.items() if kind != medium for name in names}
    figures = set(DRAWING) - set(EVERYWHERE) - {name for names in ONLY.values() for name in names}
    left_out = others - set(ONLY.get(medium, ())) - ({"theme"} if medium == "figure" else set())
    left_out |= figures if medium != "figure" else set()
    for option in context.command.params:
        given = context.get_parameter_source(str(option.name)) is click.core.ParameterSource.COMMANDLINE
        if given and option.name in left_out:
            raise click.UsageError(f"{option.opts[0]} has no meaning for {Path(target).name}, a {medium}")
    if medium != "figure" and view in ("contour", "profile", "barcode"):
        raise click.UsageError(f"a {medium} shows surfaces; --view {view} is for png, pdf and svg")


def _options_for(medium: str, drawing: dict[str, Any], quiet: bool) -> dict[str, Any]:
    """The options of the function that draws it."""
    if medium == "figure":
        return {key: value for key, value in drawing.items() if key not in ("film", "seconds", "fps", "size", "stack")}
    options = {key: drawing[key] for key in (*EVERYWHERE, *ONLY[medium])}
    if medium == "film":
        from_user = click.get_current_context().get_parameter_source("theme")
        options["theme"] = options["theme"] if from_user is click.core.ParameterSource.COMMANDLINE else "slide"
        options |= {"size": _pixels(options["size"]), "progress": not quiet}
    return options


def _pixels(size: str) -> tuple[int, int]:
    width, _, height = size.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise click.BadParameter(f"the size of a film is written as 1280x720, got {size!r}")
    return int(width), int(height)


def _loaded(files: tuple[str, ...]) -> list[Any]:
    from landscape.files.surfaces import load

    return [load(file) for file in files]


def _sampled(model: str, subspace: str | None, given: dict[str, Any], *, view: str | None, beside: str) -> list[Any]:
    from landscape.errors import InputError

    from .sample import extent_for, solutions_of, view_of

    if subspace not in (None, *SURFACES):
        raise InputError(f"unknown subspace {subspace!r}; expected plane or corridor")
    solutions = solutions_of(model, given)
    chosen = subspace or ("corridor" if len(solutions) > 1 and view not in ("profile", "barcode") else "plane")
    if solutions[0].folder is None:
        path = str(Path(beside).with_suffix(".h5"))
        record = view_of(solutions[0], chosen, path, given)
        click.echo(path)
        return [record]
    given |= {"force": False, "extent": extent_for(solutions, chosen, given)}
    return [view_of(solution, chosen, None, given) for solution in solutions]
