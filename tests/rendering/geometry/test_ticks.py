"""Ticks: round numbers inside the axis, written as a reader expects."""

import numpy as np
import pytest

from landscape.records.base import Axis
from landscape.rendering.geometry.heights import Heights
from landscape.rendering.geometry.ticks import axis_ticks, contour_levels, height_ticks, level_labels, linear_ticks


def test_linear_ticks_are_round_and_inside() -> None:
    values, labels = linear_ticks(-0.5, 1.0, 4)
    assert values.tolist() == [-0.5, 0.0, 0.5, 1.0]
    assert labels == ["\u22120.5", "0", "0.5", "1"]


def test_logarithmic_heights_have_powers_of_ten() -> None:
    values, labels = height_ticks(Heights("log", 1e-3, 10.0))
    assert values == pytest.approx([1e-3, 1e-2, 1e-1, 1.0, 10.0])
    assert labels[0] == r"$10^{-3}$"
    narrow, _ = height_ticks(Heights("log", 2.0, 5.0))
    assert narrow.tolist() == [2.0, 5.0], "where no two powers of ten fit, the ends"


def test_square_roots_have_ticks_spread_over_the_height() -> None:
    heights = Heights("sqrt", 0.0, 4.0)
    values, _ = height_ticks(heights)
    assert values.tolist() == [0.0, 0.2, 1.0, 2.0]
    assert np.diff(heights.share(values)).min() > 0.1


@pytest.mark.parametrize("heights", [Heights("linear", 0, 2), Heights("log", 1e-5, 1e2), Heights("sqrt", 0, 9)])
def test_contours_lie_strictly_inside_the_heights(heights: Heights) -> None:
    levels = contour_levels(heights, 9)
    assert 2 <= len(levels) <= 12
    assert heights.low < levels.min() < levels.max() < heights.high
    assert len(set(level_labels(heights, levels))) == len(levels)


def test_steps_on_a_logarithmic_axis_begin_with_the_start() -> None:
    axis = Axis("alpha", np.array([0.0, 10.0, 1500.0]), "step", scale="log1p")
    positions, labels = axis_ticks(axis, (0.0, float(np.log1p(1500.0))))
    assert labels == ["start", "1", "10", "100", "1,000"]
    assert np.allclose(np.expm1(positions), [0, 1, 10, 100, 1000])
