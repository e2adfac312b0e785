"""Barriers against closed forms: a parabola's height, nothing on a convex path, and ends of different height."""

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.measure.barriers import barrier
from landscape.records import Axis, FloatArray, Profile

ALPHA = np.linspace(0, 1, 25)


def profile(alpha: FloatArray = ALPHA, **metrics: FloatArray) -> Profile:
    return Profile((Axis("alpha", alpha),), metrics, np.ones(len(alpha)), np.zeros(len(alpha)))


def test_the_barrier_of_a_parabola_is_its_height() -> None:
    found = barrier(profile(train_loss=1 + 4 * 0.7 * ALPHA * (1 - ALPHA)))
    assert found.loss == pytest.approx(0.7, rel=1e-14)
    assert (found.where, found.points, found.accuracy) == (0.5, 25, None)


def test_a_slope_between_the_ends_is_no_barrier() -> None:
    bump = 4 * ALPHA * (1 - ALPHA)
    assert barrier(profile(train_loss=bump + 5 * ALPHA)).loss == pytest.approx(1.0, rel=1e-14)
    assert barrier(profile(train_loss=5 * ALPHA)).loss == pytest.approx(0.0, abs=1e-14)


def test_a_convex_path_has_barrier_zero_at_its_start() -> None:
    found = barrier(profile(train_loss=(ALPHA - 0.3) ** 2))
    assert (found.loss, found.where) == (0.0, 0.0)


def test_the_accuracy_barrier_is_the_deepest_fall() -> None:
    fall = profile(train_loss=np.zeros(25), train_accuracy=1 - 0.2 * ALPHA - 0.4 * 4 * ALPHA * (1 - ALPHA))
    assert barrier(fall).accuracy == pytest.approx(0.4, rel=1e-14)
    rise = profile(train_loss=np.zeros(25), train_accuracy=0.5 + ALPHA * (1 - ALPHA))
    assert barrier(rise).accuracy == 0.0


def test_coordinates_need_not_be_regular_nor_run_from_0_to_1() -> None:
    alpha = np.array([-1.0, 0.0, 2.0, 3.0])
    assert barrier(profile(alpha, train_loss=np.array([0.0, 1.25, 0.75, 1.0]))).loss == pytest.approx(1.0)


def test_the_test_split_is_measured_when_asked() -> None:
    both = profile(train_loss=np.zeros(25), test_loss=ALPHA * (1 - ALPHA))
    assert barrier(both, split="test").loss == pytest.approx(0.25)


def test_a_path_that_diverges_has_an_infinite_barrier() -> None:
    assert barrier(profile(np.arange(3.0), train_loss=np.array([0.0, np.inf, 0.0]))).loss == np.inf


@pytest.mark.parametrize(("values", "message"), [([np.inf, 0, 0], "not finite"), ([0, np.nan, 0], "missing")])
def test_ends_that_diverged_and_missing_values_are_refused(values: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        barrier(profile(np.arange(3.0), train_loss=np.array(values, dtype=float)))
    with pytest.raises(InputError, match="no test_loss"):
        barrier(profile(np.arange(3.0), train_loss=np.zeros(3)), split="test")
