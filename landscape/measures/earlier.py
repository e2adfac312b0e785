"""Functions under the names of the first edition, for one release: each says which of today's to write instead."""

import warnings
from collections.abc import Sequence
from typing import Literal, TypeAlias

from landscape.measures.eigenvalues import Eigenpairs, End, eigenpairs, extreme_eigenpairs
from landscape.measures.matrix import CurvatureMatrix, gauss_newton, hessian
from landscape.measures.trace import RELATIVE_ERROR, SpectralSum, frobenius_norm, trace
from landscape.objective.objective import Objective

MatrixName: TypeAlias = Literal["hessian", "gauss-newton"]
Names: TypeAlias = str | Sequence[str] | None


def hessian_product(
    objective: Objective, *, matrix: MatrixName = "hessian", parameters: Names = None
) -> CurvatureMatrix:
    """Today's ``hessian(objective)`` or ``gauss_newton(objective)``.

    Args:
        objective: model and training data, never changed.
        matrix: which of the two.
        parameters: patterns of names that leave a diagonal block; all parameters by default.

    Returns:
        The matrix, which can be applied to vectors (P,).
    """
    _warn("hessian_product(objective)", "hessian(objective)")
    return _matrix(objective, matrix, parameters)


def hessian_eigenpairs(
    objective: Objective,
    k: int = 1,
    *,
    which: End = "top",
    matrix: MatrixName = "hessian",
    parameters: Names = None,
    seed: int = 0,
) -> Eigenpairs:
    """Today's ``eigenpairs(hessian(objective), k)``.

    Args:
        objective: model and training data, never changed.
        k: eigenvalues, from 1 to P.
        which: ``"top"`` for the largest, ``"bottom"`` for the smallest.
        matrix: the Hessian or the Gauss-Newton matrix.
        parameters: patterns of names that leave a diagonal block; all parameters by default.
        seed: of the first vector.

    Returns:
        As `eigenpairs`.
    """
    _warn("hessian_eigenpairs(objective, k)", "eigenpairs(hessian(objective), k)")
    return eigenpairs(_matrix(objective, matrix, parameters), k, which=which, seed=seed)


def hessian_extremes(
    objective: Objective, k: int = 1, *, matrix: MatrixName = "hessian", parameters: Names = None, seed: int = 0
) -> tuple[Eigenpairs, Eigenpairs]:
    """Today's ``extreme_eigenpairs(hessian(objective), k)``.

    Args:
        objective: model and training data, never changed.
        k: eigenvalues at either end.
        matrix: the Hessian or the Gauss-Newton matrix.
        parameters: patterns of names that leave a diagonal block; all parameters by default.
        seed: of the first vector.

    Returns:
        As `extreme_eigenpairs`.
    """
    _warn("hessian_extremes(objective, k)", "extreme_eigenpairs(hessian(objective), k)")
    return extreme_eigenpairs(_matrix(objective, matrix, parameters), k, seed=seed)


def hessian_trace(
    objective: Objective,
    *,
    relative_error: float = RELATIVE_ERROR,
    num_probes: int | None = None,
    matrix: MatrixName = "hessian",
    parameters: Names = None,
    seed: int = 0,
) -> SpectralSum:
    """Today's ``trace(hessian(objective))``.

    Args:
        objective: model and training data, never changed.
        relative_error: standard error asked for, as a share of the trace.
        num_probes: take so many probes instead, at least 2.
        matrix: the Hessian or the Gauss-Newton matrix.
        parameters: patterns of names that leave a diagonal block; all parameters by default.
        seed: of the probes.

    Returns:
        As `trace`.
    """
    _warn("hessian_trace(objective)", "trace(hessian(objective))")
    subject = _matrix(objective, matrix, parameters)
    return trace(subject, relative_error=relative_error, num_probes=num_probes, seed=seed)


def hessian_norm(
    objective: Objective,
    *,
    relative_error: float = RELATIVE_ERROR,
    num_probes: int | None = None,
    matrix: MatrixName = "hessian",
    parameters: Names = None,
    seed: int = 0,
) -> SpectralSum:
    """Today's ``frobenius_norm(hessian(objective))``.

    Args:
        objective: model and training data, never changed.
        relative_error: standard error asked for, as a share of the norm.
        num_probes: take so many probes instead, at least 2.
        matrix: the Hessian or the Gauss-Newton matrix.
        parameters: patterns of names that leave a diagonal block; all parameters by default.
        seed: of the probes.

    Returns:
        As `frobenius_norm`.
    """
    _warn("hessian_norm(objective)", "frobenius_norm(hessian(objective))")
    subject = _matrix(objective, matrix, parameters)
    return frobenius_norm(subject, relative_error=relative_error, num_probes=num_probes, seed=seed)


def _matrix(objective: Objective, name: MatrixName, parameters: Names) -> CurvatureMatrix:
    return (gauss_newton if name == "gauss-newton" else hessian)(objective, parameters=parameters)


def _warn(earlier: str, today: str) -> None:
    warnings.warn(f"{earlier} will go: write {today}", FutureWarning, stacklevel=3)
