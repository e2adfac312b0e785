"""Products of vectors with the Hessian and the Gauss-Newton matrix of the training loss, in the ways there are.

Each way is a function of an objective and of the names of the parameters that span the matrix, and returns a function
that takes rows (k, P), parameters in the order of the names, to the products (k, P).
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal, TypeAlias

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.func import grad, jvp, vjp, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from landscape.errors import InputError
from landscape.objective.batches import Batch
from landscape.objective.objective import Objective
from landscape.space.parameters import Parameters

Kind: TypeAlias = Literal["hessian", "gauss-newton"]
Multiply: TypeAlias = Callable[[Tensor], Tensor]
Names: TypeAlias = tuple[str, ...]

CHUNK = 2048
# The fused attention of a CPU has no second derivative; this one is made of operations that have.
plain_attention = partial(sdpa_kernel, SDPBackend.MATH)


def refuse_reestimated(objective: Objective) -> None:
    """Refuses BatchNorm statistics that follow the parameters: derivatives are taken with fixed ones.

    Raises:
        InputError: such an objective.
    """
    if objective.batchnorm == "reestimate":
        raise InputError("curvature is that of fixed BatchNorm statistics: make the objective with batchnorm='frozen'")


def graph_bytes(objective: Objective, names: Names) -> int:
    """Memory that the gradient's graph over all examples would keep, extrapolated from the first 8 of them."""
    split = objective.splits[0]
    inputs, targets = next(iter(split.chunks(CHUNK)))
    count = len(targets) if split.whole else min(8, len(targets))
    sizes: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with saved_tensors_hooks(note, lambda tensor: tensor):
        _gradient(objective, names, (inputs[:count], targets[:count]))
    return sum(sizes.values()) * objective.N // count


def by_stored_graph(objective: Objective, names: Names) -> Multiply:
    """Hessian products through the graph of the gradient, which is built once and stays in memory."""
    graphs = [_gradient(objective, names, batch) for batch in objective.splits[0].chunks(CHUNK)]

    def multiply(rows: Tensor) -> Tensor:
        total = torch.zeros_like(rows)
        for gradient, leaves in graphs:
            total += _pull_back(gradient, leaves, rows)
        return total

    return multiply


def by_fresh_graph(objective: Objective, names: Names) -> Multiply:
    """Hessian products through a graph that is built for each block: for losses that call autograd themselves."""
    chunks = objective.splits[0].chunks(CHUNK)

    def multiply(rows: Tensor) -> Tensor:
        total = torch.zeros_like(rows)
        for batch in chunks:
            total += _pull_back(*_gradient(objective, names, batch), rows)
        return total

    return multiply


def by_transforms(objective: Objective, names: Names, kind: Kind) -> Multiply:
    """Products with either matrix by the transforms of `torch.func`: the least memory."""
    chunks = objective.splits[0].chunks(CHUNK)
    centre = {name: objective.centre[name] for name in names}
    times = _hessian_times if kind == "hessian" else _gauss_newton_times

    def product(vector: Tensor, batch: Batch) -> Tensor:
        direction = dict(zip(centre, _split(vector, list(centre.values())), strict=True))
        return torch.cat([part.flatten() for part in times(objective, centre, direction, batch).values()])

    def multiply(rows: Tensor) -> Tensor:
        total = torch.zeros_like(rows)
        for batch in chunks:
            with plain_attention():
                share = product(rows[0], batch)[None] if len(rows) == 1 else vmap(product, (0, None))(rows, batch)
            total += share.detach()
        return total

    return multiply


def _gradient(objective: Objective, names: Names, batch: Batch) -> tuple[list[Tensor], list[Tensor]]:
    """The gradient of a batch's share of the loss with its graph, and the tensors that it was taken in."""
    point = {name: objective.centre[name].detach().requires_grad_() for name in names}
    with plain_attention():
        loss = objective.loss_share(point, batch)
    leaves = list(point.values())
    return list(torch.autograd.grad(loss, leaves, create_graph=True, materialize_grads=True)), leaves


def _pull_back(gradient: list[Tensor], leaves: list[Tensor], rows: Tensor) -> Tensor:
    """The gradient of ``gradient . row`` for each row, (k, P)."""
    batch = len(rows) > 1
    parts = _split(rows if batch else rows[0], leaves)
    # autograd refuses parts of a gradient that do not depend on the parameters
    pairs = [(g, v) for g, v in zip(gradient, parts, strict=True) if g.requires_grad]
    if not pairs:
        return torch.zeros_like(rows)
    products = torch.autograd.grad(
        [g for g, _ in pairs],
        leaves,
        [v for _, v in pairs],
        retain_graph=True,
        is_grads_batched=batch,
        materialize_grads=True,
    )
    return torch.cat([part.reshape(len(rows), -1) for part in products], dim=1)


def _hessian_times(objective: Objective, centre: Parameters, direction: Parameters, batch: Batch) -> Parameters:
    """A batch's share of ``H v``, reverse mode over reverse mode."""

    def loss(parameters: Parameters) -> Tensor:
        return objective.loss_share(parameters, batch)

    product: Parameters = vjp(grad(loss), centre)[1](direction)[0]
    return product


def _gauss_newton_times(objective: Objective, centre: Parameters, direction: Parameters, batch: Batch) -> Parameters:
    """A batch's share of ``J^T H_out J v``: forward to the outputs, through the loss, and back."""

    def outputs(parameters: Parameters) -> Tensor:
        return objective.outputs(parameters, batch[0])

    values, tangents = jvp(outputs, (centre,), (direction,))[:2]
    slope = grad(partial(_loss_of, objective, batch[1]))
    # symmetric, so reverse mode does as well; PyTorch's forward mode fails on the gradient of a squared error
    (cotangents,) = vjp(slope, values)[1](tangents)
    product: Parameters = vjp(outputs, centre)[1](cotangents)[0]
    return product


def _loss_of(objective: Objective, targets: Tensor, outputs: Tensor) -> Tensor:
    """A batch's share of the loss as a function of its outputs."""
    return objective.loss(outputs, targets) * (len(targets) / objective.N)


def _split(flat: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """Vectors (..., P) as one view (..., *shape) for each tensor."""
    parts = flat.split([tensor.numel() for tensor in like], dim=-1)
    return [part.reshape((*flat.shape[:-1], *tensor.shape)) for part, tensor in zip(parts, like, strict=True)]
