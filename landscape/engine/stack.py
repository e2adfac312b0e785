"""Plain stacks of linear layers and elementwise functions, read off the traced graph of a network."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from landscape.engine.first_layer import first_layer, layer_input
from landscape.engine.known import once
from landscape.objective.objective import Objective

Elementwise: TypeAlias = Callable[[Tensor], Tensor]
Step: TypeAlias = str | Elementwise

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
IDENTITIES = (nn.Identity, nn.Dropout, nn.Flatten)
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


@dataclass(frozen=True)
class Stack:
    """A network as its first linear layer and what follows: names of linear layers and elementwise functions."""

    first: str
    steps: tuple[Step, ...]

    @property
    def linear(self) -> tuple[str, ...]:
        """Names of the linear layers after the first."""
        return tuple(step for step in self.steps if isinstance(step, str))


@once
def plain_stack(objective: Objective) -> Stack | None:
    """The network as a plain stack, read off its traced graph; None where it is anything else."""
    model, first = objective.model, first_layer(objective)
    if first is None or type(model.get_submodule(first)) is not nn.Linear or _has_hooks(model):
        return None
    if layer_input(objective, first, objective.splits[0].head(1)[0]).dim() != 2:
        return None
    try:  # tracing runs the user's forward on stand-ins, which may raise anything
        with objective.carry.unchanged(model):
            graph = fx.symbolic_trace(model).graph
    except Exception:
        return None
    node = next(node for node in graph.nodes if node.op == "call_module" and node.target == first)
    steps: list[Step] = []
    while len(node.users) == 1:
        before, node = node, next(iter(node.users))
        if node.op == "output":
            return Stack(first, tuple(steps)) if node.args == (before,) else None
        step = _step(objective, node, before)
        if step is None:
            return None
        steps += step
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
    """The step of a module, as in `_step`; a subclass may do anything, so that only exact types count."""
    module = objective.model.get_submodule(name)
    if type(module) is nn.Linear:
        moves = all(f"{name}.{key}" in objective.centre for key, _ in module.named_parameters())
        return [name] if moves else None
    if type(module) is nn.ReLU:
        return [_in_place_relu]
    if type(module) in MODULES:
        return [module]
    # flattened from dimension 0, examples would mix
    passes = type(module) in IDENTITIES and not (type(module) is nn.Flatten and module.start_dim != 1)
    return [] if passes else None


def _in_place_relu(features: Tensor) -> Tensor:
    """ReLU without memory of its own: a layer's outputs are read once."""
    return features.relu_()


def _has_hooks(model: nn.Module) -> bool:
    return any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
