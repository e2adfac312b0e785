"""The field around wide solutions, and the tunnel around narrow ones."""

from collections.abc import Callable

import numpy as np
import pytest

from landscape.measures.widths import CorridorWidth
from landscape.records.findings import StudyResult
from landscape.study.field import Field, _along, directions_of, members_of
from landscape.study.settings import Settings


def test_the_field_is_wider_than_the_tunnel(result_of: Callable[[str], StudyResult]) -> None:
    for name in ("half-width", "half-width, L2", "sublevel area", "corridor width at the end"):
        narrow, wide = (result_of("field").number(f"{name}, width {width}").mean for width in (2, 48))
        assert narrow < wide, name


def test_members_decide_and_not_directions(result_of: Callable[[str], StudyResult]) -> None:
    number = result_of("field").number("half-width, width 2")
    assert number.how == "Student's t over 2 members, 8 directions each"


def test_the_corridor_is_drawn_where_both_walls_of_every_member_are_inside() -> None:
    step = np.arange(3.0)
    corridors = [
        CorridorWidth(step, np.array([1.0, 2.0, 3.0]), np.array([True, True, False]), "filter norm", 0.5),
        CorridorWidth(step, np.array([3.0, 2.0, 5.0]), np.array([True, True, True]), "filter norm", 0.5),
    ]
    none = np.zeros(2)
    field = Field(4, 310, none, none, 8, none, corridors)
    series = _along(field)
    assert series.x.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(series.y, [2, 2, np.nan])
    assert (series.low[1], series.high[1]) == (2, 2)
    assert field.ends.tolist() == [3, 5]


@pytest.mark.parametrize(("quick", "sizes"), [(True, (3, 8)), (False, (5, 64))])
def test_quick_studies_look_at_fewer_members_and_directions(quick: bool, sizes: tuple[int, int]) -> None:
    settings = Settings(quick=quick)
    assert (members_of(settings), directions_of(settings)) == sizes
    assert directions_of(Settings(quick=quick, dataset="mnist")) == 8
