"""Ways to evaluate an objective at points of a subspace: all give the same numbers to rounding, at different speeds.

A strategy takes coordinates (k, dims) in float64 on the CPU and returns the metrics (k, metrics) in float64 on the
objective's device, without waiting for it. ``examples`` is the number of examples taken at a time.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from landscape.engine.chain import chain
from landscape.engine.first_layer import by_affine_parts, first_layer, layer_input
from landscape.engine.known import has_twin
from landscape.engine.streamed import streamed
from landscape.objective.batches import Batch, Split
from landscape.objective.objective import Objective
from landscape.space import parameters as space
from landscape.space.affine import Affine
from landscape.space.parameters import Parameters
from landscape.space.subspaces import Subspace

Strategy = Callable[[Tensor], Tensor]
Measure = Callable[[Parameters, Split, Batch], Tensor]


def loop(objective: Objective, subspace: Subspace, examples: int) -> Strategy:
    """One point at a time through the model itself: no overhead per point in memory; right for large networks."""

    def one_by_one(points: Parameters, split: Split, batch: Batch) -> Tensor:
        count = len(next(iter(points.values())))
        return torch.stack([_metrics(objective, space.select(points, k), split, batch) for k in range(count)])

    return _mean_over_examples(objective, subspace, examples, one_by_one)


def stacked(objective: Objective, subspace: Subspace, examples: int) -> Strategy:
    """All points of a block in one pass, each layer a batched product (``torch.func.vmap``): for small networks."""

    def together(points: Parameters, split: Split, batch: Batch) -> Tensor:
        return vmap(lambda point: _metrics(objective, point, split, batch))(points)

    return _mean_over_examples(objective, subspace, examples, together)


def affine(objective: Objective, subspace: Subspace, examples: int) -> Strategy:
    """The first layer's output combined from precomputed parts: ``Z(theta + sum c_i d_i) = Z(theta) + sum c_i Z(d_i)``.

    Exact wherever the subspace is affine and the first layer with parameters is linear in them and sees the raw input.
    A corridor is affine along each of its rows.
    """
    layer = first_layer(objective)
    if layer is None:
        raise ValueError("the first layer with parameters is no linear or convolution layer on the raw input")
    if not has_twin(objective):
        raise ValueError("the model cannot be copied")
    return by_affine_parts(objective, subspace, lambda part: _FirstLayerSum(objective, part, examples, layer))


STRATEGIES: dict[str, Callable[[Objective, Subspace, int], Strategy]] = {
    "loop": loop,
    "stacked": stacked,
    "affine": affine,
    "chain": chain,
    "streamed": streamed,
}


def _metrics(objective: Objective, point: Parameters, split: Split, batch: Batch) -> Tensor:
    inputs, targets = batch
    return split.measure(objective.outputs(point, inputs), targets)


def _mean_over_examples(objective: Objective, subspace: Subspace, examples: int, measure: Measure) -> Strategy:
    """The strategy that applies ``measure`` to every chunk of examples and averages over all of them."""
    chunks = [(split, split.chunks(examples)) for split in objective.splits]

    @torch.no_grad()
    def evaluate(coordinates: Tensor) -> Tensor:
        points = objective.settled(subspace.at(coordinates.to(objective.device)))
        return torch.cat(
            [_mean(split, ((measure(points, split, batch), batch) for batch in batches)) for split, batches in chunks],
            1,
        )

    return evaluate


def _mean(split: Split, means: Iterator[tuple[Tensor, Batch]]) -> Tensor:
    """Mean over all examples of a split from the means of its chunks, (k, metrics) float64."""
    total = None
    for values, (_, targets) in means:
        share = values.double() * (len(targets) / split.num_examples)
        total = share if total is None else total.add_(share)
    assert total is not None
    return total


class _Output(nn.Module):
    """A module where the first layer stood; it returns an output that was combined elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.output = nn.Parameter(torch.empty(0), requires_grad=False)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.output


@dataclass(frozen=True)
class _Parts:
    """The first layer's outputs on one chunk: (dims + 1, examples * features) and the shape of one output."""

    values: Tensor
    shape: torch.Size


class _FirstLayerSum:
    """The strategy ``affine`` on an affine subspace."""

    def __init__(self, objective: Objective, subspace: Affine, examples: int, name: str) -> None:
        self.objective, self.subspace, self.name = objective, subspace, name
        self.prefix = f"{name}."
        self.skeleton = copy.deepcopy(objective.model)
        self.skeleton.set_submodule(name, _Output())
        self.chunks = [(split, split.chunks(examples)) for split in objective.splits]
        self.later = Affine(
            {key: value for key, value in subspace.centre.items() if not key.startswith(self.prefix)},
            tuple({key: v for key, v in d.items() if not key.startswith(self.prefix)} for d in subspace.directions),
        )

    @torch.no_grad()
    def __call__(self, coordinates: Tensor) -> Tensor:
        coordinates = coordinates.to(self.objective.device)
        points = self.later.at(coordinates)
        weights = torch.cat([torch.ones_like(coordinates[:, :1]), coordinates], dim=1)
        columns = []
        for split, batches in self.chunks:
            means = ((self._metrics(points, weights, split, batch), batch) for batch in batches)
            columns.append(_mean(split, means))
        return torch.cat(columns, dim=1)

    def _metrics(self, points: Parameters, weights: Tensor, split: Split, batch: Batch) -> Tensor:
        parts = self._parts(batch)
        first = torch.mm(weights.to(parts.values.dtype), parts.values).reshape(-1, *parts.shape)
        constants = {**self.later.centre, **self.objective.buffers}

        def metrics_at(point: Parameters, output: Tensor) -> Tensor:
            state = {**constants, **point, f"{self.prefix}output": output}
            outputs = self.objective.carry.run(self.skeleton, state, batch[0], self._forward)
            return split.measure(outputs, batch[1])

        return vmap(metrics_at)(points, first)

    def _forward(self, state: dict[str, Tensor], inputs: Tensor) -> Tensor:
        outputs: Tensor = functional_call(self.skeleton, state, (inputs,))
        return outputs

    @torch.no_grad()
    def _parts(self, batch: Batch) -> _Parts:
        """Outputs of the first layer at the centre and along each direction, where a bias that stays adds nothing."""
        layer = self.objective.model.get_submodule(self.name)
        inputs = layer_input(self.objective, self.name, batch[0])
        centre, *directions = map(self._of_layer, (self.subspace.centre, *self.subspace.directions))
        zeros = {key: torch.zeros_like(value) for key, value in centre.items()}
        states = [centre, *({**zeros, **direction} for direction in directions)]
        outputs = [functional_call(layer, dict(state), (inputs,)) for state in states]
        return _Parts(torch.stack([output.flatten() for output in outputs]), outputs[0].shape)

    def _of_layer(self, parameters: Parameters) -> Parameters:
        return {key.removeprefix(self.prefix): v for key, v in parameters.items() if key.startswith(self.prefix)}
