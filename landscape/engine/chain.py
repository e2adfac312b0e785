"""Plain stacks of linear layers and elementwise functions, evaluated features first in blocks that stay in the cache.

The layout (points, features, examples) makes every layer one batched product over long rows, and a softmax one over the
slow dimension, which a CPU does many times faster than one over the last 10 numbers.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TypeAlias

import torch
from torch import Tensor, fx, nn
from torch.func import vmap
from torch.nn import functional

from landscape.engine.first_layer import first_layer, layer_input, row_by_row
from landscape.objective.batches import Batch
from landscape.objective.objective import Objective
from landscape.space.parameters import Parameters
from landscape.space.subspaces import Affine, Corridor, Subspace
from landscape.train import losses

Elementwise: TypeAlias = Callable[[Tensor], Tensor]
Step: TypeAlias = str | Elementwise
Seen: TypeAlias = dict[tuple[int, int], Tensor]

# What one point's features on a chunk of examples, and a stack of points on it, may take: of the order of the second
# and third cache on a CPU (larger and smaller were slower by 5 % and more), enough to fill it on a GPU.
CHUNK_BYTES = {"cpu": 9 * 2**16, "cuda": 2**26}
STACK_BYTES = {"cpu": 9 * 2**19, "cuda": 2**28}
# What the weights, and the class scores, of the points that share a chunk may take.
GROUP_BYTES = 2**22
MIN_CHUNK = 64
MAX_STACK = {"cpu": 64, "cuda": 2**16}

MODULES = (
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.ELU,
    nn.SELU,
    nn.CELU,
    nn.GELU,
    nn.SiLU,
    nn.Mish,
    nn.Tanh,
    nn.Sigmoid,
    nn.LogSigmoid,
    nn.Hardtanh,
    nn.Hardswish,
    nn.Softplus,
    nn.Softsign,
)
NOTHING = (nn.Identity, nn.Dropout, nn.Flatten)
FUNCTIONS = (
    torch.relu,
    torch.tanh,
    torch.sigmoid,
    torch.sin,
    torch.square,
    functional.relu,
    functional.tanh,
    functional.sigmoid,
    functional.leaky_relu,
    functional.elu,
    functional.selu,
    functional.gelu,
    functional.silu,
    functional.softplus,
    functional.hardtanh,
)
METHODS = ("relu", "tanh", "sigmoid", "sin", "square")

STACKED: dict[Callable[..., Tensor], Callable[[Tensor, Tensor, Tensor | None], Tensor]] = {
    losses.cross_entropy: losses.stacked_cross_entropy,
    losses.accuracy: losses.stacked_accuracy,
}


@dataclass(frozen=True)
class Stack:
    """A network as its first linear layer and what follows: names of linear layers and elementwise functions."""

    first: str
    steps: tuple[Step, ...]

    @property
    def linear(self) -> tuple[str, ...]:
        """Names of the linear layers after the first."""
        return tuple(step for step in self.steps if isinstance(step, str))


def plain_stack(objective: Objective) -> Stack | None:
    """The network as a plain stack, read off its traced graph; None where it is anything else."""
    if "stack" not in objective.known:
        objective.known["stack"] = _read(objective)
    found: Stack | None = objective.known["stack"]
    return found


def chain(objective: Objective, subspace: Subspace, examples: int) -> Callable[[Tensor], Tensor]:
    """The whole network features first, its first layer combined as in `affine`: for plain stacks of linear layers."""
    stack = plain_stack(objective)
    if stack is None:
        raise ValueError("the network is no plain stack of linear layers and elementwise functions")
    if isinstance(subspace, Corridor):
        seen: Seen = {}  # by the first layer, the same on every row
        return row_by_row(objective, subspace, lambda row: _Chained(objective, row, examples, stack, seen))
    if not isinstance(subspace, Affine):
        raise ValueError(f"a {subspace.kind} is not affine")
    return _Chained(objective, subspace, examples, stack, {})


@dataclass(frozen=True)
class _Part:
    """The first layer's outputs on a batch, see `_Chained._parts`, and its targets, flat where losses are stacked.

    ``at_once`` points are evaluated in one pass.
    """

    outputs: list[Tensor]
    at_once: int
    targets: Tensor
    chosen: Tensor | None


class _Chained:
    def __init__(self, objective: Objective, subspace: Affine, examples: int, stack: Stack, seen: Seen) -> None:
        self.objective, self.stack, self.seen = objective, stack, seen
        self.chunks = [(split, list(split.chunks(examples))) for split in objective.splits]
        self.centre = {**objective.centre, **subspace.centre}
        later = {f"{name}.{kind}" for name in stack.linear for kind in ("weight", "bias")}
        self.moved = Affine(
            self.centre, tuple({name: d[name] for name in d if name in later} for d in subspace.directions)
        )
        self.first = [
            tuple(point.get(f"{stack.first}.{kind}") for kind in ("weight", "bias"))
            for point in (self.centre, *subspace.directions)
        ]
        width = max(self.centre[f"{name}.weight"].shape[0] for name in (stack.first, *stack.linear))
        self.width, self.weights = width, sum(self.centre[f"{name}.weight"].numel() for name in stack.linear)
        self.classes = self.centre[f"{(stack.first, *stack.linear)[-1]}.weight"].shape[0]
        self.rooms: dict[int, Tensor] = {}
        self.kept: dict[int, _Part] = {}

    @torch.no_grad()
    def __call__(self, coordinates: Tensor) -> Tensor:
        shape = (len(coordinates), len(self.objective.metric_names))
        total = torch.zeros(shape, dtype=torch.float64, device=self.objective.device)
        num_metrics = shape[1] // len(self.chunks)
        for index, (split, batches) in enumerate(self.chunks):
            columns = total[:, index * num_metrics : (index + 1) * num_metrics]
            for number, batch in enumerate(batches):
                part = self.kept.get(index) or self._part((index, number), batch)
                if len(batches) == 1:
                    self.kept[index] = part
                self._add(columns, coordinates, part, len(batch[1]) / split.num_examples)
        return total

    def _part(self, place: tuple[int, int], batch: Batch) -> "_Part":
        inputs, targets = batch
        if place not in self.seen:
            self.seen[place] = layer_input(self.objective, self.stack.first, inputs)
        parts = self._parts(self.seen[place])
        stackable = all(metric in STACKED for metric in self.objective.metrics.values()) and targets.dim() == 1
        return _Part(parts, self._at_once(parts[0]), targets, losses.flat_classes(targets) if stackable else None)

    def _add(self, columns: Tensor, coordinates: Tensor, part: "_Part", weight: float) -> None:
        """Add the batch's share to the means of every point."""
        start = 0
        for group in self._groups(coordinates, part):
            outputs = self._outputs(group, part)
            for some in outputs.split(part.at_once):
                columns[start : start + len(some)].add_(self._measured(some, part).double(), alpha=weight)
                start += len(some)

    def _measured(self, outputs: Tensor, part: "_Part") -> Tensor:
        """All metrics from outputs (points, classes, examples), shape (points, metrics)."""
        if part.chosen is None:
            return vmap(self.objective.measure, in_dims=(0, None))(outputs.transpose(1, 2), part.targets)
        outputs = losses.full(outputs)
        room = self._room(-2, tuple(outputs.shape), outputs)
        metrics = self.objective.metrics.values()
        return torch.stack([STACKED[metric](outputs, part.chosen, room) for metric in metrics], dim=1)

    def _parts(self, inputs: Tensor) -> list[Tensor]:
        """The first layer's outputs at the centre and along each direction, chunk by chunk: (dims + 1, features, c)."""
        bytes_each = self.width * inputs.element_size()
        chunk = max(MIN_CHUNK, CHUNK_BYTES[_kind(inputs.device)] // bytes_each)
        return [self._part_outputs(part) for part in inputs.split(chunk)]

    def _at_once(self, part: Tensor) -> int:
        kind = _kind(part.device)
        return max(1, min(MAX_STACK[kind], STACK_BYTES[kind] // self._bytes(part.shape[2] * self.width)))

    def _bytes(self, numbers: int) -> int:
        """What a point takes for so many numbers, or for its weights, which are made and then read, if that is more."""
        return max(numbers, 2 * self.weights) * self.objective.dtype.itemsize

    def _part_outputs(self, inputs: Tensor) -> Tensor:
        features = self.centre[f"{self.stack.first}.weight"].shape[0]
        outputs = inputs.new_empty(len(self.first), features, len(inputs))
        for made, (weight, bias) in zip(outputs, self.first, strict=True):
            if weight is None:
                made.zero_()
            else:
                torch.mm(weight, inputs.t(), out=made)
            if bias is not None:
                made.add_(bias[:, None])
        return outputs

    def _groups(self, coordinates: Tensor, part: "_Part") -> Iterator[Tensor]:
        """Points that take the chunks of examples together, so that each chunk is read from memory once for all.

        On a CPU they differ in their last coordinate alone, and share the sum of what comes before it, if there are
        enough of them to a run.
        """
        most = part.at_once
        if len(part.outputs) > 1:
            most = max(most, GROUP_BYTES // self._bytes(self.classes * len(part.targets)))
        if part.targets.device.type == "cpu":
            runs = list(_runs(coordinates))
            if part.at_once * len(runs) <= 2 * len(coordinates):
                for run in runs:
                    yield from run.split(most)
                return
        yield from coordinates.split(most)

    def _outputs(self, group: Tensor, part: "_Part") -> Tensor:
        """The network's outputs at a group of points, (points, classes, examples)."""
        points = self.moved.at(group.to(part.targets.device))
        size = -(-len(group) // -(-len(group) // part.at_once))  # of as few stacks as there must be, alike
        stacks = [slice(start, start + size) for start in range(0, len(group), size)]
        if len(part.outputs) == len(stacks) == 1:
            return self._rest(points, self._first_outputs(group, part.outputs[0])(stacks[0]))
        outputs = self._room(-1, (len(group), self.classes, len(part.targets)), part.outputs[0])
        start = 0
        for chunk in part.outputs:
            stop, first_outputs = start + chunk.shape[2], self._first_outputs(group, chunk)
            for here in stacks:
                outputs[here, :, start:stop] = self._rest(
                    {name: tensor[here] for name, tensor in points.items()}, first_outputs(here)
                )
            start = stop
        return outputs

    def _first_outputs(self, group: Tensor, chunk: Tensor) -> Callable[[slice], Tensor]:
        """The first layer's outputs at a stack of the group's points, (points, features, c)."""
        steps = group.to(chunk)
        if chunk.device.type != "cpu":
            weights = torch.cat([torch.ones_like(steps[:, :1]), steps], dim=1)
            return lambda here: torch.tensordot(weights[here], chunk, dims=1)
        columns = steps[:, :, None, None].unbind(1)
        if not torch.equal(group[:, :-1], group[:1, :-1].expand(len(group), -1)):
            return lambda here: self._combined(chunk, [column[here] for column in columns])
        base = chunk[0]
        for index, step in enumerate(group[0, :-1].tolist()):
            base = torch.add(base, chunk[index + 1], alpha=step, out=self._room(-3, tuple(base.shape), base))
        return lambda here: self._line(base, columns[-1][here], chunk[-1])

    def _combined(self, part: Tensor, steps: Sequence[Tensor]) -> Tensor:
        made = self._line(part[0], steps[0], part[1])
        for step, direction in zip(steps[1:], part[2:], strict=True):
            made.addcmul_(step, direction)
        return made

    def _line(self, base: Tensor, steps: Tensor, direction: Tensor) -> Tensor:
        return torch.addcmul(base, steps, direction, out=self._room(0, (len(steps), *base.shape), base))

    def _rest(self, points: Parameters, hidden: Tensor) -> Tensor:
        """The network after its first layer, (points, features, examples) throughout."""
        for index, step in enumerate(self.stack.steps, start=1):
            if not isinstance(step, str):
                hidden = step(hidden)
                continue
            weight = points.get(f"{step}.weight", self.centre[f"{step}.weight"]).expand(len(hidden), -1, -1)
            bias = points.get(f"{step}.bias", self.centre.get(f"{step}.bias"))
            room = self._room(index, (len(hidden), weight.shape[1], hidden.shape[2]), hidden)
            if bias is None:
                hidden = torch.bmm(weight, hidden, out=room)
            else:
                hidden = torch.baddbmm(bias[..., None], weight, hidden, out=room)
        return hidden

    def _room(self, index: int, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """Memory for one layer's outputs, on a CPU kept from stack to stack: fresh pages cost as much as the layer.

        On a GPU it is the allocator's to keep, which knows what a captured graph still uses.
        """
        if like.device.type != "cpu":
            return like.new_empty(shape)
        size = math.prod(shape)
        if index not in self.rooms or self.rooms[index].numel() < size:
            self.rooms[index] = like.new_empty(size)
        return self.rooms[index][:size].view(shape)


def _kind(device: torch.device) -> str:
    return "cpu" if device.type == "cpu" else "cuda"


def _runs(coordinates: Tensor) -> Iterator[Tensor]:
    """Consecutive points that agree in all coordinates but the last."""
    start = 0
    for _, run in groupby(coordinates[:, :-1].tolist()):
        stop = start + sum(1 for _ in run)
        yield coordinates[start:stop]
        start = stop


def _read(objective: Objective) -> Stack | None:
    model, first = objective.model, first_layer(objective)
    if first is None or type(model.get_submodule(first)) is not nn.Linear or _has_hooks(model):
        return None
    if layer_input(objective, first, objective.splits[0].head(1)[0]).dim() != 2:
        return None
    try:
        graph = fx.symbolic_trace(model).graph
    except Exception:
        return None
    node = next(node for node in graph.nodes if node.op == "call_module" and node.target == first)
    steps: list[Step] = []
    while len(node.users) == 1:
        before, node = node, next(iter(node.users))
        if node.op == "output":
            return Stack(first, tuple(steps)) if node.args == (before,) else None
        found = _step(objective, node, before)
        if found is None:
            return None
        steps += found
    return None


def _step(objective: Objective, node: fx.Node, before: fx.Node) -> list[Step] | None:
    """What a node of the graph does, as no step or one; None where it is not known to keep features apart."""
    if node.args != (before,) or node.all_input_nodes != [before]:
        return None
    if node.op == "call_module":
        return _module_step(objective, str(node.target))
    if node.op == "call_function" and node.target in FUNCTIONS:
        return [_in_place_relu if node.target in (torch.relu, functional.relu) else partial(node.target, **node.kwargs)]
    if node.op == "call_method" and node.target in METHODS:
        return [_in_place_relu if node.target == "relu" else getattr(torch, str(node.target))]
    return None


def _module_step(objective: Objective, name: str) -> list[Step] | None:
    module = objective.model.get_submodule(name)
    if type(module) is nn.Linear:
        known = all(f"{name}.{key}" in objective.centre for key, _ in module.named_parameters())
        return [name] if known else None
    if type(module) is nn.ReLU:
        return [_in_place_relu]
    if type(module) in MODULES:
        return [module]
    keeps = type(module) in NOTHING and not (type(module) is nn.Flatten and module.start_dim != 1)
    return [] if keeps else None


def _in_place_relu(hidden: Tensor) -> Tensor:
    return hidden.relu_()


def _has_hooks(model: nn.Module) -> bool:
    return any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
