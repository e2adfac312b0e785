"""An objective in another precision, under a `Promotion` where the user's code fails in it by itself."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn

from landscape.errors import LandscapeError, ObjectiveError, reason
from landscape.objective.batches import Metric, Split
from landscape.objective.calls import Call
from landscape.objective.objective import Objective
from landscape.objective.promotion import Promotion

PROBE_EXAMPLES = 8


def in_dtype(objective: Objective, dtype: torch.dtype) -> Objective:
    """The same objective in another precision; under a `Promotion` where the user's code fails in it by itself.

    Raises:
        ObjectiveError: the code fails in that precision in either way.
    """
    if objective.dtype == dtype:
        return objective
    plain = objective.with_dtype(dtype)
    error = _failure(plain)
    if error is None:
        return plain
    if dtype.itemsize > objective.dtype.itemsize:
        promoted = _promoted(objective, dtype)
        error = _failure(promoted)
        if error is None:
            return promoted
    name = str(dtype).removeprefix("torch.")
    raise ObjectiveError(f"the loss cannot be computed in {name}: {reason(error)}; give the model to that precision")


def is_promoted(objective: Objective) -> bool:
    """Whether the objective computes under a `Promotion`, which only its own calls know."""
    return isinstance(objective.call, _PromotedCall)


def _failure(objective: Objective) -> Exception | None:
    """What the training loss of a few examples ends with, if it fails."""
    try:
        with torch.no_grad():
            objective.loss_share({}, objective.splits[0].head(PROBE_EXAMPLES))
    except LandscapeError:
        raise
    except Exception as error:  # a user's code fails in any way
        return error
    return None


@dataclass(frozen=True, eq=False)
class _PromotedCall:
    """A call whose model and loss run under a `Promotion`."""

    call: Call
    dtype: torch.dtype

    def outputs(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> Tensor:
        with Promotion(self.dtype):
            return self.call.outputs(model, state, inputs)

    def num_outputs(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> int:
        with Promotion(self.dtype):
            return self.call.num_outputs(model, state, inputs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.call, name)


def _promoted(objective: Objective, dtype: torch.dtype) -> Objective:
    call = cast(Call, _PromotedCall(objective.call, dtype))
    twin = objective.with_code(_with_attributes(objective.model, dtype), call, objective.splits).with_dtype(dtype)
    return twin.with_code(twin.model, twin.call, tuple(_promote_metrics(split, dtype) for split in twin.splits))


def _promote_metrics(split: Split, dtype: torch.dtype) -> Split:
    return replace(split, metrics={name: partial(_measure, metric, dtype) for name, metric in split.metrics.items()})


def _measure(metric: Metric, dtype: torch.dtype, outputs: Tensor, targets: Tensor) -> Tensor:
    with Promotion(dtype):
        return metric(outputs, targets)


def _with_attributes(model: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy of the model with its plain tensor attributes in ``dtype``; the model itself if it cannot be copied."""
    shared = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    held = [t for module in model.modules() for t in _tensors_in(vars(module).values()) if id(t) not in shared]
    wide = {id(tensor): _cast(tensor, dtype) for tensor in held if tensor.is_floating_point()}
    if not wide:
        return model
    try:
        return copy.deepcopy(model, {**shared, **wide})
    except Exception:  # a lock, a logger, a tensor inside a graph: then each use of an attribute is promoted
        return model


def _tensors_in(values: Iterable[Any]) -> Iterator[Tensor]:
    """Tensors among the values, and in lists, tuples and dictionaries among them."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors_in(value)
        elif isinstance(value, dict):
            yield from _tensors_in(value.values())


def _cast(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return tensor.detach().to(dtype).requires_grad_(tensor.requires_grad)
