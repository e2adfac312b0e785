"""Heights: shares of the axis and values are inverse, and one rule serves all records."""

from dataclasses import replace

import numpy as np
import pytest
from pictures import surface_of

from landscape.errors import DisplayError, InputError
from landscape.records.base import Status
from landscape.rendering.geometry.heights import Heights, ScaleName, common_heights

DECADES = 10.0 ** np.linspace(-4, 2, 9).reshape(3, 3)


@pytest.mark.parametrize("scale", ["linear", "log", "sqrt"])
def test_values_and_shares_are_inverse(scale: ScaleName) -> None:
    heights = Heights(scale, 0.1, 10.0)
    values = np.array([0.1, 0.5, 3.0, 10.0])
    shares = heights.share(values)
    assert (shares[0], shares[-1]) == (pytest.approx(0.0), pytest.approx(1.0))
    assert np.allclose(heights.value(shares), values)


def test_levels_are_equal_steps_of_height() -> None:
    heights = Heights("log", 1e-3, 1e3)
    assert np.allclose(heights.share(heights.levels(4)), [0.125, 0.375, 0.625, 0.875])


def test_a_cross_entropy_is_cut_at_one_and_a_half_times_the_loss_of_guessing() -> None:
    surface = surface_of([[0.0, 1.0, 2.0], [3.0, 4.0, np.inf]], loss="cross_entropy", K=10)
    heights = common_heights([surface], "train_loss")
    assert (heights.scale, heights.ceiling) == ("linear", pytest.approx(1.5 * np.log(10)))
    assert heights.num_clipped(surface, "train_loss") == 2


def test_many_decades_without_a_natural_ceiling_are_logarithmic() -> None:
    assert common_heights([surface_of(DECADES)], "train_loss").scale == "log"
    assert common_heights([surface_of(10 + DECADES)], "train_loss").scale == "linear"


def test_all_records_share_one_range() -> None:
    heights = common_heights([surface_of([[5.0, 6.0]] * 2), surface_of([[7.0, 9.0]] * 2)], "train_loss")
    assert (heights.low, heights.high) == (5.0, 9.0)


def test_zeros_on_a_logarithmic_scale_stand_at_the_smallest_measured_value() -> None:
    surface = surface_of([[0.0, 1e-12], [0.5, 2.0]])
    status = np.array([[Status.MEASURED, Status.INTERPOLATED], [Status.MEASURED, Status.MEASURED]])
    surface = replace(surface, status=status.astype(np.uint8))
    heights = common_heights([surface], "train_loss", "log")
    assert (heights.low, heights.floor) == (0.5, 0.5)
    assert heights.num_floored(surface, "train_loss") == 2
    assert np.allclose(heights.share(surface.loss), [[0, 0], [0, 1]])


def test_equal_values_have_a_range_of_some_height() -> None:
    heights = common_heights([surface_of(np.full((2, 2), 3.0))], "train_loss")
    assert heights.low < 3.0 < heights.high


def test_a_scale_that_cannot_show_the_values_names_one_that_can() -> None:
    with pytest.raises(InputError, match="needs values of 0 or more; use linear"):
        common_heights([surface_of([[-1.0, 2.0]] * 2)], "train_loss", "sqrt")
    with pytest.raises(InputError, match="needs values above 0; use sqrt or linear"):
        common_heights([surface_of(np.zeros((2, 2)))], "train_loss", "log")
    with pytest.raises(DisplayError, match="every point diverged or is pending"):
        common_heights([surface_of(np.full((2, 2), np.inf))], "train_loss")
