"""Programs: what all members do in a step, as one list of tensor operations, traced once and kept.

Tracing takes a tenth of a second, as long as a hundred steps of a small network; the operations depend on shapes alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

import torch
from torch import Tensor, fx
from torch.func import functional_call, stack_module_state, vmap
from torch.fx.experimental.proxy_tensor import make_fx

from landscape.train.losses import accuracy
from landscape.train.networks import NetworkConfig, build

Program: TypeAlias = Callable[..., Sequence[Tensor]]
LossFunction: TypeAlias = Callable[[Tensor, Tensor], Tensor]
State: TypeAlias = dict[str, Tensor]

KEPT_PROGRAMS = 64
# Of these sizes A^T B with few columns runs at a tenth of the speed of B^T A (MKL on AVX2), and it was half of a step.
TALL = 8
TALL_PRODUCT = 2**18

_aten = torch.ops.aten


@dataclass(frozen=True)
class Shapes:
    """All that the operations depend on.

    Args:
        network: family and width.
        in_shape: of one input.
        num_outputs: K.
        members: networks side by side.
        examples: in the batch.
        loss: ``loss(outputs, classes)``.
        device: where the members are.
        dtype: of the parameters.
    """

    network: NetworkConfig
    in_shape: tuple[int, ...]
    num_outputs: int
    members: int
    examples: int
    loss: LossFunction
    device: torch.device
    dtype: torch.dtype

    def of(self, examples: int) -> "Shapes":
        """The same for another number of examples."""
        return replace(self, examples=examples)


@lru_cache(maxsize=KEPT_PROGRAMS)
def step_program(shapes: Shapes) -> Program:
    """``[losses (members,), gradient of each parameter]`` of ``(*parameters, *buffers, inputs, targets)``.

    In training mode. Inputs are (members, examples, ...), each member's own. Buffers (BatchNorm statistics) are updated
    in place. The operations are those of ``vmap`` and autograd; on a CPU the gradient of a large weight with few
    outputs is taken as the transpose of its transpose, which takes a tenth of the time and rounds differently.
    """
    skeleton, parameters, buffers = _stack(shapes)
    skeleton.train()

    def loss(parameters: State, buffers: State, inputs: Tensor, targets: Tensor) -> Tensor:
        return shapes.loss(functional_call(skeleton, (parameters, buffers), (inputs,)), targets)

    def step(*tensors: Tensor) -> list[Tensor]:
        *state, inputs, targets = tensors
        weights, statistics = _by_name(state, parameters, buffers)
        losses = vmap(loss)(weights, statistics, inputs, targets)
        return [losses, *torch.autograd.grad(losses.sum(), list(weights.values()))]

    tensors = [*(p.requires_grad_() for p in parameters.values()), *buffers.values(), *_batch(shapes, per_member=True)]
    with torch.enable_grad():
        return _faster(make_fx(step)(*tensors), shapes.device)


@lru_cache(maxsize=KEPT_PROGRAMS)
def measuring_program(shapes: Shapes) -> Program:
    """``[(2, members)]``: mean loss and accuracy of ``(*parameters, *buffers, inputs, targets)``, in evaluation mode.

    Inputs are (examples, ...), the same for all members.
    """
    skeleton, parameters, buffers = _stack(shapes)
    skeleton.eval()

    def forward(parameters: State, buffers: State, inputs: Tensor) -> Tensor:
        outputs: Tensor = functional_call(skeleton, (parameters, buffers), (inputs,))
        return outputs

    def metrics(outputs: Tensor, targets: Tensor) -> Tensor:
        return torch.stack([shapes.loss(outputs, targets), accuracy(outputs, targets)])

    def measure(*tensors: Tensor) -> list[Tensor]:
        *state, inputs, targets = tensors
        outputs = vmap(forward, in_dims=(0, 0, None))(*_by_name(state, parameters, buffers), inputs)
        return [vmap(metrics, in_dims=(0, None), out_dims=1)(outputs, targets)]

    tensors = [*parameters.values(), *buffers.values(), *_batch(shapes, per_member=False)]
    with torch.no_grad():
        return _faster(make_fx(measure)(*tensors), shapes.device)


def _stack(shapes: Shapes) -> tuple[torch.nn.Module, State, State]:
    """One member that lends its layers, and parameters and buffers for all, to be traced on and thrown away."""
    skeleton = build(shapes.network, shapes.in_shape, shapes.num_outputs, seed=0).to(shapes.device, shapes.dtype)
    parameters, buffers = stack_module_state([skeleton] * shapes.members)
    return skeleton, {name: tensor.detach() for name, tensor in parameters.items()}, buffers


def _batch(shapes: Shapes, *, per_member: bool) -> tuple[Tensor, Tensor]:
    lead = (shapes.members, shapes.examples) if per_member else (shapes.examples,)
    inputs = torch.zeros(*lead, *shapes.in_shape, dtype=shapes.dtype, device=shapes.device)
    return inputs, torch.zeros(lead, dtype=torch.int64, device=shapes.device)


def _by_name(state: Sequence[Tensor], parameters: State, buffers: State) -> tuple[State, State]:
    count = len(parameters)
    weights = dict(zip(parameters, state[:count], strict=True))
    return weights, dict(zip(buffers, state[count:], strict=True))


def _faster(module: fx.GraphModule, device: torch.device) -> Program:
    """The operations with large products the fast way round."""
    if device.type == "cpu":
        for node in list(module.graph.nodes):
            if _tall(node):
                _turn(module.graph, node)
        module.recompile()
    program: Program = module.forward
    return program


def _shape(node: Any) -> tuple[int, ...]:
    return tuple(node.meta["tensor_meta"].shape)


def _tall(node: Any) -> bool:
    """A weight's gradient ``A^T B`` with many more rows than columns, large enough for the way round to count."""
    if node.target is not _aten.bmm.default or node.args[0].target is not _aten.transpose.int:
        return False
    (_, rows, inner), (_, _, columns) = _shape(node.args[0]), _shape(node.args[1])
    return bool(inner > columns and rows >= TALL * columns and rows * inner * columns >= TALL_PRODUCT)


def _turn(graph: fx.Graph, node: Any) -> None:
    """A B as (B^T A^T)^T."""
    with graph.inserting_before(node):
        first, second = (graph.call_function(_aten.transpose.int, (part, 1, 2)) for part in node.args)
        product = graph.call_function(_aten.bmm.default, (second, first))
        result = graph.call_function(_aten.transpose.int, (product, 1, 2))
    node.replace_all_uses_with(result)
    graph.erase_node(node)
