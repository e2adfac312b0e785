"""The Hessian and the Gauss-Newton matrix of the training loss, known by what they do to vectors.

A matrix is made by `hessian` or `gauss_newton`. What one does with it stands elsewhere and takes either: eigenvalues
in ``eigenvalues.py``, trace and norm in ``trace.py``, the spectral density in ``spectrum.py``.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property

import torch
from torch import Tensor

from landscape.defaults import DEFAULT_MEMORY
from landscape.engine.devices import is_out_of_memory, synchronize
from landscape.errors import InputError, ObjectiveError
from landscape.measures.products import (
    Kind,
    Multiply,
    Names,
    by_fresh_graph,
    by_stored_graph,
    by_transforms,
    graph_bytes,
    refuse_reestimated,
)
from landscape.objective.dtypes import in_dtype
from landscape.objective.objective import Objective
from landscape.records.loss_scale import LossScale
from landscape.space.parameters import Parameters

UNIT = "nats per squared unit of weight"  # of a log-likelihood
# vectors that one pass takes at most, and the sizes of block that are tried
BLOCK = 16
BLOCKS = (8, 16)
# a way that took so many times as long as the fastest is tried once, the others four times more
HOPELESS = 1.5
REPEATS = 4
PASSES = 8
LONG_ENOUGH = 0.02
TUNING_SECONDS = 2.0


@dataclass(frozen=True, eq=False)
class CurvatureMatrix:
    """A symmetric matrix (P, P) of second derivatives of the training loss at the centre, known by its products.

    Made by `hessian` or `gauss_newton`; ``matrix(vectors)`` multiplies. How that is computed is chosen by timing, see
    `tune`; what is made of the matrix chooses by itself.

    Args:
        objective: in the precision of the products.
        names: the parameters that span the matrix, in the order of the vectors.
        kind: ``"hessian"``, or ``"gauss-newton"``: ``J^T H_out J``, which leaves out the outputs' own curvature.
        memory: bytes that the gradient's graph, a block of vectors or those of an iteration may take.
        block: vectors that one pass multiplies.
        stores_graph: whether the graph of the gradient stays in memory between products.
        dense: whether the matrix is formed by P products at the first use, and multiplied by.
    """

    objective: Objective
    names: Names
    kind: Kind = "hessian"
    memory: int = DEFAULT_MEMORY
    block: int = 1
    stores_graph: bool = False
    dense: bool = False

    @property
    def size(self) -> int:
        """P of the parameters that span the matrix."""
        return sum(self.objective.centre[name].numel() for name in self.names)

    @property
    def unit(self) -> str:
        """The unit of eigenvalues: that of the loss per squared unit of weight."""
        return f"{LossScale(self.objective.loss_name).unit.partition(' per ')[0]} per squared unit of weight"

    @property
    def device(self) -> torch.device:
        """Where products are computed."""
        return self.objective.device

    def __call__(self, vectors: Tensor) -> Tensor:
        """The matrix times each vector.

        Args:
            vectors: (P,) or (k, P), parameters in the order of ``names``; cast to the matrix's device and precision.

        Returns:
            The products, in the shape of ``vectors``.

        Raises:
            InputError: vectors of another length.
            ObjectiveError: the product is not finite.
        """
        if vectors.dim() not in (1, 2) or vectors.shape[-1] != self.size:
            raise InputError(f"expected vectors of length {self.size}, got shape {tuple(vectors.shape)}")
        rows = vectors.detach().to(device=self.device, dtype=self.objective.dtype).reshape(-1, self.size)
        result = torch.cat([self._multiply(part) for part in rows.split(len(rows) if self.dense else self.block)])
        if not bool(torch.isfinite(result).all()):
            raise ObjectiveError(f"the {self.kind} product is not finite: is the loss smooth at these weights?")
        return result.reshape(vectors.shape)

    def tune(self, *, vectors: int = 1, products: int = 0) -> "CurvatureMatrix":
        """The same matrix, multiplied in the way that is fastest on this machine among those that fit in ``memory``.

        The ways are: the gradient's graph stored or built anew, one vector or a block of them at a time. Their results
        differ by rounding.

        Args:
            vectors: how many will be multiplied at a time; with more than one, blocks of them are tried too.
            products: how many will be taken in all, if that is known: from 2 P on, the matrix is formed if it fits,
                which takes P of them.
        """
        if self.dense:
            return self
        dense = products >= 2 * self.size and self.objective.dtype.itemsize * self.size**2 <= self.memory
        return replace(_fastest(replace(self, block=1, stores_graph=False), vectors), dense=dense)

    def form(self) -> Tensor:
        """The matrix itself by P products, (P, P), symmetric to the last bit."""
        rows = self(torch.eye(self.size, dtype=self.objective.dtype, device=self.device))
        return (rows + rows.T) / 2

    @cached_property
    def _multiply(self) -> Multiply:
        if self.dense:
            matrix = replace(self, dense=False).form()
            return lambda rows: rows @ matrix
        if self.stores_graph:
            return by_stored_graph(self.objective, self.names)
        if self.objective.differentiates:
            return by_fresh_graph(self.objective, self.names)
        return by_transforms(self.objective, self.names, self.kind)


def hessian(
    objective: Objective,
    *,
    parameters: str | Sequence[str] | None = None,
    dtype: torch.dtype = torch.float64,
    memory: int = DEFAULT_MEMORY,
) -> CurvatureMatrix:
    """The Hessian of the mean training loss at the centre.

    ``H v = d/dtheta (grad L . v)`` (Pearlmutter 1994), exact up to rounding, over all N examples in chunks. Where a
    ReLU is exactly at its kink there is no second derivative, and PyTorch's choice counts. A rescaling of ReLU layers
    changes the matrix, the function staying the same.

    Args:
        objective: model and training data, never changed.
        parameters: patterns of names (``"0.*"``) that leave a diagonal block of the matrix, such as one layer's; all
            parameters by default.
        dtype: of the products, whatever the objective's precision.
        memory: bytes that the gradient's graph, a block of vectors or those of an iteration may take.

    Returns:
        The matrix, (P, P) of these parameters. Nothing is computed yet.

    Raises:
        InputError: no parameter of such a name, or BatchNorm statistics that follow the parameters.

    Example:
        >>> model = torch.nn.Linear(1, 1, bias=False).double()
        >>> x = torch.full((3, 1), 2.0, dtype=torch.float64)
        >>> matrix = hessian(Objective(model, (x, x), loss=torch.nn.functional.mse_loss))
        >>> matrix(torch.ones(1)).item()
        8.0
    """
    refuse_reestimated(objective)
    precise = in_dtype(objective, dtype)
    return CurvatureMatrix(precise, match_names(precise.centre, parameters), "hessian", memory)


def gauss_newton(
    objective: Objective,
    *,
    parameters: str | Sequence[str] | None = None,
    dtype: torch.dtype = torch.float64,
    memory: int = DEFAULT_MEMORY,
) -> CurvatureMatrix:
    """The Gauss-Newton matrix of the mean training loss at the centre, ``sum_n J_n^T (d2 loss / d outputs2) J_n / N``.

    J_n is the Jacobian of the outputs for example n (Schraudolph 2002). The matrix is the Hessian without the outputs'
    own curvature, and positive semi-definite for a loss that is convex in the outputs.

    Args:
        objective: model and training data as pairs (x, y), never changed.
        parameters: patterns of names that leave a diagonal block of the matrix; all parameters by default.
        dtype: of the products, whatever the objective's precision.
        memory: bytes that a block of vectors or those of an iteration may take.

    Returns:
        The matrix, (P, P) of these parameters. Nothing is computed yet.

    Raises:
        InputError: a loss that keeps its outputs to itself, no parameter of such a name, or BatchNorm statistics that
            follow the parameters.
    """
    if not objective.has_outputs:
        raise InputError(
            "the Gauss-Newton matrix needs outputs and targets, pairs (x, y); this loss keeps its outputs to itself: "
            "take the hessian"
        )
    return replace(hessian(objective, parameters=parameters, dtype=dtype, memory=memory), kind="gauss-newton")


def match_names(centre: Parameters, patterns: str | Sequence[str] | None) -> Names:
    """Names of parameters that match any of the shell patterns, in their order; all for None.

    Raises:
        InputError: nothing matches one of them.
    """
    if patterns is None:
        return tuple(centre)
    alternatives = [patterns] if isinstance(patterns, str) else list(patterns)
    for pattern in alternatives:
        if not any(fnmatchcase(name, pattern) for name in centre):
            raise InputError(f"no parameter is named {pattern!r}; there are {', '.join(centre)}")
    return tuple(name for name in centre if any(fnmatchcase(name, pattern) for pattern in alternatives))


def _fastest(plain: CurvatureMatrix, vectors: int) -> CurvatureMatrix:
    """The fastest way on some random vectors among those that fit in memory."""
    candidates = [plain]
    if plain.kind == "hessian" and graph_bytes(plain.objective, plain.names) <= plain.memory:
        candidates.append(replace(plain, stores_graph=True))
    candidates += [replace(matrix, block=block) for matrix in candidates for block in BLOCKS if block <= vectors]
    if len(candidates) == 1:
        return plain
    # the same vectors for all: a short pass would be lucky more often than a long one
    trial = torch.randn(min(vectors, BLOCK), plain.size, generator=torch.Generator().manual_seed(0))
    trial = trial.to(device=plain.device, dtype=plain.objective.dtype)
    # in turn, so that a machine that drifts drifts for all; those that are clearly slower are tried once
    start = time.perf_counter()
    for matrix in candidates:
        _seconds(matrix, trial[:1])
    times = {matrix: _seconds(matrix, trial) for matrix in candidates}
    for _ in range(REPEATS):
        if time.perf_counter() - start > TUNING_SECONDS:
            break
        least = min(times.values())
        for matrix, seconds in times.items():
            if seconds <= HOPELESS * least:
                times[matrix] = min(seconds, _seconds(matrix, trial))
    return min(candidates, key=times.__getitem__)


def _seconds(matrix: CurvatureMatrix, trial: Tensor) -> float:
    """Seconds per vector, the least of some passes, infinite where it cannot be done this way."""
    least = float("inf")
    end = time.perf_counter() + LONG_ENOUGH
    try:
        for _ in range(PASSES):
            synchronize(matrix.device)
            start = time.perf_counter()
            matrix(trial)
            synchronize(matrix.device)
            now = time.perf_counter()
            least = min(least, now - start)
            if now > end:
                break
    except RuntimeError as error:
        if is_out_of_memory(error) or "vmap" in str(error) or "batched" in str(error):
            return float("inf")
        raise
    return least / len(trial)
