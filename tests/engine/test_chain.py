"""The network features first, in blocks of examples and of points."""

import pytest
import torch
from problems import Written, coordinates_in, examples, reference, small_mlp
from torch import Tensor

from landscape.engine import chain as chain_module
from landscape.engine.strategies import STRATEGIES
from landscape.objective.objective import Objective
from landscape.space.affine import random_plane


def test_a_stack_written_as_functions_has_the_loss_of_the_model() -> None:
    objective = Objective(Written().eval(), examples(5))
    plane = random_plane(objective)
    points = coordinates_in(plane, 9, 3)
    found = STRATEGIES["chain"](objective, plane, 3)(points)
    torch.testing.assert_close(found, reference(objective, plane, points), rtol=1e-12, atol=1e-13)


def test_a_loss_that_is_not_known_features_first_gets_the_outputs_as_the_model_returns_them() -> None:
    def first_output(outputs: Tensor, targets: Tensor) -> Tensor:
        return outputs[:, 0].mean()

    objective = Objective(small_mlp(), examples(17), loss=first_output)
    plane = random_plane(objective)
    points = coordinates_in(plane, 6, 0)
    found = STRATEGIES["chain"](objective, plane, 5)(points)
    torch.testing.assert_close(found, reference(objective, plane, points), rtol=1e-12, atol=1e-13)


def test_memory_is_kept_from_block_to_block_and_never_returned_to_the_caller() -> None:
    objective = Objective(small_mlp(), examples(17))
    plane = random_plane(objective)
    evaluate = STRATEGIES["chain"](objective, plane, 17)
    first = evaluate(coordinates_in(plane, 6, 0))
    before = first.clone()
    evaluate(coordinates_in(plane, 6, 1))
    assert torch.equal(first, before)


def test_long_inputs_are_evaluated_in_chunks_that_join_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(chain_module.CHUNK_BYTES, "cpu", 1)
    objective = Objective(small_mlp(), examples(200), test=examples(70, seed=5))
    plane = random_plane(objective)
    points = coordinates_in(plane, 4, 0)
    expected = torch.stack(list(objective.evaluate(plane.at(points)).values()), dim=1)
    torch.testing.assert_close(STRATEGIES["chain"](objective, plane, 150)(points), expected, rtol=1e-12, atol=1e-12)
