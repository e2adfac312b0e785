"""Fitting the training data: narrow networks cannot, wide ones can."""

from collections.abc import Callable

from landscape.records.findings import StudyResult


def test_narrow_networks_make_training_errors_and_wide_ones_none(result_of: Callable[[str], StudyResult]) -> None:
    fit = result_of("fit")
    assert fit.number("training error, width 2").mean > 0.1
    assert fit.number("training error, width 48").mean == 0
    assert [fit.number(f"networks without a training error, width {width}").mean for width in (2, 48)] == [0, 1]
    # two members of each: Wilson's intervals of 0 and 2 of 2 overlap
    assert fit.verdict == "undecided"


def test_the_threshold_lies_between_two_widths_of_the_sweep(result_of: Callable[[str], StudyResult]) -> None:
    limit = result_of("fit").number("interpolation threshold")
    assert limit.low < limit.mean < limit.high


def test_the_figure_shows_both_splits_against_parameters_per_example(result_of: Callable[[str], StudyResult]) -> None:
    errors, losses = result_of("fit").plots
    assert [series.label for series in errors.series] == ["training error", "test error"]
    assert losses.y_scale == "log"
    assert [mark.label for mark in errors.marks] == ["P = N", "P = N K", "threshold"]
