"""Objectives in float64, also where the user's code holds float32 tensors of its own."""

import threading

import pytest
import torch
from narrow_code import OBJECTIVES, Checked, Pinn, narrow_objective
from problems import examples, small_mlp

from landscape.errors import ObjectiveError
from landscape.measures.matrix import hessian
from landscape.measures.sharpness import epsilon_sharpness
from landscape.objective.dtypes import in_dtype, is_promoted
from landscape.objective.objective import Objective

WIDE = torch.float64


@pytest.mark.parametrize("name", OBJECTIVES)
def test_code_with_float32_tensors_of_its_own_is_computed_in_float64(name: str) -> None:
    objective = narrow_objective(name)
    exact = in_dtype(objective, WIDE)
    assert is_promoted(exact)
    share = exact.loss_share({}, exact.splits[0].head(exact.N))
    assert share.dtype == WIDE
    assert exact.at_centre()["train_loss"] == pytest.approx(objective.at_centre()["train_loss"], rel=1e-5)
    assert exact.fingerprint["loss"] == objective.fingerprint["loss"]


def test_points_that_a_model_holds_are_wide_from_the_start() -> None:
    exact = in_dtype(narrow_objective("points held by the model"), WIDE)
    reference = Pinn().double().eval()
    reference.load_state_dict(exact.centre)
    reference.inside = reference.inside.detach().double().requires_grad_(True)
    reference.rim = reference.rim.double()
    assert exact.at_centre()["train_loss"] == pytest.approx(reference.physics().item(), rel=1e-14)


def test_a_model_that_cannot_be_copied_is_computed_in_float64_too() -> None:
    model = Pinn().eval()
    model.lock = threading.Lock()
    objective = Objective(model, torch.zeros(1), batch_loss=lambda model, _: model.physics())
    exact = in_dtype(objective, WIDE)
    assert exact.at_centre()["train_loss"] == pytest.approx(objective.at_centre()["train_loss"], rel=1e-5)


def test_code_without_such_tensors_is_left_alone() -> None:
    objective = Objective(small_mlp(dtype=torch.float32), examples(5, dtype=torch.float32))
    exact = in_dtype(objective, WIDE)
    assert not is_promoted(exact)
    assert exact.dtype == WIDE
    assert in_dtype(exact, WIDE) is exact


def test_curvature_and_sharpness_are_those_of_the_loss_in_float64() -> None:
    objective = narrow_objective("class weights in the loss")
    loss = torch.nn.CrossEntropyLoss(weight=torch.tensor([1.0, 5.0], dtype=WIDE))
    inputs, targets = objective.splits[0].head(objective.N)
    exact = Objective(objective.model, (inputs, targets), loss=loss, dtype=WIDE)
    vector = torch.linspace(-1, 1, objective.P, dtype=WIDE)
    torch.testing.assert_close(hessian(objective)(vector), hessian(exact)(vector))
    assert epsilon_sharpness(objective).rise == pytest.approx(epsilon_sharpness(exact).rise, rel=1e-9)


def test_code_that_refuses_float64_is_refused_with_its_reason_and_place() -> None:
    objective = Objective(Checked().eval(), (torch.randn(9, 4), torch.randint(0, 3, (9,))))
    with pytest.raises(
        ObjectiveError, match=r"cannot be computed in float64: weights must be float32 \(narrow_code.py"
    ):
        hessian(objective)
