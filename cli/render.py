"""``landscape render``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click

from .drawing import Heights, Motion, Sheet, Viewpoint, keywords
from .options import Option, options, was_given
from .params import OUTPUT, Force, Model, OwnModel, Runs, Sampling
from .solutions import grid_options, opening, random_directions, shared_extent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from landscape.rendering.figure import Draw
    from landscape.sampling.solutions import Solution
    from landscape.sampling.start import Grid
    from landscape.sampling.views import View
else:
    Draw = View = str

DRAWINGS = ("surface", "contour", "profile", "barcode")
LINES = ("line", "path-line")


@click.command(short_help="Draw surfaces and profiles; trains and measures what is missing.")
@click.argument("files", nargs=-1, metavar="[FILE.h5]...")
@options
def command(
    files: tuple[str, ...],
    model: Model,
    view: Annotated[
        View | None,
        Option(
            "Where to look, with --model: plane, corridor, line, path-plane or path-line; by default plane, for the "
            "pair corridor."
        ),
    ],
    draw: Annotated[Draw | None, Option("How: surface, contour, profile or barcode (of the minima).")],
    subspace: Annotated[View | None, Option("The former name of --view.", hidden=True)],
    output: Annotated[
        str | None,
        Option("png, pdf or svg; html; mp4, webm or gif. By default NAME.png.", flags=OUTPUT, metavar="FILE"),
    ],
    heights: Heights,
    sheet: Sheet,
    viewpoint: Viewpoint,
    checkpoints: Annotated[
        str | None, Option("Training path of a model of your own, for its corridor.", metavar="DIR")
    ],
    own: OwnModel,
    motion: Motion,
    stack: Annotated[
        str | None,
        Option("On a page: one surface at a time, a slider of that name between them.", metavar="NAME"),
    ],
    sampling: Sampling,
    runs: Runs,
    force: Force,
) -> None:
    """Draw one surface or profile, or several with the same axes and the same scale.

    An .html is a page to turn, zoom and read values in, one file that works offline; .mp4, .webm and .gif are films.

    Without --extent, all surfaces of a figure reach as far as the widest of them has to.

    A picture that landscape made is replaced; any other file in its place only with --force. What is measured of a
    model of your own is kept beside the picture, as FILE.h5.

    \b
    Examples:
      landscape render --model wide
      landscape render --model pair -o pair.pdf --width text --tex
      landscape render --model pair --draw profile -o widths.pdf
      landscape render narrow.h5 wide.h5 -o pair.svg --draw contour
      landscape render wide.h5 --draw barcode -o barcode.png
      landscape render --model my_model:make --weights net.pt --data my_model:data -o mine.png
      landscape render --model pair -o pair.html
      landscape render --model pair -o growth.mp4 --film growth
    """
    import landscape as ls

    view, draw = _rename(view, draw, subspace)
    _refuse_mismatch(files, model, output, draw)
    target = output or f"{Path(files[0]).stem if model is None else ls.file_stem(model)}.png"
    _refuse_foreign(target, view, draw)
    picture = keywords(heights, sheet, viewpoint, motion)
    ls.check_picture(target, force=force, with_tex=sheet.with_tex)
    if model is None:
        _refuse_network_options(view, checkpoints, own)
        records = [ls.load(file) for file in files]
    else:
        curves = draw in ("profile", "barcode")
        view = view or ("corridor" if len(ls.solution_names(model)) > 1 and not curves else "plane")
        ls.check_view(view)
        solutions = ls.open_solutions(model, **opening(own, sampling, runs, checkpoints=checkpoints))
        ls.check_view(view, checkpoints=checkpoints is not None)
        records = _sample(solutions, view, sampling, beside=Path(target).with_suffix(".h5"), force=force)
    progress = ls.medium_of(target) == "film" and not sampling.quiet
    rendering = ls.render(records, target, draw=draw or "auto", stack=stack, progress=progress, **picture)
    for line in rendering.messages:
        click.echo(line, err=True)
    click.echo(target)
    if rendering.tex is not None:
        click.echo(rendering.tex)


def _rename(view: View | None, draw: Draw | None, subspace: View | None) -> tuple[View | None, Draw | None]:
    """Where to look and how to draw, from the spellings of this release or of the one before."""
    if view in DRAWINGS:
        click.echo(
            f"--view {view} is called --draw {view} now; --view says where to look, from the next release alone",
            err=True,
        )
        view, draw = None, draw or view
    if subspace is not None:
        click.echo(f"--subspace {subspace} is called --view {subspace} now, and goes with the next release", err=True)
        view = subspace
    return view, draw


def _refuse_mismatch(files: tuple[str, ...], model: str | None, output: str | None, draw: Draw | None) -> None:
    if bool(files) == (model is not None):
        raise click.UsageError("give surface files, or --model: one of the two")
    if draw not in (None, *DRAWINGS):
        raise click.UsageError(f"unknown drawing {draw!r}; expected {', '.join(DRAWINGS)}")
    for name, value, noun in (("--output", output, "a file"), ("--model", model, "a network, such as wide or pair")):
        if value is not None and not value.strip():
            raise click.UsageError(f"{name} names {noun}, got an empty text")


def _refuse_foreign(target: str, view: View | None, draw: Draw | None) -> None:
    """Refuse options that pictures of this kind do not have, before the long work."""
    import landscape as ls

    medium, foreign = ls.medium_of(target), ls.foreign_options(target)
    for option in click.get_current_context().command.params:
        if option.name in foreign and option.name != "draw" and was_given(option.name):
            raise click.UsageError(f"{option.opts[0]} has no meaning for {Path(target).name}, a {medium}")
    for flag, word, curves in (("--draw", draw, DRAWINGS[1:]), ("--view", view, LINES)):
        if medium != "figure" and word in curves:
            raise click.UsageError(f"a {medium} shows surfaces; {flag} {word} is for png, pdf and svg")


def _refuse_network_options(view: View | None, checkpoints: str | None, own: OwnModel) -> None:
    """Refuse what says how to look at a network, where files are drawn."""
    if view is not None:
        raise click.UsageError("--view says where to look at a network; files hold what was seen: leave it out")
    values = {"--weights": own.weights, "--data": own.data, "--stream": own.stream, "--checkpoints": checkpoints}
    flags = [flag for flag, value in values.items() if value]
    if flags:
        raise click.UsageError(f"{', '.join(flags)} go with --model package.module:factory, not with surface files")


def _sample(
    solutions: "Sequence[Solution]", view: View, sampling: Sampling, *, beside: Path, force: bool
) -> "list[Grid]":
    """The view of each network, from where it is kept or measured now: in its run, or else beside the picture."""
    import landscape as ls

    extent = shared_extent(solutions, view, sampling)
    records = []
    for solution in solutions:
        path = beside if solution.folder is None else None
        record = ls.sample_view(
            solution,
            view,
            points=sampling.points,
            extent=extent,
            path=path,
            progress=not sampling.quiet,
            **random_directions(sampling),
            **grid_options(sampling, overwrite=force and path is not None),
        )
        records.append(record)
        if path is not None:
            click.echo(path)
    return records
