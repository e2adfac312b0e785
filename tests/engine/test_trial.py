"""The choice of a plan: by trial, by name, or without a clock."""

import pytest
import torch
from problems import coordinates_in, examples, small_cnn, small_mlp
from torch import Tensor, nn

from landscape.engine import trial
from landscape.engine.plans import Plan
from landscape.engine.strategies import STRATEGIES, Strategy
from landscape.engine.trial import choose
from landscape.errors import InputError
from landscape.objective.objective import Objective
from landscape.space.affine import random_plane
from landscape.space.subspaces import Subspace


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_a_strategy_that_is_asked_for_is_taken(name: str) -> None:
    objective = Objective(small_mlp(), examples(30))
    plane = random_plane(objective)
    assert choose(objective, plane, coordinates_in(plane, 50, 0), strategy=name).name == name


@pytest.mark.parametrize(("model", "shape", "name"), [(small_mlp(), (6,), "chain"), (small_cnn(), (1, 6, 6), "loop")])
def test_a_repeatable_plan_asks_no_clock(
    model: nn.Module, shape: tuple[int, ...], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("landscape.engine.trial._seconds", None)
    objective = Objective(model, examples(20, shape))
    plane = random_plane(objective)
    points = coordinates_in(plane, 30, 0)
    plans = [choose(objective, plane, points, strategy="repeatable") for _ in range(2)]
    assert plans[0] == plans[1]
    assert plans[0].name == name
    found = plans[0].build(objective, plane)(points)
    torch.testing.assert_close(found[:, 0], objective.evaluate(plane.at(points))["train_loss"], rtol=1e-12, atol=1e-13)


def test_an_unknown_strategy_is_refused() -> None:
    objective = Objective(small_mlp(), examples(5))
    with pytest.raises(InputError, match="expected auto, repeatable, loop, stacked, affine, chain, streamed"):
        choose(objective, random_plane(objective), torch.zeros(3, 2, dtype=torch.float64), strategy="fast")


def test_a_strategy_that_disagrees_with_the_loop_is_never_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(objective: Objective, subspace: Subspace, examples: int) -> Strategy:
        return lambda points: torch.zeros(len(points), 2, dtype=torch.float64)

    for name in ("chain", "affine", "stacked"):
        monkeypatch.setitem(STRATEGIES, name, wrong)
    objective = Objective(small_mlp(), examples(30))
    plane = random_plane(objective)
    points = coordinates_in(plane, 50, 0)
    assert choose(objective, plane, points).name == "loop"
    with pytest.raises(InputError, match="its values do not agree with one point at a time"):
        choose(objective, plane, points, strategy="chain")


def test_a_trial_leaves_the_strategy_it_has_built_on_all_examples() -> None:
    objective = Objective(small_mlp(), examples(30))
    plane = random_plane(objective)
    strategies: dict[Plan, Strategy] = {}
    plan = choose(objective, plane, coordinates_in(plane, 50, 0), strategy="stacked", strategies=strategies)
    assert list(strategies) == [plan]


def test_large_data_are_tried_on_a_fraction_that_takes_a_few_hundredths_of_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def seconds(evaluate: Strategy, coordinates: Tensor, objective: Objective) -> float:
        return objective.N / 1000

    monkeypatch.setattr(trial, "_seconds", seconds)
    for num_examples, expected in ((400, 30), (20, 20)):
        objective = Objective(small_mlp(), examples(num_examples))
        plane = random_plane(objective)
        part, total = trial._on_a_fraction(objective, plane, coordinates_in(plane, 50, 0), 2**30)
        assert (part.N, total) == (expected, pytest.approx(num_examples / 1000))
