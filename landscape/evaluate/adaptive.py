"""Coarse to fine: which grid points to measure, a spline through them, and its error at points held back from it.

Each level is a subset of the grid's own rows and columns, nested in the next: 9, 17, 33, ... a side, the ends always
included. Nothing here knows a network; the values come from whoever measures.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline, make_interp_spline

from landscape.errors import InputError
from landscape.records import Axis, FloatArray

Indices: TypeAlias = NDArray[np.intp]
Transform: TypeAlias = Callable[[FloatArray], FloatArray]

FIRST_BISECTIONS = 3
NUM_DRAWN = 32
NUM_AIMED = 32
SAFETY = 1.4
FIRST_SAFETY = 3.0


@dataclass(frozen=True, eq=False)
class Level:
    """One level of refinement.

    Args:
        rows: the chosen indices along each axis, sorted, ends included.
        knots: flat grid indices of the points where all of ``rows`` meet: what the spline goes through.
        held_back: flat grid indices, none of them a knot, at which the spline's error is measured.
        safety: what the largest held-back error is multiplied by.
    """

    rows: tuple[Indices, ...]
    knots: Indices
    held_back: Indices
    safety: float = SAFETY


@dataclass(frozen=True, eq=False)
class Filling:
    """What a level's spline makes of the whole grid.

    Args:
        values: each metric in the shape of the grid.
        errors: for each metric, the level's safety factor times its largest held-back error, in the metric's unit.
        accepted: whether every loss is within its bound.
    """

    values: dict[str, FloatArray]
    errors: dict[str, float]
    accepted: bool


def check_tolerance(tolerance: float | None) -> float:
    """The tolerance as a number, 0 for exact.

    Raises:
        InputError: if it is not in [0, 1).
    """
    share = 0.0 if tolerance is None else float(tolerance)
    if not 0 <= share < 1:
        raise InputError(f"the tolerance is a share of the loss's range, from 0 (exact) to below 1, got {tolerance}")
    return share


def levels(shape: Sequence[int], *, seed: int = 0) -> Iterator[Level]:
    """The levels below the full grid, coarsest first; none where the coarsest is the grid itself.

    Points held back here are drawn from the next level's, so that none is wasted when the level is refined. The
    coarsest level has a larger safety factor: no coarser one has shown that the error falls.

    >>> [tuple(len(rows) for rows in level.rows) for level in levels((51, 51))]
    [(9, 9), (17, 17), (33, 33)]
    """
    rows = tuple(np.unique([0, count - 1]).astype(np.intp) for count in shape)
    for _ in range(FIRST_BISECTIONS):
        rows = tuple(_bisected(chosen) for chosen in rows)
    safety = FIRST_SAFETY
    while any(len(chosen) < count for chosen, count in zip(rows, shape, strict=True)):
        finer = tuple(_bisected(chosen) for chosen in rows)
        knots = _flat(rows, shape)
        candidates = np.setdiff1d(_flat(finer, shape), knots)
        draw = np.random.default_rng([seed, len(knots)]).permutation(len(candidates))[:NUM_DRAWN]
        yield Level(rows, knots, np.sort(candidates[draw]), safety)
        rows, safety = finer, SAFETY


def aimed(axes: Sequence[Axis], values: Mapping[str, FloatArray], level: Level) -> Level:
    """The level with more held-back points, where its own interpolations differ most: there the error is large."""
    spread = np.zeros([len(axis) for axis in axes])
    for name, grid in values.items():
        if _is_loss(name):
            made = np.stack(_interpolations(axes, grid, level))
            spread = np.maximum(spread, np.ptp(made, axis=0) / (np.ptp(grid.flat[level.knots]) or 1.0))
    others = np.setdiff1d(np.arange(spread.size), np.union1d(level.knots, level.held_back))
    worst = others[np.argsort(-spread.flat[others], kind="stable")][:NUM_AIMED]
    return replace(level, held_back=np.union1d(level.held_back, worst))


def fill(axes: Sequence[Axis], values: Mapping[str, FloatArray], level: Level, tolerance: float) -> Filling:
    """Every metric on the whole grid from a level's knots, by a cubic spline in the axes' drawn positions.

    Each metric is interpolated as it is, as its square root or as its logarithm (where it is nowhere negative, or
    positive): whichever is closest at the held-back points. A level is accepted when for every metric named ``*_loss``
    ``safety * (largest held-back error) <= tolerance * (range of its measured values)``. The factor, 3 for the coarsest
    level and 1.4 after it, stands for the points that were not looked at: the largest of a few errors is not the
    largest of all. It makes an estimate, not a proof: on planes of trained digit networks the true largest error of a
    loss was at times about twice the estimate. Accuracies are steps of one example, which no interpolation follows:
    their error is measured and reported, but never refuses a level.
    """
    filled, errors, accepted = {}, {}, True
    known = np.union1d(level.knots, level.held_back)
    for name, grid in values.items():
        filled[name], worst = _closest(axes, grid, level)
        if name.endswith("_accuracy"):
            filled[name] = np.clip(filled[name], 0.0, 1.0)
        errors[name] = level.safety * worst
        if _is_loss(name):
            accepted &= errors[name] <= tolerance * float(np.ptp(grid.flat[known]))
    return Filling(filled, errors, bool(accepted))


def _closest(axes: Sequence[Axis], grid: FloatArray, level: Level) -> tuple[FloatArray, float]:
    """The interpolation with the smallest largest error at the held-back points, and that error."""
    found = []
    for values in _interpolations(axes, grid, level):
        error = np.abs(values.flat[level.held_back] - grid.flat[level.held_back])
        found.append((values, float(error.max())))
    return min(found, key=lambda pair: pair[1])


def _interpolations(axes: Sequence[Axis], grid: FloatArray, level: Level) -> list[FloatArray]:
    """The spline of the metric as it is and, where it can be taken, of its root and logarithm."""
    positions, knots = [axis.positions for axis in axes], grid[np.ix_(*level.rows)]
    with np.errstate(over="ignore", invalid="ignore"):
        made = [back(_spline(positions, forth(knots), level.rows)) for forth, back in _transforms(knots)]
    return [values for values in made if np.all(np.isfinite(values))]


def _transforms(knots: FloatArray) -> Iterator[tuple[Transform, Transform]]:
    lowest = float(knots.min())
    floor = 0.0 if lowest >= 0 else -np.inf
    yield (lambda values: values), (lambda values: np.maximum(values, floor))
    if lowest >= 0:
        yield np.sqrt, np.square
    if lowest > 0:
        yield np.log, np.exp


def _spline(positions: Sequence[FloatArray], knots: FloatArray, rows: tuple[Indices, ...]) -> FloatArray:
    at = [place[chosen] for place, chosen in zip(positions, rows, strict=True)]
    degrees = [min(3, len(place) - 1) for place in at]
    if len(at) == 1:
        return np.asarray(make_interp_spline(at[0], knots, k=degrees[0])(positions[0]), dtype=np.float64)
    spline = RectBivariateSpline(at[0], at[1], knots, kx=degrees[0], ky=degrees[1], s=0)
    return np.asarray(spline(positions[0], positions[1]), dtype=np.float64)


def _is_loss(name: str) -> bool:
    return name.endswith("_loss")


def _bisected(chosen: Indices) -> Indices:
    middles = [(left + right) // 2 for left, right in pairwise(chosen.tolist())]
    return np.union1d(chosen, np.array(middles, dtype=np.intp)).astype(np.intp)


def _flat(rows: tuple[Indices, ...], shape: Sequence[int]) -> Indices:
    """Flat indices of the points where the rows meet, in the order of the grid."""
    mesh = np.meshgrid(*rows, indexing="ij")
    return np.ravel_multi_index(tuple(part.ravel() for part in mesh), tuple(shape)).astype(np.intp)
