"""Comparing two networks over members and directions: means with intervals, ratio of means, effect size. No torch."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from landscape.records.base import FloatArray
from landscape.records.estimates import Estimate
from landscape.statistics.intervals import mean_over, ratio_of


@dataclass(frozen=True)
class Comparison:
    """One quantity of two networks, each over its members.

    Args:
        quantity: its name.
        first: mean with its 95 % interval.
        second: the same of the other network.
        ratio: mean of the second over mean of the first, with its 95 % interval; None where the interval of the first
            mean holds zero, so that a ratio says nothing.
        effect_size: Hedges' g over the members' means, second minus first: their distance in pooled standard
            deviations, corrected for few members (Hedges 1981, J. Educational Statistics 6, 107); None with fewer than
            2 members, or where no member differs from another.
        members: networks of each.
    """

    quantity: str
    first: Estimate
    second: Estimate
    ratio: Estimate | None
    effect_size: float | None
    members: tuple[int, int]

    @property
    def single(self) -> bool:
        """Whether one of the two is a single number, which has no interval."""
        return not (self.first.has_interval and self.second.has_interval)

    @property
    def overlap(self) -> bool | None:
        """Whether the two intervals share a value: then the difference may be chance.

        None where one of them comes from a single number and has no interval.
        """
        if self.single:
            return None
        return self.first.low <= self.second.high and self.second.low <= self.first.high

    def to_dict(self) -> dict[str, Any]:
        """The fields, ``single`` and ``overlap`` by name, as JSON takes them."""
        return {**asdict(self), "single": self.single, "overlap": self.overlap}


def compare(
    quantity: str, first: Sequence[FloatArray], second: Sequence[FloatArray], *, unit: str = "", seed: int = 0
) -> Comparison:
    """Two networks by one quantity: means with their intervals, ratio of means and effect size.

    Args:
        quantity: its name.
        first: an array (directions,) per member, or its one number (1,).
        second: the same of the other network, whose members are independent of the first's.
        unit: of the quantity.
        seed: of the bootstrap.

    Returns:
        The comparison, second against first.

    Raises:
        InputError: no values, or some that are not finite.
    """
    below, above = (mean_over(values, unit=unit, seed=seed).estimate for values in (first, second))
    sizes = (len(first), len(second))
    return Comparison(quantity, below, above, ratio_of(below, above), _hedges(first, second), sizes)


def _hedges(first: Sequence[FloatArray], second: Sequence[FloatArray]) -> float | None:
    means = [np.array([value.mean() for value in values]) for values in (first, second)]
    counts = [len(values) for values in means]
    if min(counts) < 2:
        return None
    # the deviation of both networks together is known by all members but two, one for each mean
    freedom = sum(counts) - 2
    variance = sum((n - 1) * values.var(ddof=1) for n, values in zip(counts, means, strict=True)) / freedom
    if not variance:
        return None
    correction = 1 - 3 / (4 * freedom - 1)
    return float(correction * (means[1].mean() - means[0].mean()) / np.sqrt(variance))
