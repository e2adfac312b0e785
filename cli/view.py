"""``landscape view``."""

import os
import sys
from pathlib import Path

import click

from . import options as opt


@click.command(short_help="Open a surface in a window; a page where there is no screen.")
@click.argument("file", metavar="FILE.h5")
@click.option("--metric", default="train_loss", show_default=True, help="What the height shows.")
@click.option("--scale", default="auto", show_default=True, help="Height: auto, linear, log or sqrt.")
@click.option("--ceiling", type=float, help="Cut the surface at this loss.")
@opt.force
def command(file: str, metric: str, scale: str, ceiling: float | None, force: bool) -> None:
    """Turn and zoom a surface on the screen.

    Without a screen the same surface is written beside FILE as a page for a browser.

    \b
    Examples:
      landscape sample --model wide -o wide.h5
      landscape view wide.h5
    """
    from typing import cast

    from landscape.errors import InputError
    from landscape.files.surfaces import load
    from landscape.records.sampled import Surface
    from landscape.rendering.geometry.heights import HeightScale

    record = load(file)
    if not isinstance(record, Surface):
        raise InputError(f"{file} holds a {record.kind or 'profile'}, which has no surface; draw it: landscape render")
    chosen = cast(HeightScale, scale)
    if has_screen():
        from landscape.rendering.window import show

        show(record, metric=metric, scale=chosen, ceiling=ceiling)
        return
    import landscape
    from landscape.rendering.page.web import check_page

    target = Path(file).with_suffix(".html")
    check_page(target, force=force)
    landscape.render(record, target, metric=metric, scale=chosen, ceiling=ceiling)
    click.echo("no screen here (DISPLAY and WAYLAND_DISPLAY are not set); open this page in a browser", err=True)
    click.echo(target)


def has_screen() -> bool:
    """Whether a window could open: always on macOS and Windows, elsewhere where a display server is named."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
