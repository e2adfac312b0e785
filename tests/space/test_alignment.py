"""Alignment undoes a shuffle of hidden units and never changes the function; what is no plain stack is refused."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from landscape.errors import InputError
from landscape.space.alignment import align
from landscape.space.parameters import difference, norm
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


STACKS: dict[str, Callable[[], nn.Module]] = {
    "mlp": lambda: build(NetworkConfig("mlp", 7), (1, 8, 8), 10, seed=0),
    "deep mlp": lambda: build(NetworkConfig("mlp", 7, 3), (1, 8, 8), 10, seed=0),
    "cnn": lambda: build(NetworkConfig("cnn", 3), (1, 8, 8), 10, seed=0),
    "flattening": flattening,
    "batchnorm": normalized,
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
    aligned = align(model, here, to=there)
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
        for state in (here, align(model, here, to=there))
    )
    assert new < old


def test_a_shuffle_of_one_hidden_layer_is_undone_exactly() -> None:
    model = STACKS["mlp"]().double()
    there = drawn(model, 3)
    order = torch.randperm(7, generator=torch.Generator().manual_seed(4))
    here = {**there, "1.weight": there["1.weight"][order], "1.bias": there["1.bias"][order]}
    here["3.weight"] = there["3.weight"][:, order]
    aligned = align(model, here, to=there)
    assert all(torch.equal(aligned[name], there[name]) for name in there)


def test_aligned_to_itself_nothing_moves() -> None:
    model = STACKS["cnn"]().double()
    here = drawn(model, 5)
    aligned = align(model, here, to=here)
    assert all(torch.equal(aligned[name], here[name]) for name in here)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (build(NetworkConfig("resnet", 2, 8), (1, 8, 8), 10, seed=0), "ResidualBlock"),
        (nn.Sequential(nn.Conv2d(2, 4, 3), nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 2, 3)), "grouped"),
        (nn.Sequential(nn.Linear(2, 4), nn.Softmax(1), nn.Linear(4, 2)), "Softmax"),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.Linear(4, 2)), "does not read"),
    ],
)
def test_what_is_no_plain_stack_is_refused(model: nn.Module, message: str) -> None:
    state = dict(model.state_dict())
    with pytest.raises(InputError, match=message):
        align(model, state, to=state)


def test_other_shapes_missing_tensors_and_diverged_weights_are_refused() -> None:
    model = STACKS["mlp"]().double()
    state = drawn(model, 1)
    with pytest.raises(InputError, match="has shapes"):
        align(model, state, to={**state, "1.weight": state["1.weight"][:3]})
    with pytest.raises(InputError, match="missing"):
        align(model, {name: value for name, value in state.items() if name != "1.bias"}, to=state)
    with pytest.raises(InputError, match="not finite"):
        align(model, {**state, "1.bias": state["1.bias"] * torch.nan}, to=state)
