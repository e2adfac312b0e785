"""Grids that are symmetric, and the unit of a step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscape.errors import InputError
from landscape.space.subspaces import symmetric, unit_of


@given(points=st.integers(2, 300), extent=st.floats(1e-6, 1e6))
def test_grids_are_symmetric_and_hold_zero_when_odd(points: int, extent: float) -> None:
    grid = symmetric(points, extent)
    assert np.array_equal(grid, -grid[::-1])
    assert grid[0] == -extent
    assert (points % 2 == 1) == (0.0 in grid)


@pytest.mark.parametrize(
    ("points", "extent"), [(1, 1.0), (0, 1.0), (5, 0.0), (5, -1.0), (5, float("nan")), (5, float("inf"))]
)
def test_grids_that_cannot_be_are_refused(points: int, extent: float) -> None:
    with pytest.raises(InputError):
        symmetric(points, extent)


def test_the_unit_of_a_step_is_the_norm_it_was_scaled_to() -> None:
    assert [unit_of(kind) for kind in ("filter", "layer", "none")] == ["filter norm", "layer norm", "direction length"]
    assert unit_of("by hand") == "direction length"
