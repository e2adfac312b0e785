"""Connections: the path from one trained network to another, straight or bent, its units aligned or not; sampled."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, TypeAlias, cast

import torch
from tqdm import tqdm

from landscape.defaults import PATH_POINTS
from landscape.errors import InputError
from landscape.objective.objective import Objective
from landscape.records.sampled import Profile
from landscape.sampling.bend import train_curve
from landscape.sampling.grid import sample
from landscape.sampling.solutions import objective_of
from landscape.space.alignment import align
from landscape.space.curves import Curve
from landscape.space.parameters import Parameters
from landscape.space.subspaces import Line, line_between
from landscape.train.runs import Run

Shape: TypeAlias = Literal["line", "bezier", "polygon"]

SHAPES = ("line", "bezier", "polygon")


@dataclass(frozen=True, eq=False)
class _End:
    centre: Parameters


def path_between(
    start: Objective, end: Objective, *, aligned: bool = False, curve: Shape = "line", seed: int = 0, **training: Any
) -> Line | Curve:
    """The path from one solution (alpha = 0) to another (alpha = 1), ready to be sampled with ``start``.

    Args:
        start: a solution with the data and the loss that the path is measured on. With BatchNorm it must re-estimate
            the statistics.
        end: another solution of the same network.
        aligned: first permute the hidden units of ``end`` to match ``start`` (see `align`); the sweeps it took and
            whether it converged are part of the recipe.
        curve: ``"line"``, or a ``"bezier"`` curve or ``"polygon"`` with one bend, trained (see `train_curve`).
        seed: of the alignment and of the bend's training.
        training: passed on to `train_curve`.

    Raises:
        InputError: networks that differ, frozen BatchNorm statistics, an unknown curve or, with ``aligned``, a network
            through which a permutation cannot be followed.
    """
    if curve not in SHAPES:
        raise InputError(f"unknown curve {curve!r}; expected {', '.join(SHAPES)}")
    _refuse_frozen(start)
    _refuse_other_shapes(start, end)
    target: Parameters = end.centre
    recipe: dict[str, Any] = {"to": end.name, "aligned": aligned}
    if aligned:
        found = align(start.model, {**end.buffers, **end.centre}, to=start.centre, seed=seed)
        target = {name: found.parameters[name] for name in start.centre}
        recipe |= {"sweeps": found.sweeps, "converged": found.converged}
    if curve == "line":
        return line_between(start, _End(target), **recipe)
    return train_curve(start, _End(target), form=curve, seed=seed, **training, **recipe)


def sample_between(
    start: tuple[Run, int] | Objective,
    end: tuple[Run, int] | Objective,
    *,
    aligned: bool = False,
    curve: Shape = "line",
    curve_steps: int | None = None,
    points: int = PATH_POINTS,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    **options: Any,
) -> Profile:
    """Loss and accuracy along the path from one member of a run (alpha = 0) to another (alpha = 1), or of objectives.

    BatchNorm statistics are measured anew at every point, the ends included. Between two solutions those of neither
    hold: averaged weights let the variance of the units collapse, and with frozen statistics most of the barrier would
    be that collapse (Jordan et al. 2022, arXiv 2211.08403).

    Args:
        start: a run and its member, or the objective of any model; with BatchNorm it must re-estimate the statistics.
        end: the same, of the same network and data.
        aligned: first permute the hidden units of ``end`` to match ``start``.
        curve: ``"line"``, ``"bezier"`` or ``"polygon"``.
        curve_steps: optimizer steps of the bend; `train_curve`'s own number by default.
        points: samples, the two ends among them.
        device: of members; objectives have their own.
        dtype: of members.
        options: passed on to `sample`.

    Raises:
        InputError: networks or data that differ; see `path_between`.
    """
    if isinstance(start, tuple) and isinstance(end, tuple):
        _refuse_unlike(start[0], end[0])
    here, there = (
        one if isinstance(one, Objective) else objective_of(*one, batchnorm="reestimate", device=device, dtype=dtype)
        for one in (start, end)
    )
    _refuse_other_losses(here, there)
    return _sampled(here, there, aligned, curve, curve_steps, points, options)


def sample_pairs(
    run: Run,
    num_members: int,
    *,
    aligned: bool = False,
    curve: Shape = "line",
    curve_steps: int | None = None,
    points: int = PATH_POINTS,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    progress: bool = True,
    **options: Any,
) -> list[Profile]:
    """The path between every two of the first members that did not diverge, each as `sample_between` gives it.

    Args:
        num_members: at least 2; ``n (n - 1) / 2`` pairs in the order (0, 1), (0, 2), ..., (1, 2), ...
        options: passed on to `sample`.

    Raises:
        InputError: fewer members than asked for.
    """
    members = [member for member in range(run.members) if member not in run.diverged][:num_members]
    if num_members < 2 or len(members) < num_members:
        raise InputError(f"run {run.name!r} has {len(members)} members that did not diverge, asked for {num_members}")
    ends = [objective_of(run, member, batchnorm="reestimate", device=device, dtype=dtype) for member in members]
    pairs = list(combinations(ends, 2))
    described = f"{run.name}, pairs{', aligned' if aligned else ''}"
    given = options | {"progress": False}
    with tqdm(pairs, disable=not progress, unit="pair", desc=described) as bar:
        return [_sampled(here, there, aligned, curve, curve_steps, points, given) for here, there in bar]


def _sampled(
    here: Objective,
    there: Objective,
    aligned: bool,
    curve: Shape,
    steps: int | None,
    points: int,
    options: dict[str, Any],
) -> Profile:
    training: dict[str, Any] = {}
    if curve != "line":
        training = {"progress": options.get("progress", True)} | ({} if steps is None else {"steps": steps})
    path = path_between(here, there, aligned=aligned, curve=curve, **training)
    return cast(Profile, sample(here, path, points=points, **options))


def _refuse_frozen(start: Objective) -> None:
    if start.batchnorm == "frozen":
        raise InputError(
            f"{start.name} keeps its BatchNorm statistics, which hold at the ends of a path alone and not between "
            "them: the barrier would be that of wrong statistics; give Objective(..., batchnorm='reestimate')"
        )


def _refuse_other_shapes(start: Objective, end: Objective) -> None:
    shapes = [{name: tuple(t.shape) for name, t in one.centre.items()} for one in (start, end)]
    if shapes[0] != shapes[1]:
        raise InputError(
            f"{start.name} is {start.network} with P = {start.P:,}, {end.name} is {end.network} with P = {end.P:,}: "
            "a path runs between networks whose parameters have the same names and shapes"
        )


def _refuse_other_losses(start: Objective, end: Objective) -> None:
    for key in ("data", "loss", "dtype", "batchnorm"):
        if start.fingerprint[key] != end.fingerprint[key]:
            what = "" if key == "data" else f" ({start.fingerprint[key]} and {end.fingerprint[key]})"
            raise InputError(
                f"{start.name} and {end.name} differ in their {key}{what}: their losses cannot be compared; give both "
                "the same"
            )


def _refuse_unlike(start: Run, end: Run) -> None:
    if start.network != end.network:
        raise InputError(
            f"{start.name} is {start.network.describe()}, {end.name} is {end.network.describe()}: "
            "a path runs between networks of one family and size"
        )
    if start.config["data"]["digest"] != end.config["data"]["digest"]:
        raise InputError(
            f"{start.name} and {end.name} were trained on different data: their losses cannot be compared; "
            "connect members trained on the same data"
        )
