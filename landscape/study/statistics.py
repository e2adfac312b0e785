"""Statistics that the studies decide by: intervals, comparisons, thresholds, power laws. NumPy alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import norm, t

from landscape.errors import InputError
from landscape.records import FloatArray
from landscape.results import Estimate, Number, Verdict

NUM_RESAMPLES = 4000
LEVEL = 0.95
# What counts as the same place: up to a factor.
ABOUT = 1.25
# Members from which on they are resampled.
FEWEST_DRAWN = 5
# Points that a power law with a corner is fitted to.
FEWEST = 5


def wilson(
    successes: int, trials: int, *, independent: int | None = None, name: str = "", unit: str = "share"
) -> Number:
    """A share with Wilson's 95 % score interval, which stays inside [0, 1] and has a width at 0 and 1 as well.

    Args:
        successes: among the trials.
        trials: at least 1.
        independent: how many of the trials are: those of one seed at several learning rates count as one, since they
            start from the same weights. All by default.
        name: of the number.
        unit: of the number.

    Raises:
        InputError: no trials, or more successes than trials.

    References:
        Wilson 1927, J. Am. Stat. Assoc. 22, 209-212.

    >>> interval = wilson(0, 32)
    >>> interval.low, round(interval.high, 4)
    (0.0, 0.1072)
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise InputError(f"a share needs trials and at most as many successes, got {successes} of {trials}")
    z = float(norm.ppf(0.5 + LEVEL / 2))
    count = independent or trials
    share, spread = successes / trials, z * z / count
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * np.sqrt(share * (1 - share) / count + spread / (4 * count))
    low = 0.0 if successes == 0 else float(centre - half)
    high = 1.0 if successes == trials else float(centre + half)
    among = f" by {count} seeds" if count != trials else ""
    return Number(share, low, high, unit, name, f"Wilson, {successes} of {trials}{among}")


def resampled(
    values: FloatArray, statistic: Callable[[FloatArray], FloatArray], *, seed: int = 0
) -> tuple[FloatArray, FloatArray]:
    """Ends of the 95 % bootstrap interval of a statistic over the last axis, see `tail_of`.

    Args:
        values: shape (..., members).
        statistic: of arrays (resamples, ..., members) over their last axis.
        seed: of the resampling; the same members are drawn for every entry.
    """
    members = values.shape[-1]
    tail = tail_of(members)
    drawn = np.random.default_rng(seed).integers(members, size=(NUM_RESAMPLES, members))
    found = statistic(np.moveaxis(values[..., drawn], -2, 0))
    low, high = np.nanquantile(found, [tail, 1 - tail], axis=0)
    return np.asarray(low), np.asarray(high)


def tail_of(members: int) -> float:
    """The quantile of bootstrap means that ends a 95 % interval: ``norm.cdf(-sqrt(n / (n - 1)) t)``.

    Plain 2.5 % is too narrow for few members. With 5 the ends are close to the smallest and the largest of them, and
    with fewer no quantile reaches 95 %.

    References:
        Hesterberg 2015, arXiv 1411.5279, section 4.3 (expanded percentile interval).
    """
    if members < 2:
        raise InputError(f"an interval over members needs at least 2 of them, got {members}")
    return float(norm.cdf(-np.sqrt(members / (members - 1)) * t.ppf(0.5 + LEVEL / 2, members - 1)))


def mean_of(
    values: Sequence[float] | FloatArray,
    *,
    name: str = "",
    unit: str = "1",
    over: str = "members",
    independent: float | None = None,
) -> Number:
    """The mean with its 95 % interval, which has no ends for one value alone: that decides nothing.

    By bootstrap from 5 independent values on. The range of fewer holds their mean too seldom (of two, every other
    time), and values that depend on one another are no sample to draw from: there the interval is Student's t, no wider
    than the quantity can be (from 0 where no value is negative; up to 1 for a share).

    Args:
        values: one for each of the things resampled.
        name: of the number.
        unit: of the values.
        over: what is resampled.
        independent: as how many independent values the mean counts; all by default.
    """
    given = np.asarray(values, dtype=np.float64)
    mean, count = float(given.mean()), len(given)
    if count < 2:
        return Number(mean, -np.inf, np.inf, unit, name, f"one of the {over} alone: anything is possible")
    if independent is None and count >= FEWEST_DRAWN:
        low, high = map(float, resampled(given, lambda rows: np.asarray(rows.mean(axis=-1))))
        how = f"bootstrap over {count} {over}"
    else:
        low, high = _student(given, unit, independent or count)
        how = f"Student's t over {count} {over}" + (f", {independent:.2g} of them independent" if independent else "")
    # the means of equal numbers are rounded
    return Number(mean, min(low, mean), max(high, mean), unit, name, how)


def _student(given: FloatArray, unit: str, independent: float) -> tuple[float, float]:
    half = float(t.ppf(0.5 + LEVEL / 2, len(given) - 1) * given.std(ddof=1) / np.sqrt(independent))
    low, high = float(given.mean()) - half, float(given.mean()) + half
    share = unit.startswith("share") and bool(np.all(given <= 1))
    return (max(low, 0.0) if np.all(given >= 0) else low), (min(high, 1.0) if share else high)


def band_of(values: FloatArray, independent: float | None = None) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean and ends of the 95 % interval of each row, (rows, members) -> three of shape (rows,)."""
    found = [mean_of(row, independent=independent) for row in values]
    return tuple(np.array([getattr(each, end) for each in found]) for end in ("mean", "low", "high"))  # type: ignore[return-value]


def compared(first: Estimate, expected: Literal["below", "above"], second: Estimate) -> Verdict:
    """Whether ``first`` lies below (above) ``second``: decided only where their 95 % intervals are apart.

    >>> low, high = Estimate(1, 0.5, 1.5, "1"), Estimate(2, 1.4, 2.6, "1")
    >>> compared(low, "below", high), compared(low, "below", Estimate(2, 1.6, 2.4, "1"))
    ('undecided', 'agrees')
    """
    if first.high < second.low:
        return "agrees" if expected == "below" else "disagrees"
    if first.low > second.high:
        return "agrees" if expected == "above" else "disagrees"
    return "undecided"


def about(found: Estimate, value: float, within: float = ABOUT) -> Verdict:
    """Whether ``found`` equals a positive value up to a factor: an interval that merely holds it decides nothing.

    Agrees where the whole 95 % interval lies within the factor of the value, disagrees where it leaves the value out.

    >>> about(Estimate(1.1, 0.9, 1.2, "1"), 1), about(Estimate(1, 0.3, 3, "1"), 1), about(Estimate(3, 2, 4, "1"), 1)
    ('agrees', 'undecided', 'disagrees')
    """
    if found.high < value or found.low > value:
        return "disagrees"
    return "agrees" if value / within <= found.low and found.high <= value * within else "undecided"


def together(*verdicts: Verdict) -> Verdict:
    """Of a claim with several parts: it agrees if all do, and disagrees if one does.

    >>> together("agrees", "agrees"), together("agrees", "undecided"), together("undecided", "disagrees")
    ('agrees', 'undecided', 'disagrees')
    """
    if "disagrees" in verdicts:
        return "disagrees"
    return "agrees" if all(verdict == "agrees" for verdict in verdicts) else "undecided"


@dataclass(frozen=True)
class Threshold(Estimate):
    """Where a curve first falls to a level for good; NaN where it never does.

    The interval runs from the last point above the level to the first below it, over resampled members: it holds the
    spacing of the points as well as the scatter.
    """

    found: bool = True


def threshold(x: FloatArray, values: FloatArray, level: float, *, unit: str = "1", seed: int = 0) -> Threshold:
    """The x from which on the mean over members stays at or below a level.

    Args:
        x: shape (n,), positive and increasing; the mean is the geometric one of the two neighbours.
        values: shape (n, members).
        level: in the unit of the values.
        unit: of x.
        seed: of the bootstrap.

    >>> x = np.array([1.0, 2.0, 4.0, 8.0])
    >>> found = threshold(x, np.repeat([[9.0], [9.0], [0.0], [0.0]], 4, axis=1), 0.5)
    >>> found.low, round(found.mean, 3), found.high
    (2.0, 2.828, 4.0)
    """
    members = values.shape[1]
    drawn = np.random.default_rng(seed).integers(members, size=(NUM_RESAMPLES, members))
    means = values[:, drawn].mean(axis=-1).T
    below, above = _bracket(x, means, level)
    (low,), (high,) = _bracket(x, values.mean(axis=1)[None], level)
    if not np.isfinite(high):
        return Threshold(float("nan"), float(x[-1]), float("inf"), unit, found=False)
    tail = tail_of(members)
    ends = float(np.quantile(below, tail, method="lower")), float(np.quantile(above, 1 - tail, method="higher"))
    return Threshold(float(np.sqrt(low * high)), min(ends[0], float(low)), max(ends[1], float(high)), unit)


def _bracket(x: FloatArray, means: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Last x above the level and the one after it, for each row; the first x twice where none is above."""
    above = means > level
    last = np.where(above.any(axis=1), means.shape[1] - 1 - above[:, ::-1].argmax(axis=1), -1)
    padded = np.concatenate([x, [np.inf]])
    return x[np.maximum(last, 0)], padded[last + 1]


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
    drawn = np.random.default_rng(seed).integers(members, size=(NUM_RESAMPLES // 8, members))
    logs = np.log(x)
    corner, slopes, intercept, stops = _fit_broken(logs, np.log(values.mean(axis=1)))
    fits = [_fit_broken(logs, np.log(values[:, rows].mean(axis=1)), broken=stops) for rows in drawn]
    return PowerLaw(
        exponent=_interval(-slopes[0], [-fit[1][0] for fit in fits], "exponent", members),
        scale=float(np.exp(intercept)),
        end=_interval(float(x[corner]), [float(x[fit[0]]) for fit in fits], "end of the power law", members),
        exponent_after=_interval(-slopes[1], [-fit[1][1] for fit in fits], "exponent beyond", members),
        stops=stops,
    )


def _fit_broken(
    x: FloatArray, y: FloatArray, *, broken: bool | None = None
) -> tuple[int, tuple[float, float], float, bool]:
    """Corner (index), both slopes, intercept, and whether there is a corner at all."""
    straight, error = _least_squares(np.stack([np.ones_like(x), x], axis=1), y)
    bends = []
    for corner in range(2, len(x) - 2):
        design = np.stack([np.ones_like(x), x, np.maximum(x - x[corner], 0)], axis=1)
        bends.append((*_least_squares(design, y), corner))
    bent, bent_error, corner = min(bends, key=lambda bend: bend[1])
    if broken is None:
        # exact data leave rounding alone, which no corner can better
        floor = len(x) * 1e-20
        gain = len(x) * np.log((error + floor) / (bent_error + floor)) - 2 * np.log(len(x))
        broken = bool(gain >= 6)
    if not broken:
        return len(x) - 1, (float(straight[1]), float(straight[1])), float(straight[0]), False
    return corner, (float(bent[1]), float(bent[1] + bent[2])), float(bent[0]), True


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
    >>> found = peak(x, np.repeat([[0.0], [1.0], [3.0], [1.0], [0.0]], 4, axis=1))
    >>> found.low, found.mean, found.high
    (1.0, 2.0, 3.0)
    """
    members = values.shape[1]
    drawn = np.random.default_rng(seed).integers(members, size=(NUM_RESAMPLES, members))
    places = values[:, drawn].mean(axis=-1).argmax(axis=0)
    place, tail = int(values.mean(axis=1).argmax()), tail_of(members)
    left, right = (int(np.quantile(places, q, method="nearest")) for q in (tail, 1 - tail))
    low, high = x[max(min(left, place) - 1, 0)], x[min(max(right, place) + 1, len(x) - 1)]
    height = float(values[place].mean())
    return Peak(float(x[place]), float(low), float(high), unit, height, 0 < place < len(x) - 1)
