"""Lanczos for several start vectors side by side, each with its own full orthogonalization."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscape.records.base import FloatArray

CHECK = 10


@dataclass(frozen=True, eq=False)
class Tridiagonal:
    """The tridiagonal matrices ``T = Q^T H Q`` that Lanczos makes of a symmetric matrix, one for each start vector.

    Args:
        diagonal: shape (k, steps).
        off: shape (k, steps - 1); 0 where the start vector's Krylov space was exhausted.
        last: norm of what is left after the last step, shape (k,).
    """

    diagonal: Tensor
    off: Tensor
    last: Tensor

    def ritz(self) -> tuple[Tensor, Tensor, Tensor]:
        """Ritz values ascending, their squared first components (the quadrature's weights), and residual norms.

        NaN where the matrix is not finite.
        """
        matrix = torch.diag_embed(self.diagonal)
        if self.off.shape[1]:
            matrix = matrix + torch.diag_embed(self.off, 1) + torch.diag_embed(self.off, -1)
        finite = torch.isfinite(matrix).all(dim=2).all(dim=1)
        # one bad matrix would stop the factorization of all
        values, vectors = torch.linalg.eigh(torch.where(finite[:, None, None], matrix, 0.0))
        values = torch.where(finite[:, None], values, torch.nan)
        return values, vectors[:, 0, :].square(), self.last[:, None] * vectors[:, -1, :].abs()


def lanczos(multiply: Callable[[Tensor], Tensor], start: Tensor, steps: int) -> Tridiagonal:
    """The tridiagonal matrices of ``steps`` Lanczos steps from unit vectors along the rows of ``start``, (k, P).

    Every new vector is made orthogonal to all before it, twice (Golub and Van Loan 2013, Matrix Computations, section
    10.3). Memory: ``steps * k * P`` numbers.
    """
    steps = min(steps, start.shape[1])
    basis = start.new_zeros(len(start), steps, start.shape[1])
    diagonal, off = start.new_zeros(len(start), steps), start.new_zeros(len(start), steps)
    vector = start / start.norm(dim=1, keepdim=True)
    scale = torch.zeros_like(diagonal[:, 0])
    for step in range(steps):
        basis[:, step] = vector
        image = multiply(vector)
        scale = torch.maximum(scale, image.norm(dim=1))
        diagonal[:, step] = (image * vector).sum(dim=1)
        before = basis[:, : step + 1]
        # one pass leaves rounding that grows from step to step, and eigenvalues would come twice
        for _ in range(2):
            image = image - torch.einsum("ks,ksp->kp", torch.einsum("ksp,kp->ks", before, image), before)
        length = image.norm(dim=1)
        at_end = length <= 1e2 * torch.finfo(start.dtype).eps * scale * start.shape[1] ** 0.5
        off[:, step] = torch.where(at_end, 0.0, length)
        vector = torch.where(at_end[:, None], 0.0, image / length.clamp_min(torch.finfo(start.dtype).tiny)[:, None])
    return Tridiagonal(diagonal, off[:, :-1], off[:, -1])


def krylov(
    multiply: Callable[[Tensor], Tensor],
    start: Callable[[], Tensor],
    max_steps: int,
    *,
    has_converged: Callable[[FloatArray, FloatArray], bool],
    ends: int,
) -> tuple[Tensor, Tensor]:
    """Ritz values of one Lanczos run, ascending, and unit Ritz vectors of the first and last ``ends``, as rows.

    All vectors stay in memory, and every new one is made orthogonal to all before it, twice. Where the Krylov space is
    exhausted, the run goes on with another vector of ``start``, so that it finds other copies of an eigenvalue.

    Args:
        multiply: the symmetric matrix times a vector (P,).
        start: a random vector (P,), a new one each time.
        max_steps: steps at most, no more than P. Memory: ``max_steps * P`` numbers.
        has_converged: whether the run may end, from the Ritz values and their residual norms; asked every 10 steps.
        ends: vectors from each end.
    """
    vector = start()
    basis, matrix = vector.new_empty(max_steps, len(vector)), np.zeros((max_steps, max_steps))
    vector = vector / vector.norm()
    for step in range(max_steps):
        basis[step] = vector
        image = multiply(vector)
        matrix[step, step], size = float(image @ vector), float(image.norm())
        image = _orthogonal(image, basis[: step + 1])
        length = float(image.norm())
        if length <= 1e2 * torch.finfo(vector.dtype).eps * max(size, np.abs(matrix).max()) * len(vector) ** 0.5:
            length = 0.0
        last = step + 1 == max_steps
        if last or (step + 1) % CHECK == 0:
            values, vectors = np.linalg.eigh(matrix[: step + 1, : step + 1])
            if last or has_converged(values, length * np.abs(vectors[-1])):
                break
        matrix[step, step + 1] = matrix[step + 1, step] = length
        following = image if length else _orthogonal(start(), basis[: step + 1])
        vector = following / following.norm()
    mixtures = np.concatenate([vectors[:, :ends], vectors[:, -ends:]], axis=1).T
    rows = torch.from_numpy(mixtures).to(basis) @ basis[: len(values)]
    return torch.from_numpy(values).to(basis.device), rows


def _orthogonal(image: Tensor, basis: Tensor) -> Tensor:
    """The part of a vector (P,) that is orthogonal to the rows of the basis, (s, P)."""
    for _ in range(2):
        image = image - (basis @ image) @ basis
    return image
