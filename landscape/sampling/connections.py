"""Connections: the path from one trained network to another, straight or bent, its units aligned or not; sampled."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal, TypeAlias, TypedDict, Unpack, cast, get_args

from tqdm import tqdm

from landscape.defaults import PATH_POINTS
from landscape.errors import InputError
from landscape.objective.objective import Objective
from landscape.records.base import Scalar
from landscape.records.sampled import Profile
from landscape.sampling.bend import train_curve
from landscape.sampling.grid import Sampling, sample
from landscape.sampling.solutions import Solution
from landscape.space.affine import Line, line_between
from landscape.space.alignment import align
from landscape.space.curves import Curve
from landscape.space.parameters import Parameters

Shape: TypeAlias = Literal["line", "bezier", "polygon"]
Network: TypeAlias = Solution | Objective

SHAPES: tuple[Shape, ...] = get_args(Shape)


class Training(TypedDict, total=False):
    """The options of `train_curve` that say how the bend is trained."""

    steps: int
    learning_rate: float
    batch_size: int
    progress: bool


@dataclass(frozen=True, eq=False)
class _End:
    centre: Parameters


def path_between(
    start: Network,
    end: Network,
    *,
    aligned: bool = False,
    curve: Shape = "line",
    seed: int = 0,
    **training: Unpack[Training],
) -> Line | Curve:
    """The path from one solution (alpha = 0) to another (alpha = 1), as a subspace.

    Args:
        start: a solution (or its objective) with the data and the loss that the path is measured on. With BatchNorm it
            must re-estimate the statistics.
        end: another solution of the same network.
        aligned: first permute the hidden units of ``end`` to match ``start`` (see `align`); the sweeps it took and
            whether it converged are part of the recipe.
        curve: ``"line"``, or a ``"bezier"`` curve or ``"polygon"`` with one bend, trained (see `train_curve`).
        seed: of the alignment and of the bend's training.
        training: ``steps``, ``learning_rate``, ``batch_size`` and ``progress`` of `train_curve`.

    Returns:
        A subspace of one coordinate, from 0 to 1.

    Raises:
        InputError: networks that differ, frozen BatchNorm statistics, an unknown curve or, with ``aligned``, a network
            through which a permutation cannot be followed.
    """
    if curve not in SHAPES:
        raise InputError(f"unknown curve {curve!r}; expected {', '.join(SHAPES)}")
    here, there = _objective(start), _objective(end)
    _refuse_frozen(here)
    _refuse_unlike(here, there)
    target: Parameters = there.centre
    recipe: dict[str, Scalar] = {"to": there.name, "aligned": aligned}
    if aligned:
        alignment = align(here.model, {**there.buffers, **there.centre}, to=here.centre, seed=seed)
        target = {name: alignment.parameters[name] for name in here.centre}
        recipe |= {"sweeps": alignment.sweeps, "converged": alignment.converged}
    if curve == "line":
        return line_between(here, _End(target), **recipe)
    return train_curve(here, _End(target), form=curve, seed=seed, **training, **recipe)


def sample_between(
    start: Network,
    end: Network,
    *,
    aligned: bool = False,
    curve: Shape = "line",
    curve_steps: int | None = None,
    points: int = PATH_POINTS,
    path: str | Path | None = None,
    progress: bool = True,
    **options: Unpack[Sampling],
) -> Profile:
    """Loss and accuracy along the path from one solution (alpha = 0) to another (alpha = 1).

    BatchNorm statistics are measured anew at every point, the ends included (``batchnorm="reestimate"``). Between two
    solutions those of neither hold: averaged weights let the variance of the units collapse, and with frozen statistics
    most of the barrier would be that collapse (Jordan et al. 2022, arXiv 2211.08403).

    Args:
        start: a solution, or the objective of any model; with BatchNorm it must re-estimate the statistics.
        end: another of the same network, data and loss.
        aligned: first permute the hidden units of ``end`` to match ``start``.
        curve: ``"line"``, ``"bezier"`` or ``"polygon"``.
        curve_steps: optimizer steps of the bend; `train_curve`'s own number by default.
        points: samples, the two ends among them.
        path: where the profile is kept, see `sample`.
        progress: show a bar on stderr.
        options: further options of `sample`.

    Returns:
        The profile, ``points`` values from the first solution to the second.

    Raises:
        InputError: networks or data that differ; see `path_between`.
        FileError: ``path`` holds something else, or cannot be written.
    """
    here, there = _objective(start), _objective(end)
    _refuse_unlike(here, there)
    _refuse_other_losses(here, there)
    training: Training = {}
    if curve != "line":
        training = {"progress": progress}
        if curve_steps is not None:
            training["steps"] = curve_steps
    subspace = path_between(here, there, aligned=aligned, curve=curve, **training)
    return cast(Profile, sample(here, subspace, points=points, path=path, progress=progress, **options))


def sample_pairs(
    solutions: Sequence[Network],
    *,
    aligned: bool = False,
    curve: Shape = "line",
    curve_steps: int | None = None,
    points: int = PATH_POINTS,
    progress: bool = True,
    **options: Unpack[Sampling],
) -> list[Profile]:
    """The path between every two solutions, each as `sample_between` gives it.

    Args:
        solutions: two or more, such as `open_members` gives them with ``batchnorm="reestimate"``.
        aligned: first permute the hidden units of the second to match the first.
        curve: ``"line"``, ``"bezier"`` or ``"polygon"``.
        curve_steps: optimizer steps of the bend; `train_curve`'s own number by default.
        points: samples of each path, the two ends among them.
        progress: show one bar over the pairs on stderr.
        options: further options of `sample`.

    Returns:
        ``n (n - 1) / 2`` profiles in the order (0, 1), (0, 2), ..., (1, 2), ...

    Raises:
        InputError: fewer than two solutions, or such that differ.
    """
    if len(solutions) < 2:
        raise InputError(f"pairs need 2 solutions or more, got {len(solutions)}")
    pairs = list(combinations(solutions, 2))
    words = f"{solutions[0].name.rpartition(':')[0] or solutions[0].name}, pairs{', aligned' if aligned else ''}"
    with tqdm(pairs, disable=not progress, unit="pair", desc=words) as bar:
        return [
            sample_between(
                start,
                end,
                aligned=aligned,
                curve=curve,
                curve_steps=curve_steps,
                points=points,
                progress=False,
                **options,
            )
            for start, end in bar
        ]


def _objective(network: Network) -> Objective:
    return network if isinstance(network, Objective) else network.objective


def _refuse_frozen(start: Objective) -> None:
    if start.batchnorm == "frozen":
        raise InputError(
            f"{start.name} keeps its BatchNorm statistics, which hold at the ends of a path alone and not between "
            "them: the barrier would be that of wrong statistics; give Objective(..., batchnorm='reestimate')"
        )


def _refuse_unlike(start: Objective, end: Objective) -> None:
    shapes = [{name: tuple(t.shape) for name, t in objective.centre.items()} for objective in (start, end)]
    if shapes[0] != shapes[1]:
        raise InputError(
            f"{start.name} is {start.network} with P = {start.P:,}, {end.name} is {end.network} with P = {end.P:,}: "
            "a path runs between networks whose parameters have the same names and shapes"
        )


def _refuse_other_losses(start: Objective, end: Objective) -> None:
    for key in ("data", "loss", "dtype", "batchnorm"):
        if start.fingerprint[key] != end.fingerprint[key]:
            words = "data" if key == "data" else f"{key} ({start.fingerprint[key]} and {end.fingerprint[key]})"
            raise InputError(
                f"{start.name} and {end.name} have different {words}: their losses cannot be compared; give both the "
                "same"
            )
