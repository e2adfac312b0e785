"""Shapes of curves over widths: thresholds, peaks, power laws, each with its interval over members."""

from dataclasses import dataclass

import numpy as np

from landscape.errors import InputError
from landscape.records.base import FloatArray
from landscape.records.estimates import Estimate, Number
from landscape.statistics.intervals import NUM_RESAMPLES, resampling, tail_of

# Points that a power law with a corner is fitted to.
FEWEST = 5


@dataclass(frozen=True)
class Threshold(Estimate):
    """Where a curve first falls to a level for good; NaN where it never does.

    The interval runs from the last point above the level to the first below it, over resampled members: it holds the
    spacing of the points as well as the scatter.

    Args:
        exists: whether the curve stays at or below the level from some point on.
    """

    exists: bool = True


def threshold(x: FloatArray, values: FloatArray, level: float, *, unit: str = "1", seed: int = 0) -> Threshold:
    """The x from which on the mean over members stays at or below a level.

    Args:
        x: shape (n,), positive and increasing; the mean is the geometric one of the two neighbours.
        values: shape (n, members).
        level: in the unit of the values.
        unit: of x.
        seed: of the bootstrap.

    >>> x = np.array([1.0, 2.0, 4.0, 8.0])
    >>> limit = threshold(x, np.repeat([[9.0], [9.0], [0.0], [0.0]], 4, axis=1), 0.5)
    >>> limit.low, round(limit.mean, 3), limit.high
    (2.0, 2.828, 4.0)
    """
    members = values.shape[1]
    means = values[:, resampling(members, seed=seed)].mean(axis=-1).T
    below, above = _bracket(x, means, level)
    (low,), (high,) = _bracket(x, values.mean(axis=1)[None], level)
    if not np.isfinite(high):
        return Threshold(float("nan"), float(x[-1]), float("inf"), unit, exists=False)
    tail = tail_of(members)
    # ends are points of the curve: an interpolated x would claim a finer spacing
    ends = float(np.quantile(below, tail, method="lower")), float(np.quantile(above, 1 - tail, method="higher"))
    return Threshold(float(np.sqrt(low * high)), min(ends[0], float(low)), max(ends[1], float(high)), unit)


def _bracket(x: FloatArray, means: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Last x above the level and the one after it, for each row; the first x twice where none is above."""
    above = means > level
    last = np.where(above.any(axis=1), means.shape[1] - 1 - above[:, ::-1].argmax(axis=1), -1)
    bounds = np.concatenate([x, [np.inf]])
    return x[np.maximum(last, 0)], bounds[last + 1]


@dataclass(frozen=True)
class PowerLaw:
    """``y = scale * x^-exponent`` up to ``end``, and ``x^-exponent_after`` from there on.

    Args:
        exponent: of the law, with its bootstrap interval over members.
        scale: its value at x = 1.
        end: the x at which the slope changes; the largest x where one power law is as good.
        exponent_after: beyond the end; equal to the exponent where the law never stops.
        stops: whether the broken law is preferred by the Bayesian information criterion, by 6 or more.
    """

    exponent: Number
    scale: float
    end: Number
    exponent_after: Number
    stops: bool


def power_law(x: FloatArray, values: FloatArray, *, seed: int = 0) -> PowerLaw:
    """The power law that the mean over members follows from the smallest x on, and where it stops holding.

    Straight lines in log-log, one or two that meet; the corner is tried at every inner point. Least squares, each
    point weighing the same.

    Args:
        x: shape (n,), positive and increasing, n at least 5.
        values: shape (n, members), positive.
        seed: of the bootstrap over members.

    Example:
        >>> x = 2.0 ** np.arange(8)
        >>> law = power_law(x, np.repeat(3 * x[:, None] ** -0.5, 4, axis=1))
        >>> round(law.exponent.mean, 9), round(law.scale, 9), law.stops
        (0.5, 3.0, False)
    """
    if len(x) < FEWEST or not np.all(values > 0):
        raise InputError(f"a power law needs at least {FEWEST} points with positive values, got {len(x)}")
    members = values.shape[1]
    # each sample takes a fit for every corner: an eighth of the resamples of a mean
    samples = resampling(members, seed=seed, num_resamples=NUM_RESAMPLES // 8)
    logs = np.log(x)
    corner, slopes, intercept, stops = _fit_lines(logs, np.log(values.mean(axis=1)))
    fits = [_fit_lines(logs, np.log(values[:, rows].mean(axis=1)), corners=int(stops)) for rows in samples]
    return PowerLaw(
        exponent=_interval(-slopes[0], [-fit[1][0] for fit in fits], "exponent", members),
        scale=float(np.exp(intercept)),
        end=_interval(float(x[corner]), [float(x[fit[0]]) for fit in fits], "end of the power law", members),
        exponent_after=_interval(-slopes[1], [-fit[1][1] for fit in fits], "exponent beyond", members),
        stops=stops,
    )


def _fit_lines(
    x: FloatArray, y: FloatArray, *, corners: int | None = None
) -> tuple[int, tuple[float, float], float, bool]:
    """Corner (index), both slopes, intercept, and whether there is a corner at all; 0 or 1 corners, or the better."""
    straight, straight_error = _least_squares(np.stack([np.ones_like(x), x], axis=1), y)
    bends = []
    for corner in range(2, len(x) - 2):
        design = np.stack([np.ones_like(x), x, np.maximum(x - x[corner], 0)], axis=1)
        bends.append((*_least_squares(design, y), corner))
    bend, bend_error, corner = min(bends, key=lambda candidate: candidate[1])
    if corners is None:
        # exact data leave rounding alone, which no corner can better
        floor = len(x) * 1e-20
        # a corner costs two parameters, its place and the second slope: 2 ln n of the criterion
        gain = len(x) * np.log((straight_error + floor) / (bend_error + floor)) - 2 * np.log(len(x))
        corners = int(gain >= 6)
    if not corners:
        return len(x) - 1, (float(straight[1]), float(straight[1])), float(straight[0]), False
    return corner, (float(bend[1]), float(bend[1] + bend[2])), float(bend[0]), True


def _least_squares(design: FloatArray, y: FloatArray) -> tuple[FloatArray, float]:
    coefficients = np.asarray(np.linalg.lstsq(design, y, rcond=None)[0], dtype=np.float64)
    return coefficients, float(np.square(y - design @ coefficients).sum())


def _interval(value: float, fits: list[float], name: str, members: int) -> Number:
    tail, how = tail_of(members), f"bootstrap over {members} members"
    low, high = np.quantile(fits, [tail, 1 - tail])
    return Number(value, min(float(low), value), max(float(high), value), "1", name, how)


@dataclass(frozen=True)
class Peak(Estimate):
    """Where a curve is highest; the interval runs over resampled members, from neighbour to neighbour.

    Args:
        height: mean over members at the peak, in the unit of the values.
        inner: whether the curve falls on both sides of it.
    """

    height: float = float("nan")
    inner: bool = True


def peak(x: FloatArray, values: FloatArray, *, unit: str = "1", seed: int = 0) -> Peak:
    """The x at which the mean over members is largest.

    Args:
        x: shape (n,), increasing.
        values: shape (n, members).
        unit: of x.
        seed: of the bootstrap.

    >>> x = np.arange(5.0)
    >>> top = peak(x, np.repeat([[0.0], [1.0], [3.0], [1.0], [0.0]], 4, axis=1))
    >>> top.low, top.mean, top.high
    (1.0, 2.0, 3.0)
    """
    members = values.shape[1]
    places = values[:, resampling(members, seed=seed)].mean(axis=-1).argmax(axis=0)
    place, tail = int(values.mean(axis=1).argmax()), tail_of(members)
    left, right = (int(np.quantile(places, q, method="nearest")) for q in (tail, 1 - tail))
    low, high = x[max(min(left, place) - 1, 0)], x[min(max(right, place) + 1, len(x) - 1)]
    height = float(values[place].mean())
    return Peak(float(x[place]), float(low), float(high), unit, height, 0 < place < len(x) - 1)
