"""Values of a loss at two points: exact where the model can, in its own precision elsewhere."""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from landscape.errors import InputError
from landscape.objective.batches import Batch, Split
from landscape.objective.probes import MOST_COPIED, number_of, values_near

BATCH = (torch.ones(3, 2), torch.zeros(3))
SPLIT = Split("train", (BATCH,), 3)


def dtype_of(state: Mapping[str, Tensor], batch: Batch) -> float:
    """The size of a number of the state and of the inputs, in bytes."""
    return float(state["weight"].element_size() + 10 * batch[0].element_size())


def test_the_loss_is_taken_in_float64_at_two_points() -> None:
    state = {"weight": torch.ones(4), "count": torch.tensor(3)}
    values = values_near(dtype_of, state, SPLIT)
    assert [value(BATCH) for value in values] == [88.0, 88.0]
    weights = values_near(lambda point, _: float(point["weight"].sum()), state, SPLIT)
    centre, moved = (value(BATCH) for value in weights)
    assert centre == 4.0
    assert abs(moved - 4.0) > 0.01


def test_code_that_cannot_do_float64_is_run_as_it_is() -> None:
    def value(state: Mapping[str, Tensor], batch: Batch) -> float:
        if state["weight"].dtype != torch.float32:
            raise RuntimeError("expected scalar type Double but found Float")
        return dtype_of(state, batch)

    assert values_near(value, {"weight": torch.ones(4)}, SPLIT)[0](BATCH) == 44.0


def test_a_large_network_is_not_copied() -> None:
    values = values_near(dtype_of, {"weight": torch.zeros(MOST_COPIED + 1)}, SPLIT)
    assert [value(BATCH) for value in values] == [44.0]


def test_a_loss_is_one_number() -> None:
    assert number_of(torch.tensor(2.0)) == 2.0
    with pytest.raises(InputError, match=r"one number, a mean over its examples; got shape \(3,\)"):
        number_of(torch.zeros(3))
