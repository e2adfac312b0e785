"""``landscape export``."""

from typing import TYPE_CHECKING, Annotated

import click

from .options import Option, options
from .params import OUTPUT, Force

if TYPE_CHECKING:
    from landscape.rendering.export.mesh import MeshScale
else:
    MeshScale = str


@click.command(short_help="A surface as a mesh, a solid to print, or a table.")
@click.argument("file", metavar="FILE.h5")
@options
def command(
    file: str,
    output: Annotated[
        str,
        Option(
            "vts, vtp, ply, obj, gltf, stl, csv, npz, nc or li.h5 by suffix.",
            flags=OUTPUT,
            metavar="OUT",
            required=True,
        ),
    ],
    scale: Annotated[MeshScale, Option("Height of meshes: linear or log.", "linear")],
    ceiling: Annotated[float | None, Option("Clip the heights of meshes at this loss.")],
    force: Force,
) -> None:
    """Write a surface for other programs, and say what the format loses.

    vts and vtp keep the values (ParaView); ply, obj and gltf the shape; stl is a closed solid in millimetres; csv, npz
    and nc (netCDF) hold the numbers, of lines as well. NAME.li.h5 is a surface file as Li et al.'s code (2018) reads
    it, with the directions beside it where FILE holds them. Their files are read everywhere a FILE.h5 is.

    \b
    Examples:
      landscape sample --model wide -o wide.h5
      landscape export wide.h5 -o wide.vts
      landscape export wide.h5 -o wide.stl --ceiling 3
      landscape export wide.h5 -o wide.li.h5
    """
    import landscape as ls

    record = ls.load(file)
    if output.endswith(".li.h5"):
        lines = ls.save_li(record, output, overwrite=force)
    else:
        lines = ls.export(record, output, scale=scale, ceiling=ceiling, force=force)
    for line in lines:
        click.echo(line, err=True)
    click.echo(output)
