"""Curvature: eigenvalues, trace and Frobenius norm of the Hessian of the training loss, over all training examples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, log, sqrt
from typing import Any, Literal, TypeAlias, TypedDict, Unpack

import numpy as np
import torch
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh
from scipy.special import stdtrit
from torch import Tensor

from landscape.defaults import DEFAULT_MEMORY
from landscape.errors import InputError, ObjectiveError
from landscape.files.ledger import Pieces
from landscape.measures.lanczos import krylov
from landscape.measures.products import Matrix, Product, hessian_product
from landscape.objective.objective import Objective
from landscape.records.base import FloatArray
from landscape.records.estimates import Estimate

End: TypeAlias = Literal["top", "bottom"]
Names: TypeAlias = str | Sequence[str] | None

UNIT = "nats per squared unit of weight"
DENSE_LIMIT = 512
MAX_PROBES = 2000
RELATIVE_ERROR = 0.05
_PILOT = 16
_TOLERANCE = 1e-10
_TOP, _BOTTOM = 1e-8, 1e-3
_MAX_STEPS = 600


@dataclass(frozen=True, eq=False)
class Eigenpairs:
    """Eigenvalues at one end of the Hessian's spectrum, with their eigenvectors and how exact they are.

    Args:
        values: shape (k,); the most extreme first: descending from the top, ascending from the bottom.
        vectors: unit eigenvectors as rows, shape (k, P), parameters in the order of ``objective.centre``.
        residuals: ``||H v - lambda v||``, shape (k,): an eigenvalue of H lies at most so far from each value.
        which: ``"top"`` or ``"bottom"``, in the algebraic order.
        unit: of values and residuals, where the loss is a cross-entropy.
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


@dataclass(frozen=True)
class Probed:
    """A sum over the whole spectrum, estimated from random probes.

    Args:
        value: the quantity, or its estimate.
        standard_error: of the estimate, 0 where it is exact up to rounding.
        num_probes: Hessian-vector products taken.
        exact: whether the probes were the P unit vectors.
        unit: of value and error, for cross-entropy.
    """

    value: float
    standard_error: float
    num_probes: int
    exact: bool
    unit: str = UNIT

    @property
    def estimate(self) -> Estimate:
        """The value with its 95 % interval by Student's t."""
        reach = 0.0 if self.exact else float(stdtrit(self.num_probes - 1, 0.975)) * self.standard_error
        return Estimate(self.value, self.value - reach, self.value + reach, self.unit)


def hessian_eigenpairs(
    objective: Objective,
    k: int = 1,
    *,
    which: End = "top",
    matrix: Matrix = "hessian",
    parameters: Names = None,
    seed: int = 0,
    pieces: Pieces | None = None,
) -> Eigenpairs:
    """The k largest or smallest eigenvalues of the Hessian, in the algebraic order, with eigenvectors.

    The first from the top is the sharpness of the loss; the first from the bottom is the strongest negative curvature,
    where it is below zero. Both change when ReLU layers are rescaled, the function staying the same.

    Restarted Lanczos (Lehoucq et al. 1998, ARPACK Users' Guide); where P is at most 512 or k at least P - 1, P products
    and a dense factorization. In float64 whatever the objective's precision.

    Args:
        objective: model and training data, never changed.
        k: eigenvalues, from 1 to P.
        which: ``"top"`` for the largest, ``"bottom"`` for the smallest.
        matrix: ``"hessian"`` or ``"gauss-newton"``, see `hessian_product`.
        parameters: name patterns that leave a diagonal block of the matrix, such as one layer's; P counts these only.
        seed: of the iteration's start vector.
        pieces: where products are kept while the iteration runs, so that a stopped one goes on.

    Raises:
        InputError: ``k``, ``which``, ``matrix`` or ``parameters`` that cannot be used.
        ObjectiveError: the iteration does not converge, or a product is not finite.
    """
    if which not in ("top", "bottom"):
        raise InputError(f"which must be 'top' or 'bottom', got {which!r}")
    product = hessian_product(objective, matrix=matrix, parameters=parameters)
    if not 1 <= k <= product.size:
        raise InputError(f"k must be from 1 to P = {product.size}, got {k}")
    if product.size <= DENSE_LIMIT or k >= product.size - 1:
        values, vectors = torch.linalg.eigh(_dense(product))
    else:
        values, vectors = _lanczos(product, k, which, seed, pieces or Pieces(None, ""))
    order = values.argsort(descending=which == "top")[:k]
    return _pairs(product, values[order], vectors.T[order], which)


def hessian_extremes(
    objective: Objective,
    k: int = 1,
    *,
    matrix: Matrix = "hessian",
    parameters: Names = None,
    memory: int = DEFAULT_MEMORY,
    seed: int = 0,
    pieces: Pieces | None = None,
) -> tuple[Eigenpairs, Eigenpairs]:
    """The k largest and the k smallest eigenvalues of the Hessian, from one Lanczos run with all vectors kept.

    It ends when the residuals at the top are at most 1e-8, at the bottom 1e-3 of the largest eigenvalue in size, or
    after 600 steps; ``residuals`` say what was reached. A small residual alone does not make a value the lowest one:
    the run also takes so many steps that the lowest eigenvalue lies more than 1e-3 of the spectrum's width below the
    one found with a probability of at most 1 % over start vectors (Kuczynski and Wozniakowski 1992, SIAM J. Matrix
    Anal. Appl. 13, 1094). `hessian_eigenpairs` gives either end to 1e-10, at several times the products. Where P is at
    most 512, both are exact up to rounding; where the vectors do not fit in ``memory``, both come from there.

    Args and errors are those of `hessian_eigenpairs`; ``memory`` in bytes.

    Returns:
        The top and the bottom.
    """
    product = hessian_product(objective, matrix=matrix, parameters=parameters)
    if not 1 <= k <= product.size:
        raise InputError(f"k must be from 1 to P = {product.size}, got {k}")
    needed, most = _steps_for(product.size), min(product.size, _MAX_STEPS, memory // (8 * product.size))
    if product.size <= DENSE_LIMIT or k >= product.size - 1:
        values, vectors = torch.linalg.eigh(_dense(product))
        rows = vectors.T
    elif most < min(needed, product.size):
        choice: dict[str, Any] = {"matrix": matrix, "parameters": parameters, "seed": seed}
        top, bottom = (hessian_eigenpairs(objective, k, which=end, **choice) for end in ("top", "bottom"))
        return top, bottom
    else:
        values, rows = _both_ends(product, k, range(needed, most), seed, pieces or Pieces(None, ""))
    top = _pairs(product, values[-k:].flip(0), rows[-k:].flip(0), "top")
    return top, _pairs(product, values[:k], rows[:k], "bottom")


class Probing(TypedDict, total=False):
    """How a sum over the spectrum is probed; what each says and is by default stands at `hessian_trace`."""

    relative_error: float
    num_probes: int | None
    matrix: Matrix
    parameters: Names
    memory: int
    seed: int
    pieces: Pieces | None


def hessian_trace(objective: Objective, **options: Unpack[Probing]) -> Probed:
    """The trace of the Hessian by Hutchinson's estimator, the mean of ``z . H z`` over random signs z.

    As in Yao et al. 2020, arXiv 1912.07145. Without ``num_probes``, 16 probes tell how many more the error takes. Where
    P products would do, the P unit vectors are taken instead, and the trace is exact. Near zero, as where curvatures of
    both signs cancel, no share is reached: probes end at 2,000, and ``standard_error`` says what was reached.

    Args:
        objective: model and training data, never changed; in float64 whatever its precision.
        relative_error: standard error asked for, as a share of the trace; 0.05 by default.
        num_probes: take so many probes instead, at least 2.
        matrix: ``"hessian"`` (default) or ``"gauss-newton"``, see `hessian_product`.
        parameters: name patterns that leave a diagonal block of the matrix; all by default.
        memory: bytes that a kept graph may take.
        seed: of the probes, 0 by default.
        pieces: where probes are kept while it runs, so that a stopped one goes on.

    Raises:
        InputError: ``relative_error`` not above 0, or ``num_probes`` below 2.
        ObjectiveError: a product is not finite.
    """
    return _probed(objective, lambda z, hz: (z * hz).sum(dim=1), lambda dense: dense.trace(), options)


def hessian_norm(objective: Objective, **options: Unpack[Probing]) -> Probed:
    """The Frobenius norm of the Hessian, the root of the mean of ``|H z|^2`` over random signs z.

    The standard error is that of the mean square, carried through the root. Arguments and errors are those of
    `hessian_trace`.
    """
    # the root halves a small relative error
    options["relative_error"] = 2 * options.get("relative_error", RELATIVE_ERROR)
    square = _probed(objective, lambda _, hz: hz.square().sum(dim=1), lambda dense: dense.square().sum(), options)
    root = square.value**0.5
    error = square.standard_error / (2 * root) if root else 0.0
    return Probed(root, error, square.num_probes, square.exact)


def _probed(
    objective: Objective, of: Callable[[Tensor, Tensor], Tensor], exact: Callable[[Tensor], Tensor], options: Probing
) -> Probed:
    """The mean of ``of(z, H z)`` over random signs z, or ``exact`` of the matrix itself."""
    product = hessian_product(
        objective,
        matrix=options.get("matrix", "hessian"),
        parameters=options.get("parameters"),
        vectors=_PILOT,
        memory=options.get("memory", DEFAULT_MEMORY),
    )
    error, pieces = options.get("relative_error", RELATIVE_ERROR), options.get("pieces") or Pieces(None, "")
    return _Sums(product, of, exact, options.get("seed", 0)).estimate(error, options.get("num_probes"), pieces)


@dataclass
class _Sums:
    """A quantity's mean over random signs, or its exact value where P products are no more."""

    product: Product
    of: Callable[[Tensor, Tensor], Tensor]
    exact: Callable[[Tensor], Tensor]
    seed: int

    def estimate(self, relative_error: float, num_probes: int | None, pieces: Pieces) -> Probed:
        if not relative_error > 0:
            raise InputError(f"relative_error must be above 0, got {relative_error}")
        if num_probes is not None and num_probes < 2:
            raise InputError(f"num_probes must be at least 2 for a standard error, got {num_probes}")
        generator = torch.Generator().manual_seed(self.seed)
        samples = pieces.load().get("samples", np.empty(0))
        for _ in samples:
            self._signs(generator)
        wanted = num_probes if num_probes is not None else _PILOT
        try:
            while len(samples) < wanted:
                if wanted >= self.product.size:
                    return Probed(float(self.exact(_dense(self.product))), 0.0, self.product.size, exact=True)
                count = min(wanted - len(samples), self.product.block)
                samples = np.concatenate([samples, self._probed(count, generator)])
                pieces.save(samples=samples)
                if num_probes is None and len(samples) >= wanted:
                    wanted = _needed(samples, relative_error)
        except BaseException:
            pieces.save(samples=samples, force=True)
            raise
        return Probed(float(samples.mean()), _standard_error(samples), len(samples), exact=False)

    def _probed(self, count: int, generator: torch.Generator) -> FloatArray:
        signs = torch.stack([self._signs(generator) for _ in range(count)]).to(self.product.objective.device)
        return np.asarray(self.of(signs, self.product(signs)).cpu().numpy())

    def _signs(self, generator: torch.Generator) -> Tensor:
        return torch.randint(0, 2, (self.product.size,), generator=generator).double() * 2 - 1


def _dense(product: Product) -> Tensor:
    """H itself, (P, P), symmetric to the last bit."""
    rows = product(torch.eye(product.size, dtype=torch.float64, device=product.objective.device))
    return (rows + rows.T) / 2


def _pairs(product: Product, values: Tensor, rows: Tensor, which: End) -> Eigenpairs:
    rows = rows.contiguous()
    return Eigenpairs(values, rows, (product(rows) - values[:, None] * rows).norm(dim=1), which)


def _steps_for(size: int) -> int:
    """Lanczos steps m that miss an end by ``_BOTTOM`` of the width with probability 1 %.

    The probability is at most ``1.648 sqrt(P) exp(-sqrt(_BOTTOM) (2 m - 1))`` (Theorem 4.2 there).
    """
    return ceil(0.5 + log(164.8 * sqrt(size)) / (2 * sqrt(_BOTTOM)))


def _both_ends(product: Product, k: int, steps: range, seed: int, pieces: Pieces) -> tuple[Tensor, Tensor]:
    """Ritz values ascending, and the vectors of the k first and k last as rows (2k, P)."""
    device, tape = product.objective.device, pieces.tape(product.size)
    generator = torch.Generator().manual_seed(seed)

    def start() -> Tensor:
        return torch.randn(product.size, dtype=torch.float64, generator=generator).to(device)

    def image(vector: FloatArray) -> FloatArray:
        return np.asarray(product(torch.from_numpy(vector)).cpu().numpy())

    def multiply(vector: Tensor) -> Tensor:
        return torch.from_numpy(tape(image, vector.cpu().numpy())).to(device)

    def finished(values: FloatArray, residuals: FloatArray) -> bool:
        scale = np.abs(values).max()
        exact = (residuals[-k:] <= _TOP * scale).all() and (residuals[:k] <= _BOTTOM * scale).all()
        return bool(len(values) >= max(steps.start, 2 * k) and exact)

    try:
        values, rows = krylov(multiply, start, steps.stop, finished=finished, keep=k)
    finally:
        tape.flush()
    return values, rows


def _lanczos(product: Product, k: int, which: End, seed: int, pieces: Pieces) -> tuple[Tensor, Tensor]:
    size, device, tape = product.size, product.objective.device, pieces.tape(product.size)
    start = np.random.default_rng(seed).standard_normal(size)

    def image(vector: FloatArray) -> FloatArray:
        return np.asarray(product(torch.from_numpy(vector)).cpu().numpy())

    def shifted(shift: float) -> LinearOperator:
        def times(vector: FloatArray) -> FloatArray:
            flat = np.array(vector, dtype=np.float64).ravel()
            return tape(image, flat) + shift * flat

        return LinearOperator((size, size), matvec=times, dtype=np.float64)

    try:
        scale = float(abs(eigsh(shifted(0.0), 1, which="LM", v0=start, tol=1e-2, return_eigenvectors=False)[0]))
        # ARPACK's tolerance is relative to each eigenvalue: unshifted, those at zero would never converge
        shift = scale if which == "top" else -scale
        end = "LA" if which == "top" else "SA"
        values, vectors = eigsh(shifted(shift), k, which=end, v0=start, tol=_TOLERANCE)
    except ArpackNoConvergence as error:
        raise ObjectiveError(
            f"the {which} {k} eigenvalues did not converge ({error}); ask for fewer or more"
        ) from error
    finally:
        tape.flush()
    return torch.from_numpy(values - shift).to(device), torch.from_numpy(vectors).to(device)


def _standard_error(samples: FloatArray) -> float:
    return float(np.std(samples, ddof=1) / len(samples) ** 0.5)


def _needed(samples: FloatArray, relative_error: float) -> int:
    """Probes after which the standard error is as asked for, at most `MAX_PROBES`."""
    allowed = relative_error * abs(float(np.mean(samples)))
    error = _standard_error(samples)
    excess = min(MAX_PROBES, error / allowed) if allowed else float(error > 0) * MAX_PROBES
    return max(len(samples), min(MAX_PROBES, ceil(len(samples) * excess**2)))
