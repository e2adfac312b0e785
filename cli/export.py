"""``landscape export``."""

import click

from . import options as opt


@click.command(short_help="A surface as a mesh, a solid to print, or a table.")
@click.argument("file", metavar="FILE.h5")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="OUT",
    help="vts, vtp, ply, obj, gltf, stl, csv, npz, nc or li.h5 by suffix.",
)
@click.option("--scale", default="linear", show_default=True, help="Height of meshes: linear or log.")
@click.option("--ceiling", type=float, help="Clip the heights of meshes at this loss.")
@opt.force
def command(file: str, output: str, scale: str, ceiling: float | None, force: bool) -> None:
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
    from typing import cast

    from landscape.files.li import save_li
    from landscape.files.surfaces import load
    from landscape.rendering.export.mesh import MeshScale, export

    record = load(file)
    if output.endswith(".li.h5"):
        lines = save_li(record, output, overwrite=force)
    else:
        lines = export(record, output, scale=cast(MeshScale, scale), ceiling=ceiling, force=force)
    for line in lines:
        click.echo(line, err=True)
    click.echo(output)
