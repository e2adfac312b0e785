"""Intervals against closed forms, and how often they hold the truth."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binomtest, t

from landscape.errors import InputError
from landscape.records.base import FloatArray
from landscape.records.estimates import Estimate
from landscape.statistics.intervals import (
    independent_pairs,
    mean_of,
    mean_of_pairs,
    mean_over,
    ratio_of,
    student_reach,
    wilson,
)

SIMULATIONS = 400
# three standard deviations of the share of simulations whose interval holds the mean
SCATTER = 3 * np.sqrt(0.95 * 0.05 / SIMULATIONS)
ALL_PAIRS = list(combinations(range(6), 2))


def held(truth: float, interval: Callable[[np.random.Generator], Estimate]) -> float:
    """The share of simulations whose interval holds the truth."""
    generator = np.random.default_rng(0)
    intervals = [interval(generator) for _ in range(SIMULATIONS)]
    return sum(number.low <= truth <= number.high for number in intervals) / SIMULATIONS


@pytest.mark.parametrize(("successes", "trials"), [(0, 32), (1, 32), (16, 32), (32, 32), (3, 7)])
def test_wilson_agrees_with_scipy(successes: int, trials: int) -> None:
    interval = wilson(successes, trials)
    exact = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert (interval.low, interval.high) == pytest.approx((exact.low, exact.high), abs=1e-12)


def test_wilson_at_none_of_n_is_z_squared_over_n_plus_z_squared() -> None:
    z = 1.959963984540054
    assert wilson(0, 32).high == pytest.approx(z**2 / (32 + z**2), rel=1e-12)
    with pytest.raises(InputError, match="5 of 4"):
        wilson(5, 4)


def test_trials_that_go_together_count_once() -> None:
    seeds, trials = wilson(8, 96, independent=32), wilson(8, 96)
    assert seeds.mean == trials.mean
    assert seeds.low < trials.low < trials.high < seeds.high
    # all of 96 runs by 32 seeds are as certain as all of 32 runs
    assert wilson(96, 96, independent=32).low == pytest.approx(wilson(32, 32).low, rel=1e-12)


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_the_interval_of_normal_values_holds_their_mean_in_95_of_100(count: int) -> None:
    # Hesterberg 2015, table 6: the expanded interval of 5 normal values holds it about 2 % too seldom
    share = held(0.0, lambda generator: mean_of(generator.standard_normal(count)))
    assert 0.95 - SCATTER - (0.02 if count >= 5 else 0) <= share <= 0.95 + SCATTER


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_the_interval_of_skewed_values_holds_their_mean_about_as_often(count: int) -> None:
    # values of skewness 1: the mean and the spread of few of them go together, which costs up to 4 %
    share = held(4.0, lambda generator: mean_of(generator.gamma(4.0, size=count)))
    assert 0.91 - SCATTER <= share <= 0.95 + SCATTER


@pytest.mark.parametrize("members", [2, 3, 8])
def test_the_interval_over_members_holds_the_mean_however_many_directions_each_has(members: int) -> None:
    def measure(generator: np.random.Generator) -> Estimate:
        centres = generator.standard_normal(members)
        return mean_over([centre + generator.standard_normal(16) for centre in centres])

    assert 0.95 - SCATTER - (0.02 if members >= 5 else 0) <= held(0.0, measure) <= 0.95 + SCATTER


def test_the_interval_over_members_follows_their_spread_and_not_the_number_of_directions() -> None:
    centres = np.random.default_rng(0).standard_normal(8)
    few, many = (mean_over([centre + np.linspace(-0.1, 0.1, n) for centre in centres]) for n in (20, 2000))
    assert (few.low, few.high) == pytest.approx((many.low, many.high), rel=1e-9)
    assert few.how == "bootstrap over 8 members"


def test_of_one_member_the_directions_are_resampled() -> None:
    values = np.random.default_rng(0).standard_normal(64)
    alone = mean_over([values])
    half = t.ppf(0.975, 63) * values.std(ddof=1) / 8
    assert (alone.mean, alone.high - alone.low) == pytest.approx((values.mean(), 2 * half), rel=0.05)
    assert alone.how == "bootstrap over 64 directions"


@pytest.mark.parametrize("count", [2, 3, 4])
def test_the_interval_of_few_values_is_students(count: int) -> None:
    values = np.random.default_rng(0).standard_normal(count)
    interval = mean_of(values)
    half = t.ppf(0.975, count - 1) * values.std(ddof=1) / np.sqrt(count)
    assert (interval.high - interval.low) / 2 == pytest.approx(half, rel=1e-12)


def test_students_interval_of_two_values_reaches_12_7_standard_errors() -> None:
    assert student_reach(2.0, 1) == pytest.approx(2 * np.tan(0.95 * np.pi / 2), rel=1e-12)


def test_one_value_alone_has_no_interval() -> None:
    for alone in (mean_of([3.0]), mean_over([np.array([3.0])])):
        assert (alone.mean, alone.low, alone.high) == (3.0, -np.inf, np.inf)
        assert not alone.has_interval
        assert alone.text == "3"


def test_an_interval_ends_where_the_quantity_does() -> None:
    share = mean_of([0.1, 0.9], unit="share")
    assert (share.low, share.high) == (0, 1)
    assert mean_of([0.1, 0.9]).high > 1


def test_equal_members_have_an_interval_of_no_width() -> None:
    exact = mean_of([0.1] * 7)
    assert exact.low == exact.high == exact.mean


@pytest.mark.parametrize("pairs", [ALL_PAIRS, [(k, (k + 1) % 8) for k in range(8)]])
def test_pairs_that_share_members_hold_the_mean_when_the_independent_ones_count(pairs: list[tuple[int, int]]) -> None:
    rows = np.array(pairs)

    def measure(generator: np.random.Generator, of_pair: float = 0.0) -> Estimate:
        members = generator.standard_normal(rows.max() + 1)
        return mean_of_pairs(members[rows].sum(1) + of_pair * generator.standard_normal(len(rows)), pairs)

    assert abs(held(0.0, measure) - 0.95) <= SCATTER
    # of what a pair has for itself there is more evidence than is counted
    assert held(0.0, lambda generator: measure(generator, of_pair=1.0)) >= 0.95 - SCATTER


def test_a_ring_of_pairs_counts_as_its_variance_says() -> None:
    # variance of the mean 4 / n, of the pairs n / (n - 1) (2 - 4 / n)
    ring = [(k, (k + 1) % 8) for k in range(8)]
    assert independent_pairs(ring) == pytest.approx(8 / 7 * (2 - 4 / 8) / (4 / 8))


def test_the_ratio_of_means_has_the_interval_of_fiellers_theorem() -> None:
    low, mean, high = 2.0, 3.0, 4.0
    first, second = Estimate(mean, low, high, "L2"), Estimate(6.0, 4.0, 8.0, "L2")
    ratio = ratio_of(first, second)
    assert ratio is not None
    # both ends solve (6 - 3 r)^2 = 2^2 + r^2, the half-widths of both means
    ends = np.roots([mean**2 - 1, -2 * mean * 6, 36 - 4])
    assert (ratio.low, ratio.high) == pytest.approx((ends.min(), ends.max()), rel=1e-12)


def test_the_ratio_follows_the_signs_of_both_means() -> None:
    first, second = Estimate(3.0, 2.0, 4.5, "1"), Estimate(6.0, 5.0, 8.0, "1")
    minus, below = Estimate(-3.0, -4.5, -2.0, "1"), Estimate(-6.0, -8.0, -5.0, "1")
    ratio, opposite, same = ratio_of(first, second), ratio_of(minus, second), ratio_of(minus, below)
    assert ratio is not None
    assert opposite is not None
    assert same == ratio
    assert (opposite.low, opposite.high) == pytest.approx((-ratio.high, -ratio.low))
    assert ratio_of(Estimate(3.0, -1.0, 7.0, "1"), second) is None


def test_a_ratio_to_what_may_be_next_to_nothing_has_no_upper_end() -> None:
    ratio = ratio_of(Estimate(3.0, 0.0, 9.0, "1"), Estimate(6.0, 5.0, 7.0, "1"))
    assert ratio is not None
    assert ratio.high == np.inf
    assert 0 < ratio.low < 2


@pytest.mark.parametrize("count", [3, 8])
def test_the_interval_of_a_ratio_holds_it_in_95_of_100_or_more(count: int) -> None:
    def measure(generator: np.random.Generator) -> Estimate:
        means = [mean_of(base * (1 + 0.1 * generator.standard_normal(count))) for base in (10, 30)]
        return ratio_of(*means) or Estimate(0, 0, 0, "")

    assert held(3.0, measure) >= 0.95 - SCATTER


@pytest.mark.parametrize("values", [[], [np.array([])], [np.array([1.0, np.nan])]])
def test_refuses_what_has_no_mean(values: list[FloatArray]) -> None:
    with pytest.raises(InputError, match="a mean over members needs"):
        mean_over(values)
