import pytest
import torch
from problems import examples, small_mlp
from torch import nn

from landscape.errors import InputError
from landscape.measures.ranges import chunk_examples, rank_bounds
from landscape.objective.objective import Objective

# forward mode warns of itself
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")


def linear(rank: int, features: int = 40, outputs: int = 3) -> tuple[Objective, list[torch.Tensor]]:
    """A linear model on inputs of that rank: its Jacobian has outputs x rank singular values that are not zero."""
    inputs = examples(60, (rank,))[0] @ examples(rank, (features,), seed=5)[0]
    model = nn.Sequential(nn.Linear(features, outputs, bias=False)).double()
    objective = Objective(model, (inputs, model(inputs).detach()), loss=nn.functional.mse_loss)
    return objective, list(inputs.split(25))


def test_random_vectors_that_exhaust_the_range_give_the_rank_itself() -> None:
    objective, chunks = linear(rank=5)
    bounds = rank_bounds(objective, chunks, sketch=None, memory=2**30)
    assert (bounds.low, bounds.high) == (15, 15)
    assert bounds.residual <= bounds.tolerance
    dense = torch.cat(chunks)
    exact = torch.linalg.svdvals(torch.kron(torch.eye(3, dtype=torch.float64), dense))
    torch.testing.assert_close(bounds.values[:15], exact[:15], rtol=1e-9, atol=0)


def test_too_few_vectors_bound_the_rank_from_both_sides() -> None:
    objective, chunks = linear(rank=20)
    bounds = rank_bounds(objective, chunks, sketch=32, memory=2**30)
    assert bounds.low == bounds.sketch == 32
    assert bounds.low <= 60 <= bounds.high
    assert bounds.residual > bounds.tolerance


def test_the_residual_bounds_what_the_vectors_miss() -> None:
    objective, chunks = linear(rank=20)
    bounds = rank_bounds(objective, chunks, sketch=32, memory=2**30)
    exact = torch.linalg.svdvals(torch.kron(torch.eye(3, dtype=torch.float64), torch.cat(chunks)))
    # no basis of 32 vectors misses less than the 33rd singular value
    assert bounds.residual >= exact[32]


def test_memory_for_less_than_a_block_is_refused() -> None:
    objective, chunks = linear(rank=20)
    with pytest.raises(InputError, match="bounds on the rank of a 180 x 120 Jacobian need"):
        rank_bounds(objective, chunks, sketch=None, memory=1000)


def test_chunks_shrink_as_outputs_grow() -> None:
    few, many = (Objective(small_mlp(3, classes=classes), examples(5)) for classes in (3, 3000))
    assert chunk_examples(few) > chunk_examples(many) >= 16
