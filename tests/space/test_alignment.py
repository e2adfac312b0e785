"""Alignment undoes a shuffle of hidden units and never changes the function; what cannot be followed is refused."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from landscape.errors import InputError
from landscape.space.alignment import align, permute
from landscape.space.parameters import difference, norm
from landscape.space.units import hidden_units
from landscape.train.networks import NetworkConfig, build


def flattening() -> nn.Sequential:
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 3, 3), nn.PReLU(3), nn.MaxPool2d(2)),
        nn.Sequential(nn.Flatten(), nn.LayerNorm(27), nn.Linear(27, 5), nn.Tanh(), nn.Linear(5, 4)),
    )


def normalized() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AvgPool2d(6), nn.Flatten(), nn.Linear(4, 3)
    )


class Bottleneck(nn.Module):
    """As in ResNet-50: a convolution on the shortcut where the width changes, an addition in place."""

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.narrow, self.wide = nn.Conv2d(inputs, 2, 1), nn.Conv2d(2, units, 1)
        self.each = nn.Conv2d(2, 2, 3, padding=1, groups=2)
        self.shortcut = nn.Conv2d(inputs, units, 1) if inputs != units else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.wide(nn.functional.relu(self.each(self.narrow(x))))
        y += self.shortcut(x)
        return torch.relu(y)


class Own(nn.Module):
    """Not a Sequential: calls of functions, the raw input used twice, layers used again, a view in the end."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.again = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.blocks = nn.Sequential(Bottleneck(4, 4), Bottleneck(4, 6))
        self.hidden, self.last = nn.Linear(6 * 4, 5), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x * 2) + self.again(self.again(self.first(x)))
        y = nn.functional.avg_pool2d(self.blocks(y / 2), 4)
        return self.last(torch.tanh(self.hidden(y.view(y.size(0), -1))))


STACKS: dict[str, Callable[[], nn.Module]] = {
    "mlp": lambda: build(NetworkConfig("mlp", 7), (1, 8, 8), 10, seed=0),
    "deep mlp": lambda: build(NetworkConfig("mlp", 7, 3), (1, 8, 8), 10, seed=0),
    "cnn": lambda: build(NetworkConfig("cnn", 3), (1, 8, 8), 10, seed=0),
    "flattening": flattening,
    "batchnorm": normalized,
    "resnet": lambda: build(NetworkConfig("resnet", 3, 8), (1, 8, 8), 10, seed=0),
    "resnet, deeper": lambda: build(NetworkConfig("resnet", 2, 14), (1, 8, 8), 10, seed=0),
    "resnet, no skip": lambda: build(NetworkConfig("resnet", 3, 8, skip=False), (1, 8, 8), 10, seed=0),
    "own module": Own,
}


def drawn(model: nn.Module, seed: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    state = model.state_dict()
    return {
        name: torch.rand(value.shape, generator=generator, dtype=torch.float64) - (0.0 if "var" in name else 0.5)
        if value.is_floating_point()
        else value
        for name, value in state.items()
    }


@pytest.mark.parametrize("name", STACKS)
def test_an_aligned_network_computes_the_same_function(name: str) -> None:
    model = STACKS[name]().double().eval()
    here, there = drawn(model, 1), drawn(model, 2)
    aligned = align(model, here, to=there).parameters
    x = torch.randn(5, 1, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    before, after = (functional_call(model, state, (x,)) for state in (here, aligned))
    # sums in another order: some units of the last place
    torch.testing.assert_close(after, before, rtol=1e-12, atol=1e-12)
    assert any(not torch.equal(aligned[key], here[key]) for key in here)


@pytest.mark.parametrize("name", STACKS)
def test_an_aligned_network_lies_no_further_away(name: str) -> None:
    model = STACKS[name]().double()
    here, there = drawn(model, 1), drawn(model, 2)
    parameters = dict(model.named_parameters())
    old, new = (
        norm({key: value for key, value in difference(state, there).items() if key in parameters})
        for state in (here, align(model, here, to=there).parameters)
    )
    assert new < old


def test_a_shuffle_of_one_hidden_layer_is_undone_exactly() -> None:
    model = STACKS["mlp"]().double()
    there = drawn(model, 3)
    order = torch.randperm(7, generator=torch.Generator().manual_seed(4))
    here = {**there, "1.weight": there["1.weight"][order], "1.bias": there["1.bias"][order]}
    here["3.weight"] = there["3.weight"][:, order]
    aligned = align(model, here, to=there).parameters
    assert all(torch.equal(aligned[name], there[name]) for name in there)


def test_aligned_to_itself_nothing_moves() -> None:
    model = STACKS["cnn"]().double()
    here = drawn(model, 5)
    aligned = align(model, here, to=here).parameters
    assert all(torch.equal(aligned[name], here[name]) for name in here)


def test_a_shuffled_residual_network_is_found_again() -> None:
    model = STACKS["resnet"]().double()
    there = drawn(model, 3)
    structure = hidden_units(model)
    generator = np.random.default_rng(4)
    shuffled = {**there, **permute(structure, there, [generator.permutation(size) for size in structure.sizes])}
    found = align(model, shuffled, to=there)
    assert found.converged
    assert found.sweeps >= 1
    assert found.distance[0] > found.distance[1] == 0
    assert all(torch.equal(found.parameters[name], there[name]) for name in there)


def test_restarts_never_make_it_worse_and_depend_on_the_seed_alone() -> None:
    model = STACKS["deep mlp"]().double()
    here, there = drawn(model, 1), drawn(model, 2)
    alone, more, again = (align(model, here, to=there, restarts=restarts) for restarts in (0, 8, 8))
    assert (alone.attempts, more.attempts) == (1, 9)
    assert more.distance[1] <= alone.distance[1]
    assert all(torch.equal(more.parameters[name], again.parameters[name]) for name in here)


def test_other_shapes_missing_tensors_and_diverged_weights_are_refused() -> None:
    model = STACKS["mlp"]().double()
    state = drawn(model, 1)
    with pytest.raises(InputError, match="has shapes"):
        align(model, state, to={**state, "1.weight": state["1.weight"][:3]})
    with pytest.raises(InputError, match="missing"):
        align(model, {name: value for name, value in state.items() if name != "1.bias"}, to=state)
    with pytest.raises(InputError, match="not finite"):
        align(model, {**state, "1.bias": state["1.bias"] * torch.nan}, to=state)
