"""Every point starts from the same state: what a forward writes, keeps or counts does not reach the next one."""

import copy
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from landscape.errors import LandscapeError, ObjectiveError
from landscape.objective.carry import Carry
from landscape.objective.objective import Objective
from landscape.sampling.grid import sample
from landscape.space.affine import random_plane

X, Y = torch.randn(60, 4, generator=torch.Generator().manual_seed(0)), torch.arange(60) % 3


class Net(nn.Module):
    """Two layers with something between that a subclass says."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.first, self.last = nn.Linear(4, 16), nn.Linear(16, 3)
        for parameter in self.parameters():
            parameter.data.normal_(0, 0.5, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.between(torch.relu(self.first(x))))  # type: ignore[no-any-return]

    def between(self, features: Tensor) -> Tensor:
        return features


class Observing(Net):
    """Observers of quantization-aware training, left on in evaluation mode."""

    def __init__(self) -> None:
        super().__init__()
        from torch.ao.quantization import FakeQuantize, MinMaxObserver

        self.quantize = FakeQuantize(observer=MinMaxObserver, quant_min=0, quant_max=15, dtype=torch.quint8)

    def between(self, features: Tensor) -> Tensor:
        return self.quantize(features)  # type: ignore[no-any-return]


class Running(Net):
    """A running scale in a buffer, by which features are divided."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", torch.ones(()))

    def between(self, features: Tensor) -> Tensor:
        self.scale.mul_(0.5).add_(0.5 * features.detach().abs().mean())  # type: ignore[operator]
        return features / self.scale


class Recurrent(Net):
    """A state that is kept as a plain attribute from call to call."""

    def __init__(self) -> None:
        super().__init__()
        self.state: Tensor | None = None

    def between(self, features: Tensor) -> Tensor:
        mean = features.mean(0)
        self.state = mean if self.state is None else 0.5 * self.state + mean
        return features + self.state


class InPlaceAttribute(Net):
    def __init__(self) -> None:
        super().__init__()
        self.state = torch.zeros(16)

    def between(self, features: Tensor) -> Tensor:
        self.state.add_(features.detach().mean(0))
        return features + self.state


class Counting(Net):
    """A schedule that counts calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.log = 0, [0.0]

    def between(self, features: Tensor) -> Tensor:
        self.calls += 1
        self.log.append(self.calls + self.log[-1])
        return features * (1 + 0.1 * self.calls + 0.01 * len(self.log))


class Caching(Net):
    """A cache of something that depends on the parameters, made on the first call."""

    def between(self, features: Tensor) -> Tensor:
        if not hasattr(self, "cache"):
            self.cache = self.first.weight.detach().square().mean()
        return features * self.cache


class Renormalizing(Net):
    """An embedding that shortens its rows in place."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(5, 16, max_norm=0.3)
        self.table.weight.data.normal_(generator=torch.Generator().manual_seed(2))

    def between(self, features: Tensor) -> Tensor:
        return features + self.table(torch.arange(len(features), device=features.device) % 5)


class Scaling(Net):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.mul_(2.0))


class Centring(Net):
    def forward(self, x: Tensor) -> Tensor:
        x -= x.mean(0)
        return super().forward(x)


def spectral() -> nn.Module:
    model = Net()
    nn.utils.parametrizations.spectral_norm(model.first)
    return model


NETWORKS: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "observers": (Observing, "quantize.activation_post_process.max_val"),
    "spectral norm in train mode": (spectral, "first.parametrizations.weight.0._u"),
    "running buffer": (Running, "scale"),
    "recurrent": (Recurrent, "state"),
    "attribute in place": (InPlaceAttribute, "state"),
    "counter": (Counting, "calls"),
    "cache": (Caching, "cache"),
    "embedding with max_norm": (Renormalizing, "table.weight"),
    "input in place": (Scaling, "the input"),
    "centred input": (Centring, "the input"),
}


def build(name: str) -> nn.Module:
    torch.manual_seed(0)
    model = NETWORKS[name][0]()
    return model.train() if "train mode" in name else model.eval()


def state_of(model: nn.Module) -> dict[str, Any]:
    """Everything a forward could change, as bits."""
    plain = {
        f"{path}.{key}": value.tolist() if isinstance(value, Tensor) else copy.copy(value)
        for path, module in model.named_modules()
        for key, value in vars(module).items()
        if not key.startswith("_") and (isinstance(value, Tensor | int | float | list) or value is None)
    }
    return plain | {name: tensor.tolist() for name, tensor in model.state_dict().items()}


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.ao says that it is to move
        yield


@pytest.mark.parametrize("name", NETWORKS)
def test_what_moves_is_named_and_nothing_of_the_users_changes(name: str) -> None:
    model, x = build(name), X.clone()
    before, plain = state_of(model), cross_entropy(copy.deepcopy(model)(X.clone()), Y).item()
    objective = Objective(model, (x, Y))
    assert NETWORKS[name][1] in objective.carry.names
    assert objective.at_centre()["train_loss"] == pytest.approx(plain, rel=1e-6)
    sample(objective, random_plane(objective), points=3, extent=2.0, rays=0, progress=False)
    assert objective.at_centre()["train_loss"] == pytest.approx(plain, rel=1e-6)
    assert torch.equal(x, X)
    assert state_of(model) == before


@pytest.mark.parametrize("name", NETWORKS)
def test_points_in_another_order_have_the_same_bits_and_those_of_a_fresh_model(name: str) -> None:
    objective = Objective(build(name), (X.clone(), Y))
    plane = random_plane(objective)
    grid = torch.cartesian_prod(*2 * [torch.linspace(-2, 2, 3, dtype=torch.float64)])
    points = plane.at(grid)
    forth = objective.evaluate(points)["train_loss"]
    back = objective.evaluate({key: value.flip(0) for key, value in points.items()})["train_loss"]
    assert torch.equal(forth, back.flip(0))
    for k in (0, 5):
        fresh = build(name)
        fresh.load_state_dict({key: value[k] for key, value in points.items()}, strict=False)
        assert forth[k].item() == pytest.approx(cross_entropy(fresh(X.clone()), Y).item(), rel=1e-5)


@pytest.mark.parametrize("strategy", ["loop", "stacked", "affine", "chain", "streamed", "repeatable"])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_strategy_is_right_or_refused(name: str, strategy: str) -> None:
    objective = Objective(build(name), (X.clone(), Y))
    plane = random_plane(objective, stored=strategy != "streamed")
    grid = torch.cartesian_prod(*2 * [torch.linspace(-2, 2, 3, dtype=torch.float64)])
    values = objective.evaluate(plane.at(grid))["train_loss"].reshape(3, 3)
    try:
        surface = sample(objective, plane, points=3, extent=2.0, rays=0, progress=False, strategy=strategy)
    except LandscapeError:
        assert strategy not in ("loop", "repeatable")
        return
    assert torch.tensor(surface.metrics["train_loss"]).allclose(values, rtol=1e-5)


def test_a_model_that_leaves_nothing_behind_gets_no_copies() -> None:
    for model in (Net(), nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))):
        assert Objective(model.eval(), (X, Y)).carry.names == ()
    assert Carry().names == ()


def test_a_recurrent_layer_leaves_nothing_behind() -> None:
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.last = nn.LSTM(4, 5, batch_first=True), nn.Linear(5, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.last(self.lstm(x[:, None])[0][:, -1])  # type: ignore[no-any-return]

    assert Objective(Reader().eval(), (X, Y)).carry.names == ()


def test_a_batch_loss_that_writes_into_the_batch_leaves_the_data_alone() -> None:
    def loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        batch[0].add_(1.0)
        return cross_entropy(model(batch[0]), batch[1])

    x = X.clone()
    objective = Objective(Net(), (x, Y), batch_loss=loss)
    assert objective.at_centre()["train_loss"] == pytest.approx(cross_entropy(Net()(X + 1), Y).item(), rel=1e-6)
    assert torch.equal(x, X)


def test_a_loss_with_memory_is_refused_by_the_name_of_what_moves() -> None:
    class Centre(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("centre", torch.zeros(3))

        def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
            self.centre.mul_(0.9).add_(0.1 * outputs.detach().mean(0))  # type: ignore[operator]
            return cross_entropy(outputs - self.centre, targets)

    loss = Centre()
    with pytest.raises(ObjectiveError, match="the loss keeps centre from one call to the next"):
        Objective(Net(), (X, Y), loss=loss)
    assert not loss.centre.any()


def test_memory_that_cannot_be_seen_is_refused() -> None:
    hidden: list[Tensor] = []

    class Closed(Net):
        def between(self, features: Tensor) -> Tensor:
            hidden.append(features.mean())
            return features + torch.stack(hidden[-3:]).mean()

    with pytest.raises(ObjectiveError, match="keeps something between calls that cannot be seen"):
        Objective(Closed().eval(), (X, Y))


def test_a_loss_that_writes_into_targets_or_outputs_is_refused() -> None:
    def targets(outputs: Tensor, y: Tensor) -> Tensor:
        return (outputs.sum(1) - y.mul_(2.0)).square().mean()

    y = torch.randn(60)
    before = y.clone()
    with pytest.raises(ObjectiveError, match="the loss writes into its targets"):
        Objective(Net(), (X, y), loss=targets)
    assert torch.equal(y, before)

    def outputs(outputs: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(outputs.neg_(), y)

    with pytest.raises(ObjectiveError, match="the loss writes into the model's outputs"):
        Objective(Net(), (X, Y), loss=outputs)
