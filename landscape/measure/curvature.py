"""Curvature: eigenvalues and trace of the Hessian of the training loss, over all training examples."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Literal, TypeAlias

import numpy as np
import torch
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh
from scipy.special import stdtrit
from torch import Tensor
from torch.func import grad, vjp

from landscape.errors import InputError, ObjectiveError
from landscape.evaluate.objective import Objective
from landscape.records import Estimate
from landscape.space.parameters import Parameters

Product: TypeAlias = Callable[[Tensor], Tensor]
End: TypeAlias = Literal["top", "bottom"]

UNIT = "nats per squared unit of weight"
DENSE_LIMIT = 512
MAX_PROBES = 2000
_CHUNK = 2048
_PILOT = 16
_TOLERANCE = 1e-12


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
class Trace:
    """The trace of the Hessian, the sum of its P eigenvalues.

    Args:
        value: the trace, or its estimate.
        standard_error: of the mean over the probes, 0 where the trace is exact up to rounding.
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
        """The trace with its 95 % interval by Student's t."""
        reach = 0.0 if self.exact else float(stdtrit(self.num_probes - 1, 0.975)) * self.standard_error
        return Estimate(self.value, self.value - reach, self.value + reach, self.unit)


def hessian_product(objective: Objective, *, dtype: torch.dtype = torch.float64) -> Product:
    """The map ``v -> H v``, H the Hessian of the mean training loss at the centre, (P, P), never formed.

    ``H v = d/dtheta (grad L . v)`` (Pearlmutter 1994), exact up to rounding, over all N examples in chunks. Where a
    ReLU is exactly at its kink there is no second derivative, and PyTorch's choice counts.

    Args:
        objective: model and training data, never changed.
        dtype: of the product; vectors, (P,) with parameters in the order of ``objective.centre``, are cast to it.

    Raises:
        InputError: BatchNorm statistics that are re-estimated; (from the function) the vector does not have shape (P,).
        ObjectiveError: (from the function) the product is not finite.

    Example:
        >>> model = torch.nn.Linear(1, 1, bias=False).double()
        >>> x = torch.full((3, 1), 2.0, dtype=torch.float64)
        >>> product = hessian_product(Objective(model, (x, x), loss=torch.nn.functional.mse_loss))
        >>> product(torch.ones(1)).item()
        8.0
    """
    if objective.batchnorm == "reestimate":
        raise InputError(
            "the Hessian is that of fixed BatchNorm statistics: make the objective with batchnorm='frozen'"
        )
    exact = objective if objective.dtype == dtype else objective.with_dtype(dtype)
    centre = torch.cat([tensor.flatten() for tensor in exact.centre.values()])

    def product(vector: Tensor) -> Tensor:
        if vector.shape != centre.shape:
            raise InputError(f"expected a vector of shape ({len(centre)},), got {tuple(vector.shape)}")
        placed = vector.detach().to(centre)
        result = torch.zeros_like(centre)
        for inputs, targets in exact.splits[0].chunks(_CHUNK):
            result += _chunk_product(exact, centre, placed, inputs, targets) * (len(targets) / exact.N)
        if not bool(torch.isfinite(result).all()):
            raise ObjectiveError("the Hessian-vector product is not finite: is the loss smooth at these weights?")
        return result

    return product


def hessian_eigenpairs(objective: Objective, k: int = 1, *, which: End = "top", seed: int = 0) -> Eigenpairs:
    """The k largest or smallest eigenvalues of the Hessian, in the algebraic order, with eigenvectors.

    The first from the top is the sharpness of the loss; the first from the bottom is the strongest negative curvature,
    where it is below zero. Both change when ReLU layers are rescaled, the function staying the same.

    Restarted Lanczos (Lehoucq et al. 1998, ARPACK Users' Guide); where P is at most 512 or k at least P - 1, P products
    and a dense factorization. In float64 whatever the objective's precision.

    Args:
        objective: model and training data, never changed.
        k: eigenvalues, from 1 to P.
        which: ``"top"`` for the largest, ``"bottom"`` for the smallest.
        seed: of the iteration's start vector.

    Raises:
        InputError: ``k`` or ``which`` out of range.
        ObjectiveError: the iteration does not converge, or a product is not finite.
    """
    if not 1 <= k <= objective.P:
        raise InputError(f"k must be from 1 to P = {objective.P}, got {k}")
    if which not in ("top", "bottom"):
        raise InputError(f"which must be 'top' or 'bottom', got {which!r}")
    product = hessian_product(objective)
    if objective.P <= DENSE_LIMIT or k >= objective.P - 1:
        values, vectors = torch.linalg.eigh(_dense(product, objective))
    else:
        values, vectors = _lanczos(product, objective, k, which, seed)
    order = values.argsort(descending=which == "top")[:k]
    values, rows = values[order], vectors.T[order].contiguous()
    residuals = torch.stack([product(row) - value * row for value, row in zip(values, rows, strict=True)]).norm(dim=1)
    return Eigenpairs(values, rows, residuals, which)


def hessian_trace(
    objective: Objective, *, relative_error: float = 0.05, num_probes: int | None = None, seed: int = 0
) -> Trace:
    """The trace of the Hessian by Hutchinson's estimator, the mean of ``z . H z`` over random signs z.

    As in Yao et al. 2020, arXiv 1912.07145. Without ``num_probes``, 16 probes tell how many more the error takes. Where
    P products would do, the P unit vectors are taken instead, and the trace is exact. Near zero, as where curvatures of
    both signs cancel, no share is reached: probes end at 2,000, and ``standard_error`` says what was reached.

    Args:
        objective: model and training data, never changed; in float64 whatever its precision.
        relative_error: standard error asked for, as a share of the trace.
        num_probes: take so many probes instead, at least 2.
        seed: of the probes.

    Raises:
        InputError: ``relative_error`` not above 0, or ``num_probes`` below 2.
        ObjectiveError: a product is not finite.
    """
    if not relative_error > 0:
        raise InputError(f"relative_error must be above 0, got {relative_error}")
    if num_probes is not None and num_probes < 2:
        raise InputError(f"num_probes must be at least 2 for a standard error, got {num_probes}")
    product = hessian_product(objective)
    generator = torch.Generator().manual_seed(seed)
    samples: list[float] = []
    wanted = num_probes if num_probes is not None else _PILOT
    while len(samples) < wanted:
        if wanted >= objective.P:
            return Trace(float(_dense(product, objective).trace()), 0.0, objective.P, exact=True)
        samples += [_probe(product, objective.P, generator) for _ in range(wanted - len(samples))]
        if num_probes is None:
            wanted = _needed(samples, relative_error)
    return Trace(float(np.mean(samples)), _standard_error(samples), len(samples), exact=False)


def _chunk_product(objective: Objective, centre: Tensor, vector: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
    def loss(flat: Tensor) -> Tensor:
        return objective.loss(objective.outputs(_named(objective, flat), inputs), targets)

    pulled: Tensor = vjp(grad(loss), centre)[1](vector)[0]
    return pulled.detach()


def _named(objective: Objective, flat: Tensor) -> Parameters:
    parts = flat.split([tensor.numel() for tensor in objective.centre.values()])
    return {name: part.view(like.shape) for part, (name, like) in zip(parts, objective.centre.items(), strict=True)}


def _dense(product: Product, objective: Objective) -> Tensor:
    """H itself, (P, P), symmetric to the last bit."""
    units = torch.eye(objective.P, dtype=torch.float64, device=objective.device)
    rows = torch.stack([product(unit) for unit in units])
    return (rows + rows.T) / 2


def _lanczos(product: Product, objective: Objective, k: int, which: End, seed: int) -> tuple[Tensor, Tensor]:
    size = objective.P
    start = np.random.default_rng(seed).standard_normal(size)

    def shifted(shift: float) -> LinearOperator:
        def times(vector: np.ndarray) -> np.ndarray:
            flat = torch.from_numpy(np.array(vector, dtype=np.float64).ravel())
            return product(flat).cpu().numpy() + shift * flat.numpy()

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
    found = torch.from_numpy(values - shift).to(objective.device)
    return found, torch.from_numpy(vectors).to(objective.device)


def _probe(product: Product, size: int, generator: torch.Generator) -> float:
    signs = torch.randint(0, 2, (size,), generator=generator).double() * 2 - 1
    image = product(signs)
    return float(signs.to(image) @ image)


def _standard_error(samples: list[float]) -> float:
    return float(np.std(samples, ddof=1) / len(samples) ** 0.5)


def _needed(samples: list[float], relative_error: float) -> int:
    """Probes after which the standard error is as asked for, at most `MAX_PROBES`."""
    allowed = relative_error * abs(float(np.mean(samples)))
    error = _standard_error(samples)
    excess = min(MAX_PROBES, error / allowed) if allowed else float(error > 0) * MAX_PROBES
    return max(len(samples), min(MAX_PROBES, ceil(len(samples) * excess**2)))
