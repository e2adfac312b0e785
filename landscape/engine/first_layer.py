"""The first layer with parameters: whether it sees the raw input alone, and what it sees."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from landscape.objective.objective import Objective
from landscape.space.subspaces import Corridor, Line


class _ReachedError(Exception):
    """Raised where the layer would run, to spare the rest of the network."""


def first_layer(objective: Objective) -> str | None:
    """Name of the first layer with parameters, if it is linear or a convolution, used once, on the raw input alone."""
    if "first" not in objective.known:
        objective.known["first"] = _find(objective)
    found: str | None = objective.known["first"]
    return found


def _find(objective: Objective) -> str | None:
    if not objective.fixed_inputs:
        return None
    names = [name for name, module in objective.model.named_modules() if list(module.parameters(recurse=False))]
    name = names[0]
    layer = objective.model.get_submodule(name)
    if name == "" or not isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        return None
    if any(f"{name}.{own}" not in objective.centre for own, _ in layer.named_parameters()):
        return None
    shared = {id(parameter) for other in names[1:] for parameter in objective.model.get_submodule(other).parameters()}
    if any(id(parameter) in shared for parameter in layer.parameters()):
        return None
    return name if _sees_raw_input(objective, name) else None


def _sees_raw_input(objective: Objective, name: str) -> bool:
    """Whether the layer runs once and its input stays the same when every parameter changes."""
    inputs, _ = objective.splits[0].head(2)
    seen: list[Tensor] = []
    moved = {key: value + 0.5 for key, value in objective.centre.items()}
    handle = objective.model.get_submodule(name).register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    try:
        with torch.no_grad():
            objective.outputs({}, inputs)
            objective.outputs(moved, inputs)
    finally:
        handle.remove()
    return len(seen) == 2 and seen[0].shape == seen[1].shape and bool(torch.equal(seen[0], seen[1]))


def layer_input(objective: Objective, name: str, inputs: Tensor) -> Tensor:
    """What the layer of that name sees of a batch; nothing after it runs."""
    seen: list[Tensor] = []

    def stop(module: nn.Module, args: tuple[Tensor, ...]) -> None:
        seen.append(args[0])
        raise _ReachedError

    handle = objective.model.get_submodule(name).register_forward_pre_hook(stop)
    try:
        objective.outputs({}, inputs)
    except _ReachedError:
        pass
    finally:
        handle.remove()
    return seen[0]


def row_by_row(
    objective: Objective, corridor: Corridor, build: Callable[[Line], Callable[[Tensor], Tensor]]
) -> Callable[[Tensor], Tensor]:
    """A strategy for a corridor, which is affine along each of its rows, from one for lines."""

    def evaluate(coordinates: Tensor) -> Tensor:
        shape = (len(coordinates), len(objective.metric_names))
        result = torch.empty(shape, dtype=torch.float64, device=objective.device)
        for step in coordinates[:, 0].unique().tolist():
            here = coordinates[:, 0] == step
            result[here.to(objective.device)] = build(corridor.row(step))(coordinates[here, 1:])
        return result

    return evaluate
