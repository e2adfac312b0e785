"""Trace and Frobenius norm of a matrix, from products with random vectors."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np
import torch
from torch import Tensor

from landscape.errors import InputError
from landscape.files.ledger import Pieces
from landscape.measures.matrix import UNIT, CurvatureMatrix
from landscape.records.base import FloatArray
from landscape.records.estimates import Estimate
from landscape.statistics.intervals import student_reach

MAX_PROBES = 2000
RELATIVE_ERROR = 0.05
_PILOT = 16


@dataclass(frozen=True)
class SpectralSum:
    """A sum over the whole spectrum, estimated from random probes.

    Args:
        value: the quantity, or its estimate.
        standard_error: of the estimate, 0 where it is exact up to rounding.
        num_probes: products taken.
        exact: whether the probes were the P unit vectors.
        unit: of value and error.
    """

    value: float
    standard_error: float
    num_probes: int
    exact: bool
    unit: str = UNIT

    @property
    def estimate(self) -> Estimate:
        """The value with its 95 % interval by Student's t."""
        reach = 0.0 if self.exact else student_reach(self.standard_error, self.num_probes - 1)
        return Estimate(self.value, self.value - reach, self.value + reach, self.unit)


def trace(
    matrix: CurvatureMatrix,
    *,
    relative_error: float = RELATIVE_ERROR,
    num_probes: int | None = None,
    seed: int = 0,
    pieces: Pieces | None = None,
) -> SpectralSum:
    """The trace of a matrix by Hutchinson's estimator, the mean of ``z . H z`` over random signs z.

    As in Yao et al. 2020, arXiv 1912.07145. Without ``num_probes``, 16 probes tell how many more the error takes. Where
    P products would do, the P unit vectors are taken instead, and the trace is exact. Near zero, as where curvatures of
    both signs cancel, no share is reached: probes end at 2,000, and ``standard_error`` says what was reached.

    Args:
        matrix: from `hessian` or `gauss_newton`.
        relative_error: standard error asked for, as a share of the trace.
        num_probes: take so many probes instead, at least 2.
        seed: of the probes.
        pieces: where probes are kept while they are taken, so that a stopped estimate goes on.

    Returns:
        The trace with its standard error.

    Raises:
        InputError: ``relative_error`` not above 0, or ``num_probes`` below 2.
        ObjectiveError: a product is not finite.

    Example:
        >>> from landscape.measures.matrix import hessian
        >>> from landscape.objective.objective import Objective
        >>> model = torch.nn.Linear(2, 1, bias=False).double()
        >>> x = torch.tensor([[2.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
        >>> objective = Objective(model, (x, torch.zeros(2, 1)), loss=torch.nn.functional.mse_loss)
        >>> trace(hessian(objective)).value
        5.0
    """
    _check(relative_error, num_probes)
    probes = _Estimator(matrix.tune(vectors=_PILOT), _quadratic_form, torch.trace, seed, pieces or Pieces(None, ""))
    return probes.estimate(relative_error, num_probes)


def frobenius_norm(
    matrix: CurvatureMatrix,
    *,
    relative_error: float = RELATIVE_ERROR,
    num_probes: int | None = None,
    seed: int = 0,
    pieces: Pieces | None = None,
) -> SpectralSum:
    """The Frobenius norm of a matrix, the root of the mean of ``|H z|^2`` over random signs z.

    The standard error is that of the mean square, carried through the root. Probes are taken as for `trace`.

    Args:
        matrix: from `hessian` or `gauss_newton`.
        relative_error: standard error asked for, as a share of the norm.
        num_probes: take so many probes instead, at least 2.
        seed: of the probes.
        pieces: where probes are kept while they are taken, so that a stopped estimate goes on.

    Returns:
        The norm with its standard error.

    Raises:
        InputError: ``relative_error`` not above 0, or ``num_probes`` below 2.
        ObjectiveError: a product is not finite.

    Example:
        >>> from landscape.measures.matrix import hessian
        >>> from landscape.objective.objective import Objective
        >>> model = torch.nn.Linear(2, 1, bias=False).double()
        >>> x = torch.tensor([[3.0, 0.0], [0.0, 4.0]], dtype=torch.float64) ** 0.5
        >>> objective = Objective(model, (x, torch.zeros(2, 1)), loss=torch.nn.functional.mse_loss)
        >>> round(frobenius_norm(hessian(objective)).value, 12)
        5.0
    """
    _check(relative_error, num_probes)
    pieces = pieces or Pieces(None, "")
    probes = _Estimator(matrix.tune(vectors=_PILOT), _squared_length, _square_sum, seed, pieces)
    # the root halves a small relative error
    square = probes.estimate(2 * relative_error, num_probes)
    root = square.value**0.5
    error = square.standard_error / (2 * root) if root else 0.0
    return SpectralSum(root, error, square.num_probes, square.exact, matrix.unit)


def _quadratic_form(signs: Tensor, products: Tensor) -> Tensor:
    return (signs * products).sum(dim=1)


def _squared_length(signs: Tensor, products: Tensor) -> Tensor:
    return products.square().sum(dim=1)


def _square_sum(dense: Tensor) -> Tensor:
    return dense.square().sum()


def _check(relative_error: float, num_probes: int | None) -> None:
    if not relative_error > 0:
        raise InputError(f"relative_error must be above 0, got {relative_error}")
    if num_probes is not None and num_probes < 2:
        raise InputError(f"num_probes must be at least 2 for a standard error, got {num_probes}")


class _Estimator:
    """A quantity's mean over random signs, or its exact value where P products are no more.

    Args:
        matrix: multiplied in the fastest way.
        sample: the quantity of each probe from signs (k, P) and their products (k, P), shape (k,).
        exact: the quantity of the matrix itself, (P, P).
        seed: of the signs.
        pieces: with the samples of a stopped estimate.
    """

    def __init__(
        self,
        matrix: CurvatureMatrix,
        sample: Callable[[Tensor, Tensor], Tensor],
        exact: Callable[[Tensor], Tensor],
        seed: int,
        pieces: Pieces,
    ) -> None:
        self.matrix, self.sample, self.exact, self.pieces = matrix, sample, exact, pieces
        self.generator = torch.Generator().manual_seed(seed)
        self.samples = pieces.load().get("samples", np.empty(0))
        # the generator moves past the probes that were taken before
        for _ in self.samples:
            self._signs()

    def estimate(self, relative_error: float, num_probes: int | None) -> SpectralSum:
        goal = num_probes if num_probes is not None else _PILOT
        while True:
            if goal >= self.matrix.size and len(self.samples) < goal:
                value, size = float(self.exact(self.matrix.form())), self.matrix.size
                return SpectralSum(value, 0.0, size, exact=True, unit=self.matrix.unit)
            self._take_until(goal)
            # from the first ones, so that a stopped estimate has the goals of one that was not stopped
            following = goal if num_probes is not None else _probes_for(self.samples[:goal], relative_error)
            if following == goal:
                error = _standard_error(self.samples)
                mean, count = float(self.samples.mean()), len(self.samples)
                return SpectralSum(mean, error, count, exact=False, unit=self.matrix.unit)
            goal = following

    def _take_until(self, goal: int) -> None:
        try:
            while len(self.samples) < goal:
                count = min(goal - len(self.samples), self.matrix.block)
                signs = torch.stack([self._signs() for _ in range(count)]).to(self.matrix.device)
                fresh = np.asarray(self.sample(signs, self.matrix(signs)).cpu().numpy())
                self.samples = np.concatenate([self.samples, fresh])
                self.pieces.save(samples=self.samples)
        except BaseException:
            self.pieces.save(samples=self.samples, force=True)
            raise

    def _signs(self) -> Tensor:
        return torch.randint(0, 2, (self.matrix.size,), generator=self.generator).double() * 2 - 1


def _standard_error(samples: FloatArray) -> float:
    return float(np.std(samples, ddof=1) / len(samples) ** 0.5)


def _probes_for(samples: FloatArray, relative_error: float) -> int:
    """Probes after which the standard error is as asked for, at most `MAX_PROBES`."""
    goal = relative_error * abs(float(np.mean(samples)))
    error = _standard_error(samples)
    excess = min(MAX_PROBES, error / goal) if goal else float(error > 0) * MAX_PROBES
    return max(len(samples), min(MAX_PROBES, ceil(len(samples) * excess**2)))
