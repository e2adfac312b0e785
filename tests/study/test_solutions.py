"""Walls between solutions and directions that are free, at narrow and at wide width."""

from collections.abc import Callable

import pytest
from problems import quadratic

from landscape.records.findings import StudyResult
from landscape.statistics.intervals import independent_pairs
from landscape.study.solutions import _barrier, _distance, independent_of


def test_barriers_fall_and_free_directions_grow_with_width(result_of: Callable[[str], StudyResult]) -> None:
    solutions = result_of("solutions")
    narrow, wide = (solutions.number(f"barrier, width {width}").mean for width in (2, 48))
    assert narrow > wide
    narrow, wide = (solutions.number(f"open free directions, width {width}").mean for width in (2, 48))
    assert narrow < wide


def test_a_ring_of_pairs_counts_for_less_than_half_of_them() -> None:
    assert independent_of(8) == pytest.approx(8 / 2 * 6 / 7)
    assert independent_of(8) == independent_pairs([(k, (k + 1) % 8) for k in range(8)])
    assert independent_of(1) is None


def test_distances_are_relative_to_the_norms_of_both_ends() -> None:
    (first, _), (second, _) = (quadratic([1.0, 2.0], centre=centre) for centre in ([1.0, 0.0], [0.0, 4.0]))
    assert _distance(first, first, False) == 0
    assert _distance(first, second, False) == pytest.approx(17**0.5 / 2)


def test_a_convex_loss_has_no_barrier() -> None:
    (first, _), (second, _) = (quadratic([1.0, 2.0], centre=centre) for centre in ([1.0, 0.0], [0.0, 4.0]))
    assert _barrier(first, second, False) == pytest.approx(0, abs=1e-12)
