"""``landscape render``."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click

from .drawing import Heights, Motion, Sheet, Viewpoint, keywords
from .options import Option, options, was_given
from .params import OUTPUT, Evaluation, Force, Model, Runs, Sampling
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


Checkpoints = Annotated[str | None, Option("Training path of a model of your own, for its corridor.", metavar="DIR")]
Stack = Annotated[
    str | None, Option("On a page: one surface at a time, a slider of that name between them.", metavar="NAME")
]


@dataclass(frozen=True)
class Picture:
    """Where to look, how to draw it, and the file."""

    view: Annotated[
        View | None,
        Option(
            "Where to look, with --model: plane, corridor, line, path-plane or path-line; by default plane, for the "
            "pair corridor."
        ),
    ]
    draw: Annotated[Draw | None, Option("How: surface, contour, profile or barcode (of the minima).")]
    subspace: Annotated[View | None, Option("The former name of --view.", hidden=True)]
    output: Annotated[
        str | None,
        Option("png, pdf or svg; html; mp4, webm or gif. By default NAME.png.", flags=OUTPUT, metavar="FILE"),
    ]


@click.command(short_help="Draw surfaces and profiles; trains and measures what is missing.")
@click.argument("files", nargs=-1, metavar="[FILE.h5]...")
@options
# A group of options arrives as one object; the order here is that of the help.
def command(
    files: tuple[str, ...],
    model: Model,
    picture: Picture,
    heights: Heights,
    sheet: Sheet,
    viewpoint: Viewpoint,
    checkpoints: Checkpoints,
    evaluation: Evaluation,
    motion: Motion,
    stack: Stack,
    sampling: Sampling,
    runs: Runs,
    force: Force,
) -> None:
    """Draw one surface or profile, or several with the same axes and the same scale.

    An .html is a page to turn, zoom and read values in, one file that works offline; .mp4, .webm and .gif are films.

    Without --extent, all surfaces of a figure reach as far as the widest of them has to.

    A picture that landscape made is replaced; any other file in its place only with --force. What is measured of a
    model of your own is kept beside the picture, as FILE.h5. Grids computed elsewhere are drawn from .npz (alpha, beta
    and an array for each metric), .csv (such columns, or a bare table) and .npy.

    \b
    Examples:
      landscape render --model wide
      landscape render --model pair -o pair.pdf --width text --tex
      landscape render --model pair --draw profile -o widths.pdf
      landscape render narrow.h5 wide.h5 -o pair.svg --draw contour
      landscape render grid.npz -o grid.png
      landscape render wide.h5 --draw barcode -o barcode.png
      landscape render --model my_model:make --weights net.pt --data my_model:data -o mine.png
      landscape render --model pair -o growth.mp4 --film growth
    """
    import landscape as ls

    picture = _rename(picture)
    _refuse_mismatch(files, model, picture)
    target = picture.output or f"{Path(files[0]).stem if model is None else ls.file_stem(model)}.png"
    _refuse_foreign(target, picture)
    drawing = keywords(heights, sheet, viewpoint, motion)
    ls.check_picture(target, force=force, with_tex=sheet.with_tex)
    if model is None:
        _refuse_network_options(picture.view, checkpoints, evaluation)
        records = [ls.load(file) for file in files]
    else:
        view = picture.view or _usual_view(model, picture.draw)
        ls.check_view(view, checkpoints=checkpoints is not None)
        solutions = ls.open_solutions(model, **opening(evaluation, sampling, runs, checkpoints=checkpoints))
        records = _sample(solutions, view, sampling, beside=Path(target).with_suffix(".h5"), force=force)
    progress = ls.medium_of(target) == "film" and not sampling.quiet
    rendering = ls.render(records, target, draw=picture.draw or "auto", stack=stack, progress=progress, **drawing)
    for line in rendering.messages:
        click.echo(line, err=True)
    click.echo(target)
    if rendering.tex is not None:
        click.echo(rendering.tex)


def _rename(picture: Picture) -> Picture:
    """The same with the spellings of the release before, which said --view for how to draw and --subspace for where."""
    view, draw, subspace = picture.view, picture.draw, picture.subspace
    if view in DRAWINGS:
        click.echo(f"--view {view} is written --draw {view} now: --view says where to look", err=True)
        view, draw = None, draw or view
    if subspace is not None:
        click.echo(f"--subspace {subspace} is written --view {subspace} now: it goes with the next release", err=True)
        view = subspace
    return replace(picture, view=view, draw=draw)


def _refuse_mismatch(files: tuple[str, ...], model: str | None, picture: Picture) -> None:
    if bool(files) == (model is not None):
        raise click.UsageError("give surface files, or --model: one of the two")
    if picture.draw not in (None, *DRAWINGS):
        raise click.UsageError(f"unknown drawing {picture.draw!r}; expected {', '.join(DRAWINGS)}")
    nouns = (("--output", picture.output, "a file"), ("--model", model, "a network, such as wide or pair"))
    for name, value, noun in nouns:
        if value is not None and not value.strip():
            raise click.UsageError(f"{name} names {noun}, got an empty text")


def _refuse_foreign(target: str, picture: Picture) -> None:
    """Refuse options that pictures of this kind do not have, before the long work."""
    import landscape as ls

    medium, foreign = ls.medium_of(target), ls.foreign_options(target)
    for option in click.get_current_context().command.params:
        if option.name in foreign and option.name != "draw" and was_given(option.name):
            raise click.UsageError(f"{option.opts[0]} has no meaning for {Path(target).name}, a {medium}")
    for flag, word, curves in (("--draw", picture.draw, DRAWINGS[1:]), ("--view", picture.view, LINES)):
        if medium != "figure" and word in curves:
            raise click.UsageError(f"a {medium} shows surfaces; {flag} {word} is for png, pdf and svg")


def _refuse_network_options(view: View | None, checkpoints: str | None, evaluation: Evaluation) -> None:
    """Refuse what says how to look at a network, where files are drawn."""
    if view is not None:
        raise click.UsageError("--view says where to look at a network; files hold what was seen: leave it out")
    values = {"--weights": evaluation.weights, "--data": evaluation.data, "--stream": evaluation.stream}
    flags = [flag for flag, value in {**values, "--checkpoints": checkpoints}.items() if value]
    if flags:
        raise click.UsageError(f"{', '.join(flags)} go with --model package.module:factory, not with surface files")


def _usual_view(model: str, draw: Draw | None) -> View:
    """The plane of one network; the corridors of two, unless their losses are drawn as curves or bars."""
    import landscape as ls

    return "corridor" if len(ls.solution_names(model)) > 1 and draw not in ("profile", "barcode") else "plane"


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
