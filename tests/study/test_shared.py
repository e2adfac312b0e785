"""The parts that studies share: which widths decide, bands, and what a result remembers of its origin."""

import numpy as np
import pytest
import torch
from problems import quadratic
from sweeps import sweep_of

from landscape.sampling.solutions import Solution
from landscape.statistics.intervals import mean_of
from landscape.study.settings import Settings
from landscape.study.shared import (
    alive,
    at_width,
    curve,
    main_plan,
    main_run,
    main_sweep,
    pair_of,
    per_example,
    provenance_of,
    rows_of,
    surface_of,
    sweep_words,
)

CALM = sweep_of({"train_loss": np.zeros((1, 4, 2, 3))})


def test_width_4_stands_for_narrow_where_a_sweep_has_it_and_a_wider_one() -> None:
    assert pair_of((2, 4, 512)) == (4, 512)
    assert pair_of((8, 16)) == (8, 16)
    assert pair_of((2, 4)) == (2, 4)
    assert rows_of(CALM) == (2, 3)


def test_parameters_are_counted_per_example() -> None:
    assert per_example(CALM).tolist() == [0.1, 0.2, 0.4, 0.8]


def test_a_curve_is_the_mean_over_members_with_its_interval() -> None:
    values = np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]])
    series = curve("loss", np.array([1.0, 2.0]), values)
    first = mean_of(values[0])
    assert series.y.tolist() == [2, 5]
    assert (series.low[0], series.high[0]) == (first.low, first.high)
    assert (series.low[1], series.high[1]) == (5, 5)


def test_a_number_is_named_by_its_quantity_and_width() -> None:
    number = at_width("barrier", 4, np.array([1.0, 2.0, 3.0]), "nats per example", "pairs", independent=1.5)
    assert (number.name, number.unit) == ("barrier, width 4", "nats per example")
    assert number.how == "Student's t over 3 pairs, 1.5 of them independent"


def test_a_provenance_holds_the_settings_the_facts_and_the_machine() -> None:
    facts = provenance_of(Settings(quick=True, seed=3), **sweep_words(CALM), points=11)
    assert (facts["quick"], facts["seed"], facts["points"], facts["P"]) == (True, 3, 11, [10, 20, 40, 80])
    assert facts["versions"]["torch"] == torch.__version__
    assert facts["machine"]["threads"] == torch.get_num_threads()


def test_a_surface_is_the_same_bit_for_bit_and_complete() -> None:
    solution = Solution(quadratic([1.0, 2.0, 3.0])[0])
    first, second = (surface_of(solution, "plane", seed=3, points=5, extent=0.5) for _ in range(2))
    np.testing.assert_array_equal(first.loss, second.loss)
    assert first.complete
    assert first.loss.shape == (5, 5)


def test_the_shared_sweep_keeps_every_network_as_a_run(small: Settings) -> None:
    sweep, run = main_sweep(small), main_run(small, 48)
    assert main_plan(small).keep
    assert run.final()["train_loss"] == sweep.final("train_loss", "true")[1].tolist()
    assert alive(run) == [0, 1]


@pytest.mark.parametrize("steps", [3, 120])
def test_a_short_training_has_a_checkpoint_a_step_at_most(steps: int) -> None:
    assert main_plan(Settings(quick=True, steps=steps)).recipe.checkpoints == min(25, steps + 1)
