"""What guessing costs: the loss of constant outputs, a scale for losses that have no unit of their own."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from landscape.objective.batches import Split
from landscape.records.base import LOSS
from landscape.records.loss_scale import LossScale
from landscape.train.losses import full

if TYPE_CHECKING:
    from landscape.objective.objective import Objective

CHUNK = 4096


def scale_of(objective: "Objective") -> LossScale:
    """The unit of the training loss, and what guessing costs unless it is counted in nats.

    Nats that are summed count 1 for each example. The own loss of a model on classes is a cross-entropy, whose name
    does not say so.
    """
    scale = LossScale(objective.loss_name)
    if scale.is_log_likelihood or (scale.loss.endswith(".loss per example") and _has_classes(objective)):
        return scale
    nats = scale.unit == "nats"
    return replace(scale, guess=float(objective.N) if nats else guess_of(objective))


@torch.no_grad()
def guess_of(objective: "Objective") -> float:
    """The training loss of the better of two constant outputs: 0, and the mean of the targets where these are real.

    Where the outputs are not seen, it is the loss with all parameters at 0. 0 where no guess has a finite loss above 0.
    """
    try:
        losses = _losses_of_constants(objective) if objective.has_outputs else [_loss_at_zero(objective)]
    except Exception:  # a loss of the user's that refuses such outputs tells no scale
        return 0.0
    finite = [loss for loss in losses if math.isfinite(loss)]
    # targets that are all alike are guessed for nothing by their mean, which tells no scale
    return min((loss for loss in finite if loss > 0), default=0.0) if finite and finite[0] > 0 else 0.0


def _has_classes(objective: "Objective") -> bool:
    """Whether labels are classes: of one output, or real ones, the loss is the square of an error."""
    labels = objective.splits[0].head(1)[0].tree.get("labels")
    return isinstance(labels, Tensor) and not labels.is_floating_point() and objective.K > 1


def _loss_at_zero(objective: "Objective") -> float:
    zeros = {name: torch.zeros_like(tensor)[None] for name, tensor in objective.centre.items()}
    return float(objective.loss_only().evaluate(zeros)[LOSS])


def _losses_of_constants(objective: "Objective") -> list[float]:
    """The loss of outputs that are all 0, then that of the targets' mean where outputs and targets are alike."""
    split, totals = objective.splits[0], [0.0, 0.0]
    mean = _mean_target(split)
    for inputs, targets in split.chunks(CHUNK):
        zeros = _zero_outputs(objective, split, inputs, targets)
        constants = [zeros]
        if mean is not None and zeros.shape == targets.shape:
            constants.append(zeros + mean.to(zeros.dtype))
        totals = [
            total + float(objective.loss(outputs, targets)) * len(targets) / objective.N
            for total, outputs in zip(totals, constants, strict=False)
        ]
    return totals


def _zero_outputs(objective: "Objective", split: Split, inputs: Any, targets: Tensor) -> Tensor:
    """Outputs of 0 in the shape of the network's own; what cannot be cut is evaluated whole."""
    if split.whole:
        return torch.zeros_like(full(objective.outputs({}, inputs)))
    outputs = full(objective.outputs({}, inputs[:1]))
    return outputs.new_zeros((len(targets), *outputs.shape[1:]))


def _mean_target(split: Split) -> Tensor | None:
    """The mean over the examples; None where targets are classes."""
    total: Tensor | float = 0.0
    for _, targets in split.chunks(CHUNK):
        if not targets.is_floating_point():
            return None
        total = total + targets.double().sum(dim=0)
    return torch.as_tensor(total) / split.num_examples
