"""Sizes of a plan within a budget of memory, and a plan as text."""

import pytest
import torch
from memory import growth
from problems import coordinates_in, examples, reference, small_mlp

from landscape.engine.plans import Plan, candidates, plain_plan, reading_seldom
from landscape.engine.trial import choose
from landscape.errors import ObjectiveError
from landscape.objective.objective import Objective
from landscape.space.affine import random_plane


def test_a_plan_is_read_back_from_the_words_it_is_stored_in() -> None:
    for plan in (Plan("chain", 255, 1437, 2), Plan("loop", 1, 64)):
        assert Plan.parse(str(plan), plan.block) == plan


def test_half_a_plan_has_half_the_points_then_one_thread_and_half_the_examples_then_nothing_is_left() -> None:
    plan = Plan("chain", 2, 3, 4)
    assert plan.half() == Plan("chain", 1, 3, 4)
    assert plan.half().half() == Plan("chain", 1, 1)
    with pytest.raises(ObjectiveError, match="out of memory on 'chain' with one point and one example"):
        plan.half().half().half()


def test_the_plain_plan_gives_every_thread_a_point_and_its_share_of_the_memory() -> None:
    objective = Objective(small_mlp(64), examples(9))
    per_example = 3 * 64 * 8
    plan = plain_plan(objective, memory=2 * 100 * per_example)
    assert plan == Plan("loop", plan.workers, 100 // plan.workers, plan.workers)
    assert plan.workers == torch.get_num_threads()


def test_candidates_are_different_and_hold_whole_rows_of_a_grid() -> None:
    objective = Objective(small_mlp(), examples(100))
    grid = torch.cartesian_prod(*[torch.arange(31, dtype=torch.float64)] * 2)
    plans = list(candidates(objective, grid, 2**30))
    assert len(plans) == len(set(plans))
    chains = [plan for plan in plans if plan.name == "chain"]
    assert chains
    assert all(plan.block % 31 == 0 for plan in chains)


def test_streamed_data_are_read_once_for_as_many_points_as_fit_a_quarter_of_the_memory() -> None:
    data = [examples(8)]
    resident, again = Objective(small_mlp(), data), Objective(small_mlp(), data, stream=True)
    plan, memory = Plan("loop", 1, 8), 4 * 10 * again.P * 8
    assert reading_seldom(plan, resident, memory) == plan
    assert reading_seldom(plan, again, memory) == Plan("loop", 10, 8)
    assert reading_seldom(plan, again, 2**30).block == 256


def test_terms_of_the_parameters_stand_behind_the_columns_of_every_strategy() -> None:
    terms = {"l2": lambda point: sum(tensor.square().sum() for tensor in point.values())}
    objective = Objective(small_mlp(), examples(9), terms=terms)  # type: ignore[arg-type]
    plane = random_plane(objective)
    points = coordinates_in(plane, 4, 0)
    found = Plan("stacked", 4, 9).build(objective, plane)(points)
    torch.testing.assert_close(found, reference(objective, plane, points), rtol=1e-12, atol=1e-13)


def test_blocks_stay_within_the_memory_budget() -> None:
    objective = Objective(small_mlp(64), examples(1000))
    plane = random_plane(objective)
    small = choose(objective, plane, coordinates_in(plane, 500, 0), memory=2**20, strategy="stacked")
    per_point = 3 * 64 * 8
    assert small.block * small.examples * per_point <= 2**20


def test_sixty_thousand_images_stay_within_the_budget() -> None:
    grown = growth(
        """
        x, y = torch.ones(60000, 784), torch.zeros(60000, dtype=torch.long)
        model = nn.Sequential(nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10))
        before = resident()
        measured(model, x, y, points=2, memory=2**27)
        print(peak() - before)
        """
    )
    assert grown <= 2**27


def test_a_grid_of_a_million_points_stays_within_the_budget() -> None:
    grown = growth(
        """
        from landscape.engine.strategies import STRATEGIES
        import landscape.engine.trial as trial
        from landscape.engine.plans import Plan
        def instant(objective, subspace, examples):
            return lambda coordinates: torch.zeros(len(coordinates), 1, dtype=torch.float64)
        STRATEGIES["loop"] = instant
        trial.candidates = lambda *args: iter([Plan("loop", 65536, 8)])
        before = resident()
        measured(small, torch.randn(8, 4), torch.zeros(8, dtype=torch.long), points=1001, strategy="loop")
        print(peak() - before)
        """
    )
    assert grown <= 2**28
