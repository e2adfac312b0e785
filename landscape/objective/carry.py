"""What a forward pass would carry over to the next one, and calls that leave nothing behind.

A model may write into its buffers (observers of quantization, spectral norm in train mode, running statistics), keep
tensors and counters as attributes (recurrent state, a cache), or write into its input. Every call starts from what was
there when the objective was built, so that a point's value does not depend on the points before it.
"""

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from landscape.errors import ObjectiveError
from landscape.objective.batches import UNCUT, Inputs, Split, leaves, map_tensors

Forward: TypeAlias = Callable[[dict[str, Tensor], Any], Any]
Place: TypeAlias = tuple[str, str]

PROBE_EXAMPLES = 8
# Numbers of a network of which a copy costs nothing; of larger ones only writes that autograd counts are seen.
MOST_COPIED = 2**20
_ABSENT = object()
# A recurrent layer of torch works its flat weights out again when its parameters are exchanged.
_INTERNAL = frozenset((*vars(nn.Module()), "_flat_weights", "_flat_weight_refs"))
_CONTAINERS = (list, dict, set)


@dataclass(frozen=True, eq=False)
class Carry:
    """What each call gets a copy of, because a call changes it.

    Args:
        tensors: names of buffers and parameters that a forward pass writes into.
        attributes: other attributes that it changes, by (name of the module, name), as they were before any call.
        inputs: whether it writes into its input.
    """

    tensors: frozenset[str] = frozenset()
    attributes: tuple[tuple[Place, Any], ...] = ()
    inputs: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all that moves, in the model's words."""
        attributes = (".".join(filter(None, place)) for place, _ in self.attributes)
        return (*sorted(self.tensors), *attributes, *(["the input"] if self.inputs else []))

    def run(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any, forward: Forward) -> Any:
        """What ``forward`` makes of a model with this state and these inputs, none of which it can change."""
        if not self.names:
            return forward(dict(state), inputs)
        fresh = {name: tensor.clone() if name in self.tensors else tensor for name, tensor in state.items()}
        with self.unchanged(model):
            return forward(fresh, _clone_inputs(inputs) if self.inputs else inputs)

    @contextmanager
    def unchanged(self, model: nn.Module) -> Iterator[None]:
        """While this holds, the model starts with its first attributes; after it, it has those it came with."""
        places = [(model.get_submodule(path).__dict__, key, value) for (path, key), value in self.attributes]
        before = [(attributes, key, attributes.get(key, _ABSENT)) for attributes, key, _ in places]
        try:
            for attributes, key, value in places:
                _put(attributes, key, _clone(value))
            yield
        finally:
            for attributes, key, value in before:
                _put(attributes, key, value)


def find_carry(model: nn.Module, state: Mapping[str, Tensor], split: Split, forward: Forward) -> Carry:
    """What two calls on a few examples change; the model and the state are then as they were before.

    Args:
        model: the user's.
        state: its parameters and buffers, which the calls get.
        split: gives the examples.
        forward: calls the model with a state and inputs.
    """
    for count in (PROBE_EXAMPLES, UNCUT):
        try:
            return _compare(model, state, split.head(count)[0], forward)
        except Exception:  # a model that cannot be called at all is refused where it is called in earnest
            continue
    return Carry()


@contextmanager
def unchanging(loss: object) -> Iterator[None]:
    """Refuse a loss that is a module and changes while this holds; it is then as it was before.

    Raises:
        ObjectiveError: names the buffers and attributes that moved.
    """
    if not isinstance(loss, nn.Module):
        yield
        return
    tensors = {name: (tensor, tensor.detach().clone()) for name, tensor in loss.state_dict(keep_vars=True).items()}
    attributes = _Attributes(loss)
    yield
    changes = [name for name, (tensor, before) in tensors.items() if not _equal(tensor, before)]
    for name in changes:
        tensors[name][0].data.copy_(tensors[name][1])
    changes += [".".join(filter(None, place)) for place, _ in attributes.restore()]
    if changes:
        raise ObjectiveError(
            f"the loss keeps {', '.join(changes[:4])} from one call to the next, so that its value depends on what was "
            "evaluated before; give one without memory"
        )


@torch.no_grad()
def refuse_writing_loss(split: Split, outputs: Callable[[Any], Tensor]) -> None:
    """Refuse a loss or metric that writes into its targets, or into outputs that another metric needs.

    Raises:
        ObjectiveError: names it.
    """
    inputs, targets = split.head(PROBE_EXAMPLES)
    result = outputs(inputs)
    for name, metric in split.metrics.items():
        copies = (result.clone(), targets.clone())
        metric(*copies)
        if not _equal(copies[1], targets):
            raise ObjectiveError(f"the {name} writes into its targets, the data; let it work on targets.clone()")
        if len(split.metrics) > 1 and not _equal(copies[0], result):
            raise ObjectiveError(f"the {name} writes into the model's outputs; let it work on outputs.clone()")


def refuse_random(at_centre: Callable[[], dict[str, float]], elsewhere: Callable[[], None], carry: Carry) -> None:
    """Refuse metrics that are not finite, or come otherwise the second time, after a call at another point.

    Raises:
        ObjectiveError: names the metric, and what moves.
    """
    first = at_centre()
    elsewhere()
    second = at_centre()
    moving = f" (it moves {', '.join(carry.names[:4])})" if carry.names else ""
    for name, value in first.items():
        if not math.isfinite(value):
            raise ObjectiveError(f"{name} at the centre is {value}: check the data and the loss for values not finite")
        if abs(value - second[name]) > 1e-6 * max(1.0, abs(value)):
            raise ObjectiveError(
                f"{name} at the centre was {value:.9g} and then {second[name]:.9g}: the model or the loss draws random "
                f"numbers, or keeps something between calls that cannot be seen from outside{moving}, so a landscape "
                "would show noise; make it deterministic first"
            )


def _compare(model: nn.Module, state: Mapping[str, Tensor], inputs: Any, forward: Forward) -> Carry:
    attributes = _Attributes(model)
    small = sum(tensor.numel() for tensor in state.values()) <= MOST_COPIED
    buffers = {name for name, _ in model.named_buffers()}
    before = {name: tensor.clone() for name, tensor in state.items() if small or name in buffers}
    versions = {name: tensor._version for name, tensor in state.items()}
    duplicate = _clone_inputs(inputs)
    try:
        with torch.no_grad():
            for _ in range(2):
                forward(dict(state), duplicate)
    finally:
        changes = attributes.restore()
        writes = {
            name
            for name, tensor in state.items()
            if tensor._version != versions[name] or (name in before and not _equal(tensor, before[name]))
        }
        _write_back(state, writes, before, model)
    return Carry(frozenset(writes), tuple(changes), not _same_tree(inputs, duplicate))


@torch.no_grad()
def _write_back(state: Mapping[str, Tensor], writes: set[str], before: Mapping[str, Tensor], model: nn.Module) -> None:
    """Give the tensors that were written into their values from before, or those of the model they were copied from."""
    for name in writes:
        value = before[name] if name in before else model.get_parameter(name)
        state[name].data.resize_(value.shape).copy_(value)


class _Attributes:
    """The attributes of a module and all below it that are neither parameters nor buffers nor modules."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.values = {
            (path, key): (value, _clone(value))
            for path, module in model.named_modules()
            for key, value in vars(module).items()
            if key not in _INTERNAL
        }

    @torch.no_grad()
    def restore(self) -> list[tuple[Place, Any]]:
        """Put back all that has changed; returns it with copies of the values from before."""
        modules = dict(self.model.named_modules())
        present = {(path, key) for path, module in modules.items() for key in vars(module) if key not in _INTERNAL}
        changes: list[tuple[Place, Any]] = []
        for path, key in [*self.values, *sorted(present - self.values.keys())]:
            value, duplicate = self.values.get((path, key), (_ABSENT, _ABSENT))
            attributes = modules[path].__dict__
            if _is_as_before(value, duplicate, attributes.get(key, _ABSENT)):
                continue
            _refill(value, duplicate)
            _put(attributes, key, value)
            changes.append(((path, key), duplicate))
        return changes


def _is_as_before(value: Any, duplicate: Any, now: Any) -> bool:
    """Whether an attribute is the object that it was, with the same values, or a container of the same objects."""
    if isinstance(value, Tensor):
        return now is value and _equal(value, duplicate)
    if isinstance(value, _CONTAINERS):
        return type(now) is type(value) and _elements(now) == _elements(duplicate)
    return now is value


def _refill(value: Any, duplicate: Any) -> None:
    """Give a tensor or a container that was changed in place its values from before."""
    if isinstance(value, Tensor) and not _equal(value, duplicate):
        value.data.resize_(duplicate.shape).copy_(duplicate)
    elif isinstance(value, list):
        value[:] = duplicate
    elif isinstance(value, dict | set):
        value.clear()
        value.update(duplicate)


def _elements(container: Any) -> list[Any]:
    """What identifies the objects in a container."""
    items = container.items() if isinstance(container, dict) else ((None, value) for value in container)
    return [(key, id(value)) for key, value in items]


def _put(attributes: dict[str, Any], key: str, value: Any) -> None:
    if value is _ABSENT:
        attributes.pop(key, None)
    else:
        attributes[key] = value


def _clone(value: Any) -> Any:
    """A copy of a tensor, or of a container with the same objects; else the object itself."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    return copy.copy(value) if type(value) in _CONTAINERS else value


def _clone_inputs(inputs: Any) -> Any:
    """A copy of a batch of any type; through that of its tensors gradients flow."""
    if isinstance(inputs, Inputs):
        return Inputs(_clone_inputs(inputs.tree))
    if isinstance(inputs, Tensor | dict | list | tuple):
        return map_tensors(inputs, torch.clone)
    return copy.deepcopy(inputs)


def _equal(first: Tensor, second: Tensor) -> bool:
    """Whether two tensors have the same values, those that are no numbers included."""
    if first.layout != torch.strided or second.layout != torch.strided:
        return first.layout == second.layout and first.shape == second.shape
    return first.shape == second.shape and bool(((first == second) | ((first != first) & (second != second))).all())


def _same_tree(first: Any, second: Any) -> bool:
    pairs = zip(
        leaves(first.tree if isinstance(first, Inputs) else first),
        leaves(second.tree if isinstance(second, Inputs) else second),
        strict=True,
    )
    return all(_equal(a, b) for (_, a), (_, b) in pairs)
