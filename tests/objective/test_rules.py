"""How losses of parts make the loss of all: found out by measuring, and kept to by every way of evaluating."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.data import DataLoader, TensorDataset

from landscape.errors import InputError, ObjectiveError
from landscape.objective.batches import Split
from landscape.objective.objective import Objective
from landscape.objective.rules import Rule, common_rule
from landscape.sampling.grid import sample
from landscape.space.affine import random_plane

CLASSES = 3
WEIGHTS = torch.tensor([1.0, 5.0, 0.2], dtype=torch.float64)


def network(outputs: int = CLASSES) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, outputs)).double().eval()


def contrast(outputs: Tensor, targets: Tensor) -> Tensor:
    similar = F.normalize(outputs, dim=1) @ F.normalize(outputs, dim=1).T
    return F.cross_entropy(
        similar - 1e9 * torch.eye(len(outputs), dtype=outputs.dtype), torch.arange(len(outputs)).roll(1)
    )


def focal(outputs: Tensor, targets: Tensor) -> Tensor:
    loss = F.cross_entropy(outputs, targets, reduction="none")
    return ((1 - (-loss).exp()).square() * loss).mean()


def dice(outputs: Tensor, targets: Tensor) -> Tensor:
    shares, right = outputs.softmax(1), F.one_hot(targets, CLASSES)
    return 1 - (2 * (shares * right).sum(0) / (shares + right).sum(0)).mean()


def weighted(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(outputs, targets, weight=WEIGHTS.to(outputs.dtype))


LOSSES: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], str]] = {
    "plain": (F.cross_entropy, "mean"),
    "focal": (focal, "mean"),
    "sum": (nn.CrossEntropyLoss(reduction="sum"), "sum"),
    "class weights": (nn.CrossEntropyLoss(weight=WEIGHTS), "weighted"),
    "class weights in a function": (weighted, "weighted"),
    "ignored label": (nn.CrossEntropyLoss(ignore_index=1), "weighted"),
    "ignored label, by a function": (partial(F.cross_entropy, ignore_index=1), "weighted"),
    "contrastive": (contrast, "whole"),
    "dice": (dice, "whole"),
}


def examples(count: int = 30) -> tuple[Tensor, Tensor]:
    """Inputs, and classes in order: a batch of a few holds one class alone."""
    generator = torch.Generator().manual_seed(1)
    targets = torch.arange(count) * CLASSES // count
    return torch.randn(count, 4, generator=generator, dtype=torch.float64), targets


def kind_of(objective: Objective) -> str:
    split: Split = objective.splits[0]
    return str(objective.call.rule(objective.model, {**objective.centre, **objective.buffers}, split, "loss").kind)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", LOSSES)
def test_the_rule_of_a_loss_is_found_out(name: str) -> None:
    loss, kind = LOSSES[name]
    assert kind_of(Objective(network(), examples(), loss=loss)) == kind


@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_of_one_batch_is_what_the_loss_returns(name: str) -> None:
    loss, model, (x, y) = LOSSES[name][0], network(), examples()
    objective = Objective(model, (x, y), loss=loss)
    assert objective.at_centre()["train_loss"] == pytest.approx(float(loss(model(x), y).detach()), rel=1e-9)


@pytest.mark.parametrize("name", [name for name, (_, kind) in LOSSES.items() if kind != "whole"])
@pytest.mark.parametrize("size", [4, 7, 30])
def test_batches_of_any_size_have_the_loss_of_all_examples(name: str, size: int) -> None:
    loss, model, (x, y) = LOSSES[name][0], network(), examples()
    objective = Objective(model, DataLoader(TensorDataset(x, y), size), loss=loss)
    assert objective.at_centre()["train_loss"] == pytest.approx(float(loss(model(x), y).detach()), rel=1e-9)


@pytest.mark.parametrize("name", ["contrastive", "dice"])
def test_batches_that_cannot_be_cut_are_averaged_each_counted_once(name: str) -> None:
    loss, model, (x, y) = LOSSES[name][0], network(), examples()
    batches = [(x[:16:2], y[:16:2]), (x[1::2], y[1::2])]
    objective = Objective(model, batches, loss=loss)
    mean = sum(float(loss(model(inputs), targets).detach()) for inputs, targets in batches) / 2
    assert objective.at_centre()["train_loss"] == pytest.approx(mean, rel=1e-12)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(
    ("strategy", "memory"),
    [
        *((strategy, 2**24) for strategy in ("loop", "stacked", "affine", "chain")),
        ("repeatable", 2**10),
        ("auto", 2**12),
    ],
)
def test_no_strategy_and_no_budget_changes_a_value(name: str, strategy: str, memory: int) -> None:
    loss, model, (x, y) = LOSSES[name][0], network(), examples()
    objective = Objective(model, (x, y), loss=loss, accuracy=False)
    plane = random_plane(objective, seed=0)
    options: dict[str, Any] = {"points": 3, "extent": 1.0, "rays": 0, "progress": False}
    surface = sample(objective, plane, strategy=strategy, memory=memory, **options)
    weights = plane.at(torch.tensor([[1.0, -1.0]], dtype=torch.float64))
    point = {key: tensor[0] for key, tensor in weights.items()}
    expected = float(loss(torch.func.functional_call(model, point, (x,)), y).detach())
    assert surface.loss[2, 0] == pytest.approx(expected, rel=1e-9)


def elbo(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    means = model(batch[0])
    return 0.5 * means.square().sum() + F.mse_loss(means.sum(1), batch[0][:, 0], reduction="sum")


def test_a_summed_bound_is_a_sum_over_all_batches() -> None:
    model, (x, y) = network(), examples()
    one, many = (
        Objective(model, batches, batch_loss=elbo) for batches in ([(x, y)], [(x[:11], y[:11]), (x[11:], y[11:])])
    )
    expected = pytest.approx(float(elbo(model, (x, y)).detach()), rel=1e-12)
    assert one.at_centre()["train_loss"] == expected
    assert many.at_centre()["train_loss"] == expected


class Graph(nn.Module):
    """Two linear maps with the graph's averages between them."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.inside, self.outside = nn.Linear(4, 8).double(), nn.Linear(8, CLASSES).double()

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        return torch.relu(adjacency @ self.inside(x)) @ self.outside.weight.T


@pytest.mark.parametrize("sparse", [False, True])
def test_a_graph_is_one_batch(sparse: bool) -> None:
    x, y = examples()
    adjacency = torch.eye(30, dtype=torch.float64).roll(1, 0) + torch.eye(30, dtype=torch.float64)
    batch = (x, adjacency.to_sparse() if sparse else adjacency, y)

    def loss(model: nn.Module, graph: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        return F.cross_entropy(model(graph[0], graph[1]), graph[2])

    objective = Objective(Graph().eval(), batch, batch_loss=loss)
    assert objective.at_centre()["train_loss"] == pytest.approx(
        float(loss(Graph(), (x, adjacency, y)).detach()), rel=1e-12
    )


class Averaging(Graph):
    """The same with the graph as its own buffer, so that a pair (x, y) looks like examples."""

    def __init__(self, adjacency: Tensor) -> None:
        super().__init__()
        self.register_buffer("adjacency", adjacency)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(x, self.adjacency)


def test_a_pair_that_the_model_cannot_cut_is_one_batch_with_its_accuracy() -> None:
    x, y = examples()
    adjacency = torch.eye(30, dtype=torch.float64).roll(1, 0) + torch.eye(30, dtype=torch.float64)
    model = Averaging(adjacency).eval()
    outputs = model(x).detach()
    centre = Objective(model, (x, y)).at_centre()
    assert centre["train_loss"] == pytest.approx(float(F.cross_entropy(outputs, y)), rel=1e-12)
    assert centre["train_accuracy"] == pytest.approx(float((outputs.argmax(1) == y).double().mean()), rel=1e-12)


class Scene:
    """A batch object as detectors and graph libraries have them."""

    def __init__(self, images: list[Tensor]) -> None:
        self.images = images

    def to(self, device: torch.device) -> "Scene":
        return Scene([image.to(device) for image in self.images])


def test_an_object_is_one_batch_and_all_of_its_tensors_are_in_the_digest() -> None:
    x, _ = examples()

    def loss(model: nn.Module, scene: Scene) -> Tensor:
        return torch.stack([model(image).square().mean() for image in scene.images]).mean()

    scenes = [Scene([x[:4], x[4:9]]), Scene([x[9:]])]
    objective = Objective(network(), scenes, batch_loss=loss)
    expected = sum(float(loss(network(), scene).detach()) for scene in scenes) / 2
    assert objective.N == 2
    assert objective.at_centre()["train_loss"] == pytest.approx(expected, rel=1e-12)
    moved = Objective(network(), [scenes[0], Scene([x[9:] + 1])], batch_loss=loss)
    assert objective.fingerprint["data"] != moved.fingerprint["data"]


def test_whole_batches_can_be_asked_for() -> None:
    x, y = examples()
    objective = Objective(network(), [(x[:20], y[:20]), (x[20:], y[20:])], whole_batches=True)
    halves = [float(F.cross_entropy(network()(x[part]), y[part]).detach()) for part in (slice(0, 20), slice(20, 30))]
    assert objective.at_centre()["train_loss"] == pytest.approx(sum(halves) / 2, rel=1e-12)


def test_no_subset_is_drawn_of_a_batch_that_cannot_be_cut() -> None:
    with pytest.raises(InputError, match="cannot be cut"):
        Objective(network(), examples(), loss=contrast, num_examples=8)


def test_a_loss_per_example_is_named() -> None:
    with pytest.raises(InputError, match=r"one number.*shape \(\d+,\)"):
        Objective(network(), examples(), loss=nn.CrossEntropyLoss(reduction="none"))


def test_data_in_which_nothing_counts_are_refused() -> None:
    x, y = examples()
    with pytest.raises(ObjectiveError, match="nothing in the data counts"):
        Objective(network(), (x, torch.full_like(y, -100)))


def test_the_accuracy_is_a_share_of_the_labels_that_count() -> None:
    model, (x, y) = network(), examples()
    objective = Objective(model, (x, torch.where(y == 1, -100, y)))
    right = (model(x).argmax(1) == y)[y != 1]
    assert objective.at_centre()["train_accuracy"] == pytest.approx(float(right.double().mean()), rel=1e-12)


def test_splits_that_differ_are_taken_whole() -> None:
    assert common_rule([Rule("mean"), Rule("sum")]).kind == "whole"
    assert common_rule([None, Rule("sum")]).kind == "sum"
    assert common_rule([None]).kind == "mean"
