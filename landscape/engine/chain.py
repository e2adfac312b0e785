"""Plain stacks of linear layers and elementwise functions, evaluated features first in blocks that stay in the cache.

The layout (points, features, examples) makes every layer one batched product over long rows, and a softmax one over the
slow dimension, which a CPU does many times faster than one over the last 10 numbers.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

import torch
from torch import Tensor
from torch.func import vmap

from landscape.engine.first_layer import by_affine_parts, layer_input
from landscape.engine.stack import Stack, plain_stack
from landscape.objective.batches import Batch, Split
from landscape.objective.objective import Objective
from landscape.space.affine import Affine
from landscape.space.parameters import Parameters
from landscape.space.subspaces import Subspace
from landscape.train import losses

LayerInputs: TypeAlias = dict[tuple[int, int], Tensor]

# What one point's features on a chunk of examples, and a stack of points on it, may take: of the order of the second
# and third cache on a CPU (larger and smaller were slower by 5 % and more), enough to fill it on a GPU.
CHUNK_BYTES = {"cpu": 9 * 2**16, "cuda": 2**26}
STACK_BYTES = {"cpu": 9 * 2**19, "cuda": 2**28}
# What the weights, and the class scores, of the points that share a chunk may take.
GROUP_BYTES = 2**22
MIN_CHUNK = 64
MAX_STACK = {"cpu": 64, "cuda": 2**16}

# Metrics that can be computed features first, without a transpose of all outputs.
FEATURES_FIRST: dict[Callable[..., Tensor], Callable[[Tensor, Tensor, Tensor | None], Tensor]] = {
    losses.cross_entropy: losses.stacked_cross_entropy,
    losses.accuracy: losses.stacked_accuracy,
}


def chain(objective: Objective, subspace: Subspace, examples: int) -> Callable[[Tensor], Tensor]:
    """The whole network features first, its first layer combined as in `affine`: for plain stacks of linear layers."""
    stack = plain_stack(objective)
    if stack is None:
        raise ValueError("the network is no plain stack of linear layers and elementwise functions")
    inputs: LayerInputs = {}  # of the first layer, the same on every row of a corridor
    return by_affine_parts(objective, subspace, lambda part: _Chain(objective, part, examples, stack, inputs))


@dataclass(frozen=True)
class _Part:
    """The first layer's outputs on a batch, see `_Chain._first_layer`, and the batch's targets.

    ``at_once`` points are evaluated in one pass; ``classes`` are the targets as flat indices, where every metric can be
    computed features first.
    """

    split: Split
    outputs: list[Tensor]
    at_once: int
    targets: Tensor
    classes: Tensor | None


class _Chain:
    """The strategy on an affine subspace."""

    def __init__(
        self, objective: Objective, subspace: Affine, examples: int, stack: Stack, inputs: LayerInputs
    ) -> None:
        self.objective, self.stack, self.inputs = objective, stack, inputs
        self.chunks = [(split, list(split.chunks(examples))) for split in objective.splits]
        self.centre = {**objective.centre, **subspace.centre}
        names = {f"{name}.{kind}" for name in stack.linear for kind in ("weight", "bias")}
        self.later = Affine(
            self.centre, tuple({name: d[name] for name in d if name in names} for d in subspace.directions)
        )
        self.first = [
            tuple(point.get(f"{stack.first}.{kind}") for kind in ("weight", "bias"))
            for point in (self.centre, *subspace.directions)
        ]
        self.width = max(self.centre[f"{name}.weight"].shape[0] for name in (stack.first, *stack.linear))
        self.num_weights = sum(self.centre[f"{name}.weight"].numel() for name in stack.linear)
        self.num_classes = self.centre[f"{(stack.first, *stack.linear)[-1]}.weight"].shape[0]
        self.rooms: dict[int, Tensor] = {}
        self.parts: dict[int, _Part] = {}

    @torch.no_grad()
    def __call__(self, coordinates: Tensor) -> Tensor:
        shape = (len(coordinates), len(self.objective.metric_names))
        means = torch.zeros(shape, dtype=torch.float64, device=self.objective.device)
        num_metrics = shape[1] // len(self.chunks)
        for index, (split, batches) in enumerate(self.chunks):
            columns = means[:, index * num_metrics : (index + 1) * num_metrics]
            for number, batch in enumerate(batches):
                part = self.parts.get(index) or self._part((index, number), split, batch)
                # The first layer's outputs on several batches would fill the memory that batches are there to save.
                if len(batches) == 1:
                    self.parts[index] = part
                self._add(columns, coordinates, part, len(batch[1]) / split.num_examples)
        return means

    def _part(self, position: tuple[int, int], split: Split, batch: Batch) -> _Part:
        inputs, targets = batch
        if position not in self.inputs:
            self.inputs[position] = layer_input(self.objective, self.stack.first, inputs)
        outputs = self._first_layer(self.inputs[position])
        flat = all(metric in FEATURES_FIRST for metric in split.metrics.values()) and targets.dim() == 1
        classes = losses.flat_classes(targets) if flat else None
        return _Part(split, outputs, self._at_once(outputs[0]), targets, classes)

    def _add(self, columns: Tensor, coordinates: Tensor, part: _Part, weight: float) -> None:
        """Add the batch's share to the means of every point."""
        start = 0
        for group in self._groups(coordinates, part):
            outputs = self._outputs(group, part)
            for block in outputs.split(part.at_once):
                columns[start : start + len(block)].add_(self._metrics(block, part).double(), alpha=weight)
                start += len(block)

    def _metrics(self, outputs: Tensor, part: _Part) -> Tensor:
        """All metrics from outputs (points, classes, examples), shape (points, metrics)."""
        if part.classes is None:
            return vmap(part.split.measure, in_dims=(0, None))(outputs.transpose(1, 2), part.targets)
        outputs = losses.full(outputs)
        room = self._room(-2, tuple(outputs.shape), outputs)
        metrics = part.split.metrics.values()
        return torch.stack([FEATURES_FIRST[metric](outputs, part.classes, room) for metric in metrics], dim=1)

    def _first_layer(self, inputs: Tensor) -> list[Tensor]:
        """The first layer's outputs at the centre and along each direction, chunk by chunk: (dims + 1, features, c)."""
        bytes_per_example = self.width * inputs.element_size()
        chunk = max(MIN_CHUNK, CHUNK_BYTES[_kind(inputs.device)] // bytes_per_example)
        return [self._first_layer_on(part) for part in inputs.split(chunk)]

    def _first_layer_on(self, inputs: Tensor) -> Tensor:
        features = self.centre[f"{self.stack.first}.weight"].shape[0]
        outputs = inputs.new_empty(len(self.first), features, len(inputs))
        for output, (weight, bias) in zip(outputs, self.first, strict=True):
            if weight is None:  # a direction that leaves the layer's weight where it is
                output.zero_()
            else:
                torch.mm(weight, inputs.t(), out=output)
            if bias is not None:
                output.add_(bias[:, None])
        return outputs

    def _at_once(self, outputs: Tensor) -> int:
        kind = _kind(outputs.device)
        return max(1, min(MAX_STACK[kind], STACK_BYTES[kind] // self._bytes(outputs.shape[2] * self.width)))

    def _bytes(self, numbers: int) -> int:
        """What a point takes for so many numbers, or for its weights, which are made and then read, if that is more."""
        return max(numbers, 2 * self.num_weights) * self.objective.dtype.itemsize

    def _groups(self, coordinates: Tensor, part: _Part) -> Iterator[Tensor]:
        """Points that take the chunks of examples together, so that each chunk is read from memory once for all.

        On a CPU they differ in their last coordinate alone, and share the sum of what comes before it, if there are
        enough of them to a run.
        """
        size = part.at_once
        if len(part.outputs) > 1:
            size = max(size, GROUP_BYTES // self._bytes(self.num_classes * len(part.targets)))
        if part.targets.device.type == "cpu":
            runs = list(_runs(coordinates))
            if part.at_once * len(runs) <= 2 * len(coordinates):
                for run in runs:
                    yield from run.split(size)
                return
        yield from coordinates.split(size)

    def _outputs(self, group: Tensor, part: _Part) -> Tensor:
        """The network's outputs at a group of points, (points, classes, examples)."""
        points = self.later.at(group.to(part.targets.device))
        size = -(-len(group) // -(-len(group) // part.at_once))  # of as few stacks as there must be, alike
        stacks = [slice(start, start + size) for start in range(0, len(group), size)]
        if len(part.outputs) == len(stacks) == 1:
            return self._later_layers(points, self._first_outputs(group, part.outputs[0])(stacks[0]))
        outputs = self._room(-1, (len(group), self.num_classes, len(part.targets)), part.outputs[0])
        start = 0
        for chunk in part.outputs:
            stop, first_outputs = start + chunk.shape[2], self._first_outputs(group, chunk)
            for here in stacks:
                outputs[here, :, start:stop] = self._later_layers(
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
            return lambda here: self._sum(chunk, [column[here] for column in columns])
        base = chunk[0]
        for index, step in enumerate(group[0, :-1].tolist()):
            base = torch.add(base, chunk[index + 1], alpha=step, out=self._room(-3, tuple(base.shape), base))
        return lambda here: self._line(base, columns[-1][here], chunk[-1])

    def _sum(self, chunk: Tensor, steps: Sequence[Tensor]) -> Tensor:
        total = self._line(chunk[0], steps[0], chunk[1])
        for step, direction in zip(steps[1:], chunk[2:], strict=True):
            total.addcmul_(step, direction)
        return total

    def _line(self, base: Tensor, steps: Tensor, direction: Tensor) -> Tensor:
        return torch.addcmul(base, steps, direction, out=self._room(0, (len(steps), *base.shape), base))

    def _later_layers(self, points: Parameters, features: Tensor) -> Tensor:
        """The network after its first layer, (points, features, examples) throughout."""
        for index, step in enumerate(self.stack.steps, start=1):
            if not isinstance(step, str):
                features = step(features)
                continue
            weight = points.get(f"{step}.weight", self.centre[f"{step}.weight"]).expand(len(features), -1, -1)
            bias = points.get(f"{step}.bias", self.centre.get(f"{step}.bias"))
            room = self._room(index, (len(features), weight.shape[1], features.shape[2]), features)
            if bias is None:
                features = torch.bmm(weight, features, out=room)
            else:
                features = torch.baddbmm(bias[..., None], weight, features, out=room)
        return features

    def _room(self, index: int, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """Memory for one layer's outputs, on a CPU kept from stack to stack: fresh pages cost as much as the layer.

        On a GPU it is the allocator's to keep, which knows what a captured graph still uses. Layers have the indices
        from 1 on; 0 is the first layer, -1 the outputs on all chunks, -2 the softmax, -3 the sum that a row shares.
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
