"""Thresholds, peaks and power laws against closed forms."""

import numpy as np
import pytest

from landscape.statistics.shapes import peak, power_law, threshold


def test_the_threshold_lies_between_the_last_point_above_and_the_first_below() -> None:
    x = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    found = threshold(x, np.repeat([[5.0], [0.0], [5.0], [0.0], [0.0]], 3, axis=1), 1.0)
    assert (found.low, found.mean, found.high) == (4.0, pytest.approx(np.sqrt(32)), 8.0)


def test_a_threshold_that_is_never_reached_is_not_made_up() -> None:
    found = threshold(np.array([1.0, 2.0]), np.ones((2, 3)), 0.5)
    assert not found.exists
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
