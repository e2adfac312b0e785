"""Large networks: each layer is moved to the point when it is reached, its directions drawn again from their seed.

Beside the model and the objective's copy of its weights nothing lives longer than one layer, so that P parameters need
memory for about 2 P numbers, whatever the number of directions.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from landscape.objective.batches import Inputs, mapped
from landscape.objective.objective import Objective
from landscape.space.subspaces import Affine, Subspace


def streamed(
    objective: Objective, subspace: Subspace, examples: int, *, dtype: torch.dtype | None = None
) -> Callable[[Tensor], Tensor]:
    """One point at a time, one layer at a time: for models that barely fit, on planes made with ``stored=False``.

    Args:
        dtype: the precision to compute in, by default the objective's; each layer is converted as it is reached.
    """
    if not isinstance(subspace, Affine):
        raise ValueError(f"a {subspace.kind} is not affine")
    if objective.batchnorm == "reestimate":
        raise ValueError("BatchNorm statistics cannot be estimated again layer by layer")
    return _Streamed(objective, subspace, examples, dtype or objective.dtype)


class _Streamed:
    def __init__(self, objective: Objective, subspace: Affine, examples: int, dtype: torch.dtype) -> None:
        self.objective, self.subspace, self.examples, self.dtype = objective, subspace, examples, dtype
        self.centre = {**objective.centre, **subspace.centre}
        self.buffers = {name: self._converted(tensor) for name, tensor in objective.buffers.items()}
        shared = {id(tensor): tensor for tensor in chain(objective.model.parameters(), objective.model.buffers())}
        self.own = copy.copy(objective)
        self.own.model = copy.deepcopy(objective.model, shared)
        # Another precision than the objective's starts from the model's own weights, not from rounded ones.
        own = dtype != objective.dtype and subspace.centre is objective.centre
        self.exact = {name: p.detach() for name, p in objective.model.named_parameters()} if own else {}
        self.names = {id(tensor): name for name, tensor in objective.model.named_parameters()}
        with torch.no_grad(), _Unmoved(self.centre):
            self._outputs([0.0] * len(subspace.directions), objective.splits[0].head(1)[0])

    @torch.no_grad()
    def __call__(self, coordinates: Tensor) -> Tensor:
        return torch.stack([self._point(steps) for steps in coordinates.tolist()])

    def _point(self, steps: list[float]) -> Tensor:
        return torch.cat([self._mean(split, steps) for split in self.objective.splits])

    def _mean(self, split: Any, steps: list[float]) -> Tensor:
        total = torch.zeros(len(self.objective.metrics), dtype=torch.float64, device=self.objective.device)
        for inputs, targets in split.chunks(self.examples):
            values = self.objective.measure(self._outputs(steps, inputs), self._converted(targets))
            total += values.double() * (len(targets) / split.num_examples)
        return total

    def _outputs(self, steps: list[float], inputs: Tensor) -> Tensor:
        with self._moving(steps):
            return self.own.outputs({**self.centre, **self.buffers}, self._converted(inputs))

    @contextmanager
    def _moving(self, steps: list[float]) -> Iterator[None]:
        """While this holds, every layer has its parameters at the point, for as long as it runs."""
        handles = []
        for module in self.own.model.modules():
            named = ((key, self.names[id(tensor)]) for key, tensor in module.named_parameters(recurse=False))
            own = {key: name for key, name in named if name in self.centre}
            if own:
                handles += [
                    module.register_forward_pre_hook(lambda m, _, own=own: self._move(m, own, steps)),
                    module.register_forward_hook(lambda m, _, __, own=own: self._put_back(m, own), always_call=True),
                ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _move(self, module: nn.Module, own: dict[str, str], steps: list[float]) -> None:
        with torch._C.DisableTorchFunction():
            for key, name in own.items():
                module._parameters[key] = self._tensor(name, steps)  # type: ignore[assignment]

    def _put_back(self, module: nn.Module, own: dict[str, str]) -> None:
        for key, name in own.items():
            module._parameters[key] = self.centre[name]  # type: ignore[assignment]

    def _tensor(self, name: str, steps: list[float]) -> Tensor:
        """One parameter at the point, converted and moved in place."""
        moved = self.exact.get(name, self.centre[name]).to(self.centre[name].device, self.dtype, copy=True)
        for step, direction in zip(steps, self.subspace.directions, strict=True):
            if name in direction:
                moved.add_(self._converted(direction[name]), alpha=step)
        return moved

    def _converted(self, given: Any) -> Any:
        if isinstance(given, Inputs):
            return Inputs(mapped(given.tree, self._converted))
        return given.to(self.dtype) if isinstance(given, Tensor) and given.is_floating_point() else given


class _Unmoved(TorchFunctionMode):
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
