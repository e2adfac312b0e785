"""``landscape view``."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click

from landscape.errors import InputError

from .options import Option, options
from .params import Force, Metric, Scale

if TYPE_CHECKING:
    from landscape.records.sampled import Surface


@click.command(short_help="Open a surface in a window; a page where there is no screen.")
@click.argument("file", metavar="FILE.h5")
@options
def command(
    file: str,
    metric: Metric,
    scale: Scale,
    ceiling: Annotated[float | None, Option("Cut the surface at this loss.")],
    force: Force,
) -> None:
    """Turn and zoom a surface on the screen.

    Without a screen the same surface is written beside FILE as a page for a browser.

    \b
    Examples:
      landscape sample --model wide -o wide.h5
      landscape view wide.h5
    """
    import landscape as ls

    surface = _load_surface(file)
    if has_screen():
        ls.show(surface, metric=metric, scale=scale, ceiling=ceiling)
        return
    target = Path(file).with_suffix(".html")
    ls.check_picture(target, force=force)
    ls.render(surface, target, metric=metric, scale=scale, ceiling=ceiling)
    click.echo("no screen here (DISPLAY and WAYLAND_DISPLAY are not set); open this page in a browser", err=True)
    click.echo(target)


def has_screen() -> bool:
    """Whether a window could open: always on macOS and Windows, elsewhere where a display server is named."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _load_surface(file: str) -> "Surface":
    import landscape as ls

    record = ls.load(file)
    if not isinstance(record, ls.Surface):
        raise InputError(f"{file} holds a {record.kind or 'profile'}, which has no surface; draw it: landscape render")
    return record
