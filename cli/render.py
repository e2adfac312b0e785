"""``landscape render``."""

from typing import Any

import click

from . import options as opt


@click.command(short_help="Draw surfaces; trains and measures what is missing.")
@click.argument("files", nargs=-1, metavar="[FILE.h5]...")
@opt.model
@click.option("--view", help="plane or corridor; by default plane, for the pair corridor.")
@click.option("-o", "--output", metavar="FILE", help="png, pdf or svg by its suffix; by default NAME.png.")
@click.option("--scale", default="auto", show_default=True, help="Height: auto, linear or log.")
@click.option("--ceiling", type=float, help="Cut the surface at this loss.")
@click.option("--width", type=float, help="Width of the figure in inches.")
@click.option("--dpi", default=300, show_default=True, help="Resolution of the surface, and of a PNG.")
@click.option("--colormap", default="viridis", show_default=True, help="A matplotlib colour map.")
@opt.sampling
@opt.runs
@opt.force
def command(files: tuple[str, ...], model: str | None, view: str | None, output: str | None, **given: Any) -> None:
    """Draw one surface, or several side by side with the same axes and the same scale.

    \b
    Examples:
      landscape render --model wide
      landscape render --model pair -o pair.pdf
      landscape render narrow.h5 wide.h5 -o pair.svg
    """
    from landscape import store
    from landscape.render.figure import render
    from landscape.train.runs import models_of

    if bool(files) == (model is not None):
        raise click.UsageError("give surface files, or --model, one of the two")
    drawing = {key: given.pop(key) for key in ("scale", "ceiling", "width", "dpi", "colormap")}
    if model is not None:
        models = models_of(model)
        chosen = view or ("corridor" if len(models) > 1 else "plane")
        target = output or f"{model.replace(':', '-')}.png"
    else:
        target = output or f"{files[0].removesuffix('.h5')}.png"
    store.check_writable(target, force=given.pop("force") or _is_ours(target))
"""
