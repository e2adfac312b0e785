"""``landscape render``."""

from pathlib import Path
from typing import Any

import click

from . import options as opt
from .networks import refuse_own_options

SURFACES = ("plane", "corridor")
DRAWN = ("surface", "contour", "profile")

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
DRAWING = (
    *("metric", "color", "scale", "ceiling", "ranges", "width", "columns", "dpi", "theme", "font", "usetex"),
    *("colormap", "notes", "with_tex", "camera", "azimuth", "elevation"),
)


@click.command(short_help="Draw surfaces and profiles; trains and measures what is missing.")
@click.argument("files", nargs=-1, metavar="[FILE.h5]...")
@opt.model
@click.option("--view", help="surface, contour or profile; plane or corridor: the surface of that kind.")
@click.option("--subspace", help="With --model: plane or corridor; by default plane, for the pair corridor.")
@click.option("-o", "--output", metavar="FILE", help="png, pdf or svg by its suffix; by default NAME.png.")
@shown
@page
@place
@click.option("--checkpoints", metavar="DIR", help="Training path of a model of your own, for its corridor.")
@opt.own
@opt.sampling
@opt.runs
@opt.force
def command(files: tuple[str, ...], model: str | None, view: str | None, output: str | None, **given: Any) -> None:
    """Draw one surface or profile, or several with the same axes and the same scale.

    Without --extent, all surfaces of a figure reach as far as the widest of them has to.

    A picture that landscape made is replaced; any other file in its place only with --force. What is measured of a
    model of your own is kept beside the picture, as FILE.h5.

    \b
    Examples:
      landscape render --model wide
      landscape render --model pair -o pair.pdf --width text --tex
      landscape render --model pair --view profile -o widths.pdf
      landscape render narrow.h5 wide.h5 -o pair.svg --view contour
      landscape render --model my_model:make --weights net.pt --data my_model:data -o mine.png
    """
    from landscape.render.figure import render

    if bool(files) == (model is not None):
        raise click.UsageError("give surface files, or --model: one of the two")
    if view not in (None, *DRAWN, *SURFACES):
        raise click.UsageError(f"unknown view {view!r}; expected {', '.join(DRAWN)}, plane or corridor")
    refuse_own_options(model, given)
    target = output or f"{Path(files[0]).stem if model is None else _name(model)}.png"
    _check(target, force=given["force"], with_tex=given["with_tex"])
    drawing = {key: given.pop(key) for key in DRAWING}
    drawing |= {"sublevel": given.pop("sublevel") or None, "titles": given.pop("titles") or None}
    subspace = given.pop("subspace") or (view if view in SURFACES else None)
    records = _loaded(files) if model is None else _sampled(model, subspace, given, view=view, beside=target)
    kind: Any = "surface" if view in SURFACES else view or "auto"
    drawn = render(records, target, view=kind, **drawing)
    for line in drawn.messages:
        click.echo(line, err=True)
    click.echo(target)
    if drawn.tex is not None:
        click.echo(drawn.tex)


def _check(target: str, *, force: bool, with_tex: bool) -> None:
    """Refuse before the long work what could not be written after it."""
    from landscape.render.write import check_free, check_target

    check_target(target, force=force)
    if with_tex:
        check_free(Path(target).with_suffix(".tex"), force=force)


def _loaded(files: tuple[str, ...]) -> list[Any]:
    from landscape.store import load

    return [load(file) for file in files]


def _name(model: str) -> str:
    """What a picture is called: the model, or the function that makes it."""
    from landscape.evaluate.models import names_factory

    return model.rpartition(":")[2] if names_factory(model) else model.replace(":", "-")


def _sampled(model: str, subspace: str | None, given: dict[str, Any], *, view: str | None, beside: str) -> list[Any]:
    from landscape.errors import InputError
    from landscape.evaluate.models import names_factory
    from landscape.train.runs import models_of

    from .sample import extent_for, own_view, sampled

    if subspace not in (None, *SURFACES):
        raise InputError(f"unknown subspace {subspace!r}; expected plane or corridor")
    if names_factory(model):
        kept = str(Path(beside).with_suffix(".h5"))
        record = own_view(model, subspace or "plane", kept, given)
        click.echo(kept)
        return [record]
    given.pop("force")
    models = models_of(model)
    chosen = subspace or ("corridor" if len(models) > 1 and view != "profile" else "plane")
    given["extent"] = extent_for(models, chosen, **given)
    return [sampled(name, member, chosen, None, **given) for name, member in models]
