"""``landscape sample``."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import click

from .machine import num_bytes
from .options import Option, options, was_given
from .params import OUTPUT, Evaluation, Force, Json, Model, Runs, Sampling
from .printing import print_json
from .solutions import grid_options, opening, random_directions, shared_extent

if TYPE_CHECKING:
    from landscape.records.companions import Marks, Trajectory
    from landscape.sampling.solutions import Opening, Solution
    from landscape.sampling.start import Grid
    from landscape.sampling.views import View
    from landscape.space.subspaces import Subspace
else:
    View = str


Record = tuple[str, "Grid"]


@dataclass(frozen=True)
class Subject:
    """Where to look, and what else is measured there."""

    view: Annotated[
        View,
        Option(
            "plane, corridor, line, path-plane (principal components of the training path) or path-line (start of "
            "training to solution).",
            "plane",
        ),
    ]
    directions: Annotated[
        tuple[str, ...],
        Option(
            "One for a line, two for a plane: random, top, second or bottom (Hessian eigenvectors), gradient, another "
            "network, or a file (safetensors, npz, pt; Li et al.'s h5). Only random ones are normalized, unless "
            "--normalize is given.",
            flags=("--direction",),
            metavar="WHAT",
        ),
    ]
    through: Annotated[
        tuple[str, ...], Option("Line through two networks, plane through three.", metavar="NAME:MEMBER")
    ]
    checkpoints: Annotated[
        str | None, Option("A training path: a folder of state dictionaries named by step.", metavar="DIR")
    ]
    orthogonal: Annotated[bool, Option("Take direction 1 out of direction 2 of a plane.", flags=("--orthogonalize",))]
    curvature: Annotated[
        bool,
        Option(
            "Also the Hessian's extreme eigenvalues, its trace and the norm of the gradient at each point, as metrics "
            "to draw: about 60 gradients a point."
        ),
    ]
    repeats: Annotated[int, Option("Mean and band over so many seeds of random directions.", 1)]
    store_directions: Annotated[
        bool | None,
        Option(
            "Keep the directions in the file, 4 bytes per parameter each; by default those of --direction that no seed "
            "draws again, up to 64 MiB.",
            flags=("--store-directions/--no-store-directions",),
        ),
    ]


@click.command(short_help="Measure a plane, corridor, line or path and keep it as HDF5.")
@options
def command(
    model: Model,
    subject: Subject,
    output: Annotated[str | None, Option("By default NAME.h5, or NAME-VIEW.h5.", flags=OUTPUT, metavar="FILE.h5")],
    evaluation: Evaluation,
    sampling: Sampling,
    runs: Runs,
    force: Force,
    as_json: Json,
) -> None:
    """Measure loss and accuracy on a grid around one trained network, or through several.

    A model of your own is named by a function without arguments that returns it, and so are its data: pairs (x, y),
    dictionaries for model(**batch).loss, a tuple (train, test), or {"data": ..., "loss": ...} with any argument of
    landscape.Objective.

    A complete file of the same recipe is kept, an interrupted one is gone on with; anything else in its place is
    refused, unless --force.

    \b
    Examples:
      landscape sample --model wide -o wide.h5
      landscape sample --model wide --tolerance 0.005 -o wide-fast.h5
      landscape sample --model narrow:3 --view corridor --repeats 10 -o tunnel.h5
      landscape sample --model wide --view path-plane -o path.h5
      landscape sample --model narrow --direction top --direction bottom --extent 1 -o eigen.h5
      landscape sample --model narrow --points 21 --curvature -o curved.h5
      landscape sample --through narrow:0 --through narrow:1 --through narrow:2 -o three.h5
      landscape sample --model my_model:make --weights net.pt --data my_model:data -o mine.h5
      landscape sample --model my_model:make --checkpoints path --data my_model:data --view corridor
    """
    _refuse_mismatch(model, subject, evaluation)
    networks = opening(evaluation, sampling, runs, checkpoints=subject.checkpoints)
    if subject.through:
        records = [_sample_through(subject, networks, sampling, target=output or "through.h5", force=force)]
    elif subject.directions:
        records = _sample_along(model or "", subject, networks, sampling, output=output, force=force)
    else:
        records = _sample_views(model or "", subject, networks, sampling, output=output, force=force)
    if as_json:
        values = [_values(target, record) for target, record in records]
        print_json(values[0] if len(values) == 1 else values)
        return
    for target, record in records:
        click.echo(_text(target, record))


def _refuse_mismatch(model: str | None, subject: Subject, evaluation: Evaluation) -> None:
    """Refuse more than one way to say where to look: --view, --direction and --through."""
    if subject.curvature and (subject.repeats > 1 or evaluation.batchnorm != "frozen"):
        raise click.UsageError("--curvature is that of one point of the network: leave out --repeats and --batchnorm")
    around = was_given("view") or subject.checkpoints or subject.repeats > 1
    if subject.through:
        if model or around or subject.directions:
            raise click.UsageError("--through names all the networks: leave out --model, --view and other directions")
        return
    if model is None:
        raise click.UsageError("say which model: --model narrow, wide, the name of a run, or package.module:factory")
    if subject.directions and around:
        raise click.UsageError("--direction makes the view: leave out --view, --checkpoints and --repeats")


def _sample_views(
    model: str, subject: Subject, networks: "Opening", sampling: Sampling, *, output: str | None, force: bool
) -> list[Record]:
    """The view of each network that the model stands for."""
    import landscape as ls

    view, repeats = subject.view, subject.repeats
    ls.check_view(view, orthogonal=subject.orthogonal, repeats=repeats, checkpoints=subject.checkpoints is not None)
    solutions = _open(model, networks, output)
    extent = shared_extent(solutions, view, sampling)
    directions = random_directions(sampling, orthogonal=subject.orthogonal, keep=bool(subject.store_directions))
    records: list[Record] = []
    for solution in solutions:
        target = output or f"{solution.stem}{'' if view == 'plane' else '-' + view}.h5"
        record: Grid = ls.sample_view(
            solution,
            view,
            repeats=repeats,
            points=sampling.points,
            extent=extent,
            path=target,
            progress=not sampling.quiet,
            **directions,
            **grid_options(sampling, overwrite=force),
        )
        if subject.curvature:
            record = _add_curvature(record, solution, ls.subspace_of(solution, view, **directions), target, sampling)
        records.append((target, record))
    return records


def _sample_along(
    model: str, subject: Subject, networks: "Opening", sampling: Sampling, *, output: str | None, force: bool
) -> list[Record]:
    """The line or plane along the directions, from each network that the model stands for."""
    import landscape as ls

    records = []
    for solution in _open(model, networks, output):
        subspace = ls.subspace_along(
            solution,
            subject.directions,
            seed=sampling.direction_seed,
            normalize=sampling.normalize if was_given("normalize") else None,
            ignore=sampling.ignore,
            orthogonal=subject.orthogonal,
            keep=subject.store_directions,
            **networks,
        )
        size = solution.objective.P * solution.objective.dtype.itemsize * len(subspace.directions)
        if subject.store_directions is None and not subspace.keep and set(subject.directions) != {"random"}:
            click.echo(f"directions not stored ({size / 2**20:.0f} MiB); --store-directions keeps them", err=True)
        target = output or f"{solution.stem}-directions.h5"
        records.append((target, _sample(solution, subspace, subject, sampling, target=target, force=force)))
    return records


def _sample_through(subject: Subject, networks: "Opening", sampling: Sampling, *, target: str, force: bool) -> Record:
    """The line through two networks, or the plane through three."""
    import landscape as ls

    solutions = [ls.open_solution(name, **networks) for name in subject.through]
    subspace = replace(ls.subspace_through(solutions), keep=bool(subject.store_directions))
    return target, _sample(solutions[0], subspace, subject, sampling, target=target, force=force)


def _open(model: str, networks: "Opening", output: str | None) -> "tuple[Solution, ...]":
    import landscape as ls

    if output is not None and len(ls.solution_names(model)) > 1:
        raise click.UsageError("-o names one file, but pair is two; sample narrow and wide by themselves")
    return ls.open_solutions(model, **networks)


def _sample(
    solution: "Solution", subspace: "Subspace", subject: Subject, sampling: Sampling, *, target: str, force: bool
) -> "Grid":
    import landscape as ls

    record = ls.sample(
        solution.objective,
        subspace,
        points=sampling.points,
        extent=sampling.extent,
        path=target,
        progress=not sampling.quiet,
        **grid_options(sampling, overwrite=force),
    )
    return _add_curvature(record, solution, subspace, target, sampling) if subject.curvature else record


def _add_curvature(
    record: "Grid", solution: "Solution", subspace: "Subspace", target: str, sampling: Sampling
) -> "Grid":
    import landscape as ls

    memory, progress = num_bytes(sampling.memory), not sampling.quiet
    return ls.sample_curvature(solution.objective, subspace, record, path=target, memory=memory, progress=progress)


def _text(target: str, record: "Grid") -> str:
    from landscape.records.recipe import RepeatsRecipe
    from landscape.records.sampled import Surface, describe_points

    identity, recipe = record.provenance.identity, record.provenance.identity.subspace
    accuracy, making = record.provenance.accuracy, record.provenance.making
    points = ", ".join(describe_points(record.num_measured, record.status.size, accuracy))
    lines = [
        f"{target}: {record.kind} of {identity.model}, {points} "
        f"({making.strategy.split('/')[0]}, {making.wall_time:.1f} s, "
        f"{accuracy.precision_text})"
    ]
    if identity.drawn_from:
        lines.append(
            f"  on {identity.N:,} of {identity.drawn_from:,} training examples: "
            f"standard error of the loss at the centre {accuracy.standard_error:.2g}"
        )
    if isinstance(recipe, RepeatsRecipe):
        seeds = ", ".join(map(str, recipe.seeds))
        lines.append(f"  mean of {len(recipe.seeds)} repeats, seeds {seeds}, with their band")
    if isinstance(record, Surface):
        lines += [*_marks_text(record.marks), *_path_text(record.trajectory, record.provenance.loss_scale.unit)]
    return "\n".join(lines)


def _marks_text(marks: "Marks | None") -> list[str]:
    if marks is None:
        return []
    places = zip(marks.names, marks.alpha, marks.beta, marks.loss, strict=True)
    return [f"  {name} at ({alpha:.4g}, {beta:.4g}), loss {loss:.4g}" for name, alpha, beta, loss in places]


def _path_text(path: "Trajectory | None", unit: str) -> list[str]:
    if path is None or path.on_plane is None or (gap := path.gap) is None:
        return []
    rows = zip(path.step, path.loss, path.on_plane, gap, strict=True)
    largest = int(abs(gap).argmax())
    return [
        f"  the plane explains {100 * path.explained:.1f} % of the path's squared distance from its end",
        "      step  own loss     plane       gap",
        *(f"{step:10.0f} {loss:9.4g} {plane:9.4g} {gap:9.4g}" for step, loss, plane, gap in rows),
        f"  largest gap {gap[largest]:.4g} {unit}, at step {path.step[largest]:.0f}",
    ]


def _values(target: str, record: "Grid") -> dict[str, object]:
    from landscape.records.sampled import Surface

    identity, accuracy = record.provenance.identity, record.provenance.accuracy
    path, marks = (record.trajectory, record.marks) if isinstance(record, Surface) else (None, None)
    return {
        "file": target,
        "kind": record.kind,
        "model": identity.model,
        "points": {"measured": record.num_measured, "total": int(record.status.size)},
        "metrics": list(record.metrics),
        "subspace": identity.subspace.to_dict(),
        **_path_values(path),
        "marks": None if marks is None else {"names": list(marks.names), **_lists(marks, "alpha", "beta", "loss")},
        "unit": record.provenance.loss_scale.unit,
        "precision_error": accuracy.precision_error,
        **({"precision_note": accuracy.precision_note} if accuracy.precision_note else {}),
        "wall_time": record.provenance.making.wall_time,
    }


def _path_values(path: "Trajectory | None") -> dict[str, object]:
    """What a plane shows and misses of the training path that lies near it."""
    if path is None or (gap := path.gap) is None:
        return {"explained": None, "largest_gap": None, "path": None}
    points = _lists(path, "step", "alpha", "beta", "loss", "on_plane", "gap")
    return {"explained": path.explained, "largest_gap": float(abs(gap).max()), "path": points}


def _lists(companion: "Trajectory | Marks", *names: str) -> dict[str, list[float]]:
    """Arrays of a companion by name."""
    return {name: getattr(companion, name).tolist() for name in names}
