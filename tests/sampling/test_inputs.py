"""Landscapes over the input: closed forms of linear networks, directions, and what records and captions say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from problems import small_mlp
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

import landscape
from landscape.errors import InputError, ObjectiveError
from landscape.objective.objective import Objective
from landscape.records.limits import Rule
from landscape.records.recipe import InputRecipe
from landscape.sampling.grid import sample
from landscape.sampling.inputs import Norm, input_line, input_plane, margin

DOUBLE = torch.float64


def linear(outputs: int, inputs: int = 6) -> nn.Linear:
    torch.manual_seed(outputs)
    return nn.Linear(inputs, outputs).double()


def data(inputs: int = 6, classes: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(9, inputs, generator=generator, dtype=DOUBLE)
    return x, torch.randint(0, classes, (9,), generator=generator)


@pytest.mark.parametrize("norm", ["Linf", "L2"])
@pytest.mark.parametrize("strategy", ["auto", "loop", "stacked"])
def test_the_margin_of_a_linear_network_of_two_classes_is_a_plane(norm: Norm, strategy: Any) -> None:
    model, (x, y) = linear(2), data()
    around, plane = input_plane(Objective(model, (x, y)), 4, norm=norm)
    surface = sample(around, plane, points=(5, 3), extent=2.0, strategy=strategy, progress=False)
    sign = 1.0 if y[4] else -1.0
    slope = sign * (model.weight[1] - model.weight[0]).detach()
    start = sign * float((model(x[4])[1] - model(x[4])[0]).detach())
    first, second = (float((slope * direction["input"][0]).sum()) for direction in plane.directions)
    expected = start + surface.alpha.values[:, None] * first + surface.beta.values * second
    np.testing.assert_allclose(surface.metrics["train_margin"], expected, atol=1e-12)
    np.testing.assert_array_equal(surface.metrics["train_accuracy"], expected > 0)
    np.testing.assert_allclose(surface.loss, np.log1p(np.exp(-expected)), atol=1e-12)
    assert first < 0, "the margin falls uphill"


def test_a_squared_loss_of_a_linear_network_is_a_parabola_along_its_gradient() -> None:
    model, (x, _) = linear(1), data()
    targets = torch.ones(9, 1, dtype=DOUBLE)
    around, line = input_line(Objective(model, (x, targets), loss=mse_loss), 2, norm="L2")
    profile = sample(around, line, points=5, extent=1.0, progress=False)
    residual = float((model(x[2]) - 1).detach())
    slope = float(model.weight.detach().norm()) * (1 if residual > 0 else -1)
    np.testing.assert_allclose(profile.loss, (residual + profile.alpha.values * slope) ** 2, atol=1e-12)
    assert "train_margin" not in profile.metrics


@pytest.mark.parametrize("inputs", [6, 7])
@pytest.mark.parametrize("norm", ["Linf", "L2"])
def test_the_second_direction_is_orthogonal_and_as_long_as_the_first(norm: Norm, inputs: int) -> None:
    model = linear(2, inputs)
    with torch.no_grad():
        model.weight[:, 1] = 0.0
    objective = Objective(model, data(inputs))
    _, plane = input_plane(objective, 0, norm=norm)
    first, second = (direction["input"] for direction in plane.directions)
    assert float((first * second).sum()) == pytest.approx(0, abs=1e-14)
    order = torch.inf if norm == "Linf" else 2
    assert [float(torch.linalg.vector_norm(d, order)) for d in (first, second)] == pytest.approx([1, 1])
    assert first[0, 1] == 0
    others = [input_plane(objective, 0, norm=norm, seed=seed)[1].directions[1]["input"] for seed in range(8)]
    assert torch.equal(others[0], second)
    assert any(not torch.equal(other, second) for other in others)


def test_a_grid_reaches_as_far_as_the_loss_rises_uphill_and_has_no_rays() -> None:
    around, plane = input_plane(Objective(linear(2), data()), 0)
    surface = sample(around, plane, points=3, progress=False)
    assert isinstance(surface, landscape.Surface)
    limit = surface.provenance.extent
    assert (limit.rule, limit.reach) == (Rule.UPHILL, 1.0)
    assert surface.loss[2, 1] >= surface.loss[1, 1] + 1
    assert surface.rays is None


def test_the_record_and_the_caption_say_that_the_axes_are_those_of_the_input(tmp_path: Path) -> None:
    model = small_mlp()
    x = torch.randn(9, 6, generator=torch.Generator().manual_seed(1), dtype=DOUBLE)
    objective = Objective(model, (x, torch.arange(9) % 3), name="mine")
    around, plane = input_plane(objective, 1)
    surface = sample(around, plane, points=5, extent=1.0, progress=False)
    surface.save(tmp_path / "input.h5")
    loaded = landscape.load(tmp_path / "input.h5")
    identity = loaded.provenance.identity
    assert isinstance(identity.subspace, InputRecipe)
    assert identity == surface.provenance.identity
    assert (loaded.kind, identity.subspace.target, identity.model) == ("input plane", 1, "mine, example 1")
    assert [axis.unit for axis in loaded.axes] == ["L-infinity of the input"] * 2
    assert (identity.P, identity.regime) == (0, ""), "numbers of the input are no parameters"
    caption = landscape.render(loaded, tmp_path / "a.svg", metric="margin", draw="contour").caption
    assert caption.startswith("Margin of the example over a plane of the input space around one example, along")
    assert "class 1, direction seed 0" in caption
    assert not any(claim in caption for claim in ("P$", "training", "filter", "parameter"))


def test_an_input_of_ones_own_has_the_class_that_the_network_predicts_unless_another_is_named() -> None:
    model, (x, y) = linear(3), data(classes=3)
    objective, own = Objective(model, (x, y)), x[0] + 0.1
    predicted = int(model(own).argmax())
    around, _ = input_plane(objective, own)
    assert around.at_centre()["train_accuracy"] == 1
    other = (predicted + 1) % 3
    around, plane = input_plane(objective, own, other)
    expected = cross_entropy(model(own)[None], torch.tensor([other])).item()
    assert around.at_centre()["train_loss"] == pytest.approx(expected, abs=1e-13)
    assert plane.recipe.to_dict()["target"] == other


def test_the_example_is_found_in_any_batch_and_the_network_stays_as_it_is() -> None:
    model, (x, y) = small_mlp(), data(classes=3)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    objective = Objective(model, [(x[:4], y[:4]), (x[4:8], y[4:8]), (x[8:], y[8:])])
    for example in (0, 5, 8):
        around, plane = input_plane(objective, example)
        assert torch.equal(around.centre["input"], x[example, None])
        sample(around, plane, points=3, extent=1.0, progress=False)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_a_gradient_that_is_lost_in_single_precision_is_found_in_double() -> None:
    model = linear(2).float()
    with torch.no_grad():
        model.weight.mul_(0).add_(torch.tensor([[1.0], [-1.0]]))
        model.bias.copy_(torch.tensor([60.0, -60.0]))
    x = torch.zeros(1, 6)
    _, plane = input_plane(Objective(model, (x, torch.tensor([0]))), 0)
    assert plane.directions[0]["input"].tolist() == [[-1.0] * 6]


@pytest.mark.parametrize(
    ("example", "options", "error", "reason"),
    [
        (9, {}, InputError, "there is no example 9; the training examples are 0 to 8"),
        (torch.zeros(5), {}, InputError, r"has shape \(5,\), expected \(6,\) of one input"),
        (torch.zeros(6, dtype=torch.long), {}, InputError, "holds torch.int64, expected real numbers"),
        (0, {"norm": "L1"}, InputError, "unknown norm 'L1'; expected Linf or L2"),
        (0, {"target": torch.zeros(2)}, InputError, r"target has shape \(2,\), expected \(\)"),
    ],
)
def test_what_is_no_example_is_refused(example: Any, options: Any, error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        input_plane(Objective(linear(2), data()), example, **options)


def test_what_has_no_outputs_or_no_slope_is_refused() -> None:
    model, (x, y) = linear(2), data()
    with pytest.raises(InputError, match="needs outputs and targets"):
        input_plane(Objective(model, (x, y), batch_loss=lambda m, b: cross_entropy(m(b[0]), b[1])), 0)
    with pytest.raises(InputError, match="pass target="):
        input_plane(Objective(linear(1), (x, x[:, :1]), loss=mse_loss), x[0])
    flat = linear(2)
    with torch.no_grad():
        flat.weight.zero_()
    with pytest.raises(ObjectiveError, match="gradient of the loss at the example is 0"):
        input_plane(Objective(flat, (x, y)), 0)
    with pytest.raises(InputError, match="use input_line"):
        input_plane(Objective(linear(2, 1), data(1)), 0, norm="L2")


def test_the_margin_is_the_distance_to_the_best_other_class() -> None:
    outputs = torch.tensor([[1.0, 4.0, 2.5], [3.0, 0.0, 5.0]])
    assert float(margin(outputs, torch.tensor([1, 0]))) == pytest.approx((1.5 - 2.0) / 2)
