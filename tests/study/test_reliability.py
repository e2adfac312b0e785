"""Runs that get stuck: a target that can be represented, and who reaches it."""

from collections.abc import Callable

import numpy as np
import pytest
from sweeps import sweep_of

from landscape.records.findings import StudyResult, Sweep
from landscape.study.reliability import _speeds, reliability_plan, share_of, successes
from landscape.study.settings import Settings
from landscape.study.sweep import run_sweep


def two_rates() -> Sweep:
    """Losses of width 1 and 2 at two learning rates, four seeds: the narrow network's best ends at 0.4, so at 0.5."""
    loss = np.full((2, 2, 3, 4), 1.0)
    loss[0, 0, 2] = [0.4, 0.49, 0.51, 0.9]
    loss[1, 0, 2] = [0.6, 0.6, 0.6, np.nan]
    loss[:, 1, 1:] = 0.1
    return sweep_of({"train_loss": loss}, conditions=("0.01", "0.1"))


def test_wide_networks_reach_the_target_more_often(result_of: Callable[[str], StudyResult]) -> None:
    reliability = result_of("reliability")
    narrow, wide = (reliability.number(f"share that succeeds, width {width}").mean for width in (2, 48))
    assert narrow < wide


def test_the_target_is_one_that_a_narrow_network_has_reached(small: Settings) -> None:
    outcome = successes(run_sweep(reliability_plan(small), small.runs, progress=False))
    assert outcome.success[:, 0].any()
    assert np.all(np.isfinite(outcome.steps[outcome.success]))


def test_the_target_is_a_quarter_above_the_best_narrow_run() -> None:
    outcome = successes(two_rates())
    assert outcome.target == pytest.approx(0.5)
    assert outcome.success[0, 0].tolist() == [True, True, False, False]
    assert not outcome.success[1, 0].any()
    assert outcome.success[:, 1].all()


def test_seeds_count_once_however_many_learning_rates_they_are_tried_at() -> None:
    sweep = two_rates()
    share = share_of(sweep, successes(sweep), 1)
    assert share.mean == 2 / 8
    assert "by 4 seeds" in share.how


def test_the_time_to_the_target_leaves_out_seeds_that_never_get_there() -> None:
    sweep = two_rates()
    narrow, wide = _speeds(sweep, successes(sweep), (1, 2))
    assert (narrow.mean, wide.mean) == (2, 1)
    assert "2 seeds that reach it" in narrow.how
