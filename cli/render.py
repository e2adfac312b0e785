"""``landscape render``."""

from pathlib import Path
from typing import Any

import click

from . import options as opt


@click.command(short_help="Draw surfaces; trains and measures what is missing.")
@click.argument("files", nargs=-1, metavar="[FILE.h5]...")
@opt.model
@click.option("--view", help="plane or corridor; by default plane, for the pair corridor.")
@click.option("-o", "--output", metavar="FILE", help="png, pdf or svg by its suffix; by default NAME.png.")
@click.option("--scale", default="auto", show_default=True, help="Height: auto, linear or log.")
@click.option("--ceiling", type=float, help="Cut the surfaces at this loss.")
@click.option("--figure-width", type=float, help="Width of the figure in inches.")
@click.option("--dpi", default=300, show_default=True, help="Resolution of the surfaces, and of a PNG.")
@click.option("--colormap", default="viridis", show_default=True, help="A matplotlib colour map.")
@opt.sampling
@opt.runs
@opt.force
def command(files: tuple[str, ...], model: str | None, view: str | None, output: str | None, **given: Any) -> None:
    """Draw one surface, or several side by side with the same axes and the same scale.

    Without --extent, all surfaces of a figure reach as far as the widest of them has to.

    A picture that landscape made is replaced; any other file in its place only with --force.

    \b
    Examples:
      landscape render --model wide
      landscape render --model pair -o pair.pdf
      landscape render narrow.h5 wide.h5 -o pair.svg
    """
    from landscape.render.figure import check_target, render

    if bool(files) == (model is not None):
        raise click.UsageError("give surface files, or --model: one of the two")
    name = Path(files[0]).stem if model is None else model.replace(":", "-")
    target = output or f"{name}.png"
    check_target(target, force=given.pop("force"))
    drawing = {key: given.pop(key) for key in ("scale", "ceiling", "dpi", "colormap")}
    surfaces = _loaded(files) if model is None else _sampled(model, view, given)
    drawn = render(surfaces, target, width=given["figure_width"], **drawing)
    for line in drawn.messages:
        click.echo(line, err=True)
    click.echo(target)


def _loaded(files: tuple[str, ...]) -> list[Any]:
    from landscape.errors import InputError
    from landscape.records import Surface
    from landscape.store import load

    records = [load(file) for file in files]
    for file, record in zip(files, records, strict=True):
        if not isinstance(record, Surface):
            raise InputError(f"{file} holds a {record.kind or 'profile'}, expected a plane or a corridor")
    return records


def _sampled(model: str, view: str | None, given: dict[str, Any]) -> list[Any]:
    from landscape.errors import InputError
    from landscape.train.runs import models_of

    from .sample import extent_for, sampled

    models = models_of(model)
    chosen = view or ("corridor" if len(models) > 1 else "plane")
    if chosen not in ("plane", "corridor"):
        raise InputError(f"unknown view {chosen!r}; expected plane or corridor")
    options = {key: value for key, value in given.items() if key != "figure_width"}
    options["extent"] = extent_for(models, chosen, **options)
    return [sampled(name, member, chosen, None, **options) for name, member in models]
