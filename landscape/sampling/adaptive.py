"""Coarse to fine: which grid points to measure, a spline through them, and its error at points held back from it.

Levels are subsets of the grid's own rows and columns, nested in the next: 9, 17, 33, ... along an axis, the ends always
included. After the second one only the axes along which the error is too large are refined, and only in the cells where
it is. Nothing here knows a network; the values come from whoever measures.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline, make_interp_spline

from landscape.errors import InputError
from landscape.records.base import LOSS, RISE, Axis, FloatArray

Indices: TypeAlias = NDArray[np.intp]
Mask: TypeAlias = NDArray[np.bool_]
Rows: TypeAlias = tuple[Indices, ...]
Transform: TypeAlias = Callable[[FloatArray], FloatArray]

FIRST_BISECTIONS = 3  # 9 rows a side, from 2
NUM_DRAWN = 8
NUM_AIMED = 20
NUM_INSIDE = 48
SAFETY = 1.4
FIRST_SAFETY = 3.0
# True over held-back errors: at most 4.6 on 43 of 44 surfaces beside their full grids (python -m benchmarks).
ERROR_FACTOR = 5.0
INSIDE_SHARE = 10.0
INSIDE_MARGIN = 1.05


@dataclass(frozen=True, eq=False)
class Filling:
    """What the measured points make of the whole grid.

    Args:
        values: each metric in the shape of the grid.
        errors: for each metric, 5 times its largest error at the held-back points, or the bound it was accepted under
            if that is less, in its unit.
        inside_error: the same for the training loss where it is at most the rise above the centre; 0 where all of that
            set was measured.
        held_back: held-back points of the last level.
    """

    values: dict[str, FloatArray]
    errors: dict[str, float]
    inside_error: float
    held_back: int


def check_tolerance(tolerance: float | None) -> float:
    """The tolerance as a number, 0 for exact.

    Raises:
        InputError: if it is not in [0, 1).
    """
    share = 0.0 if tolerance is None else float(tolerance)
    if not 0 <= share < 1:
        raise InputError(f"the tolerance is a share of the loss's range, from 0 (exact) to below 1, got {tolerance}")
    return share


def coarse_to_fine(
    axes: Sequence[Axis],
    values: Mapping[str, FloatArray],
    tolerance: float,
    measure: Callable[[Indices], None],
    *,
    rise: float = RISE,
    seed: int = 0,
) -> Filling | None:
    """The grid filled in from the points that were worth measuring; None where the full grid is to be measured.

    Each metric is interpolated by a cubic spline in the axes' drawn positions, as it is, as its square root or as its
    logarithm (where it is nowhere negative, or positive): whichever is closest at the held-back points. It is accepted
    when for every metric named ``*_loss`` ``safety * (largest held-back error) <= tolerance * (range of its measured
    values)``, and for the training loss also ``<= 10 * tolerance * rise`` wherever it is at most ``rise`` above the
    centre, the set whose width is measured: at a tolerance of 0.005 that is a twentieth of the rise. Where that set has
    at most 48 points left, all of them are measured.

    Otherwise every cell is refined whose spread between the three interpolations is as large as at a held-back point
    that failed; the others keep their values, and are held against new points at the next level. The safety factor, 3
    for the coarsest level (no coarser one has shown that the error falls) and 1.4 after it, stands for the points that
    were not looked at. It makes an estimate, not a proof. Accuracies are steps of one example, which no interpolation
    follows: their error is measured and reported, but never refuses a level.

    Args:
        axes: of the grid.
        values: each metric in the shape of the grid; ``measure`` writes into them.
        tolerance: share of each loss's range, see `check_tolerance`.
        measure: measures the points of these flat indices.
        rise: of the training loss, which bounds that set; 0.5 nat for cross-entropy.
        seed: of the draw of the held-back points.
    """
    search = _Search(axes, values, tolerance, rise, seed)
    while True:
        measure(search.ask(_mask(search.rows, search.shape) & search.region))
        if search.hopeless:
            return None
        search.interpolate()
        measure(search.ask(search.few_inside()))
        holdout = search.draw()
        measure(search.ask(holdout))
        if search.hopeless:
            return None
        # drawn points come first: where they fail, the aimed ones would be measured for nothing
        if search.passes(holdout):
            holdout = holdout | search.aim()
            measure(search.ask(holdout))
        if search.hopeless:
            return None
        if search.passes(holdout):
            return search.filling(holdout)
        search.refine(holdout)


class _Search:
    """Where values are measured, what they are guessed to be elsewhere, and where to look next."""

    def __init__(
        self, axes: Sequence[Axis], values: Mapping[str, FloatArray], tolerance: float, rise: float, seed: int
    ) -> None:
        self.axes, self.values, self.tolerance, self.rise = axes, values, tolerance, rise
        self.shape = tuple(len(axis) for axis in axes)
        self.rows = self.cells = coarsest(self.shape)
        self.support: Mask = np.zeros(self.shape, dtype=np.bool_)
        self.region: Mask = np.ones(self.shape, dtype=np.bool_)
        self.safety = FIRST_SAFETY
        self.guesses = {name: np.full(self.shape, np.nan) for name in values}
        self.interpolations: dict[str, list[FloatArray]] = {}
        self.scale: dict[str, FloatArray] = {}
        self.inside = self.spread = np.zeros(self.shape)
        self.random = np.random.default_rng(seed)
        self.centre = centre_of(axes)

    @property
    def hopeless(self) -> bool:
        """Whether nothing is left to fill, or a value is not finite, through which no spline goes."""
        support = self.support
        return bool(support.all()) or not all(np.all(np.isfinite(grid[support])) for grid in self.values.values())

    def ask(self, points: Mask) -> Indices:
        """The flat indices of the points that were not asked for yet; they count as measured from now on."""
        fresh = np.flatnonzero(points & ~self.support).astype(np.intp)
        self.support.flat[fresh] = True
        return fresh

    def interpolate(self) -> None:
        """Every metric on the whole grid, in up to three ways, and how far off each point may be."""
        spread = np.zeros(self.shape)
        for name in self.values:
            current = self._current(name, self.guesses[name])
            self.interpolations[name] = [current] if self._finest else _interpolations(self.axes, current, self.rows)
            self.scale[name] = np.full(self.shape, _limit(self.values[name][self.support], self.tolerance))
            if name == LOSS:
                highest = self.values[LOSS][self.centre] + INSIDE_MARGIN * self.rise
                # where one interpolation lies inside the point counts as inside, so that the set is not cut short
                self.inside = np.min(self.interpolations[LOSS], axis=0) <= highest
                tight = np.minimum(self.scale[LOSS], INSIDE_SHARE * self.tolerance * self.rise)
                self.scale[LOSS] = np.where(self.inside, tight, self.scale[LOSS])
            if _is_loss(name):
                spread = np.maximum(spread, _ratio(np.ptp(self.interpolations[name], axis=0), self.scale[name]))
        # at full resolution nothing is interpolated: the spread of the level before says where doubts were
        if not self._finest:
            self.spread, self.cells = spread, self.rows

    def few_inside(self) -> Mask:
        """The points left inside the sublevel set, if they are so few that no held-back point speaks for them."""
        left = self.inside.astype(np.bool_) & ~self.support
        return left if not self._first and np.count_nonzero(left) <= NUM_INSIDE else np.zeros_like(left)

    def draw(self) -> Mask:
        """Held-back points: of the next level, new along one axis and along all, and inside the sublevel set."""
        holdout = np.zeros(self.shape, dtype=np.bool_)
        # points new along one axis alone tell which axis fails; inside the set the bound is tighter
        kinds = [*self._new_points(), self.inside.astype(np.bool_)]
        if self._finest:
            kinds = [np.ones(self.shape, dtype=np.bool_)] * 3
        for kind in kinds:
            candidates = np.flatnonzero(kind & ~self.support & ~holdout)
            holdout.flat[self.random.permutation(candidates)[:NUM_DRAWN]] = True
        return holdout

    def aim(self) -> Mask:
        """More held-back points, where the interpolations differ most: there the error is large."""
        holdout = np.zeros(self.shape, dtype=np.bool_)
        left = np.flatnonzero(~self.support)
        holdout.flat[left[np.argsort(-self.spread.flat[left], kind="stable")][:NUM_AIMED]] = True
        return holdout

    def passes(self, holdout: Mask) -> bool:
        """Whether every loss is within its bound at the held-back points."""
        return not self._failing(holdout).any()

    def refine(self, holdout: Mask) -> None:
        """Go on to the next level: along the axes that failed, in the cells that are as doubtful as those that did."""
        failing = self._failing(holdout)
        along = [bool(np.any(failing & new)) for new in self._new_points()[: len(self.shape)]]
        doubtful = (self.spread >= self.spread[failing].min()) & ~self.support | failing
        # one level alone does not show where the error falls: after the first all cells and axes are refined
        self.region = np.ones_like(doubtful) if self._first else _cells(doubtful, self.cells)
        if self._first or not any(along):
            along = [True] * len(self.shape)
        self.guesses = {name: self._best(name, holdout) for name in self.values}
        self.rows = tuple(_bisect(row) if new else row for row, new in zip(self.rows, along, strict=True))
        self.safety = SAFETY

    def filling(self, holdout: Mask) -> Filling:
        """The grid as it is accepted."""
        values = {name: self._best(name, holdout) for name in self.values}
        errors = {name: self._error_estimate(name, holdout) for name in self.values}
        inside = self._error_estimate(LOSS, holdout & self.inside.astype(np.bool_))
        for name in values:
            if name.endswith("_accuracy"):
                values[name] = np.clip(values[name], 0.0, 1.0)
        return Filling(values, errors, inside, int(np.count_nonzero(holdout)))

    def _error_estimate(self, name: str, holdout: Mask) -> float:
        """The error to be told: what others had beyond their held-back points, up to the bound; 0 of no points."""
        if not holdout.any():
            return 0.0
        largest, limit = float(self._errors(name, holdout)[holdout].max()), float(self.scale[name][holdout].max())
        return max(self.safety * largest, min(ERROR_FACTOR * largest, limit))

    @property
    def _first(self) -> bool:
        return self.safety == FIRST_SAFETY

    @property
    def _finest(self) -> bool:
        return all(len(row) == count for row, count in zip(self.rows, self.shape, strict=True))

    def _current(self, name: str, guess: FloatArray) -> FloatArray:
        return np.where(self.support, self.values[name], guess)

    def _new_points(self) -> list[Mask]:
        """What the next level adds along each axis alone, and along all of them."""
        finer, old = tuple(_bisect(row) for row in self.rows), _mask(self.rows, self.shape)
        single = [
            _mask((*self.rows[:axis], row, *self.rows[axis + 1 :]), self.shape) & ~old for axis, row in enumerate(finer)
        ]
        return [*single, _mask(finer, self.shape) & ~old & ~np.any(single, axis=0)]

    def _errors(self, name: str, holdout: Mask) -> FloatArray:
        """Distance of the interpolation that is closest at the held-back points, 0 where nothing is held back."""
        values = self.values[name]
        errors = [np.where(holdout, np.abs(guess - values), 0.0) for guess in self.interpolations[name]]
        return min(errors, key=lambda error: float(_ratio(error, self.scale[name]).max()))

    def _best(self, name: str, holdout: Mask) -> FloatArray:
        def distance(guess: FloatArray) -> float:
            return float(_ratio(np.abs(guess - self.values[name])[holdout], self.scale[name][holdout]).max())

        return self._current(name, min(self.interpolations[name], key=distance))

    def _failing(self, holdout: Mask) -> Mask:
        failing = np.zeros(self.shape, dtype=np.bool_)
        for name in filter(_is_loss, self.values):
            failing |= self.safety * self._errors(name, holdout) > self.scale[name]
        return failing


def coarsest(shape: Sequence[int]) -> Rows:
    """The rows and columns of the first level, about 9 a side.

    >>> [row.tolist() for row in coarsest((51, 5))]
    [[0, 6, 12, 18, 25, 31, 37, 43, 50], [0, 1, 2, 3, 4]]
    """
    rows = tuple(np.unique([0, count - 1]).astype(np.intp) for count in shape)
    for _ in range(FIRST_BISECTIONS):
        rows = tuple(_bisect(row) for row in rows)
    return rows


def centre_of(axes: Sequence[Axis]) -> tuple[int, ...]:
    """Index of the trained network: nearest 0 along every axis, at the last step along a training path."""
    return tuple(len(axis) - 1 if axis.unit == "step" else int(np.argmin(np.abs(axis.values))) for axis in axes)


def _interpolations(axes: Sequence[Axis], grid: FloatArray, rows: Rows) -> list[FloatArray]:
    """The spline of the metric as it is and, where it can be taken, of its root and logarithm."""
    positions, knots = [axis.positions for axis in axes], grid[np.ix_(*rows)]
    # a spline of the logarithm may overflow between its knots; such an interpolation is left out below
    with np.errstate(over="ignore", invalid="ignore"):
        splines = [back(_spline(positions, forth(knots), rows)) for forth, back in _transforms(knots)]
    return [values for values in splines if np.all(np.isfinite(values))]


def _transforms(knots: FloatArray) -> Iterator[tuple[Transform, Transform]]:
    lowest = float(knots.min())
    # between its knots a spline may swing below 0, where no loss is
    floor = 0.0 if lowest >= 0 else -np.inf
    yield (lambda values: values), (lambda values: np.maximum(values, floor))
    if lowest >= 0:
        yield np.sqrt, np.square
    if lowest > 0:
        yield np.log, np.exp


def _spline(positions: Sequence[FloatArray], knots: FloatArray, rows: Rows) -> FloatArray:
    at = [place[row] for place, row in zip(positions, rows, strict=True)]
    degrees = [min(3, len(place) - 1) for place in at]
    if len(at) == 1:
        return np.asarray(make_interp_spline(at[0], knots, k=degrees[0])(positions[0]), dtype=np.float64)
    spline = RectBivariateSpline(at[0], at[1], knots, kx=degrees[0], ky=degrees[1], s=0)
    return np.asarray(spline(positions[0], positions[1]), dtype=np.float64)


def _cells(doubtful: Mask, rows: Rows) -> Mask:
    """Every point of the cells between ``rows`` that hold a doubtful point, their borders included."""
    places = np.nonzero(doubtful)
    # a point on a border belongs to the cells on both sides
    edges = [
        np.stack([_cell_of(at, row, "left"), _cell_of(at, row, "right")]) for at, row in zip(places, rows, strict=True)
    ]
    hit = np.zeros([max(1, len(row) - 1) for row in rows], dtype=np.bool_)
    for side in np.ndindex(*(2,) * len(rows)):
        hit[tuple(edge[end] for edge, end in zip(edges, side, strict=True))] = True
    region = np.zeros(doubtful.shape, dtype=np.bool_)
    for cell in np.argwhere(hit):
        region[tuple(slice(row[k], row[k + 1] + 1) for row, k in zip(rows, cell, strict=True))] = True
    return region


def _cell_of(index: Indices, row: Indices, side: str) -> Indices:
    """The cell left or right of each index; the same unless the index lies on a border."""
    after = np.searchsorted(row, index, side="left" if side == "left" else "right")
    return np.clip(after - 1, 0, len(row) - 2).astype(np.intp)


def _limit(values: FloatArray, tolerance: float) -> float:
    """The tolerated share of the range, and at least the rounding of a root or logarithm and back."""
    return max(tolerance * float(np.ptp(values)), 16 * np.finfo(np.float64).eps * float(np.abs(values).max()))


def _ratio(error: FloatArray, scale: FloatArray) -> FloatArray:
    """The error in units of its bound; where no error is allowed, any is infinite."""
    return np.divide(error, scale, out=np.where(error > 0, np.inf, 0.0), where=scale > 0)


def _is_loss(name: str) -> bool:
    return name.endswith("_loss")


def _bisect(row: Indices) -> Indices:
    middles = [(left + right) // 2 for left, right in pairwise(row.tolist())]
    return np.union1d(row, np.array(middles, dtype=np.intp)).astype(np.intp)


def _mask(rows: Rows, shape: Sequence[int]) -> Mask:
    """The points where the rows meet."""
    mask = np.zeros(tuple(shape), dtype=np.bool_)
    mask[np.ix_(*rows)] = True
    return mask
