"""``landscape connect``."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import click

from landscape.defaults import BEND_STEPS, PATH_POINTS

from .machine import torch_device, torch_dtype
from .options import Option, options
from .params import OUTPUT, Data, Device, Dtype, Force, Json, Quiet, Runs
from .printing import command_line, print_json

if TYPE_CHECKING:
    from landscape.measures.barriers import Barrier, Barriers
    from landscape.records.provenance import Identity
    from landscape.records.recipe import ConnectionRecipe, CurveRecipe
    from landscape.records.sampled import Profile
    from landscape.sampling.connections import Shape
    from landscape.sampling.grid import Sampling as GridOptions
    from landscape.sampling.solutions import Solution
else:
    Shape = str

PICTURES = (".png", ".pdf", ".svg")
CURVES = {"line": "straight line", "bezier": "Bezier curve", "polygon": "polygonal chain with one bend"}


@dataclass(frozen=True)
class Course:
    """The path from A to B, or the paths between all pairs of members of A."""

    align: Annotated[bool, Option("First permute the hidden units of B to match A.")]
    curve: Annotated[Shape, Option("line, or bezier or polygon with a trained bend.", "line")]
    curve_steps: Annotated[
        int | None, Option(f"Optimizer steps of the bend.  [default: {BEND_STEPS}]", type=click.IntRange(1))
    ]
    members: Annotated[int | None, Option("All pairs of so many members of A, instead of B.", type=click.IntRange(3))]
    points: Annotated[int, Option("Points on the path, both ends among them.", PATH_POINTS)]


@dataclass(frozen=True)
class Ends:
    """The networks that are connected, and the machine that does it."""

    model: Annotated[
        str | None,
        Option("A model of your own: A and B are files of its weights.", metavar="PACKAGE.MODULE:FACTORY"),
    ]
    data: Data
    num_examples: Annotated[int | None, Option("With --model: measure on a fixed random subset of N.", metavar="N")]
    dtype: Dtype
    device: Device
    runs: Runs
    quiet: Quiet


@dataclass(frozen=True)
class Pairs:
    """The paths between all pairs of members, as trained or with aligned units."""

    align: bool
    profiles: "list[Profile]"
    barriers: "Barriers"

    @property
    def identity(self) -> "Identity":
        """The network, its data and loss."""
        return self.profiles[0].provenance.identity


@click.command(short_help="The path between two networks and its barrier.")
@click.argument("start", metavar="A")
@click.argument("end", metavar="B", required=False)
@options
def command(
    start: str,
    end: str | None,
    course: Course,
    output: Annotated[
        tuple[str, ...],
        Option("Keep the profile (.h5) or draw it (.png, .pdf, .svg).", flags=OUTPUT, metavar="FILE"),
    ],
    strategy: Annotated[str, Option("auto, loop, stacked or affine.", "auto")],
    ends: Ends,
    force: Force,
    as_json: Json,
) -> None:
    """Measure the loss along a path from network A to network B, and its barrier.

    A and B are NAME or NAME:MEMBER, of one family, size and data set; presets are trained if missing. With --model they
    are two files of weights (.pt, .safetensors) of a model of your own. The barrier is
    the highest rise of the training loss along the path above the straight line between its ends, at the points
    measured. With BatchNorm the statistics are measured anew at every point.

    With --members N, all pairs of N members of A: the mean barrier with its 95 % interval over the choice of members;
    with --align both as they are and aligned.

    \b
    Examples:
      landscape connect narrow:0 narrow:1
      landscape connect wide:0 wide:1 --align -o wide-line.h5 -o wide-line.png
      landscape connect narrow:0 narrow:1 --curve bezier
      landscape connect narrow --members 6 --align
      landscape connect a.pt b.pt --model my_model:make --data my_model:data --align
    """
    files, pictures = _sort_outputs(output, force=force)
    _refuse_mismatch(start, end, course, ends, files)
    if end is None:
        groups = _sample_pairs(start, course, ends, strategy)
        _draw_pairs(groups, pictures)
        values, text = _pair_values(start, course, groups), _pair_text(start, course, groups)
    else:
        path = files[0] if files else None
        profile = _sample(_open_ends(start, end, ends), course, ends, strategy, path=path, force=force)
        _draw([profile], pictures, [_label(profile)])
        values, text = _values(profile), _text(profile)
    if as_json:
        print_json(values)
        return
    click.echo(text)
    for path in (*files, *pictures):
        click.echo(f"  kept in {path}")


def _sort_outputs(output: tuple[str, ...], *, force: bool) -> tuple[list[str], list[str]]:
    """The profile's file, at most one, and the pictures, whose places are free."""
    import landscape as ls

    pictures = [path for path in output if Path(path).suffix.lower() in PICTURES]
    files = [path for path in output if path not in pictures]
    if len(files) > 1 or any(Path(path).suffix.lower() != ".h5" for path in files):
        raise click.UsageError(f"-o takes one .h5 and pictures ({', '.join(PICTURES)}), got {', '.join(output)}")
    for path in pictures:
        ls.check_picture(path, force=force)
    return files, pictures


def _refuse_mismatch(start: str, end: str | None, course: Course, ends: Ends, files: list[str]) -> None:
    if ends.model is None and (ends.data or ends.num_examples):
        raise click.UsageError("--data and --num-examples go with --model package.module:factory")
    if ends.model is not None and course.members is not None:
        raise click.UsageError("--members counts members of a run: leave --model out")
    if (end is None) == (course.members is None):
        raise click.UsageError("Missing argument 'B': name two networks, or one with --members N for all its pairs")
    if end is None and files:
        raise click.UsageError(f"{files[0]} keeps one profile; with --members name pictures alone, or use --json")
    if end is None and ":" in start:
        raise click.UsageError(f"with --members name a run without a member, such as {start.partition(':')[0]}")


def _open_ends(start: str, end: str, ends: Ends) -> "list[Solution]":
    """The networks of two names, or of two files of weights of one model."""
    import landscape as ls

    specs = (start, end)
    networks = [(spec, None, "") if ends.model is None else (ends.model, spec, Path(spec).name) for spec in specs]
    return [
        ls.open_solution(
            spec,
            data=ends.data,
            weights=weights,
            runs=ends.runs,
            batchnorm="reestimate",
            num_examples=ends.num_examples,
            device=torch_device(ends.device),
            dtype=torch_dtype(ends.dtype),
            name=name,
            progress=not ends.quiet,
        )
        for spec, weights, name in networks
    ]


def _grid_options(ends: Ends, strategy: str, *, overwrite: bool = False) -> "GridOptions":
    tf32 = ends.dtype == "tf32"
    return {"strategy": strategy, "tf32": tf32, "overwrite": overwrite, "command": command_line()}


def _sample(
    solutions: "list[Solution]", course: Course, ends: Ends, strategy: str, *, path: str | None, force: bool
) -> "Profile":
    import landscape as ls

    return ls.sample_between(
        *solutions,
        aligned=course.align,
        curve=course.curve,
        curve_steps=course.curve_steps,
        points=course.points,
        path=path,
        progress=not ends.quiet,
        **_grid_options(ends, strategy, overwrite=force),
    )


def _sample_pairs(name: str, course: Course, ends: Ends, strategy: str) -> list[Pairs]:
    """All pairs of members as trained and, if so asked, with aligned units."""
    import landscape as ls

    solutions = ls.open_members(
        name,
        course.members,
        runs=ends.runs,
        batchnorm="reestimate",
        device=torch_device(ends.device),
        dtype=torch_dtype(ends.dtype),
        progress=not ends.quiet,
    )
    groups = []
    for align in (False, True) if course.align else (False,):
        profiles = ls.sample_pairs(
            solutions,
            aligned=align,
            curve=course.curve,
            curve_steps=course.curve_steps,
            points=course.points,
            progress=not ends.quiet,
            **_grid_options(ends, strategy),
        )
        groups.append(Pairs(align, profiles, ls.barriers(profiles)))
    return groups


def _draw(profiles: "list[Profile]", pictures: list[str], titles: list[str]) -> None:
    import landscape as ls

    for path in pictures:
        for line in ls.render(profiles, path, titles=titles).messages:
            click.echo(line, err=True)


def _draw_pairs(groups: list[Pairs], pictures: list[str]) -> None:
    import landscape as ls

    titles = [
        f"{'aligned' if pairs.align else 'as trained'}, barrier {pairs.barriers.loss.mean:.3g}" for pairs in groups
    ]
    _draw([ls.mean_profile(pairs.profiles) for pairs in groups], pictures, titles)


def _values(profile: "Profile") -> dict[str, object]:
    import landscape as ls
    from landscape.records.recipe import shape_of

    identity, barrier = profile.provenance.identity, ls.barrier(profile)
    path = _path(identity)
    return {
        "start": identity.model,
        "end": path.to,
        "curve": shape_of(path),
        "aligned": path.aligned,
        **_barrier_values(barrier),
        "points": barrier.points,
        "unit": profile.provenance.loss_scale.unit,
        "batchnorm": identity.batchnorm,
        "alignment": {"sweeps": path.sweeps, "converged": path.converged} if path.aligned else None,
        "alpha": profile.alpha.values.tolist(),
        "metrics": {name: values.tolist() for name, values in profile.metrics.items()},
    }


def _barrier_values(barrier: "Barrier") -> dict[str, object]:
    return {"barrier": barrier.loss, "barrier_accuracy": barrier.accuracy, "where": barrier.where}


def _pair_values(name: str, course: Course, groups: list[Pairs]) -> dict[str, object]:
    values: dict[str, object] = {
        "model": name,
        "members": course.members,
        "curve": course.curve,
        "points": course.points,
        "batchnorm": groups[0].identity.batchnorm,
        "plain": None,
        "aligned": None,
    }
    for pairs in groups:
        loss, accuracy = pairs.barriers.loss, pairs.barriers.accuracy
        identities = [profile.provenance.identity for profile in pairs.profiles]
        values["aligned" if pairs.align else "plain"] = {
            "barrier": asdict(loss),
            "barrier_accuracy": None if accuracy is None else asdict(accuracy),
            "pairs": [
                {"start": identity.model, "end": _path(identity).to, **_barrier_values(barrier)}
                for identity, barrier in zip(identities, pairs.barriers.pairs, strict=True)
            ],
        }
    return values


def _text(profile: "Profile") -> str:
    import landscape as ls

    identity, loss, barrier = profile.provenance.identity, profile.loss, ls.barrier(profile)
    unit = profile.provenance.loss_scale.unit
    lines = [
        f"{identity.model} to {_path(identity).to}{_describe(identity)}: {_size(identity)}",
        f"  {'training loss':<16} {loss[0]:.4g} and {loss[-1]:.4g} at the ends, at most {loss.max():.4g} on the way",
        f"  {'barrier':<16} {barrier.loss:.4g} {unit}, highest at {barrier.where:.3g} of the way "
        f"({barrier.points} points)",
    ]
    if barrier.accuracy is not None:
        lines.append(f"  {'accuracy barrier':<16} {barrier.accuracy:.4g} (share of training examples)")
    return "\n".join([*lines, *_notes(identity)])


def _pair_text(name: str, course: Course, groups: list[Pairs]) -> str:
    identity = groups[0].identity
    lines = [f"{name}, {len(groups[0].profiles)} pairs of {course.members} members: {_size(identity)}"]
    for pairs in groups:
        curve = "" if course.curve == "line" else f", {course.curve}"
        label = f"barrier{', aligned' if pairs.align else ''}{curve}"
        loss, accuracy = pairs.barriers.loss, pairs.barriers.accuracy
        losses = [barrier.loss for barrier in pairs.barriers.pairs]
        lines.append(f"  {label:<26} {loss} (mean, 95 % interval; pairs {min(losses):.3g} to {max(losses):.3g})")
        if accuracy is not None:
            lines.append(f"  {'accuracy ' + label:<26} {accuracy} of training examples")
    return "\n".join([*lines, *_notes(identity)])


def _size(identity: "Identity") -> str:
    return f"{identity.network}, P = {identity.P:,}, N = {identity.N:,}, K = {identity.K}"


def _describe(identity: "Identity") -> str:
    """What the path is, where it is not the plain straight line."""
    from landscape.records.recipe import shape_of

    path, alignment = _path(identity), ""
    if path.aligned:
        alignment = f", aligned ({path.sweeps} sweeps{'' if path.converged else ', not converged'})"
    return alignment + (f", {CURVES[shape_of(path)]}" if path.kind == "curve" else "")


def _label(profile: "Profile") -> str:
    from landscape.records.recipe import shape_of

    path = _path(profile.provenance.identity)
    return CURVES[shape_of(path)] + (", aligned" if path.aligned else "")


def _path(identity: "Identity") -> "ConnectionRecipe | CurveRecipe":
    return cast("ConnectionRecipe | CurveRecipe", identity.subspace)


def _notes(identity: "Identity") -> list[str]:
    from landscape.measures.barriers import DEFINITION

    statistics = "  BatchNorm statistics measured anew at every point"
    definition = f"  barrier: {DEFINITION}; accuracy: deepest fall below it"
    return [statistics, definition] if identity.batchnorm == "reestimate" else [definition]
