"""Which way to call a model fits a user's data and arguments, or why none does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor, nn

from landscape.errors import InputError
from landscape.objective.batches import Metric, Split
from landscape.objective.calls import BatchLoss, Call, Loss, ModelLoss, OutputsAndTargets, UserLoss, as_pair
from landscape.objective.named import LOSS_NAME, mean_of
from landscape.objective.rules import WHOLE, Rule, common_rule
from landscape.train.losses import cross_entropy, is_cross_entropy


@dataclass(frozen=True)
class LossOptions:
    """The arguments of `Objective` that say how the loss of a batch is computed."""

    loss: Loss | str | None = None
    batch_loss: BatchLoss | None = None
    accuracy: bool | None = None
    whole_batches: bool = False
    metrics: Mapping[str, Metric] = field(default_factory=dict)


def choose_call(model: nn.Module, first: Any, options: LossOptions) -> Call:
    """The way that fits the first batch.

    Raises:
        InputError: arguments that contradict each other or the data, or a loss that has to be named.
    """
    if options.batch_loss is not None:
        key = options.loss if isinstance(options.loss, str) else ""
        _refuse_both("batch_loss", replace(options, loss=None) if key else options)
        name = getattr(options.batch_loss, "__name__", type(options.batch_loss).__name__)
        return UserLoss(f"{name}, {key}" if key else name, options.batch_loss, key)
    if isinstance(options.loss, str):
        raise InputError(f"loss={options.loss!r} names an entry of what batch_loss returns: pass batch_loss= too")
    if isinstance(first, Mapping):
        _refuse_both("dictionaries, which stand for model(**batch).loss,", options)
        return ModelLoss(f"{type(model).__name__}.loss")
    loss, targets = options.loss, as_pair(first)[1]
    if loss is None and (targets.is_floating_point() or targets.is_complex()):
        raise InputError("the targets are real numbers, no classes: say which loss=, such as nn.functional.mse_loss")
    function = cross_entropy if loss is None or is_cross_entropy(loss) else loss
    if LOSS_NAME in options.metrics:
        raise InputError("a metric cannot be named 'loss': pass it as loss=, or name it otherwise")
    metrics = {name: mean_of(metric, name) for name, metric in options.metrics.items()}
    return OutputsAndTargets(function, False if "accuracy" in metrics else options.accuracy, metrics)


def choose_rules(
    call: Call, model: nn.Module, state: Mapping[str, Tensor], splits: Sequence[Split], *, whole_batches: bool
) -> dict[str, Rule]:
    """The rule of the loss and of each metric that has one, common to all splits."""
    names = call.names(model, state, splits[0])
    if whole_batches:
        return dict.fromkeys(names, WHOLE)
    return {name: common_rule([call.rule(model, state, split, name) for split in splits]) for name in names}


def _refuse_both(kind: str, options: LossOptions) -> None:
    values = {"loss": options.loss is not None, "accuracy": options.accuracy, "metrics": options.metrics}
    second = next((name for name, value in values.items() if value), None)
    if second:
        raise InputError(f"{second}= needs outputs and targets, pairs (x, y), and does not go with {kind} leave it out")
