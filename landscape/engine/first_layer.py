"""The first layer with parameters: whether it sees the raw input alone, and its input on a batch.

Where it does, and the subspace is affine, its outputs at every point are sums of outputs that are computed once.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from landscape.engine.known import once
from landscape.objective.objective import Objective
from landscape.space.affine import Affine
from landscape.space.subspaces import Subspace

Evaluate = Callable[[Tensor], Tensor]


class _ReachedError(Exception):
    """Raised where the layer would run, to spare the rest of the network."""


@once
def first_layer(objective: Objective) -> str | None:
    """Name of the first layer with parameters, if it is linear or a convolution, used once, on the raw input alone."""
    if not objective.fixed_inputs:
        return None
    names = [name for name, module in objective.model.named_modules() if list(module.parameters(recurse=False))]
    name = names[0]
    layer = objective.model.get_submodule(name)
    if name == "" or not isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        return None
    if any(f"{name}.{key}" not in objective.centre for key, _ in layer.named_parameters()):
        return None
    later = {id(parameter) for module in names[1:] for parameter in objective.model.get_submodule(module).parameters()}
    if any(id(parameter) in later for parameter in layer.parameters()):
        return None
    return name if _sees_raw_input(objective, name) else None


def _sees_raw_input(objective: Objective, name: str) -> bool:
    """Whether the layer runs once and its input stays the same when every parameter changes."""
    batch, _ = objective.splits[0].head(2)
    inputs: list[Tensor] = []
    shifted = {key: value + 0.5 for key, value in objective.centre.items()}
    handle = objective.model.get_submodule(name).register_forward_pre_hook(lambda _, args: inputs.append(args[0]))
    try:
        with torch.no_grad():
            objective.outputs({}, batch)
            objective.outputs(shifted, batch)
    finally:
        handle.remove()
    return len(inputs) == 2 and inputs[0].shape == inputs[1].shape and bool(torch.equal(inputs[0], inputs[1]))


def layer_input(objective: Objective, name: str, batch: Tensor) -> Tensor:
    """The input of the layer of that name on a batch; nothing after it runs."""
    inputs: list[Tensor] = []

    def stop(module: nn.Module, args: tuple[Tensor, ...]) -> None:
        inputs.append(args[0])
        raise _ReachedError

    handle = objective.model.get_submodule(name).register_forward_pre_hook(stop)
    try:
        objective.outputs({}, batch)
    except _ReachedError:
        pass
    finally:
        handle.remove()
    return inputs[0]


def has_affine_rows(subspace: Subspace) -> bool:
    """Whether the subspace is affine, as a whole or along each of its rows."""
    return subspace.affine is not None or subspace.row is not None


def by_affine_parts(objective: Objective, subspace: Subspace, build: Callable[[Affine], Evaluate]) -> Evaluate:
    """A strategy for a subspace that is affine, or affine along each of its rows, from one for affine subspaces.

    Raises:
        ValueError: a subspace that is neither.
    """
    row = subspace.row
    if subspace.affine is not None:
        return build(subspace.affine)
    if row is None:
        raise ValueError(f"a {subspace.kind} is not affine")

    def evaluate(coordinates: Tensor) -> Tensor:
        shape = (len(coordinates), len(objective.metric_names))
        result = torch.empty(shape, dtype=torch.float64, device=objective.device)
        for step in coordinates[:, 0].unique().tolist():
            here = coordinates[:, 0] == step
            result[here.to(objective.device)] = build(row(step))(coordinates[here, 1:])
        return result

    return evaluate
