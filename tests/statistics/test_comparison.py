"""Comparisons of two networks whose difference is known."""

import numpy as np
import pytest

from landscape.records.base import FloatArray
from landscape.statistics.comparison import compare


def members(mean: float, spread: float, *, count: int = 8, directions: int = 20, seed: int = 0) -> list[FloatArray]:
    generator = np.random.default_rng(seed)
    centres = mean + spread * generator.standard_normal(count)
    return [centre + 0.1 * generator.standard_normal(directions) for centre in centres]


def test_the_effect_size_is_hedges_g_of_the_member_means() -> None:
    # means 2 and 5, pooled standard deviation 1: d = 3, times 1 - 3 / (4 * 4 - 1)
    first, second = ([np.array([centre + k]) for k in (-1.0, 0.0, 1.0)] for centre in (2.0, 5.0))
    assert compare("width", first, second).effect_size == pytest.approx(3 * (1 - 3 / 15))
    assert compare("width", second, first).effect_size == pytest.approx(-3 * (1 - 3 / 15))


def test_a_single_number_has_a_ratio_but_no_interval_and_no_effect_size() -> None:
    single = compare("width", [np.array([2.0])], members(5.0, 1.0))
    assert single.ratio is not None
    assert single.ratio.mean == pytest.approx(single.second.mean / 2)
    assert not single.ratio.has_interval
    assert (single.effect_size, single.overlap, single.to_dict()["single"]) == (None, None, True)


def test_intervals_that_share_a_value_overlap_and_others_do_not() -> None:
    near, far = members(5.0, 1.0), members(50.0, 1.0, seed=3)
    assert compare("width", near, members(5.2, 1.0, seed=2)).overlap
    assert not compare("width", near, far).overlap
    assert not compare("width", far, near).overlap


def test_a_mean_that_may_be_zero_gives_no_ratio() -> None:
    comparison = compare("lowest eigenvalue", members(0.0, 1.0), members(3.0, 1.0, seed=2))
    assert comparison.ratio is None
    assert comparison.effect_size is not None
