import numpy as np
import pytest
from scipy import stats

from landscape.errors import InputError
from landscape.records.base import FloatArray
from landscape.statistics.comparison import compare, estimate, resampled_means


def members(mean: float, spread: float, *, count: int = 8, directions: int = 20, seed: int = 0) -> list[FloatArray]:
    generator = np.random.default_rng(seed)
    centres = mean + spread * generator.standard_normal(count)
    return [centre + 0.1 * generator.standard_normal(directions) for centre in centres]


def test_the_interval_follows_the_spread_of_members_and_not_the_number_of_directions() -> None:
    for directions in (20, 2000):
        values = members(5.0, 1.0, directions=directions)
        found = estimate(values)
        error = np.std([value.mean() for value in values]) / np.sqrt(8)
        assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_the_interval_covers_the_mean_about_as_often_as_it_says() -> None:
    hits = sum(
        found.low <= 0 <= found.high for found in (estimate(members(0.0, 1.0, count=30, seed=k)) for k in range(200))
    )
    # 95 % of 200, three binomial standard deviations, and somewhat fewer as percentile intervals are narrow
    assert 174 <= hits <= 200


def test_members_alike_leave_the_spread_of_their_directions() -> None:
    values = [np.arange(100.0)]
    spread = resampled_means(values).std()
    assert spread == pytest.approx(values[0].std() / 10, rel=0.1)
    alone = estimate([np.array([3.0])])
    assert (alone.mean, alone.low, alone.high) == (3.0, 3.0, 3.0)


def test_the_ratio_of_means_has_the_interval_of_fiellers_theorem() -> None:
    generator = np.random.default_rng(1)
    first = [np.array([value]) for value in 10 + generator.standard_normal(60)]
    second = [np.array([value]) for value in 30 + 2 * generator.standard_normal(60)]
    found = compare("width", first, second)
    assert found.ratio is not None
    a, b = np.concatenate(first), np.concatenate(second)
    error = b.mean() / a.mean() * np.hypot(stats.sem(a) / a.mean(), stats.sem(b) / b.mean())
    assert found.ratio.mean == pytest.approx(b.mean() / a.mean())
    assert found.ratio.high - found.ratio.low == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_the_effect_size_is_hedges_g_of_the_member_means() -> None:
    # means 2 and 5, pooled standard deviation 1: d = 3, times 1 - 3 / (4 * 4 - 1)
    first, second = ([np.array([centre + k]) for k in (-1.0, 0.0, 1.0)] for centre in (2.0, 5.0))
    found = compare("width", first, second)
    assert found.effect_size == pytest.approx(3 * (1 - 3 / 15))
    assert compare("width", second, first).effect_size == pytest.approx(-3 * (1 - 3 / 15))
    alone = compare("width", first[:1], second)
    assert alone.effect_size is None
    assert alone.overlap is None


def test_intervals_that_share_a_value_overlap_and_others_do_not() -> None:
    near, far = members(5.0, 1.0), members(50.0, 1.0, seed=3)
    assert compare("width", near, members(5.2, 1.0, seed=2)).overlap
    assert not compare("width", near, far).overlap
    assert not compare("width", far, near).overlap


def test_a_mean_that_may_be_zero_gives_no_ratio() -> None:
    found = compare("lowest eigenvalue", members(0.0, 1.0), members(3.0, 1.0, seed=2))
    assert found.ratio is None
    assert found.effect_size is not None


@pytest.mark.parametrize("values", [[], [np.array([])], [np.array([1.0, np.nan])]])
def test_refuses_what_has_no_mean(values: list[FloatArray]) -> None:
    with pytest.raises(InputError, match="a mean over members needs"):
        estimate(values)
