"""Narrower tensors of a user's own code become wide where they are used."""

import pytest
import torch
from torch import nn

from landscape.objective.promotion import Promotion

WIDE = torch.float64
ONE = torch.ones(2, 2)


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: torch.zeros(2) + x,
        lambda x: x.float(),
        lambda x: x.to(torch.float32),
        lambda x: x.to(dtype=torch.bfloat16),
        lambda x: x.type_as(ONE),
        lambda x: x @ ONE,
        lambda x: torch.cat([ONE, ONE]) + x[0],
        lambda x: nn.functional.linear(ONE, x),
        lambda x: nn.functional.softmax(x, dim=1, dtype=torch.float32),
        lambda x: torch.max(ONE, dim=1)[0] + x[0],
        lambda x: torch.full((2,), 0.5) * x,
    ],
)
def test_whatever_is_computed_is_wide(compute) -> None:
    with Promotion(WIDE):
        assert compute(torch.ones(2, 2, dtype=WIDE)).dtype == WIDE


def test_whole_numbers_and_their_dtypes_stay() -> None:
    with Promotion(WIDE):
        assert (torch.arange(3) * 2).dtype == torch.int64
        assert torch.ones(2, dtype=WIDE).to(torch.int32).dtype == torch.int32


def test_what_is_written_into_a_tensor_is_in_it() -> None:
    narrow = torch.zeros(3)
    with Promotion(WIDE):
        narrow.add_(torch.ones(3, dtype=WIDE))
        narrow[0] = 5.0
        torch.ones(3, dtype=WIDE).cumsum(0).sub_(narrow)
    assert narrow.tolist() == [5.0, 1.0, 1.0]
    assert narrow.dtype == torch.float32


def test_gradients_reach_the_narrow_tensor() -> None:
    point = torch.tensor(3.0, requires_grad=True)
    with Promotion(WIDE):
        (slope,) = torch.autograd.grad(point * point * torch.tensor(2.0, dtype=WIDE), point)
    assert float(slope) == 12.0


def test_nothing_is_promoted_afterwards() -> None:
    with Promotion(WIDE):
        pass
    assert torch.zeros(1).dtype == torch.float32
