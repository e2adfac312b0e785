"""Rays: the loss along many random directions from one point, out to where it has risen far enough."""

import math

import numpy as np
import torch

from landscape.defaults import DEFAULT_MEMORY
from landscape.engine.trial import choose
from landscape.errors import InputError
from landscape.objective.objective import Objective
from landscape.records.base import FloatArray
from landscape.records.companions import Rays
from landscape.space import parameters as space
from landscape.space.affine import Line, line_along
from landscape.space.directions import Ignored, Normalization, random_direction

NUM_RADII = 17
PILOTS = 4
LADDER = tuple(2.0 ** (k / 2) for k in range(-12, 13))


def sample_rays(
    objective: Objective,
    *,
    num_directions: int = 64,
    seed: int = 1000,
    reach: float | None = None,
    normalize: Normalization = "filter",
    ignore: Ignored = "1d",
    strategy: str = "auto",
    memory: int = DEFAULT_MEMORY,
) -> Rays:
    """The training loss along random directions from the objective's centre, one side each.

    The radius is chosen by the tool: a few pilot directions tell how far the loss takes to rise by ``reach``; the
    radius grows until every direction has, up to 64 filter norms.

    Args:
        objective: whose training loss is measured; its centre is the start of every ray.
        num_directions: at least 2.
        seed: direction k has seed ``seed + k``; the default keeps clear of the seeds of planes.
        reach: rise of the loss along every direction, in its unit; by default twice the rise that defines
            half-widths, 1 nat for cross-entropy.
        normalize: how directions are scaled, see `random_direction`.
        ignore: what they leave unperturbed, see `random_direction`.
        strategy: as of `sample`.
        memory: bytes that a block of points may take.

    Returns:
        Losses of shape (num_directions, radii) at radii from 0 out, in filter norms, with the L2 length of each
        direction.

    Raises:
        InputError: fewer than 2 directions, or a reach that is not positive.
    """
    reach = objective.scale.reach if reach is None else reach
    if num_directions < 2 or not reach > 0:
        raise InputError(f"rays need at least 2 directions and a reach above 0, got {num_directions} and {reach}")
    lines = [
        line_along(
            objective.centre, random_direction(objective.centre, seed=seed + k, normalize=normalize, ignore=ignore)
        )
        for k in range(num_directions)
    ]
    sampler = _RaySampler(objective.loss_only(), lines, strategy, memory)
    outer = sampler.first_radius(reach)
    radius = np.linspace(0, outer, NUM_RADII)
    loss = sampler.loss(radius)
    while not _all_risen(loss, reach) and radius[-1] < LADDER[-1]:
        further = radius[1:] + radius[-1]
        radius = np.concatenate([radius, further])
        loss = np.concatenate([loss, sampler.loss(further)], axis=1)
    lengths = np.array([float(space.norm(line.directions[0])) for line in lines])
    return Rays(radius, loss, lengths, seed, objective.scale)


class _RaySampler:
    """Evaluates lines at radii by one plan, chosen once."""

    def __init__(self, objective: Objective, lines: list[Line], strategy: str, memory: int) -> None:
        self.objective, self.lines = objective, lines
        trial = torch.linspace(0, 1, NUM_RADII, dtype=torch.float64)[:, None]
        self.plan = choose(
            objective, lines[0], trial.repeat(len(lines), 1)[: 4 * NUM_RADII], strategy=strategy, memory=memory
        )

    def first_radius(self, reach: float) -> float:
        """The radius at which all pilots have risen by ``reach``, on a ladder of powers of the square root of 2."""
        ladder = np.array([0.0, *LADDER])
        loss = self.loss(ladder, self.lines[:PILOTS])
        risen = loss - loss[:, :1] >= reach
        first = np.where(risen.any(axis=1), risen.argmax(axis=1), len(ladder) - 1)
        return float(ladder[first].max())

    def loss(self, radius: FloatArray, lines: list[Line] | None = None) -> FloatArray:
        """Training loss, shape (lines, radii); not a number counts as diverged, inf."""
        coordinates = torch.from_numpy(radius)[:, None]
        rows = []
        for line in self.lines if lines is None else lines:
            evaluate = self.plan.build(self.objective, line)
            blocks = [evaluate(part)[:, 0] for part in coordinates.split(self.plan.block)]
            rows.append(torch.cat(blocks))
        values = torch.stack(rows).cpu().numpy()
        return np.where(np.isnan(values), math.inf, values)


def _all_risen(loss: FloatArray, reach: float) -> bool:
    return bool(np.all((loss - loss[:, :1] >= reach).any(axis=1)))
