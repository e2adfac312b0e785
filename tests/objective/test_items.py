"""What a model's own loss is a mean over, found out by two examples with 2 and 4 labels."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from landscape.errors import InputError, ObjectiveError
from landscape.objective.batches import Inputs
from landscape.objective.items import Item, item_counts, item_of, refuse_not_additive

LABELS = torch.tensor([[0, 1, 0, 1, -100], [1, 1, -100, -100, -100], [0, 0, 1, 1, 1]])


def loss_per(item: Item) -> Callable[[Inputs], float]:
    """A loss of 1 for a label 0 and 3 for a label 1, as a mean over examples, labels or labels behind the first."""

    def value(inputs: Inputs) -> float:
        labels: Tensor = inputs.tree["labels"]
        labels = labels[:, 1:] if item == "next token" else labels
        counts = labels != -100
        losses = torch.where(counts, 1.0 + 2.0 * labels + torch.arange(labels.shape[1]), 0.0)
        if item == "example":
            return float((losses.sum(1) / counts.sum(1)).mean())
        return float(losses.sum() / counts.sum())

    return value


@pytest.mark.parametrize("item", ["example", "token", "next token"])
def test_the_item_that_is_averaged_is_found_out(item: Item) -> None:
    assert item_of(Inputs({"labels": LABELS}), loss_per(item)) == item


def test_labels_count_where_they_are_not_ignored() -> None:
    inputs = Inputs({"labels": LABELS})
    assert item_counts(inputs, "token").tolist() == [4, 2, 5]
    assert item_counts(inputs, "next token").tolist() == [3, 1, 4]
    assert item_counts(inputs, "example").tolist() == [1, 1, 1]


def test_labels_of_more_dimensions_are_not_guessed() -> None:
    with pytest.raises(InputError, match="what the loss is a mean over is not clear"):
        item_of(Inputs({"labels": torch.zeros(2, 3, 4, dtype=torch.long)}), loss_per("token"))


def test_a_loss_that_is_no_mean_over_items_is_refused() -> None:
    inputs = Inputs({"labels": LABELS})
    refuse_not_additive(inputs, "token", loss_per("token"))
    with pytest.raises(ObjectiveError, match="no mean over tokens"):
        refuse_not_additive(inputs, "token", lambda part: float(len(part)))
