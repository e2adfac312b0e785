"""95 % intervals of means and shares."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import norm, t

from landscape.errors import InputError
from landscape.records.base import FloatArray
from landscape.records.estimates import Number

NUM_RESAMPLES = 4000
LEVEL = 0.95
# Members from which on they are resampled.
FEWEST_DRAWN = 5


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
