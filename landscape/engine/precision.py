"""In which precision a surface is computed, and how far that is from float64."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from landscape.engine.plans import Plan
from landscape.engine.strategies import Strategy
from landscape.engine.streamed import streamed
from landscape.errors import InputError, reason
from landscape.objective.dtypes import in_dtype, is_promoted
from landscape.objective.objective import Objective
from landscape.space.subspaces import Subspace

PRECISION_POINTS = 5
MAX_CONVERTED = 1024
MAX_BYTES = 2**26


@contextmanager
def products(objective: Objective, *, tf32: bool) -> Iterator[None]:
    """While this holds, a GPU multiplies float32 matrices in TF32 or, by default, in float32 proper.

    PyTorch allows TF32 in convolutions unless it is told otherwise; the settings found are put back.

    Raises:
        InputError: TF32 asked for where there is none.
    """
    if tf32 and (objective.device.type != "cuda" or objective.dtype != torch.float32):
        raise InputError(
            f"TF32 multiplies float32 numbers on an NVIDIA GPU, but the objective is {objective.fingerprint['dtype']} "
            f"on {objective.device}; use float32 there, or bfloat16"
        )
    if objective.device.type != "cuda":
        yield
        return
    backends: tuple[Any, ...] = (torch.backends.cuda.matmul, torch.backends.cudnn)
    before = [backend.allow_tf32 for backend in backends]
    for backend in backends:
        backend.allow_tf32 = tf32
    try:
        yield
    finally:
        for backend, flag in zip(backends, before, strict=True):
            backend.allow_tf32 = flag


def precision_error(
    objective: Objective, subspace: Subspace, coordinates: Tensor, plan: Plan, evaluate: Strategy
) -> tuple[float, str]:
    """Largest difference of ``evaluate``, the plan's, from float64 at a few points, relative to the loss.

    A loss below 1 nat, or below what guessing costs (`LossScale.reach`), counts as one of that size.

    The plan is held against itself in float64, which is as much as the loop there: in their own precision the two were
    compared before it was chosen. Where the user's code cannot be computed in float64 the difference is NaN, and the
    text says why; else it is empty.
    """
    if objective.dtype == torch.float64:
        return 0.0, ""
    sample = coordinates[np.linspace(0, len(coordinates) - 1, PRECISION_POINTS).astype(int)]
    values = evaluate(sample)[:, 0].cpu()
    try:
        reference = _in_float64(objective, subspace, sample, plan).cpu()
    except Exception as error:  # a user's code fails in any way, and the check is no reason to stop
        return float("nan"), reason(error)
    difference = (values - reference).abs() / reference.abs().clamp_min(objective.scale.reach)
    finite = difference[torch.isfinite(difference)]
    return (float(finite.max()), "") if len(finite) else (float("nan"), "the loss is not finite at the points")


def _in_float64(objective: Objective, subspace: Subspace, coordinates: Tensor, plan: Plan) -> Tensor:
    """The training loss at a few points in float64; of a large network a layer and a chunk at a time, where it can."""
    if not (objective.fixed_inputs and _fits(objective, len(coordinates)) and subspace.resident):
        chunk = min(plan.examples, MAX_CONVERTED)
        try:
            return streamed(objective, subspace, chunk, dtype=torch.float64)(coordinates)[:, 0]
        except Exception:  # no layers of its own, or tensors of another precision in the code: see below
            pass
    exact = in_dtype(objective.loss_only(), torch.float64)
    # the faster strategies look into the model, and a promotion surrounds it
    plan = Plan("loop", 1, plan.examples) if is_promoted(exact) else replace(plan, workers=1)
    return plan.build(exact, subspace.double())(coordinates)[:, 0]


def _fits(objective: Objective, num_points: int) -> bool:
    """Whether the points and the inputs of the training examples take little in float64."""
    numbers: int = sum(inputs.numel() for inputs, _ in objective.splits[0].chunks(2**20))
    return 8 * (num_points * objective.P + numbers) <= MAX_BYTES
