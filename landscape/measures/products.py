"""Products with the Hessian and the Gauss-Newton matrix of the training loss, several vectors at a time.

A product takes vectors (P,) or (k, P), parameters in the order of ``names``, and returns the same shape. How it is
computed is chosen by timing, like the sampler: the gradient's graph kept (where it fits in memory) or rebuilt each
time, one vector or a block at a time. The matrix itself is formed only where many more products than P are wanted.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property, partial
from typing import Literal, TypeAlias

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.func import grad, jvp, vjp, vmap

from landscape.defaults import DEFAULT_MEMORY
from landscape.engine.devices import is_out_of_memory, synchronize
from landscape.errors import InputError, ObjectiveError
from landscape.objective.batches import Batch
from landscape.objective.objective import Objective
from landscape.space.parameters import Parameters

Matrix: TypeAlias = Literal["hessian", "gauss-newton"]
Blocks: TypeAlias = Callable[[Tensor], Tensor]

CHUNK = 2048
BLOCK = 16
BLOCKS = (8, 16)
REPEATS = 4
HOPELESS = 1.5
PASSES = 8
LONG_ENOUGH = 0.02
TUNING_SECONDS = 2.0


@dataclass(frozen=True, eq=False)
class Product:
    """A symmetric matrix of the training loss at the centre, (P, P), by what it does to vectors.

    Args:
        objective: in the precision of the product.
        names: the parameters that span the matrix, in the order of the vectors.
        matrix: ``"hessian"``, or ``"gauss-newton"``: ``J^T H_out J``, which leaves out the outputs' own curvature.
        block: vectors taken in one pass.
        memory: bytes the graph of the gradient may take to be kept.
        retained: keep the gradient's graph between products.
        formed: form the matrix by P products at the first use, and multiply by it.
    """

    objective: Objective
    names: tuple[str, ...]
    matrix: Matrix = "hessian"
    block: int = 1
    memory: int = DEFAULT_MEMORY
    retained: bool = False
    formed: bool = False

    @property
    def size(self) -> int:
        """P of the chosen parameters."""
        return sum(self.objective.centre[name].numel() for name in self.names)

    def __call__(self, vectors: Tensor) -> Tensor:
        """The matrix times each vector, in the shape given.

        Raises:
            InputError: vectors of another length.
            ObjectiveError: the product is not finite.
        """
        if vectors.dim() not in (1, 2) or vectors.shape[-1] != self.size:
            raise InputError(f"expected vectors of length {self.size}, got shape {tuple(vectors.shape)}")
        rows = vectors.detach().to(device=self.objective.device, dtype=self.objective.dtype).reshape(-1, self.size)
        result = torch.cat([self._apply(part) for part in rows.split(len(rows) if self.formed else self.block)])
        if not bool(torch.isfinite(result).all()):
            raise ObjectiveError(f"the {self.matrix} product is not finite: is the loss smooth at these weights?")
        return result.reshape(vectors.shape)

    @cached_property
    def _apply(self) -> Blocks:
        if self.formed:
            return _multiplied(self)
        if self.retained:
            return _kept(self)
        if self.objective.differentiates:
            return _through_autograd(self)
        return _rebuilt(self)


def hessian_product(
    objective: Objective,
    *,
    matrix: Matrix = "hessian",
    parameters: str | Sequence[str] | None = None,
    dtype: torch.dtype = torch.float64,
    vectors: int = 1,
    products: int = 0,
    memory: int = DEFAULT_MEMORY,
) -> Product:
    """The map ``v -> H v``, H the Hessian or Gauss-Newton matrix of the mean training loss at the centre.

    ``H v = d/dtheta (grad L . v)`` (Pearlmutter 1994), exact up to rounding, over all N examples in chunks. Where a
    ReLU is exactly at its kink there is no second derivative, and PyTorch's choice counts. The Gauss-Newton matrix is
    ``sum_n J_n^T (d2 loss / d outputs2) J_n / N`` (Schraudolph 2002), positive semi-definite for a convex loss.

    Args:
        objective: model and training data, never changed.
        parameters: patterns of names (``"0.*"``) that leave a diagonal block of the matrix; all by default.
        dtype: of the product; vectors are cast to it.
        vectors: how many will be multiplied at a time; with more than one, blocks of them are tried too.
        products: how many will be taken in all, if that is known: from 2 P on, the matrix is formed if it fits in
            ``memory``, which takes P of them.
        memory: bytes that a kept graph, or a block, may take.

    Raises:
        InputError: an unknown matrix, no parameter of such a name, BatchNorm statistics that follow the parameters, or
            the Gauss-Newton matrix of a loss that keeps its outputs to itself.

    Example:
        >>> model = torch.nn.Linear(1, 1, bias=False).double()
        >>> x = torch.full((3, 1), 2.0, dtype=torch.float64)
        >>> product = hessian_product(Objective(model, (x, x), loss=torch.nn.functional.mse_loss))
        >>> product(torch.ones(1)).item()
        8.0
    """
    if matrix not in ("hessian", "gauss-newton"):
        raise InputError(f"unknown matrix {matrix!r}; expected hessian or gauss-newton")
    if matrix == "gauss-newton" and not objective.has_outputs:
        raise InputError(
            "the Gauss-Newton matrix needs outputs and targets, pairs (x, y); this loss keeps its outputs to itself: "
            "take matrix='hessian'"
        )
    refuse_reestimated(objective)
    exact = objective if objective.dtype == dtype else objective.with_dtype(dtype)
    plain = Product(exact, chosen_names(exact.centre, parameters), matrix, memory=memory)
    chosen = _fastest(plain, vectors)
    formed = products >= 2 * plain.size and dtype.itemsize * plain.size**2 <= memory
    return replace(chosen, formed=formed)


def refuse_reestimated(objective: Objective) -> None:
    """Refuses statistics that follow the parameters: derivatives are taken with fixed ones.

    Raises:
        InputError: such an objective.
    """
    if objective.batchnorm == "reestimate":
        raise InputError("curvature is that of fixed BatchNorm statistics: make the objective with batchnorm='frozen'")


def chosen_names(centre: Parameters, patterns: str | Sequence[str] | None) -> tuple[str, ...]:
    """Names of parameters that match any of the shell patterns, in their order; all for None.

    Raises:
        InputError: nothing matches one of them.
    """
    if patterns is None:
        return tuple(centre)
    given = [patterns] if isinstance(patterns, str) else list(patterns)
    for pattern in given:
        if not any(fnmatchcase(name, pattern) for name in centre):
            raise InputError(f"no parameter is named {pattern!r}; there are {', '.join(centre)}")
    return tuple(name for name in centre if any(fnmatchcase(name, pattern) for pattern in given))


def _fastest(plain: Product, vectors: int) -> Product:
    """The fastest way on a few random vectors among those that fit in memory."""
    candidates = [plain]
    if plain.matrix == "hessian" and _graph_bytes(plain) <= plain.memory:
        candidates.append(replace(plain, retained=True))
    candidates += [replace(each, block=block) for each in candidates for block in BLOCKS if block <= vectors]
    if len(candidates) == 1:
        return plain
    # the same vectors for all: a short pass would be lucky more often than a long one
    trial = torch.randn(min(vectors, BLOCK), plain.size, generator=torch.Generator().manual_seed(0))
    trial = trial.to(device=plain.objective.device, dtype=plain.objective.dtype)
    # in turn, so that a machine that drifts drifts for all; those that are clearly slower are tried once
    began = time.perf_counter()
    for each in candidates:
        _seconds(each, trial[:1])
    times = {each: _seconds(each, trial) for each in candidates}
    for _ in range(REPEATS):
        if time.perf_counter() - began > TUNING_SECONDS:
            break
        least = min(times.values())
        for each, known in times.items():
            if known <= HOPELESS * least:
                times[each] = min(known, _seconds(each, trial))
    return min(candidates, key=times.__getitem__)


def _seconds(product: Product, trial: Tensor) -> float:
    """Seconds per vector, the least of some passes, infinite where it cannot be done this way."""
    least = float("inf")
    ends = time.perf_counter() + LONG_ENOUGH
    try:
        for _ in range(PASSES):
            synchronize(product.objective.device)
            started = time.perf_counter()
            product(trial)
            synchronize(product.objective.device)
            now = time.perf_counter()
            least = min(least, now - started)
            if now > ends:
                break
    except RuntimeError as error:
        if is_out_of_memory(error) or "vmap" in str(error) or "batched" in str(error):
            return float("inf")
        raise
    return least / len(trial)


def _graph_bytes(product: Product) -> int:
    """Memory that the gradient's graph over all examples would keep, extrapolated from the first of them."""
    inputs, targets = next(iter(product.objective.splits[0].chunks(CHUNK)))
    few = min(8, len(targets))
    held: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        held[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with saved_tensors_hooks(note, lambda tensor: tensor):
        _gradient(product, (inputs[:few], targets[:few]))
    return sum(held.values()) * product.objective.N // few


def _leaves(product: Product) -> dict[str, Tensor]:
    return {name: product.objective.centre[name].detach().requires_grad_() for name in product.names}


def _gradient(product: Product, batch: Batch) -> tuple[list[Tensor], list[Tensor]]:
    """The gradient of a batch's share of the loss with its graph, and the tensors it was taken in."""
    leaves = _leaves(product)
    loss = product.objective.loss_share(leaves, batch)
    wanted = list(leaves.values())
    return list(torch.autograd.grad(loss, wanted, create_graph=True, materialize_grads=True)), wanted


def _kept(product: Product) -> Blocks:
    """Products through the graph of the gradient, which is built once and kept."""
    graphs = [_gradient(product, batch) for batch in product.objective.splits[0].chunks(CHUNK)]

    def apply(rows: Tensor) -> Tensor:
        total = torch.zeros_like(rows)
        for gradient, wanted in graphs:
            total += _pulled(gradient, wanted, rows)
        return total

    return apply


def _multiplied(product: Product) -> Blocks:
    """Products with the matrix itself, symmetric to the last bit."""
    apply = replace(product, formed=False)
    matrix = apply(torch.eye(product.size, dtype=product.objective.dtype, device=product.objective.device))
    matrix = (matrix + matrix.T) / 2
    return lambda rows: rows @ matrix


def _through_autograd(product: Product) -> Blocks:
    """Products through a graph of the gradient that is built each time, for losses that call autograd themselves."""
    chunks = product.objective.splits[0].chunks(CHUNK)

    def apply(rows: Tensor) -> Tensor:
        total = torch.zeros_like(rows)
        for batch in chunks:
            total += _pulled(*_gradient(product, batch), rows)
        return total

    return apply


def _pulled(gradient: list[Tensor], wanted: list[Tensor], rows: Tensor) -> Tensor:
    """The gradient of ``gradient . row`` for each row, (k, P)."""
    batched = len(rows) > 1
    parts = _split(rows if batched else rows[0], wanted)
    curved = [(g, v) for g, v in zip(gradient, parts, strict=True) if g.requires_grad]
    if not curved:
        return torch.zeros_like(rows)
    pulled = torch.autograd.grad(
        [g for g, _ in curved],
        wanted,
        [v for _, v in curved],
        retain_graph=True,
        is_grads_batched=batched,
        materialize_grads=True,
    )
    return torch.cat([part.reshape(len(rows), -1) for part in pulled], dim=1)


def _rebuilt(product: Product) -> Blocks:
    """Products that build what they need anew: the least memory, any matrix."""
    objective = product.objective
    chunks = objective.splits[0].chunks(CHUNK)
    centre = {name: objective.centre[name] for name in product.names}
    multiply = _hessian_times if product.matrix == "hessian" else _gauss_newton_times

    def one(vector: Tensor, batch: Batch) -> Tensor:
        moved = dict(zip(centre, _split(vector, list(centre.values())), strict=True))
        return torch.cat([part.flatten() for part in multiply(objective, centre, moved, batch).values()])

    def apply(rows: Tensor) -> Tensor:
        total = torch.zeros_like(rows)
        for batch in chunks:
            many = one(rows[0], batch)[None] if len(rows) == 1 else vmap(one, (0, None))(rows, batch)
            total += many.detach()
        return total

    return apply


def _hessian_times(objective: Objective, centre: Parameters, moved: Parameters, batch: Batch) -> Parameters:
    def loss(parameters: Parameters) -> Tensor:
        return objective.loss_share(parameters, batch)

    pulled: Parameters = vjp(grad(loss), centre)[1](moved)[0]
    return pulled


def _gauss_newton_times(objective: Objective, centre: Parameters, moved: Parameters, batch: Batch) -> Parameters:
    def outputs(parameters: Parameters) -> Tensor:
        return objective.outputs(parameters, batch[0])

    at, along = jvp(outputs, (centre,), (moved,))[:2]
    slope = grad(partial(_loss_of, objective, batch[1]))
    curved = jvp(slope, (at,), (along,))[1]
    pulled: Parameters = vjp(outputs, centre)[1](curved)[0]
    return pulled


def _loss_of(objective: Objective, targets: Tensor, outputs: Tensor) -> Tensor:
    return objective.loss(outputs, targets) * (len(targets) / objective.N)


def _split(flat: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """Vectors (..., P) as one view (..., *shape) for each tensor."""
    parts = flat.split([tensor.numel() for tensor in like], dim=-1)
    return [part.reshape(*flat.shape[:-1], *tensor.shape) for part, tensor in zip(parts, like, strict=True)]
