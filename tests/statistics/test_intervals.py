"""Intervals, thresholds and laws against closed forms."""

import numpy as np
import pytest
from scipy.stats import binomtest, t

from landscape.errors import InputError
from landscape.statistics.intervals import mean_of, wilson
from landscape.statistics.shapes import peak, power_law, threshold
from landscape.statistics.verdicts import about, compared
from landscape.study.solutions import independent_of


@pytest.mark.parametrize(("successes", "trials"), [(0, 32), (1, 32), (16, 32), (32, 32), (3, 7)])
def test_wilson_agrees_with_scipy(successes: int, trials: int) -> None:
    found = wilson(successes, trials)
    exact = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=1e-12)


def test_wilson_at_none_of_n_is_z_squared_over_n_plus_z_squared() -> None:
    z = 1.959963984540054
    assert wilson(0, 32).high == pytest.approx(z**2 / (32 + z**2), rel=1e-12)
    with pytest.raises(InputError, match="5 of 4"):
        wilson(5, 4)


def test_the_interval_of_a_mean_covers_it_as_often_as_promised() -> None:
    generator = np.random.default_rng(0)
    found = [mean_of(generator.standard_normal(8)) for _ in range(200)]
    covered = sum(each.low <= 0 <= each.high for each in found)
    # 95 % of 200 is 190; three standard deviations of the count are 9
    assert 181 <= covered <= 199


def test_pairs_that_share_members_are_covered_when_half_of_them_count() -> None:
    generator = np.random.default_rng(0)
    found = []
    for _ in range(200):
        member = generator.standard_normal(8)
        found.append(mean_of(member + np.roll(member, 1), independent=independent_of(8)))
    assert sum(each.low <= 0 <= each.high for each in found) >= 181
    assert "3.4 of them independent" in found[0].how


@pytest.mark.parametrize("count", [2, 3, 4])
def test_the_interval_of_few_values_is_students_and_covers_their_mean(count: int) -> None:
    values = np.random.default_rng(0).standard_normal((200, count))
    found = [mean_of(row) for row in values]
    assert 181 <= sum(each.low <= 0 <= each.high for each in found) <= 199
    half = (found[0].high - found[0].low) / 2
    assert half == pytest.approx(t.ppf(0.975, count - 1) * values[0].std(ddof=1) / np.sqrt(count), rel=1e-12)


def test_an_interval_ends_where_the_quantity_does() -> None:
    found = mean_of([0.1, 0.9], unit="share")
    assert (found.low, found.high) == (0, 1)
    assert mean_of([0.1, 0.9]).high > 1


def test_equal_members_have_no_interval() -> None:
    found = mean_of([0.1] * 7)
    assert found.low == found.high == found.mean


def test_trials_that_go_together_count_once() -> None:
    found, seeds = wilson(8, 96, independent=32), wilson(8, 96)
    assert found.mean == seeds.mean
    assert found.low < seeds.low < seeds.high < found.high
    # all of 96 runs by 32 seeds are as certain as all of 32 runs
    assert wilson(96, 96, independent=32).low == pytest.approx(wilson(32, 32).low, rel=1e-12)


def test_an_interval_that_merely_holds_a_value_does_not_place_it_there() -> None:
    assert about(mean_of([0.95, 1.0, 1.0, 1.0, 1.1]), 1) == "agrees"
    assert about(mean_of([0.2, 1.9]), 1) == "undecided"
    assert about(mean_of([2.0, 2.0, 2.1]), 1) == "disagrees"
    assert about(threshold(np.array([1.0, 2.0]), np.ones((2, 3)), 0.5), 1.5) == "disagrees"


def test_overlapping_intervals_decide_nothing() -> None:
    low, high = mean_of([1.0, 1.1, 1.2]), mean_of([1.15, 1.25, 1.4])
    assert compared(low, "below", high) == "undecided"
    assert compared(low, "below", mean_of([5.0, 5.0])) == "agrees"
    assert compared(low, "above", mean_of([5.0, 5.0])) == "disagrees"


def test_one_value_alone_decides_nothing() -> None:
    assert compared(mean_of([1.0]), "below", mean_of([9.0, 9.0])) == "undecided"


def test_the_threshold_lies_between_the_last_point_above_and_the_first_below() -> None:
    x = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    found = threshold(x, np.repeat([[5.0], [0.0], [5.0], [0.0], [0.0]], 3, axis=1), 1.0)
    assert (found.low, found.mean, found.high) == (4.0, pytest.approx(np.sqrt(32)), 8.0)


def test_a_threshold_that_is_never_reached_is_not_made_up() -> None:
    found = threshold(np.array([1.0, 2.0]), np.ones((2, 3)), 0.5)
    assert not found.found
    assert np.isnan(found.mean)
    assert found.high == np.inf


def test_a_power_law_is_found_exactly_where_there_is_one() -> None:
    x = np.geomspace(100, 40_000, 9)
    law = power_law(x, np.repeat(7 * x[:, None] ** -0.8, 4, axis=1))
    assert law.exponent.mean == pytest.approx(0.8, rel=1e-10)
    assert law.scale == pytest.approx(7, rel=1e-9)
    assert not law.stops


def test_the_corner_of_a_broken_power_law_is_found() -> None:
    x = 2.0 ** np.arange(9)
    y = np.where(x <= 16, x**-1.0, 16**-1.0)
    noise = np.exp(0.01 * np.random.default_rng(0).standard_normal((9, 6)))
    law = power_law(x, y[:, None] * noise)
    assert law.stops
    assert law.end.mean == 16
    assert law.exponent.mean == pytest.approx(1, abs=0.03)
    assert law.exponent_after.mean == pytest.approx(0, abs=0.03)


def test_the_peak_of_a_curve_that_only_falls_is_not_inside() -> None:
    x = np.arange(1.0, 5.0)
    assert not peak(x, np.repeat(-x[:, None], 3, axis=1)).inner
    found = peak(x, np.repeat([[0.0], [2.0], [0.0], [0.0]], 3, axis=1))
    assert (found.inner, found.low, found.mean, found.high) == (True, 1.0, 2.0, 3.0)
