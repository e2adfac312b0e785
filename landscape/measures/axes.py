"""Directions that the loss itself names, as axes to look along: Hessian eigenvectors and the gradient."""

from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor

from landscape.errors import InputError, ObjectiveError
from landscape.measures.eigenvalues import eigenpairs
from landscape.measures.matrix import hessian
from landscape.measures.products import refuse_reestimated
from landscape.objective.dtypes import in_dtype
from landscape.objective.objective import REFERENCE_CHUNK, Objective
from landscape.records.directions import Direction, Eigenvector, Gradient
from landscape.records.recipe import DirectionsRecipe
from landscape.space import parameters as space
from landscape.space.affine import Plane, plane_along

LossDirection: TypeAlias = Literal["top", "second", "bottom", "gradient"]

LOSS_DIRECTIONS: tuple[LossDirection, ...] = get_args(LossDirection)


def named_direction(objective: Objective, name: LossDirection, *, seed: int = 0) -> tuple[dict[str, Tensor], Direction]:
    """A unit vector in parameter space, in L2, with its eigenvalue or the norm of the gradient.

    Args:
        objective: model and training data at the centre.
        name: ``"top"`` or ``"second"``: eigenvector of the largest or second largest eigenvalue of the Hessian of the
            training loss; ``"bottom"``: of the smallest; ``"gradient"``: of the training loss, uphill.
        seed: of the eigenvalue iteration.

    Returns:
        The direction, and its name with the eigenvalue and residual, or with the norm of the gradient. A vector and its
        negative are one eigenvector: the sign is that which makes its largest entry positive.

    Raises:
        InputError: an unknown name.
        ObjectiveError: the gradient is zero, or the eigenvalues do not converge.
    """
    if name not in LOSS_DIRECTIONS:
        raise InputError(f"unknown direction {name!r}; expected {', '.join(LOSS_DIRECTIONS)}, random, or a file")
    if name == "gradient":
        slope = gradient(objective)
        length = float(slope.norm())
        if not length:
            raise ObjectiveError("the gradient at the centre is exactly zero: it gives no direction")
        return space.unflatten(slope / length, objective.centre), Gradient(length)
    count = 2 if name == "second" else 1
    pairs = eigenpairs(hessian(objective), count, which="bottom" if name == "bottom" else "top", seed=seed)
    vector = pairs.vectors[-1]
    vector = vector * vector[vector.abs().argmax()].sign()
    eigenvector = Eigenvector(name, float(pairs.values[-1]), float(pairs.residuals[-1]))
    return space.unflatten(vector, objective.centre), eigenvector


def gradient(objective: Objective, *, dtype: torch.dtype = torch.float64) -> Tensor:
    """The gradient of the mean training loss at the centre, (P,), parameters in the order of ``objective.centre``.

    The gradient is exact up to rounding, over all N examples in chunks. It points uphill.

    Raises:
        ObjectiveError: it is not finite.

    Example:
        >>> model = torch.nn.Linear(1, 1, bias=False).double()
        >>> weight = model.load_state_dict({"weight": torch.tensor([[3.0]])})
        >>> x = torch.full((2, 1), 2.0, dtype=torch.float64)
        >>> gradient(Objective(model, (x, 0 * x), loss=torch.nn.functional.mse_loss)).tolist()
        [24.0]
    """
    refuse_reestimated(objective)
    exact = in_dtype(objective, dtype)
    leaves = {name: tensor.detach().requires_grad_() for name, tensor in exact.centre.items()}
    result = torch.zeros(exact.P, dtype=dtype, device=exact.device)
    for batch in exact.splits[0].chunks(REFERENCE_CHUNK):
        parts = torch.autograd.grad(exact.loss_share(leaves, batch), list(leaves.values()), materialize_grads=True)
        result += torch.cat([part.flatten() for part in parts])
    if not bool(torch.isfinite(result).all()):
        raise ObjectiveError("the gradient is not finite: is the loss smooth at these weights?")
    return result


def eigen_plane(objective: Objective, axes: Sequence[LossDirection] = ("top", "bottom"), *, seed: int = 0) -> Plane:
    """The plane along two Hessian eigenvectors through the centre, both of L2 length 1.

    Along an eigenvector of eigenvalue ``lambda`` the loss rises by ``lambda a^2 / 2`` near the centre: ``("top",
    "second")`` are the stiffest two, ``("top", "bottom")`` the stiffest by the one that curves down most. A random
    plane shows about the average of all P. Unlike filter norms, these steps are no measure between networks.

    Args:
        objective: model and training data at the centre.
        axes: two of ``"top"``, ``"second"``, ``"bottom"`` (eigenvectors) and ``"gradient"``.
        seed: of the eigenvalue iteration.

    Returns:
        The plane, with eigenvalues and residuals in its recipe.

    Raises:
        InputError: another number of axes, or an unknown one.
        ObjectiveError: the eigenvalues do not converge, or the gradient is zero.

    Example:
        >>> model = torch.nn.Linear(2, 1, bias=False).double()
        >>> x = torch.tensor([[2.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
        >>> objective = Objective(model, (x, torch.zeros(2, 1)), loss=torch.nn.functional.mse_loss)
        >>> eigen_plane(objective).recipe.directions[0].eigenvalue
        4.0
    """
    if len(axes) != 2:
        raise InputError(f"a plane has two axes, got {len(axes)}")
    (alpha, first), (beta, second) = (named_direction(objective, name, seed=seed) for name in axes)
    return plane_along(objective.centre, alpha, beta, recipe=DirectionsRecipe("plane", (first, second), unit="L2"))
