"""From tunnel to field, width by width on one scale."""

from collections.abc import Callable

import numpy as np

from landscape.records.findings import StudyResult
from landscape.study.morph import _steadily, _trend

OPENING = np.array([[0.1, 0.11, 0.1], [0.5, 0.51, 0.5], [0.9, 0.89, 0.9]])


def test_the_corridor_opens_as_the_width_grows(result_of: Callable[[str], StudyResult]) -> None:
    morph = result_of("morph")
    narrow, wide = (morph.number(f"open share of the corridor, width {width}").mean for width in (2, 48))
    assert narrow < wide


def test_all_surfaces_stand_on_one_scale(result_of: Callable[[str], StudyResult]) -> None:
    surfaces = result_of("morph").surfaces
    assert [surface.kind for surface in surfaces] == ["corridor"] * 2 + ["plane"] * 2
    assert {(surface.beta.values[0], surface.beta.values[-1]) for surface in surfaces} == {(-2.0, 2.0)}


def test_the_trend_is_the_rank_correlation_of_every_member() -> None:
    assert _trend(OPENING).mean == 1
    assert _trend(OPENING[::-1]).mean == -1


def test_one_step_that_falls_refutes_a_steady_opening_and_one_overlap_leaves_it_open() -> None:
    widths = [2, 4, 8]
    assert _steadily(widths, OPENING).verdict == "agrees"
    assert _steadily(widths, OPENING[[1, 0, 2]]).verdict == "disagrees"
    blurred = _steadily(widths, OPENING[[0, 0, 2]])
    assert blurred.verdict == "undecided"
    assert "rises at 1, falls at 0, and at 1 the intervals overlap" in blurred.text
