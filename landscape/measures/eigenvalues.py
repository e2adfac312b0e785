"""Eigenvalues at either end of a matrix's spectrum, with eigenvectors and residuals."""

from dataclasses import dataclass
from math import ceil, log, sqrt
from typing import Literal, TypeAlias

import numpy as np
import torch
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh
from torch import Tensor

from landscape.errors import InputError, ObjectiveError
from landscape.files.ledger import Pieces, Tape
from landscape.measures.lanczos import krylov
from landscape.measures.matrix import UNIT, CurvatureMatrix
from landscape.records.base import FloatArray

End: TypeAlias = Literal["top", "bottom"]

DENSE_LIMIT = 512
_TOLERANCE = 1e-10
# residuals of `extreme_eigenpairs`, shares of the largest eigenvalue in size
_TOP, _BOTTOM = 1e-8, 1e-3
_MAX_STEPS = 600


@dataclass(frozen=True, eq=False)
class Eigenpairs:
    """Eigenvalues at one end of a matrix's spectrum, with their eigenvectors and how exact they are.

    Args:
        values: shape (k,); the most extreme first: descending from the top, ascending from the bottom.
        vectors: unit eigenvectors as rows, shape (k, P), parameters in the order of ``objective.centre``.
        residuals: ``||H v - lambda v||``, shape (k,): an eigenvalue of H lies at most so far from each value.
        which: ``"top"`` or ``"bottom"``, in the algebraic order.
        unit: of values and residuals.
    """

    values: Tensor
    vectors: Tensor
    residuals: Tensor
    which: End
    unit: str = UNIT

    @property
    def num_negative(self) -> int:
        """Values below zero by more than their residual and rounding: directions in which the loss curves down."""
        rounding = len(self.vectors[0]) * torch.finfo(self.values.dtype).eps * self.values.abs().max()
        return int((self.values < -(self.residuals + rounding)).sum())


def eigenpairs(
    matrix: CurvatureMatrix, k: int = 1, *, which: End = "top", seed: int = 0, pieces: Pieces | None = None
) -> Eigenpairs:
    """The k largest or smallest eigenvalues of a matrix, in the algebraic order, with eigenvectors.

    The Hessian's first from the top is the sharpness of the loss; its first from the bottom is the strongest negative
    curvature, where it is below zero. Both change when ReLU layers are rescaled, the function staying the same.

    Restarted Lanczos (Lehoucq et al. 1998, ARPACK Users' Guide); where P is at most 512 or k at least P - 1, P products
    and a dense factorization.

    Args:
        matrix: from `hessian` or `gauss_newton`.
        k: eigenvalues, from 1 to P.
        which: ``"top"`` for the largest, ``"bottom"`` for the smallest.
        seed: of the iteration's start vector.
        pieces: where products are kept while the iteration runs, so that a stopped one goes on.

    Returns:
        Values (k,), vectors (k, P) and residuals (k,), the most extreme first.

    Raises:
        InputError: ``k`` or ``which`` that cannot be used.
        ObjectiveError: the iteration does not converge, or a product is not finite.

    Example:
        >>> from landscape.measures.matrix import hessian
        >>> from landscape.objective.objective import Objective
        >>> model = torch.nn.Linear(2, 1, bias=False).double()
        >>> x = torch.tensor([[2.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
        >>> objective = Objective(model, (x, torch.zeros(2, 1)), loss=torch.nn.functional.mse_loss)
        >>> eigenpairs(hessian(objective), 2).values.tolist()
        [4.0, 1.0]
    """
    if which not in ("top", "bottom"):
        raise InputError(f"which must be 'top' or 'bottom', got {which!r}")
    return _one_end(_check(matrix, k).tune(), k, which, seed, pieces or Pieces(None, ""))


def extreme_eigenpairs(
    matrix: CurvatureMatrix, k: int = 1, *, seed: int = 0, pieces: Pieces | None = None
) -> tuple[Eigenpairs, Eigenpairs]:
    """The k largest and the k smallest eigenvalues of a matrix, from one Lanczos run that keeps all its vectors.

    The run ends when the residuals at the top are at most 1e-8, at the bottom 1e-3 of the largest eigenvalue in size,
    or after 600 steps; ``residuals`` say what was reached. A small residual alone does not make a value the lowest one:
    the run also takes so many steps that the lowest eigenvalue lies more than 1e-3 of the spectrum's width below the
    computed one with a probability of at most 1 % over start vectors (Kuczynski and Wozniakowski 1992, SIAM J. Matrix
    Anal. Appl. 13, 1094). `eigenpairs` gives either end to 1e-10, at several times the products. Where P is at most
    512, both are exact up to rounding; where the vectors do not fit in the matrix's ``memory``, both come from there.

    Args:
        matrix: from `hessian` or `gauss_newton`.
        k: eigenvalues at each end, from 1 to P.
        seed: of the iteration's start vectors.
        pieces: where products are kept while the iteration runs, so that a stopped one goes on.

    Returns:
        The top and the bottom, each with values (k,), vectors (k, P) and residuals (k,), the most extreme first.

    Raises:
        InputError: ``k`` out of range.
        ObjectiveError: the iteration does not converge, or a product is not finite.
    """
    matrix, pieces = _check(matrix, k).tune(), pieces or Pieces(None, "")
    steps = range(_steps_for(matrix.size), min(matrix.size, _MAX_STEPS, matrix.memory // (8 * matrix.size)))
    if _is_small(matrix, k):
        values, rows = _factor(matrix)
    elif steps.stop < min(steps.start, matrix.size):
        top, bottom = (_one_end(matrix, k, end, seed, Pieces(None, "")) for end in ("top", "bottom"))
        return top, bottom
    else:
        values, rows = _both_ends(matrix, k, steps, seed, pieces)
    top = _pairs(matrix, values[-k:].flip(0), rows[-k:].flip(0), "top")
    return top, _pairs(matrix, values[:k], rows[:k], "bottom")


def _check(matrix: CurvatureMatrix, k: int) -> CurvatureMatrix:
    """The matrix, if it has so many eigenvalues."""
    if not 1 <= k <= matrix.size:
        raise InputError(f"k must be from 1 to P = {matrix.size}, got {k}")
    return matrix


def _is_small(matrix: CurvatureMatrix, k: int) -> bool:
    """Whether P products and a dense factorization take less than an iteration."""
    return matrix.size <= DENSE_LIMIT or k >= matrix.size - 1


def _factor(matrix: CurvatureMatrix) -> tuple[Tensor, Tensor]:
    """All eigenvalues ascending, and their vectors as rows."""
    values, vectors = torch.linalg.eigh(matrix.form())
    return values, vectors.T


def _one_end(matrix: CurvatureMatrix, k: int, which: End, seed: int, pieces: Pieces) -> Eigenpairs:
    values, rows = _factor(matrix) if _is_small(matrix, k) else _by_arpack(matrix, k, which, seed, pieces)
    order = values.argsort(descending=which == "top")[:k]
    return _pairs(matrix, values[order], rows[order], which)


def _pairs(matrix: CurvatureMatrix, values: Tensor, rows: Tensor, which: End) -> Eigenpairs:
    rows = rows.contiguous()
    return Eigenpairs(values, rows, (matrix(rows) - values[:, None] * rows).norm(dim=1), which, unit=matrix.unit)


def _steps_for(size: int) -> int:
    """Lanczos steps m that miss an end by ``_BOTTOM`` of the width with probability 1 %.

    The probability is at most ``1.648 sqrt(P) exp(-sqrt(_BOTTOM) (2 m - 1))`` (Theorem 4.2 there).
    """
    return ceil(0.5 + log(164.8 * sqrt(size)) / (2 * sqrt(_BOTTOM)))


def _both_ends(matrix: CurvatureMatrix, k: int, steps: range, seed: int, pieces: Pieces) -> tuple[Tensor, Tensor]:
    """Ritz values ascending, and the vectors of the k first and k last as rows (2k, P)."""
    tape = pieces.tape(matrix.size)
    generator = torch.Generator().manual_seed(seed)

    def start() -> Tensor:
        return torch.randn(matrix.size, dtype=torch.float64, generator=generator).to(matrix.device)

    def multiply(vector: Tensor) -> Tensor:
        return torch.from_numpy(_product(matrix, tape, vector.cpu().numpy())).to(matrix.device)

    def has_converged(values: FloatArray, residuals: FloatArray) -> bool:
        scale = np.abs(values).max()
        exact = (residuals[-k:] <= _TOP * scale).all() and (residuals[:k] <= _BOTTOM * scale).all()
        return bool(len(values) >= max(steps.start, 2 * k) and exact)

    try:
        values, rows = krylov(multiply, start, steps.stop, has_converged=has_converged, ends=k)
    finally:
        tape.flush()
    return values, rows


def _by_arpack(matrix: CurvatureMatrix, k: int, which: End, seed: int, pieces: Pieces) -> tuple[Tensor, Tensor]:
    """k eigenvalues at one end in any order, and their vectors as rows (k, P), by ARPACK."""
    size, tape = matrix.size, pieces.tape(matrix.size)
    start = np.random.default_rng(seed).standard_normal(size)

    def plus(shift: float) -> LinearOperator:
        def times(vector: FloatArray) -> FloatArray:
            flat = np.array(vector, dtype=np.float64).ravel()
            return _product(matrix, tape, flat) + shift * flat

        return LinearOperator((size, size), matvec=times, dtype=np.float64)

    try:
        scale = float(abs(eigsh(plus(0.0), 1, which="LM", v0=start, tol=1e-2, return_eigenvectors=False)[0]))
        # ARPACK's tolerance is relative to each eigenvalue: without a shift, those at zero would never converge
        shift = scale if which == "top" else -scale
        end = "LA" if which == "top" else "SA"
        values, vectors = eigsh(plus(shift), k, which=end, v0=start, tol=_TOLERANCE)
    except ArpackNoConvergence as error:
        raise ObjectiveError(
            f"the {which} {k} eigenvalues did not converge ({error}); ask for fewer or more"
        ) from error
    finally:
        tape.flush()
    return torch.from_numpy(values - shift).to(matrix.device), torch.from_numpy(vectors).to(matrix.device).T


def _product(matrix: CurvatureMatrix, tape: Tape, vector: FloatArray) -> FloatArray:
    """The matrix times a vector (P,), from the tape of a stopped iteration as far as that goes."""
    return tape(lambda row: np.asarray(matrix(torch.from_numpy(row)).cpu().numpy()), vector)
