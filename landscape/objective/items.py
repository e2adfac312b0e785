"""What a model's own loss is a mean over: examples, labels or predicted tokens, found out by probing it."""

from collections.abc import Callable
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from landscape.errors import InputError, ObjectiveError
from landscape.objective.batches import Inputs
from landscape.objective.rules import IGNORED_LABEL

Item: TypeAlias = Literal["example", "token", "next token"]

ROOM = 2e-6  # many models compute their loss in float32 whatever their weights are
EXPLICIT = "pass batch_loss=f with f(model, batch) returning (sum, count)"


def item_counts(inputs: Inputs, item: Item) -> Tensor:
    """How much of each example the loss counts, shape (n,)."""
    labels: Tensor = inputs.tree.get("labels")
    if item == "example":
        first = next(tensor for tensor in inputs.tree.values() if isinstance(tensor, Tensor) and tensor.dim())
        return torch.ones(len(inputs), dtype=torch.float64, device=first.device)
    labels = labels[:, 1:] if item == "next token" else labels
    return (labels != IGNORED_LABEL).sum(1).double()


def item_of(first: Inputs, value: Callable[[Inputs], float]) -> Item:
    """What the loss is a mean over, from its values on two examples with 2 and 4 labels, alone and together.

    Together it is ``w a + (1 - w) b`` with w = 1/2 if examples count, 1/3 if labels do, 1/4 if next tokens do.
    """
    labels = first.tree.get("labels")
    if not isinstance(labels, Tensor) or labels.dim() < 2 or labels.is_floating_point():
        return "example"
    if labels.dim() > 2 or labels.shape[1] < 4:
        raise InputError(
            f"labels of shape {tuple(labels.shape)}: what the loss is a mean over is not clear; {EXPLICIT}"
        )
    pair = first[torch.arange(2, device=labels.device) % len(first)]
    for label in (0, 1):
        probe = torch.full_like(pair.tree["labels"], IGNORED_LABEL)
        probe[0, :2], probe[1, :4] = label, label
        inputs = Inputs({**pair.tree, "labels": probe})
        first_alone, second_alone, together = value(inputs[:1]), value(inputs[1:]), value(inputs)
        weights: dict[Item, float] = {"example": 1 / 2, "token": 1 / 3, "next token": 1 / 4}
        room = ROOM * max(1.0, abs(together))
        fits = [name for name, w in weights.items() if abs(w * first_alone + (1 - w) * second_alone - together) <= room]
        if len(fits) == 1:
            return fits[0]
    raise InputError(f"what the model's loss is a mean over, examples or labels, could not be found out; {EXPLICIT}")


def refuse_not_additive(batch: Inputs, item: Item, value: Callable[[Inputs], float]) -> None:
    """A loss that is no mean over its examples (a balancing term, a contrast within the batch) has no mean over all."""
    if len(batch) < 2:
        return
    half = len(batch) // 2
    parts = [part for part in (batch[:half], batch[half:]) if bool(item_counts(part, item).sum() > 0)]
    weights = [float(item_counts(part, item).sum()) for part in parts]
    together = value(batch)
    apart = sum(w * value(part) for w, part in zip(weights, parts, strict=True)) / sum(weights)
    if not abs(together - apart) <= ROOM * max(1.0, abs(together)):
        raise ObjectiveError(
            f"the model's loss on {len(batch)} examples is {together:.6g}, but {apart:.6g} as the mean of two halves: "
            f"it is no mean over {item}s, so batches cannot be put together; {EXPLICIT}"
        )
