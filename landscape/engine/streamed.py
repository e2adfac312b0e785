"""Large networks: each layer is moved to the point when it is reached, its directions drawn again from their seed.

Beside the model and the objective's copy of its weights nothing lives longer than one layer, so that P parameters need
memory for about 2 P numbers, whatever the number of directions.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from landscape.engine.known import has_twin
from landscape.objective.batches import Inputs, Split, map_tensors
from landscape.objective.objective import Objective
from landscape.space.affine import Affine
from landscape.space.subspaces import Subspace


def streamed(
    objective: Objective, subspace: Subspace, examples: int, *, dtype: torch.dtype | None = None
) -> Callable[[Tensor], Tensor]:
    """One point at a time, one layer at a time: for models that barely fit, on planes made with ``stored=False``.

    Args:
        objective: what is evaluated.
        subspace: where; it must be affine.
        examples: how many are taken at a time.
        dtype: the precision to compute in, by default that of each tensor; each layer is converted as it is reached.
    """
    if subspace.affine is None:
        raise ValueError(f"a {subspace.kind} is not affine")
    if objective.batchnorm == "reestimate":
        raise ValueError("BatchNorm statistics cannot be estimated again layer by layer")
    return _LayerByLayer(objective, subspace.affine, examples, dtype)


class _LayerByLayer:
    """The strategy on an affine subspace."""

    def __init__(self, objective: Objective, subspace: Affine, examples: int, dtype: torch.dtype | None) -> None:
        self.objective, self.subspace, self.examples, self.dtype = objective, subspace, examples, dtype
        self.centre = {**objective.centre, **subspace.centre}
        self.buffers = {name: self._convert(tensor) for name, tensor in objective.buffers.items()}
        # whose modules lend their parameters' places, until each layer has run
        self.twin = objective.twin() if has_twin(objective) else objective
        # Another precision than the objective's starts from the model's own weights, not from rounded ones.
        from_model = dtype not in (None, objective.dtype) and subspace.centre is objective.centre
        self.exact = {name: p.detach() for name, p in objective.model.named_parameters()} if from_model else {}
        self.names = {id(tensor): name for name, tensor in objective.model.named_parameters()}
        with torch.no_grad(), _WeightGuard(self.centre):
            self._outputs([0.0] * len(subspace.directions), objective.splits[0].head(1)[0])

    @torch.no_grad()
    def __call__(self, coordinates: Tensor) -> Tensor:
        return torch.stack([self._point(steps) for steps in coordinates.tolist()])

    def _point(self, steps: list[float]) -> Tensor:
        return torch.cat([self._mean(split, steps) for split in self.objective.splits])

    def _mean(self, split: Split, steps: list[float]) -> Tensor:
        total = torch.zeros(len(split.metrics), dtype=torch.float64, device=self.objective.device)
        for inputs, targets in split.chunks(self.examples):
            values = split.measure(self._outputs(steps, inputs), self._convert(targets))
            total += values.double() * (len(targets) / split.num_examples)
        return total

    def _outputs(self, steps: list[float], inputs: Tensor) -> Tensor:
        with self._hooks(steps):
            return self.twin.outputs({**self.centre, **self.buffers}, self._convert(inputs))

    @contextmanager
    def _hooks(self, steps: list[float]) -> Iterator[None]:
        """While this holds, every layer has its parameters at the point, for as long as it runs."""
        handles = []
        for module in self.twin.model.modules():
            pairs = ((key, self.names[id(tensor)]) for key, tensor in module.named_parameters(recurse=False))
            names = {key: name for key, name in pairs if name in self.centre}
            if names:
                handles += [
                    module.register_forward_pre_hook(lambda m, _, n=names: self._move(m, n, steps)),
                    module.register_forward_hook(lambda m, _, __, n=names: self._put_back(m, n), always_call=True),
                ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _move(self, module: nn.Module, names: dict[str, str], steps: list[float]) -> None:
        with torch._C.DisableTorchFunction():  # the guard would take the move for a use of the weight
            for key, name in names.items():
                module._parameters[key] = self._tensor(name, steps)  # type: ignore[assignment]

    def _put_back(self, module: nn.Module, names: dict[str, str]) -> None:
        for key, name in names.items():
            module._parameters[key] = self.centre[name]  # type: ignore[assignment]

    def _tensor(self, name: str, steps: list[float]) -> Tensor:
        """One parameter at the point, converted and moved in place."""
        centre = self.centre[name]
        point = self.exact.get(name, centre).to(centre.device, self.dtype or centre.dtype, copy=True)
        for step, direction in zip(steps, self.subspace.directions, strict=True):
            if name in direction:
                point.add_(self._convert(direction[name]), alpha=step)
        return point

    def _convert(self, value: Any) -> Any:
        """Floating-point numbers in the precision to compute in, if there is one; anything else as it is."""
        if isinstance(value, Inputs):
            return Inputs(map_tensors(value.tree, self._convert))
        keep = self.dtype is None or not isinstance(value, Tensor) or not value.is_floating_point()
        return value if keep else value.to(self.dtype)


class _WeightGuard(TorchFunctionMode):
    """Refuses any computation with a weight that was not moved: a parameter used outside the layer that owns it."""

    def __init__(self, centre: dict[str, Tensor]) -> None:
        super().__init__()
        self.names = {id(tensor): name for name, tensor in centre.items()}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for value in chain(args, (kwargs or {}).values()):
            if isinstance(value, Tensor) and id(value) in self.names and not _is_attribute(func):
                raise ValueError(f"parameter {self.names[id(value)]!r} is used outside the layer that owns it")
        return func(*args, **(kwargs or {}))


def _is_attribute(func: Any) -> bool:
    """Whether it only reads a tensor's shape, dtype and the like."""
    return getattr(func, "__name__", "") in ("__get__", "size", "dim", "numel", "is_floating_point")
