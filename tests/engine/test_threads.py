"""A block of points on several threads."""

import torch
from problems import coordinates_in, examples, small_mlp

from landscape.engine.plans import Plan
from landscape.engine.threads import on_threads
from landscape.objective.objective import Objective
from landscape.space.affine import random_plane


def test_threads_leave_the_number_of_threads_and_the_model_alone() -> None:
    objective = Objective(small_mlp(), examples(20))
    before, model = torch.get_num_threads(), objective.model
    weights = [parameter.clone() for parameter in model.parameters()]
    plane = random_plane(objective)
    Plan("loop", 4, 20, 2).build(objective, plane)(coordinates_in(plane, 4, 0))
    assert torch.get_num_threads() == before
    assert all(torch.equal(a, b) for a, b in zip(weights, model.parameters(), strict=True))


def test_the_parts_of_a_block_come_back_in_their_order_also_where_there_are_fewer_points_than_threads() -> None:
    objective = Objective(small_mlp(), examples(5))
    evaluate = on_threads(lambda twin: lambda part: 10 * part, objective, 3)
    for count in (1, 2, 3, 7):
        points = torch.arange(2.0 * count, dtype=torch.float64).reshape(count, 2)
        assert torch.equal(evaluate(points), 10 * points)


def test_every_thread_has_a_model_of_its_own_with_the_tensors_of_the_users_and_keeps_it() -> None:
    objective, twins = Objective(small_mlp(), examples(5)), []
    for _ in range(2):
        on_threads(lambda twin: twins.append(twin) or twin.at_centre, objective, 2)  # type: ignore[func-returns-value]
    first, second, *again = twins
    assert again == [first, second]
    assert len({id(model) for model in (objective.model, first.model, second.model)}) == 3
    pairs = zip(objective.model.parameters(), first.model.parameters(), strict=True)
    assert all(mine is theirs for mine, theirs in pairs)
