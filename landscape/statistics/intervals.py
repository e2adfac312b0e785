"""The tool's 95 % intervals: of means over members, directions and pairs, of shares, and of ratios of means."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

from landscape.errors import InputError
from landscape.records.base import FloatArray
from landscape.records.estimates import Estimate, Number

NUM_RESAMPLES = 4000
LEVEL = 0.95
# Members from which on they are resampled.
FEWEST_RESAMPLED = 5


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
    z = float(ndtri(0.5 + LEVEL / 2))
    count = independent or trials
    share, spread = successes / trials, z * z / count
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * np.sqrt(share * (1 - share) / count + spread / (4 * count))
    low = 0.0 if successes == 0 else float(centre - half)
    high = 1.0 if successes == trials else float(centre + half)
    among = f" by {count} seeds" if count != trials else ""
    return Number(share, low, high, unit, name, f"Wilson, {successes} of {trials}{among}")


def resampling(members: int, *, seed: int = 0, num_resamples: int = NUM_RESAMPLES) -> NDArray[np.int64]:
    """The members that each bootstrap sample holds, drawn with replacement, shape (num_resamples, members)."""
    return np.random.default_rng(seed).integers(members, size=(num_resamples, members))


def student_reach(standard_error: float, freedom: int) -> float:
    """Half of Student's 95 % interval of a mean with this standard error, in its unit."""
    return float(stdtrit(freedom, 0.5 + LEVEL / 2) * standard_error)


def tail_of(members: int) -> float:
    """The quantile of bootstrap means that ends a 95 % interval: ``Phi(-sqrt(n / (n - 1)) t)``.

    Plain 2.5 % is too narrow for few members. With 5 the ends are close to the smallest and the largest of them, and
    with fewer no quantile reaches 95 %.

    References:
        Hesterberg 2015, arXiv 1411.5279, section 4.3 (expanded percentile interval).
    """
    if members < 2:
        raise InputError(f"an interval over members needs at least 2 of them, got {members}")
    return float(ndtr(-student_reach(np.sqrt(members / (members - 1)), members - 1)))


def mean_of(
    values: Sequence[float] | FloatArray,
    *,
    name: str = "",
    unit: str = "1",
    over: str = "members",
    independent: float | None = None,
    seed: int = 0,
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
        seed: of the resampling.
    """
    array = np.asarray(values, dtype=np.float64)
    count = len(array)
    if count < 2:
        how = f"one of the {over} alone: anything is possible"
        return Number(float(array.mean()), -np.inf, np.inf, unit, name, how)
    if independent is not None or count < FEWEST_RESAMPLED:
        return _student(array, unit, name, over, independent, count - 1)
    # a percentile of 2.5 % would be right for many members only
    means, tail = array[resampling(count, seed=seed)].mean(axis=-1), tail_of(count)
    low, high = np.nanquantile(means, [tail, 1 - tail])
    return _number(float(array.mean()), float(low), float(high), unit, name, f"bootstrap over {count} {over}")


def mean_over(
    values: Sequence[FloatArray], *, name: str = "", unit: str = "1", within: str = "directions", seed: int = 0
) -> Number:
    """The mean of the members' means with its 95 % interval, where each member has several values.

    The interval is that of `mean_of` over the members' means. They differ by the members and by the directions drawn
    for each of them, so that their scatter holds both; resampling directions within members as well would count the
    directions twice. With a single member its values are resampled, and the interval is that of this member alone.

    Args:
        values: an array per member, its directions; one value where a member has one number.
        name: of the number.
        unit: of the values.
        within: what the values of a member belong to.
        seed: of the resampling.

    Raises:
        InputError: no values, or some that are not finite.

    References:
        Davison and Hinkley 1997, Bootstrap Methods and their Application, section 3.8.
    """
    if not len(values) or not all(len(value) for value in values):
        raise InputError("a mean over members needs at least one member with at least one value")
    if not all(np.all(np.isfinite(value)) for value in values):
        raise InputError("a mean over members needs finite values; leave out members that diverged")
    # the directions of one member say how well its own mean is known, nothing of other members
    if len(values) == 1:
        over = within if len(values[0]) > 1 else "members"
        return mean_of(values[0], name=name, unit=unit, over=over, seed=seed)
    return mean_of([float(value.mean()) for value in values], name=name, unit=unit, seed=seed)


def mean_of_pairs(
    values: FloatArray, pairs: Sequence[tuple[object, object]], *, name: str = "", unit: str = "1"
) -> Number:
    """The mean over pairs of members with its 95 % interval, for pairs that share members.

    Student's t with the count of `independent_pairs`, and as many degrees of freedom as that of a mean over the
    members.

    Args:
        values: one for each pair, shape (pairs,).
        pairs: the two members of each.
        name: of the number.
        unit: of the values.
    """
    members = len({member for pair in pairs for member in pair})
    return _student(values, unit, name, "pairs", independent_pairs(pairs), min(len(values), members) - 1)


def independent_pairs(pairs: Sequence[tuple[object, object]]) -> float:
    """As how many independent values pairs count that share members.

    ``m (2 m^2 / sum(d^2) - 1) / (m - 1)`` for m pairs, of which d hold a member: where a pair's value is the sum of
    one term for each of its two members, that is the expected sample variance of the pairs over the variance of their
    mean. Pairs without a common member all count; a value that both members make together counts for more than this.

    >>> independent_pairs([("a", "b"), ("c", "d"), ("e", "f")])
    3.0
    >>> round(independent_pairs([(a, b) for a in range(6) for b in range(a)]), 2)
    2.14
    """
    count = len(pairs)
    ends = [member for pair in pairs for member in pair]
    squares = sum(ends.count(member) ** 2 for member in set(ends))
    return count * (2 * count**2 / squares - 1) / (count - 1)


def ratio_of(first: Estimate, second: Estimate) -> Estimate | None:
    """Mean of the second over mean of the first with its 95 % interval; None where the first may be zero.

    The interval follows from those of the two means, which are independent ("MOVER"); it equals Fieller's where they
    are symmetric. It has no ends where one of the means is a single number.

    References:
        Newcombe 2016, Stat. Methods Med. Res. 25, 1774 (MOVER-R).

    >>> ratio = ratio_of(Estimate(2, 2, 2, "L2"), Estimate(6, 5, 8, "L2"))
    >>> ratio.low, ratio.mean, ratio.high
    (2.5, 3.0, 4.0)
    """
    if not first.mean or (first.has_interval and first.low < 0 < first.high):
        return None
    low, high = -np.inf, np.inf
    if first.has_interval and second.has_interval:
        # turned so that the denominator is positive; near and far are its ends as seen from zero
        sign = 1 if first.mean > 0 else -1
        near, far = sorted((sign * first.low, sign * first.high))
        bottom, top = sorted((sign * second.low, sign * second.high))
        mean, base = sign * second.mean, sign * first.mean
        low, high = _lower(mean, bottom, base, near, far), -_lower(-mean, -top, base, near, far)
    return Estimate(second.mean / first.mean, low, high, "times")


def _lower(mean: float, low: float, base: float, near: float, far: float) -> float:
    """Lower end of ``mean / base``, with base in [near, far] > 0: the root of ``mean - x base = hypot(..., ...)``."""
    # a ratio is low where the denominator is far from zero, but a negative one where it is near
    distance = far - base if low >= 0 else base - near
    square, product, constant = (base - distance) * (base + distance), mean * base, low * (2 * mean - low)
    root = float(np.sqrt(max(product * product - square * constant, 0.0)))
    # of the two forms of a root the one in which nothing cancels
    if product > 0:
        return constant / (product + root)
    return (product - root) / square if square > 0 else -np.inf


def _student(array: FloatArray, unit: str, name: str, over: str, independent: float | None, freedom: int) -> Number:
    mean, count = float(array.mean()), independent or len(array)
    half = student_reach(array.std(ddof=1), freedom) / np.sqrt(count)
    share = unit.startswith("share") and bool(np.all(array <= 1))
    low = max(mean - half, 0.0) if np.all(array >= 0) else mean - half
    high = min(mean + half, 1.0) if share else mean + half
    among = f", {independent:.2g} of them independent" if independent else ""
    return _number(mean, low, high, unit, name, f"Student's t over {len(array)} {over}{among}")


def _number(mean: float, low: float, high: float, unit: str, name: str, how: str) -> Number:
    # the means of equal numbers are rounded
    return Number(mean, min(low, mean), max(high, mean), unit, name, how)


def band_of(values: FloatArray, independent: float | None = None) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean and ends of the 95 % interval of each row, (rows, members) -> three of shape (rows,)."""
    means = [mean_of(row, independent=independent) for row in values]
    mean, low, high = np.array([(row.mean, row.low, row.high) for row in means]).reshape(-1, 3).T
    return mean, low, high
