"""Every strategy agrees with one point at a time in float64 to rounding."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import examples, small_cnn, small_mlp
from torch import Tensor, nn

from landscape.engine import chain as chain_module
from landscape.engine.first_layer import first_layer
from landscape.engine.plans import Plan
from landscape.engine.stack import plain_stack
from landscape.engine.strategies import STRATEGIES
from landscape.engine.trial import choose
from landscape.errors import InputError
from landscape.objective.objective import Objective
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


class Written(nn.Module):
    """A plain stack written as a forward method, functions and methods instead of modules."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = (nn.Linear(*s).double() for s in ((6, 4), (4, 5), (5, 3)))

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = torch.relu(self.first(inputs.flatten(1))).tanh()
        outputs: Tensor = self.third(nn.functional.gelu(self.second(hidden), approximate="tanh"))
        return outputs


class Residual(nn.Module):
    """A hidden layer whose input is added to its output."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(6, 6).double(), nn.Linear(6, 6).double()

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.first(inputs)
        return hidden + self.second(hidden).relu()  # type: ignore[no-any-return]


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
    expected = torch.stack(list(objective.evaluate(subspace.at(points)).values()), dim=1)
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
    points = coordinates(subspace, 5, 0)
    expected = torch.stack(list(objective.evaluate(subspace.at(points)).values()), dim=1)
    for name in (name for name in STRATEGIES if name != "chain" and usable(name, subspace)):
        found = Plan(name, 5, chunk, workers).build(objective, subspace)(points)
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12, msg=name)


def test_a_plain_stack_is_recognized_however_it_is_written() -> None:
    assert len(plain_stack(Objective(Written().eval(), examples(5))).linear) == 2  # type: ignore[union-attr]
    objective = Objective(Written().eval(), examples(5))
    plane = random_plane(objective)
    points = coordinates(plane, 9, 3)
    expected = objective.evaluate(plane.at(points))["train_loss"]
    found = STRATEGIES["chain"](objective, plane, 3)(points)[:, 0]
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("model", "shape"), [(Residual(), (6,)), (Twice(), (6,)), (Tied(), (6,)), (small_cnn(), (1, 6, 6))]
)
def test_what_is_no_plain_stack_is_not_taken_for_one(model: nn.Module, shape: tuple[int, ...]) -> None:
    objective = Objective(model.eval(), examples(5, shape))
    assert plain_stack(objective) is None
    with pytest.raises(InputError, match="'chain' cannot be used here: the network is no plain stack"):
        choose(objective, random_plane(objective), torch.zeros(3, 2, dtype=torch.float64), strategy="chain")


def test_a_softmax_between_layers_mixes_features_and_is_refused() -> None:
    model = nn.Sequential(nn.Linear(6, 4), nn.Softmax(dim=1), nn.Linear(4, 3)).double().eval()
    assert plain_stack(Objective(model, examples(5))) is None


def test_long_inputs_are_evaluated_in_chunks_that_join_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(chain_module.CHUNK_BYTES, "cpu", 1)
    objective = Objective(small_mlp(), examples(200), test=examples(70, seed=5))
    plane = random_plane(objective)
    points = coordinates(plane, 4, 0)
    expected = torch.stack(list(objective.evaluate(plane.at(points)).values()), dim=1)
    torch.testing.assert_close(STRATEGIES["chain"](objective, plane, 150)(points), expected, rtol=1e-12, atol=1e-12)


def test_threads_leave_the_number_of_threads_and_the_model_alone() -> None:
    objective = Objective(small_mlp(), examples(20))
    before, model = torch.get_num_threads(), objective.model
    weights = [parameter.clone() for parameter in model.parameters()]
    plane = random_plane(objective)
    Plan("loop", 4, 20, 2).build(objective, plane)(coordinates(plane, 4, 0))
    assert torch.get_num_threads() == before
    assert all(torch.equal(a, b) for a, b in zip(weights, model.parameters(), strict=True))


def test_a_plan_is_read_back_from_the_words_it_is_stored_in() -> None:
    for plan in (Plan("chain", 255, 1437, 2), Plan("loop", 1, 64)):
        assert Plan.parse(str(plan), plan.block) == plan


def usable(name: str, subspace: Subspace) -> bool:
    return name != "streamed" or subspace.kind != "corridor"


class Borrowed(nn.Module):
    """The second use of a weight is outside the layer that owns it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 6).double()

    def forward(self, inputs: Tensor) -> Tensor:
        return nn.functional.linear(self.layer(inputs).relu(), self.layer.weight)


def test_streaming_refuses_a_weight_used_outside_its_layer() -> None:
    objective = Objective(Borrowed().eval(), examples(5))
    with pytest.raises(InputError, match=r"'layer\.weight' is used outside the layer that owns it"):
        choose(objective, random_plane(objective), torch.zeros(3, 2, dtype=torch.float64), strategy="streamed")


def test_streaming_moves_tied_weights_together() -> None:
    objective = Objective(Tied().eval(), examples(5))
    plane = random_plane(objective, stored=False)
    points = coordinates(plane, 4, 1)
    plan = choose(objective, plane, points)
    assert plan.name == "streamed"
    found = plan.build(objective, plane)(points)[:, 0]
    torch.testing.assert_close(found, objective.evaluate(plane.at(points))["train_loss"], rtol=1e-12, atol=1e-13)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in objective.model.modules())


def test_a_direction_drawn_again_is_the_stored_one_bit_for_bit() -> None:
    objective = Objective(small_cnn(), examples(5, (1, 6, 6)))
    stored, again = (random_plane(objective, seed=4, ignore="nothing", stored=s) for s in (True, False))
    assert stored.recipe == again.recipe


@pytest.mark.parametrize(("model", "shape", "name"), [(small_mlp(), (6,), "chain"), (small_cnn(), (1, 6, 6), "loop")])
def test_a_repeatable_plan_asks_no_clock(
    model: nn.Module, shape: tuple[int, ...], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("landscape.engine.trial._seconds", None)
    objective = Objective(model, examples(20, shape))
    plane = random_plane(objective)
    points = coordinates(plane, 30, 0)
    plans = [choose(objective, plane, points, strategy="repeatable") for _ in range(2)]
    assert plans[0] == plans[1]
    assert plans[0].name == name
    found = plans[0].build(objective, plane)(points)
    torch.testing.assert_close(found[:, 0], objective.evaluate(plane.at(points))["train_loss"], rtol=1e-12, atol=1e-13)


def test_an_unknown_strategy_is_refused() -> None:
    objective = Objective(small_mlp(), examples(5))
    with pytest.raises(InputError, match="expected auto, repeatable, loop, stacked, affine, chain, streamed"):
        choose(objective, random_plane(objective), torch.zeros(3, 2, dtype=torch.float64), strategy="fast")


def test_blocks_stay_within_the_memory_budget() -> None:
    objective = Objective(small_mlp(64), examples(1000))
    plane = random_plane(objective)
    small = choose(objective, plane, coordinates(plane, 500, 0), memory=2**20, strategy="stacked")
    per_point = 3 * 64 * 8
    assert small.block * small.examples * per_point <= 2**20
