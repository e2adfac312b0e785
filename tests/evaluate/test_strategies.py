"""Every strategy agrees with one point at a time in float64 to rounding."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import examples, small_cnn, small_mlp
from torch import Tensor, nn

from landscape.errors import InputError
from landscape.evaluate.objective import Objective
from landscape.evaluate.strategies import STRATEGIES, first_layer
from landscape.evaluate.tuning import choose
from landscape.space.subspaces import Subspace, corridor_along, random_line, random_plane

Make = Callable[[Objective, int], Subspace]


def corridor(objective: Objective, seed: int) -> Subspace:
    path = {name: torch.stack([0.5 * tensor, 0.8 * tensor, tensor]) for name, tensor in objective.centre.items()}
    return corridor_along(path, np.array([0.0, 1.0, 10.0]), seed=seed)


SUBSPACES: dict[str, Make] = {
    "line": lambda objective, seed: random_line(objective, seed=seed),
    "plane": lambda objective, seed: random_plane(objective, seed=seed),
    "all parameters": lambda objective, seed: random_plane(objective, seed=seed, ignore="nothing"),
    "corridor": corridor,
}


def coordinates(subspace: Subspace, count: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    dims = 1 if subspace.kind == "line" else 2
    return 3 * torch.rand(count, dims, generator=generator, dtype=torch.float64)


@settings(max_examples=12, deadline=None)
@given(
    width=st.integers(1, 6),
    count=st.integers(1, 5),
    chunk=st.integers(1, 30),
    seed=st.integers(0, 1000),
    kind=st.sampled_from(sorted(SUBSPACES)),
)
def test_every_strategy_agrees_with_the_reference(width: int, count: int, chunk: int, seed: int, kind: str) -> None:
    x, y = examples(17)
    objective = Objective(small_mlp(width, seed=seed), [(x[:10], y[:10]), (x[10:], y[10:])], test=examples(5, seed=3))
    subspace = SUBSPACES[kind](objective, seed)
    points = coordinates(subspace, count, seed)
    expected = torch.stack(list(objective.evaluate(subspace.at(points)).values()), dim=1)
    for name, build in STRATEGIES.items():
        torch.testing.assert_close(
            build(objective, subspace, chunk)(points), expected, rtol=1e-12, atol=1e-12, msg=name
        )


@pytest.mark.parametrize("kind", sorted(SUBSPACES))
@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_convolutions_and_batchnorm_agree_too(name: str, kind: str) -> None:
    objective = Objective(small_cnn(), examples(9, (1, 6, 6)))
    subspace = SUBSPACES[kind](objective, 2)
    points = coordinates(subspace, 4, 0)
    expected = objective.evaluate(subspace.at(points))["train_loss"]
    torch.testing.assert_close(STRATEGIES[name](objective, subspace, 4)(points)[:, 0], expected, rtol=1e-11, atol=1e-12)


class Scaled(nn.Module):
    """The first linear layer does not see the raw input: a parameter stands before it."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(6, 6).double())
        self.layer = nn.Linear(6, 3).double()

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.layer(inputs @ self.scale)
        return outputs


class Twice(nn.Module):
    """The first layer runs twice."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 6).double()

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.layer(self.layer(inputs).relu())
        return outputs


class Tied(nn.Module):
    """Two layers share one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(6, 6).double(), nn.Linear(6, 6).double()
        self.second.weight = self.first.weight

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.second(self.first(inputs).relu())
        return outputs


@pytest.mark.parametrize("model", [Scaled(), Twice(), Tied()])
def test_affine_is_not_used_where_the_first_layer_is_not_free_to_combine(model: nn.Module) -> None:
    objective = Objective(model, examples(5))
    assert first_layer(objective) is None
    plane = random_plane(objective)
    points = coordinates(plane, 40, 1)
    with pytest.raises(InputError, match="'affine' cannot be used here"):
        choose(objective, plane, points, strategy="affine")
    plan = choose(objective, plane, points)
    expected = objective.evaluate(plane.at(points))["train_loss"]
    torch.testing.assert_close(plan.build(objective, plane)(points)[:, 0], expected, rtol=1e-12, atol=1e-13)


def test_the_first_layer_is_found_behind_a_flatten() -> None:
    assert first_layer(Objective(small_mlp(), examples(5))) == "1"
    assert first_layer(Objective(small_cnn(), examples(5, (1, 6, 6)))) == "0"


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_a_strategy_that_is_asked_for_is_taken(name: str) -> None:
    objective = Objective(small_mlp(), examples(30))
    plane = random_plane(objective)
    assert choose(objective, plane, coordinates(plane, 50, 0), strategy=name).name == name


def test_an_unknown_strategy_is_refused() -> None:
    objective = Objective(small_mlp(), examples(5))
    with pytest.raises(InputError, match="expected auto, loop, stacked, affine"):
        choose(objective, random_plane(objective), torch.zeros(3, 2, dtype=torch.float64), strategy="fast")


def test_blocks_stay_within_the_memory_budget() -> None:
    objective = Objective(small_mlp(64), examples(1000))
    plane = random_plane(objective)
    small = choose(objective, plane, coordinates(plane, 500, 0), memory=2**20, strategy="stacked")
    per_point = 3 * 64 * 8
    assert small.block * small.examples * per_point <= 2**20
