"""Views of a trained run: its members as objectives, and the line, plane or corridor that looks at one of them."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch

from landscape.defaults import DEFAULT_POINTS
from landscape.errors import FileError, InputError
from landscape.objective.batchnorm import BatchNorm
from landscape.objective.objective import Objective
from landscape.sampling.extent import Extent, choose_extent, common_extent
from landscape.sampling.grid import Grid, sample
from landscape.sampling.repeats import sample_repeats
from landscape.space import parameters as space
from landscape.space.checkpoints import read_path, split_state
from landscape.space.directions import Ignored, Normalization
from landscape.space.parameters import Parameters
from landscape.space.paths import TrainingPath
from landscape.space.planes import path_plane, plane_through, refuse_unlike
from landscape.space.subspaces import Affine, Subspace, corridor_along, line_between, random_line, random_plane
from landscape.train.runs import Run

View: TypeAlias = Literal["plane", "corridor", "line", "path-plane", "path-line"]
VIEWS = ("plane", "corridor", "line", "path-plane", "path-line")
OF_THE_PATH = ("corridor", "path-plane", "path-line")
SEEDED = ("plane", "corridor", "line")


@dataclass(frozen=True, eq=False)
class _At:
    centre: Parameters


def objective_of(
    run: Run,
    member: int = 0,
    *,
    state: Parameters | None = None,
    batchnorm: BatchNorm = "frozen",
    num_examples: int | None = None,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Objective:
    """One member of a run with the data it was trained and tested on.

    Args:
        state: other weights than the member's solution.
        batchnorm: what BatchNorm statistics do at other points (see `Objective`).
        num_examples: measure on a fixed random subset of so many.
    """
    data = run.dataset
    model = run.model(member)
    if state is not None:
        placed, buffers = split_state(state, dict(model.named_parameters()))
        model.load_state_dict({**placed, **buffers}, strict=False)
    test = (torch.from_numpy(data.x_test), torch.from_numpy(data.y_test)) if len(data.y_test) else None
    return Objective(
        model,
        (torch.from_numpy(data.x_train), torch.from_numpy(data.y_train)),
        loss=run.recipe.loss_function,
        test=test,
        batchnorm=batchnorm,
        num_examples=num_examples,
        device=device,
        dtype=dtype,
        name=f"{run.name}:{member}",
        network=run.network.describe(),
    )


def path_of(run: Run, objective: Objective, member: int = 0) -> TrainingPath:
    """The path that a member of a run took, on the objective's device and in its dtype."""
    steps, stacked, moved = run.path(member)
    path, buffers = (space.to(part, device=objective.device, dtype=objective.dtype) for part in (stacked, moved))
    order = range(len(steps))
    return TrainingPath(steps, [space.select(path, k) for k in order], [space.select(buffers, k) for k in order])


def path_from(
    source: str | Path | Sequence[str | Path], run: Run, member: int = 0, **options: Any
) -> tuple[Objective, TrainingPath]:
    """The objective at the last of the checkpoints in a folder or in files, and their path.

    Args:
        source: see `read_path`; state dictionaries of the run's network.
        run: gives the network and the data.
        options: ``device`` and ``dtype`` of the objective.
    """
    steps, states = read_path(source)
    objective = objective_of(run, member, state=states[-1], **options)
    split = [split_state(state, objective.centre) for state in states]
    name = str(source) if isinstance(source, str | Path) else ", ".join(map(str, source))
    return objective, TrainingPath(steps, [points for points, _ in split], [buffers for _, buffers in split], name)


def subspace_of(
    run: Run | None,
    objective: Objective,
    view: View,
    *,
    member: int = 0,
    seed: int = 0,
    normalize: Normalization = "filter",
    ignore: Ignored = "1d",
    orthogonal: bool = False,
    stored: bool = True,
    path: TrainingPath | None = None,
) -> Subspace:
    """The line, plane or corridor through one member, or through its training path.

    Args:
        run: where the path comes from; None for a model of the user's own.
        view: ``"corridor"``, ``"path-plane"`` (the path's two principal components) and ``"path-line"`` (straight from
            the start of training to the solution) need the path; the others only the solution.
        seed: of the random directions.
        orthogonal: of a plane, see `random_plane`.
        stored: of a plane or line, see `random_plane`; a corridor's direction is always stored.
        path: another path than the run's own.

    Raises:
        InputError: an unknown view; a path that is needed and not there; a straight line where there are frozen
            BatchNorm statistics.
    """
    if view in OF_THE_PATH:
        walked = path if path is not None or run is None else path_of(run, objective, member)
        if walked is None:
            raise InputError(f"a {view} follows a training path: give a folder of its checkpoints (--checkpoints DIR)")
        return _of_the_path(walked, objective, view, (seed, normalize, ignore))
    if view == "plane":
        choice: dict[str, Any] = {"normalize": normalize, "ignore": ignore}
        return random_plane(objective, seed=seed, orthogonal=orthogonal, stored=stored, **choice)
    if view == "line":
        return random_line(objective, seed=seed, normalize=normalize, ignore=ignore, stored=stored)
    raise InputError(f"unknown view {view!r}; expected one of {', '.join(VIEWS)}")


def subspace_through(objectives: Sequence[Objective]) -> Subspace:
    """The line from one solution to another, or the plane through three (see `plane_through`).

    Raises:
        InputError: another number of them, networks or data that differ, or frozen BatchNorm statistics.
    """
    if len(objectives) not in (2, 3):
        raise InputError(f"a line runs through 2 networks and a plane through 3, got {len(objectives)}")
    first, *others = objectives
    for other in others:
        refuse_unlike(first.centre, other.centre)
        if other.fingerprint["data"] != first.fingerprint["data"]:
            raise InputError(f"{first.name} and {other.name} have different data: their losses cannot be compared")
    _refuse_frozen(first)
    if len(objectives) == 2:
        return line_between(first, others[0], to=others[0].name)
    return plane_through(first, *others, names=[objective.name for objective in objectives])


def _of_the_path(
    path: TrainingPath, objective: Objective, view: View, across: tuple[int, Normalization, Ignored]
) -> Subspace:
    source: dict[str, Any] = {"checkpoints": path.source} if path.source else {}
    if view == "path-plane":
        return path_plane(path.points, path.steps, buffers=path.buffers, **source)
    if view == "path-line":
        _refuse_frozen(objective)
        start, end = (_At(path.points[k]) for k in (0, -1))
        return line_between(start, end, of="path", **source)
    seed, normalize, ignore = across
    moving: dict[str, Any] = {"seed": seed, "normalize": normalize, "ignore": ignore, "buffers": path.buffers}
    return corridor_along(path.points, path.steps, **moving)


def _refuse_frozen(objective: Objective) -> None:
    if objective.batchnorm == "frozen":
        raise InputError(
            f"{objective.network} carries BatchNorm statistics, which hold at the ends alone and not between them; "
            "re-estimate them at every point (batchnorm='reestimate'), or take networks without BatchNorm"
        )


def extent_of(
    run: Run,
    view: View,
    *,
    member: int = 0,
    device: torch.device | str = "cpu",
    batchnorm: BatchNorm = "frozen",
    num_examples: int | None = None,
    **choices: Any,
) -> Extent:
    """The extent that the tool chooses for a view of one member; `common_extent` makes one of several.

    Args:
        batchnorm, num_examples: as for `objective_of`.
        choices: ``seed``, ``normalize`` and ``ignore``, as for `subspace_of`.
    """
    objective = objective_of(run, member, device=device, batchnorm=batchnorm, num_examples=num_examples)
    return choose_extent(objective, subspace_of(run, objective, view, member=member, **choices))


def sample_view(
    run: Run,
    view: View,
    *,
    member: int = 0,
    seed: int = 0,
    normalize: Normalization = "filter",
    ignore: Ignored = "1d",
    orthogonal: bool = False,
    checkpoints: str | Path | Sequence[str | Path] | None = None,
    repeats: int = 1,
    keep: bool = False,
    points: int = DEFAULT_POINTS,
    extent: float | Extent | None = None,
    path: str | Path | None = None,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    batchnorm: BatchNorm = "frozen",
    num_examples: int | None = None,
    then: Callable[[Objective, Subspace, Grid], Grid] | None = None,
    **options: Any,
) -> Grid:
    """A view of one member, sampled; kept in the run's own folder unless a ``path`` is given.

    Args:
        view: see `subspace_of`.
        checkpoints: a folder or files of another path than the run's own (see `read_path`).
        repeats: sample along so many different random directions, from ``seed`` up, and keep mean and band.
        keep: store the directions of a line or plane in the file, see `Affine`.
        extent: None chooses it, see `choose_extent`; surfaces that are drawn side by side want a common one.
        then: what else is measured of the record, from its objective and subspace; not of repeats.
        options: passed on to `sample`.

    Raises:
        InputError: choices that do not go together.
    """
    refuse_mismatch(view, orthogonal, checkpoints, repeats)
    data = {"batchnorm": batchnorm, "num_examples": num_examples}
    objective, walked = _followed(run, member, checkpoints, **data, device=device, dtype=dtype)
    across: dict[str, Any] = {"normalize": normalize, "ignore": ignore}
    stored = keep or orthogonal or options.get("strategy") != "streamed"

    def made(number: int) -> Subspace:
        choice = {**across, "orthogonal": orthogonal, "path": walked, "stored": stored}
        subspace = subspace_of(run, objective, view, member=member, seed=number, **choice)
        return replace(subspace, keep=keep) if isinstance(subspace, Affine) else subspace

    if path is None:
        if extent is None:
            extent = common_extent([choose_extent(objective, made(k)) for k in range(seed, seed + repeats)])
        choices = {**across, "seed": seed, "points": points, "dtype": str(dtype), "extent": _reach(extent)}
        unusual = {"orthogonal": orthogonal, "checkpoints": checkpoints and str(checkpoints), "repeats": repeats}
        path = kept_path(run, view, member, choices | _said({**unusual, **data}))
    grid: dict[str, Any] = {"points": (_rows(run, walked, view, points), points), "extent": extent, "path": path}
    if repeats == 1:
        subspace = made(seed)
        record = sample(objective, subspace, **grid, **options)
        return record if then is None else then(objective, subspace, record)
    return sample_repeats(objective, made, seeds=range(seed, seed + repeats), **grid, **options)


def _followed(
    run: Run, member: int, checkpoints: str | Path | Sequence[str | Path] | None, **data: Any
) -> tuple[Objective, TrainingPath | None]:
    """A member, or the last of other checkpoints with their path."""
    return (
        (objective_of(run, member, **data), None)
        if checkpoints is None
        else path_from(checkpoints, run, member, **data)
    )


def _reach(extent: float | Extent) -> float:
    return extent.value if isinstance(extent, Extent) else extent


def _said(choices: dict[str, Any]) -> dict[str, Any]:
    """Those that differ from what is usual, so that files kept before there was a choice keep their names."""
    return {key: given for key, given in choices.items() if given not in (False, None, 1, "frozen")}


def _rows(run: Run, path: TrainingPath | None, view: View, points: int) -> int:
    if view != "corridor":
        return points
    return len(run.config["steps"]) if path is None else len(path.steps)


def refuse_mismatch(view: View, orthogonal: bool, checkpoints: object, repeats: int) -> None:
    """Refuses choices of a view that do not go together."""
    if view not in VIEWS:
        raise InputError(f"unknown view {view!r}; expected one of {', '.join(VIEWS)}")
    if orthogonal and view != "plane":
        raise InputError(f"a {view} has no two random directions to make orthogonal; that is for a plane")
    if checkpoints is not None and view not in OF_THE_PATH:
        raise InputError(f"a {view} needs no checkpoints; they are for {', '.join(OF_THE_PATH)}")
    if repeats < 1 or (repeats > 1 and view not in SEEDED):
        raise InputError(f"repeats are 1 or more, and draw random directions, which a {view} has not; got {repeats}")


def kept_path(run: Run, view: View, member: int, choices: dict[str, Any]) -> Path:
    """Where a run keeps the view that is sampled with these choices; the folder exists afterwards."""
    key = hashlib.sha256(json.dumps(choices, sort_keys=True).encode()).hexdigest()[:8]
    folder = run.folder / "surfaces"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot create {folder} ({error.strerror}); give another --runs") from error
    return folder / f"{view}-{member}-{key}.h5"
