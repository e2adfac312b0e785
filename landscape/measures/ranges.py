"""The rank of a Jacobian too large to factor, between two bounds, from its products with random vectors."""

from dataclasses import dataclass
from math import pi, sqrt

import torch
from torch import Tensor
from torch.func import jvp, vjp, vmap
from tqdm import tqdm

from landscape.errors import InputError, ObjectiveError
from landscape.objective.objective import Objective
from landscape.space.parameters import unflatten

BLOCK = 32
SKETCH = 1024
_BYTES = 2**28


@dataclass(frozen=True)
class RankBounds:
    """How many singular values of a matrix exceed a tolerance: at least ``low``, at most ``high``.

    Args:
        low: singular values of ``Q^T J`` above the tolerance. As Q is orthonormal, J has no fewer: this holds up to
            rounding, whatever the random vectors were.
        high: as many above the tolerance less ``residual``, where that is positive; otherwise the smaller side of J.
        values: singular values of ``Q^T J``, descending, shape (sketch,).
        tolerance: singular values at most this count as zero.
        residual: bound on ``||J - Q Q^T J||``, true but for a probability of ``failure``.
        failure: ``10^-r`` with the r random vectors of the last block.
        sketch: columns of Q.
    """

    low: int
    high: int
    values: Tensor
    tolerance: float
    residual: float
    failure: float
    sketch: int


def rank_bounds(
    objective: Objective,
    chunks: list[Tensor],
    *,
    sketch: int | None = None,
    memory: int,
    seed: int = 0,
    progress: bool = False,
) -> RankBounds:
    """Bounds on the rank of the Jacobian of the outputs on these inputs, (M, P), by adaptive randomized range finding.

    Blocks of Gaussian vectors are multiplied by J and made an orthonormal basis Q of its range, until the bound
    ``10 sqrt(2 / pi) max_i |(I - Q Q^T) J w_i|`` on what Q misses is at most the tolerance, or Q has ``sketch``
    columns (Halko, Martinsson and Tropp 2011, arXiv 0909.4061, algorithm 4.2 and lemma 4.1). The upper bound then
    follows from Weyl's inequality. Forward- and reverse-mode products in blocks; J itself is never formed.

    Args:
        objective: in float64.
        chunks: inputs, some examples each.
        sketch: columns of Q at most; 1,024 by default.
        memory: bytes that Q, ``Q^T J`` and its copies may take.
        seed: of the random vectors.
        progress: show a bar on stderr.

    Raises:
        InputError: memory for less than one block.
        ObjectiveError: the Jacobian is not finite.
    """
    matrix = _Jacobian(objective, chunks)
    rows, columns = matrix.rows, objective.P
    side = min(rows, columns)
    limit = min(sketch if sketch is not None else SKETCH, _most_vectors(rows, columns, memory), side)
    generator = torch.Generator().manual_seed(seed)
    basis = torch.empty(rows, 0, dtype=torch.float64, device=objective.device)
    image = torch.empty(0, columns, dtype=torch.float64, device=objective.device)
    largest = 0.0
    with tqdm(total=limit, disable=not progress, unit="vector", desc=f"rank of {rows:,} x {columns:,}") as bar:
        while True:
            width = min(BLOCK, limit - basis.shape[1]) or BLOCK
            fresh = torch.randn(width, columns, generator=generator, dtype=torch.float64).to(objective.device)
            left = _without(basis, matrix.times(fresh).T)
            residual = 10 * sqrt(2 / pi) * float(left.norm(dim=0).max())
            # the largest singular value so far lies below that of J, so the tolerance is never too large
            tolerance = max(rows, columns) * torch.finfo(torch.float64).eps * largest
            if len(image) and (residual <= tolerance or len(image) >= limit):
                return _bounds(image, tolerance, residual, 10.0**-width, side)
            # orthonormalized twice: rounding of the first pass is as large as what is left
            block = _without(basis, torch.linalg.qr(left).Q)
            block = torch.linalg.qr(block).Q
            basis = torch.cat([basis, block], dim=1)
            part = matrix.transposed_times(block.T)
            largest = max(largest, float(torch.linalg.matrix_norm(part, 2)))
            image = torch.cat([image, part])
            bar.update(width)


def _most_vectors(rows: int, columns: int, memory: int) -> int:
    """Random vectors that fit in memory, at least a block of them or as many as exhaust the range."""
    # Q; Q^T J, and the copies of it that the factorization takes
    count = memory // (8 * (rows + 3 * columns))
    if count < min(BLOCK, rows, columns):
        raise InputError(
            f"bounds on the rank of a {rows:,} x {columns:,} Jacobian need "
            f"{8 * BLOCK * (rows + 3 * columns) / 2**30:.3g} GiB; allow more (memory= in Python), "
            "or take fewer examples"
        )
    return count


def _bounds(image: Tensor, tolerance: float, residual: float, failure: float, side: int) -> RankBounds:
    """The bounds from ``Q^T J``, (sketch, P)."""
    values = torch.linalg.svdvals(torch.linalg.qr(image.T, mode="r").R)
    low = int((values > tolerance).sum())
    complete = residual <= tolerance
    high = int((values > tolerance - residual).sum()) if complete else side
    return RankBounds(low, high, values, tolerance, residual, failure, len(values))


def _without(basis: Tensor, vectors: Tensor) -> Tensor:
    """The parts of vectors (M, k) that are orthogonal to the basis (M, s), by two passes."""
    for _ in range(2):
        vectors = vectors - basis @ (basis.T @ vectors)
    return vectors


class _Jacobian:
    """Products with the Jacobian of the outputs, (M, P), a chunk of examples and a few vectors at a time."""

    def __init__(self, objective: Objective, chunks: list[Tensor]) -> None:
        self.objective, self.chunks = objective, chunks
        self.theta = torch.cat([tensor.flatten() for tensor in objective.centre.values()])
        self.sizes = [len(inputs) * objective.K for inputs in chunks]
        self.rows = sum(self.sizes)

    def times(self, vectors: Tensor) -> Tensor:
        """``J v`` for each row of (k, P), shape (k, M)."""

        def along(vector: Tensor, inputs: Tensor) -> Tensor:
            tangent: Tensor = jvp(lambda flat: self._outputs(flat, inputs), (self.theta,), (vector,))[1]
            return tangent

        return _finite(torch.cat([vmap(along, (0, None))(vectors, inputs) for inputs in self.chunks], dim=1))

    def transposed_times(self, vectors: Tensor) -> Tensor:
        """``J^T u`` for each row of (k, M), shape (k, P)."""
        total = torch.zeros(len(vectors), len(self.theta), dtype=torch.float64, device=self.theta.device)
        for inputs, part in zip(self.chunks, vectors.split(self.sizes, dim=1), strict=True):
            pull = vjp(lambda flat, inputs=inputs: self._outputs(flat, inputs), self.theta)[1]
            total += vmap(lambda row, pull=pull: pull(row)[0])(part)
        return _finite(total)

    def _outputs(self, flat: Tensor, inputs: Tensor) -> Tensor:
        return self.objective.outputs(unflatten(flat, self.objective.centre), inputs).flatten()


def chunk_examples(objective: Objective) -> int:
    """Examples at a time, so that a block of vectors moves about 256 MiB of parameters and outputs."""
    return max(16, min(4096, _BYTES // (8 * BLOCK * max(objective.K, 64))))


def _finite(tensor: Tensor) -> Tensor:
    if not bool(torch.isfinite(tensor).all()):
        raise ObjectiveError("the Jacobian of the outputs is not finite: check the model for infinite derivatives")
    return tensor
