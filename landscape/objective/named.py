"""Losses by name: what a user's ``batch_loss`` returns, one number or several in a dictionary."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

from landscape.errors import InputError
from landscape.objective.batches import Metric
from landscape.records.base import names_metric

Entry: TypeAlias = Tensor | tuple[Tensor, Tensor | float]

LOSS_NAME = "loss"


def name_entries(result: Any, loss: str = "") -> dict[str, Entry]:
    """The entries of a batch by the names of their metrics, ``"loss"`` first.

    Args:
        result: a 0-d tensor, (sum, count), or a dictionary of these.
        loss: the key of the loss in a dictionary; by default ``"loss"``, or else the first key. The entry of another
            key is found under that key as well.

    Raises:
        InputError: something else, no such key, or two losses.
    """
    if not isinstance(result, Mapping):
        if loss:
            raise InputError(f"loss={loss!r} names an entry of a dictionary, but batch_loss returned {_kind(result)}")
        return {LOSS_NAME: _checked(result, "")}
    key = loss or (LOSS_NAME if LOSS_NAME in result else next(iter(result), LOSS_NAME))
    if key not in result:
        raise InputError(f"batch_loss returned {', '.join(map(str, result)) or 'an empty dictionary'}, and no {key!r}")
    if key != LOSS_NAME and LOSS_NAME in result:
        raise InputError(f"loss={key!r}, but batch_loss returned an entry 'loss' too: name that otherwise")
    return {
        LOSS_NAME: _checked(result[key], key),
        **{name: _checked(entry, name) for name, entry in result.items() if name != LOSS_NAME},
    }


def stack_entries(entries: Mapping[str, Entry], num_examples: int) -> Tensor:
    """The means over the examples of a batch, sums divided by their number; (metrics,), or 0-d of a loss alone."""
    values = [entry[0] / num_examples if isinstance(entry, tuple) else entry for entry in entries.values()]
    loss = values[0]
    return loss if len(values) == 1 else torch.stack([value.to(loss) for value in values])


def entry_at(index: int, count: int) -> Metric:
    """The metric that picks one of the ``count`` entries that stand where the outputs of a batch do."""

    def entry(outputs: Tensor, targets: Tensor) -> Tensor:
        return outputs if count == 1 else outputs[index]

    return entry


def scaled(metric: Metric, scale: float) -> Metric:
    """The metric times a number."""
    return lambda outputs, targets: metric(outputs, targets) * scale


def mean_of(function: Callable[[Tensor, Tensor], Any], name: str) -> Metric:
    """The user's function of outputs and targets as a metric: the mean where it returns a value for each example."""

    def mean(outputs: Tensor, targets: Tensor) -> Tensor:
        value = torch.as_tensor(function(outputs, targets), device=outputs.device)
        if value.dim() > 1 or (value.dim() and len(value) != len(targets)):
            raise InputError(
                f"the metric {name!r} must return the mean over a batch or a value for each of its {len(targets)} "
                f"examples, got shape {tuple(value.shape)}"
            )
        return value.to(outputs.dtype).mean()

    return mean


def refuse_names(names: Sequence[str]) -> None:
    """Refuse names that a file cannot hold, and two metrics of one name."""
    for name in names:
        if not names_metric(name):
            raise InputError(f"{name!r:.60} cannot name a metric; expected a word such as 'l2'")
        if names.count(name) > 1:
            raise InputError(f"two metrics are named {name!r}; name the term or the examples otherwise")


def _checked(entry: Any, name: str) -> Entry:
    is_pair = isinstance(entry, tuple) and len(entry) == 2
    value = entry[0] if is_pair else entry
    if name and isinstance(value, int | float):
        value = torch.tensor(float(value))
        entry = (value, entry[1]) if is_pair else value
    if is_pair and isinstance(entry[1], Mapping):
        raise InputError("batch_loss returned (loss, dictionary): return one dictionary, the loss in it under 'loss'")
    if not isinstance(value, Tensor) or value.dim():
        place = f" under {name!r}" if name else ""
        raise InputError(
            "batch_loss must return a 0-d tensor (the mean), (sum, count), or a dictionary of these, "
            f"got {_kind(value)}{place}"
        )
    return entry  # type: ignore[no-any-return]


def _kind(value: Any) -> str:
    return f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
