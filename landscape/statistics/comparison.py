"""Comparing two networks over members and directions: bootstrap intervals, ratio of means, effect size. No torch."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from landscape.errors import InputError
from landscape.records.base import FloatArray
from landscape.records.estimates import Estimate

NUM_RESAMPLES = 2000


@dataclass(frozen=True)
class Comparison:
    """One quantity of two networks, each over its members.

    Args:
        quantity: its name.
        first: mean with its bootstrap 95 % interval.
        second: the same of the other network.
        ratio: mean of the second over mean of the first, with its bootstrap 95 % interval; None where a mean lies
            within its resamples of zero, so that a ratio says nothing.
        effect_size: Hedges' g over the members' means, second minus first: their distance in pooled standard
            deviations, corrected for few members (Hedges 1981, J. Educational Statistics 6, 107); None with fewer than
            2 members, or where no member differs from another.
        members: networks of each.
        single: one of the two is a single number, whose interval has no width.
    """

    quantity: str
    first: Estimate
    second: Estimate
    ratio: Estimate | None
    effect_size: float | None
    members: tuple[int, int]
    single: bool = False

    @property
    def overlap(self) -> bool | None:
        """Whether the two intervals share a value: then the difference may be chance.

        None where one of them comes from a single number and is no interval.
        """
        if self.single:
            return None
        return self.first.low <= self.second.high and self.second.low <= self.first.high

    def to_dict(self) -> dict[str, Any]:
        """The fields and ``overlap`` by name, as JSON takes them."""
        return {**asdict(self), "overlap": self.overlap}


def resampled_means(values: Sequence[FloatArray], *, seed: int = 0) -> FloatArray:
    """Bootstrap means, shape (2000,): members are drawn first, directions within each of them second.

    Args:
        values: an array per member, its directions; one value where a member has one number.
        seed: of the resampling.
    """
    generator = np.random.default_rng(seed)
    table = [value[generator.integers(len(value), size=(NUM_RESAMPLES, len(value)))].mean(axis=1) for value in values]
    chosen = generator.integers(len(values), size=(NUM_RESAMPLES, len(values)))
    return np.array(np.take_along_axis(np.stack(table, axis=1), chosen, axis=1).mean(axis=1))


def estimate(values: Sequence[FloatArray], *, unit: str = "", seed: int = 0) -> Estimate:
    """The mean of the members' means with its bootstrap 95 % interval.

    With one member the interval is that over its directions, with one number besides it is that number alone. With few
    members a percentile interval is somewhat too narrow.

    Raises:
        InputError: no values, or some that are not finite.
    """
    _refuse_unusable(values)
    low, high = np.percentile(resampled_means(values, seed=seed), [2.5, 97.5])
    return Estimate(float(np.mean([value.mean() for value in values])), float(low), float(high), unit)


def compare(
    quantity: str, first: Sequence[FloatArray], second: Sequence[FloatArray], *, unit: str = "", seed: int = 0
) -> Comparison:
    """Two networks by one quantity: intervals, ratio of means and effect size, members of both resampled independently.

    Args:
        quantity: its name.
        first: an array per member, its directions (or its one number).
        second: the same of the other network.
        unit: of the quantity.
        seed: of the bootstrap.

    Raises:
        InputError: no values, or some that are not finite.
    """
    one, two = estimate(first, unit=unit, seed=seed), estimate(second, unit=unit, seed=seed + 1)
    below, above = resampled_means(first, seed=seed), resampled_means(second, seed=seed + 1)
    sizes = (len(first), len(second))
    single = min(sum(map(len, values)) for values in (first, second)) < 2
    ratio = None
    if below.min() * below.max() > 0 and one.mean:
        low, high = np.percentile(above / below, [2.5, 97.5])
        ratio = Estimate(two.mean / one.mean, float(low), float(high), "times")
    return Comparison(quantity, one, two, ratio, _hedges(first, second), sizes, single)


def _hedges(first: Sequence[FloatArray], second: Sequence[FloatArray]) -> float | None:
    means = [np.array([value.mean() for value in values]) for values in (first, second)]
    counts = [len(each) for each in means]
    if min(counts) < 2:
        return None
    freedom = sum(counts) - 2
    pooled = sum((n - 1) * each.var(ddof=1) for n, each in zip(counts, means, strict=True)) / freedom
    if not pooled:
        return None
    correction = 1 - 3 / (4 * freedom - 1)
    return float(correction * (means[1].mean() - means[0].mean()) / np.sqrt(pooled))


def _refuse_unusable(values: Sequence[FloatArray]) -> None:
    if not len(values) or not all(len(value) for value in values):
        raise InputError("a mean over members needs at least one member with at least one value")
    if not all(np.all(np.isfinite(value)) for value in values):
        raise InputError("a mean over members needs finite values; leave out members that diverged")
