"""Accuracy by default wherever outputs and whole-number targets say what is right, and nowhere else."""

import pytest
import torch
from problems import examples, small_mlp
from torch import Tensor, nn
from torch.nn import functional

from landscape.errors import InputError
from landscape.objective.objective import Objective


class Given(nn.Module):
    """A network whose output is its input times a weight of 1."""

    def __init__(self, *, flat: bool = False) -> None:
        super().__init__()
        self.weight, self.flat = nn.Parameter(torch.ones(())), flat

    def forward(self, x: Tensor) -> Tensor:
        return (x * self.weight).squeeze(1) if self.flat else x * self.weight


def binary_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(outputs.flatten(), targets.flatten().to(outputs))


LOGITS = torch.tensor([[3.0], [-2.0], [0.0], [0.5], [-0.5]])
BINARY = torch.tensor([1, 1, 0, 1, 0])  # right, wrong, a tie, right, right


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("targets", [BINARY, BINARY.bool(), BINARY.int(), BINARY[:, None]], ids=str)
def test_one_logit_is_right_where_its_sign_fits_and_a_tie_counts_one_half(flat: bool, targets: Tensor) -> None:
    objective = Objective(Given(flat=flat), (LOGITS, targets), loss=binary_loss)
    assert objective.at_centre()["train_accuracy"] == pytest.approx(3.5 / 5)


def test_one_output_that_may_be_a_probability_says_nothing() -> None:
    probabilities = torch.tensor([[0.2], [0.9], [1.0]])
    objective = Objective(Given(), (probabilities, BINARY[:3]), loss=lambda o, t: (o[:, 0] - t).square().mean())
    assert objective.metric_names == ("train_loss",)


def test_counts_and_real_numbers_have_no_accuracy() -> None:
    for targets in (torch.tensor([0, 1, 7, 2, 3]), BINARY.float()):
        objective = Objective(Given(), (LOGITS, targets), loss=lambda o, t: (o[:, 0] - t).square().mean())
        assert objective.metric_names == ("train_loss",)


def test_labels_that_no_output_has_leave_no_accuracy() -> None:
    inputs, targets = examples(20)
    targets[3] = 7
    objective = Objective(small_mlp(), (inputs, targets), loss=lambda o, t: (o.sum(1) - t).square().mean())
    assert objective.metric_names == ("train_loss",)


@pytest.mark.parametrize("label", [3, -1])
def test_a_cross_entropy_refuses_them_by_name(label: int) -> None:
    inputs, targets = examples(20)
    targets[3] = label
    with pytest.raises(InputError, match=f"a target of the train data is {label}, but .* classes 0 to 2"):
        Objective(small_mlp(), (inputs, targets))


def test_ignored_labels_do_not_count() -> None:
    inputs, targets = examples(20)
    whole = Objective(small_mlp(), (inputs[:17], targets[:17])).at_centre()
    targets[17:] = -100
    ignoring = Objective(small_mlp(), (inputs, targets)).at_centre()
    assert ignoring == pytest.approx(whole)


def test_labels_of_another_type_of_whole_numbers_count_alike() -> None:
    inputs, targets = examples(20)
    loss = lambda o, t: functional.cross_entropy(o, t.long())  # noqa: E731
    assert Objective(small_mlp(), (inputs, targets.int()), loss=loss).at_centre() == pytest.approx(
        Objective(small_mlp(), (inputs, targets)).at_centre()
    )


def test_accuracy_that_was_asked_for_and_cannot_be_told_is_refused() -> None:
    with pytest.raises(InputError, match="do not say which answers are right"):
        Objective(Given(), (LOGITS, torch.tensor([0, 1, 7, 2, 3])), loss=binary_loss, accuracy=True)


def test_accuracy_is_measured_on_all_splits_or_on_none() -> None:
    other = (LOGITS, torch.tensor([0, 1, 7, 2, 3]))
    objective = Objective(Given(), (LOGITS, BINARY), loss=binary_loss, test=other)
    assert objective.metric_names == ("train_loss", "test_loss")
