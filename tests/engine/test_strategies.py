"""Every strategy agrees with one point at a time in float64 to rounding."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import SUBSPACES, coordinates_in, examples, reference, small_cnn, small_mlp
from torch import nn

from landscape.engine.plans import Plan
from landscape.engine.strategies import STRATEGIES
from landscape.objective.objective import Objective
from landscape.space.subspaces import Subspace


def usable(name: str, subspace: Subspace) -> bool:
    return name != "streamed" or subspace.kind != "corridor"


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
    points = coordinates_in(subspace, count, seed)
    expected = reference(objective, subspace, points)
    for name, build in STRATEGIES.items():
        if usable(name, subspace):
            torch.testing.assert_close(
                build(objective, subspace, chunk)(points), expected, rtol=1e-12, atol=1e-12, msg=name
            )


@pytest.mark.parametrize("kind", sorted(SUBSPACES))
@pytest.mark.parametrize("name", sorted(set(STRATEGIES) - {"chain"}))
def test_convolutions_and_batchnorm_agree_too(name: str, kind: str) -> None:
    objective = Objective(small_cnn(), examples(9, (1, 6, 6)))
    subspace = SUBSPACES[kind](objective, 2)
    if not usable(name, subspace):
        pytest.skip("a corridor cannot be streamed")
    points = coordinates_in(subspace, 4, 0)
    expected = objective.evaluate(subspace.at(points))["train_loss"]
    torch.testing.assert_close(STRATEGIES[name](objective, subspace, 4)(points)[:, 0], expected, rtol=1e-11, atol=1e-12)


ACTIVATIONS = [nn.ReLU(), nn.Tanh(), nn.GELU(), nn.SiLU(), nn.ELU(), nn.Softplus(), nn.LeakyReLU(0.2), nn.Identity()]


@settings(max_examples=25, deadline=None)
@given(
    widths=st.lists(st.integers(1, 6), max_size=3),
    activation=st.sampled_from(ACTIVATIONS),
    bias=st.booleans(),
    chunk=st.integers(1, 30),
    workers=st.integers(1, 3),
    grid=st.tuples(st.integers(1, 4), st.integers(1, 5)),
    kind=st.sampled_from(sorted(SUBSPACES)),
)
def test_random_perceptrons_agree_by_every_strategy_and_on_threads(
    widths: list[int], activation: nn.Module, bias: bool, chunk: int, workers: int, grid: tuple[int, int], kind: str
) -> None:
    torch.manual_seed(sum(widths))
    layers: list[nn.Module] = [nn.Flatten()]
    for before, after in itertools.pairwise([6, *widths, 3]):
        layers += [nn.Linear(before, after, bias=bias), activation]
    x, y = examples(17)
    objective = Objective(nn.Sequential(*layers[:-1]).double().eval(), [(x[:10], y[:10]), (x[10:], y[10:])])
    subspace = SUBSPACES[kind](objective, 1)
    points = torch.cartesian_prod(*(torch.linspace(-1, 2, n, dtype=torch.float64) for n in grid))
    points = points[:, :1] if kind == "line" else points
    expected = reference(objective, subspace, points)
    for name in (name for name in STRATEGIES if usable(name, subspace)):
        found = Plan(name, 7, chunk, workers).build(objective, subspace)(points)
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12, msg=name)


@settings(max_examples=8, deadline=None)
@given(
    channels=st.lists(st.integers(1, 4), min_size=1, max_size=2),
    stride=st.integers(1, 2),
    norm=st.booleans(),
    chunk=st.integers(1, 12),
    workers=st.integers(1, 2),
    kind=st.sampled_from(sorted(SUBSPACES)),
)
def test_random_convolutional_networks_agree_by_every_strategy_and_on_threads(
    channels: list[int], stride: int, norm: bool, chunk: int, workers: int, kind: str
) -> None:
    torch.manual_seed(sum(channels))
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise([2, *channels]):
        layers += [nn.Conv2d(before, after, 3, stride, 1), nn.BatchNorm2d(after) if norm else nn.Identity(), nn.ReLU()]
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels[-1], 3)).double().eval()
    x, y = examples(9, (2, 5, 4))
    objective = Objective(model, [(x[:5], y[:5]), (x[5:], y[5:])])
    subspace = SUBSPACES[kind](objective, 1)
    points = coordinates_in(subspace, 5, 0)
    expected = reference(objective, subspace, points)
    for name in (name for name in STRATEGIES if name != "chain" and usable(name, subspace)):
        found = Plan(name, 5, chunk, workers).build(objective, subspace)(points)
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12, msg=name)
