"""Several losses of one call: which is the loss, and that all are exact whatever the batches and the strategy."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from problems import examples, small_mlp
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from landscape.errors import InputError
from landscape.measures.matrix import hessian
from landscape.objective.named import mean_of, name_entries, stack_entries
from landscape.objective.objective import Objective
from landscape.sampling.grid import sample
from landscape.space.affine import random_plane

X, Y = examples(23)
WEIGHTS = torch.tensor([1.0, 4.0, 0.5], dtype=torch.float64)
ONE = torch.ones(())


def losses(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Mapping[str, Any]:
    """A mean, a sum, a contrast within the batch where it is whole, and (sum, count)."""
    outputs = model(batch[0])
    large = outputs[:, 0] > 0.1
    return {
        "pde": cross_entropy(outputs, batch[1]),
        "energy": outputs.square().sum(),
        "boundary": (outputs[:, 1] * large).sum() * 0 + outputs[:, 1].square().sum() * 2,
        "share": (outputs.abs().sum(), 3 * len(outputs)),
    }


def expected(model: nn.Module) -> dict[str, float]:
    outputs = model(X)
    return {
        "train_loss": cross_entropy(outputs, Y).item(),
        "train_pde": cross_entropy(outputs, Y).item(),
        "train_energy": outputs.square().sum().item(),
        "train_boundary": 2 * outputs[:, 1].square().sum().item(),
        "train_share": outputs.abs().mean().item(),
    }


def ragged() -> list[tuple[Tensor, Tensor]]:
    return [(X[:10], Y[:10]), (X[10:20], Y[10:20]), (X[20:], Y[20:])]


@pytest.mark.parametrize("strategy", ["loop", "stacked"])
@pytest.mark.parametrize("memory", [10_000, 2**28])
def test_every_entry_is_exact_for_ragged_batches_in_every_strategy(strategy: Any, memory: int) -> None:
    model = small_mlp()
    objective = Objective(model, ragged(), batch_loss=losses, extra={"first": [(X[:7], Y[:7])]})
    assert objective.metric_names[:6] == (*expected(model), "first_loss")
    surface = sample(
        objective, random_plane(objective), points=3, rays=0, strategy=strategy, memory=memory, progress=False
    )
    for name, value in expected(model).items():
        assert surface.metrics[name][1, 1] == pytest.approx(value, rel=1e-12), name
    corner = {name: t[0] for name, t in random_plane(objective).at(torch.full((1, 2), surface.alpha.values[2])).items()}
    moved = small_mlp()
    moved.load_state_dict({**moved.state_dict(), **corner})
    for name, value in expected(moved).items():
        assert surface.metrics[name][2, 2] == pytest.approx(value, rel=1e-9), name


def test_a_contrast_beside_a_mean_keeps_batches_whole_and_the_mean_exact() -> None:
    def both(model: nn.Module, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        outputs = model(batch[0])
        return {"loss": mse_loss(outputs, outputs * 0), "contrast": (outputs @ outputs.T).logsumexp(1).mean()}

    model = small_mlp()
    values = Objective(model, ragged(), batch_loss=both).at_centre()
    assert values["train_loss"] == pytest.approx(model(X).square().mean().item(), rel=1e-12)
    parts = [both(model, batch)["contrast"].item() for batch in ragged()]
    assert values["train_contrast"] == pytest.approx(sum(parts) / 3, rel=1e-12)


def test_the_loss_is_the_entry_of_that_name_or_the_one_named_or_the_first() -> None:
    entries = {"a": ONE, "b": 2 * ONE}
    assert [float(v) for v in name_entries(entries).values()] == [1, 1, 2]  # type: ignore[arg-type]
    assert list(name_entries(entries, "b")) == ["loss", "a", "b"]
    assert float(name_entries(entries, "b")["loss"]) == 2  # type: ignore[arg-type]
    assert list(name_entries({"a": ONE, "loss": ONE})) == ["loss", "a"]
    objective = Objective(small_mlp(), (X, Y), batch_loss=losses, loss="energy")
    assert objective.at_centre()["train_loss"] == pytest.approx(expected(small_mlp())["train_energy"])
    assert objective.fingerprint["loss"] == "losses, energy, summed"


def test_the_curvature_is_that_of_the_loss_alone() -> None:
    model = small_mlp()
    several = Objective(model, ragged(), batch_loss=losses)
    alone = Objective(model, ragged(), batch_loss=lambda m, b: cross_entropy(m(b[0]), b[1]))
    vector = torch.linspace(-1, 1, several.P, dtype=torch.float64)
    torch.testing.assert_close(hessian(several)(vector), hessian(alone)(vector), rtol=1e-10, atol=1e-12)
    assert several.loss_only().metric_names == ("train_loss",)


@pytest.mark.parametrize(
    ("returned", "loss", "reason"),
    [
        ({}, "", "returned an empty dictionary, and no 'loss'"),
        ({"a": ONE}, "b", "returned a, and no 'b'"),
        ({"a": ONE, "loss": ONE}, "a", "an entry 'loss' too"),
        ({"a": torch.ones(3)}, "", r"got shape \(3,\) under 'a'"),
        (ONE, "a", r"names an entry of a dictionary, but batch_loss returned shape \(\)"),
        ((ONE, {"a": ONE}), "", "return one dictionary"),
    ],
)
def test_what_is_no_loss_is_refused_in_one_line(returned: Any, loss: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as refused:
        name_entries(returned, loss)
    assert "\n" not in str(refused.value)


def test_every_batch_has_the_same_entries() -> None:
    def changing(model: nn.Module, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        loss = cross_entropy(model(batch[0]), batch[1])
        return {"loss": loss, "other": loss} if len(batch[1]) == 10 else {"loss": loss}

    with pytest.raises(InputError, match="returned loss, but loss, other on the first batch"):
        Objective(small_mlp(), ragged(), batch_loss=changing, whole_batches=True)


def test_an_entry_may_be_a_number_and_takes_the_precision_of_the_loss() -> None:
    assert stack_entries(name_entries({"loss": ONE.double(), "b": 2, "c": (ONE, 4)}), 2).tolist() == [1, 2, 0.5]


def wrong(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs.argmax(1) != targets).double()


METRICS = {
    "error": wrong,
    "mistakes": lambda outputs, targets: wrong(outputs, targets).sum(),
    "top2": lambda outputs, targets: (outputs.topk(2).indices == targets[:, None]).any(1),
    "weighted": lambda outputs, targets: cross_entropy(outputs, targets, weight=WEIGHTS.to(outputs)),
}


@pytest.mark.parametrize("strategy", ["auto", "loop", "stacked", "affine", "chain"])
def test_metrics_of_outputs_and_targets_are_those_of_all_examples(strategy: Any) -> None:
    model = small_mlp()
    objective = Objective(model, ragged(), metrics=METRICS)
    surface = sample(objective, random_plane(objective), points=3, rays=0, strategy=strategy, progress=False)
    assert list(surface.metrics) == ["train_loss", "train_accuracy", *(f"train_{name}" for name in METRICS)]
    for name, metric in METRICS.items():
        value = metric(model(X), Y).double().mean().item()  # type: ignore[no-untyped-call]
        assert surface.metrics[f"train_{name}"][1, 1] == pytest.approx(value, rel=1e-12), name


def test_a_metric_of_that_name_takes_the_place_of_the_accuracy() -> None:
    objective = Objective(small_mlp(), (X, Y), metrics={"accuracy": lambda outputs, y: 7 * wrong(outputs, y)})
    assert objective.at_centre()["train_accuracy"] == pytest.approx(7 * wrong(small_mlp()(X), Y).mean().item())


def test_metrics_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="cannot be named 'loss'"):
        Objective(small_mlp(), (X, Y), metrics={"loss": wrong})
    with pytest.raises(InputError, match="metrics= needs outputs and targets"):
        Objective(small_mlp(), (X, Y), batch_loss=losses, metrics={"error": wrong})
    with pytest.raises(InputError, match="pass batch_loss= too"):
        Objective(small_mlp(), (X, Y), loss="pde")
    with pytest.raises(InputError, match=r"'wide' must return the mean .* got shape \(23, 3\)"):
        mean_of(lambda outputs, targets: outputs, "wide")(small_mlp()(X), Y)
