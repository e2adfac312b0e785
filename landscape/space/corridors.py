"""The corridor: a training path as one axis, a transverse direction as the other."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np
import torch
from torch import Tensor

from landscape.errors import InputError
from landscape.records.base import Axis, FloatArray
from landscape.records.recipe import CorridorRecipe, SubspaceRecipe
from landscape.space import parameters as space
from landscape.space.affine import Line
from landscape.space.directions import Ignored, Normalization, draw, ignored_text, scale_to
from landscape.space.parameters import Parameters
from landscape.space.paths import Trail, TrainingPath
from landscape.space.subspaces import symmetric, unit_of


@dataclass(frozen=True, eq=False)
class Corridor:
    """``theta(a) + b d(a)``: the training path as one axis, a transverse direction as the other.

    ``theta(a)`` runs through the checkpoints, straight in between; ``d(a)`` is one Gaussian draw, scaled at every
    ``a`` to the filters of ``theta(a)``. At each step of training the transverse unit is therefore the network's own.

    Args:
        checkpoints: each parameter stacked over the path, name -> (T, ...); the last one is the solution.
        buffers: floating-point buffers (BatchNorm statistics) over the path, which move along it but never across.
        steps: training step of each checkpoint, shape (T,), increasing.
        draw: the unscaled transverse direction.
        normalize: how it is scaled, see `scale_to`.
        recipe_: how path and direction came about.
    """

    checkpoints: Parameters
    steps: FloatArray
    draw: Parameters
    normalize: Normalization = "filter"
    buffers: Parameters = field(default_factory=dict)
    recipe_: CorridorRecipe = field(default_factory=CorridorRecipe)

    kind = "corridor"
    affine = rule = landmarks = None
    resident = True
    arrays = ()

    def __post_init__(self) -> None:
        lengths = {len(tensor) for tensor in self.checkpoints.values()}
        if lengths != {len(self.steps)} or len(self.steps) < 2:
            raise InputError(f"a corridor needs two checkpoints or more and a step for each, got {lengths}")

    @property
    def centre(self) -> Parameters:
        """The last checkpoint: the solution."""
        return space.select(self.checkpoints, -1)

    @cached_property
    def recipe(self) -> SubspaceRecipe:
        """Kind, seed and normalization, with a digest of the path and of the transverse direction."""
        bits = space.digest([*self.checkpoints.items(), *self.buffers.items(), *self.draw.items()])
        return replace(self.recipe_, normalize=self.normalize, digest=bits[:16])

    def axes(self, points: Sequence[int], extent: float) -> tuple[Axis, Axis]:
        """Alpha at the checkpoints (or at ``points[0]`` of them, the ends always), beta to ``extent`` either side."""
        rows = np.unique(np.linspace(0, len(self.steps) - 1, min(points[0], len(self.steps))).round().astype(int))
        return (
            Axis("alpha", self.steps[rows], unit="step", label="training step", scale="log1p"),
            Axis("beta", symmetric(points[-1], extent), unit_of(self.normalize), "step across the path"),
        )

    def at(self, coordinates: Tensor) -> dict[str, Tensor]:
        """Parameters at (k, 2) coordinates (training step, transverse step), stacked to (k, ...)."""
        theta = self.path(coordinates[:, 0])
        directions = scale_to(self.draw, theta, normalize=self.normalize)
        across = coordinates[:, 1]
        for name, tensor in directions.items():
            theta[name] = theta[name] + across.to(tensor.dtype).reshape(-1, *[1] * self.draw[name].dim()) * tensor
        return theta

    def ends(self, extent: float) -> FloatArray:
        """``extent`` on both sides of the path at the last step of training, (2, 2)."""
        return np.array([[self.steps[-1], -extent], [self.steps[-1], extent]])

    @property
    def trail(self) -> Trail:
        """The path itself, at ``beta = 0``."""
        rows = range(len(self.steps))
        points, buffers = ([space.select(part, k) for k in rows] for part in (self.checkpoints, self.buffers))
        places = np.stack([self.steps, np.zeros(len(self.steps))], axis=1)
        return Trail(TrainingPath(self.steps, points, buffers), places)

    def double(self) -> Self:
        """The same corridor in float64."""
        checkpoints, draw, buffers = map(space.double, (self.checkpoints, self.draw, self.buffers))
        return replace(self, checkpoints=checkpoints, draw=draw, buffers=buffers)

    def row(self, step: float) -> "Line":
        """The line across the path at one training step."""
        theta = space.select(self.path(torch.tensor([step], dtype=torch.float64)), 0)
        return Line(theta, (scale_to(self.draw, theta, normalize=self.normalize),))

    def path(self, step: Tensor) -> dict[str, Tensor]:
        """The path itself at training steps (k,), straight between checkpoints, stacked to (k, ...)."""
        steps = torch.as_tensor(self.steps, dtype=torch.float64, device=step.device)
        right = torch.searchsorted(steps, step.double().contiguous()).clamp(1, len(self.steps) - 1)
        share = ((step.double() - steps[right - 1]) / (steps[right] - steps[right - 1])).clamp(0, 1)
        states = {**self.checkpoints, **self.buffers}
        return {name: _between(tensor, right, share) for name, tensor in states.items()}


def corridor_along(
    checkpoints: Parameters | Sequence[Parameters],
    steps: Sequence[float] | FloatArray,
    *,
    seed: int = 0,
    normalize: Normalization = "filter",
    ignore: Ignored = "1d",
    buffers: Parameters | Sequence[Parameters] = (),
) -> Corridor:
    """The corridor along checkpoints, with one random transverse direction.

    Args:
        checkpoints: one set of parameters after another (as `read_path` gives them), or each parameter stacked to
            (T, ...); the last one is the solution.
        steps: training step of each, shape (T,), increasing.
        seed: of the transverse direction; `sample_repeats` takes the mean over several.
        normalize: how it is scaled at each step, see `scale_to`.
        ignore: what it leaves unperturbed, see `random_direction`.
        buffers: floating-point buffers (BatchNorm statistics) of each checkpoint, in either form.

    Returns:
        The corridor, in coordinates (k, 2): training step, and transverse step in the unit of ``normalize``.

    Raises:
        InputError: fewer than two checkpoints, or not a step for each.
    """
    checkpoints, buffers = space.stack_points(checkpoints), space.stack_points(buffers)
    transverse = draw(space.select(checkpoints, -1), seed=seed, ignore=ignore)
    recipe = CorridorRecipe(seed=seed, ignore=ignored_text(ignore))
    return Corridor(checkpoints, np.asarray(steps, dtype=np.float64), transverse, normalize, buffers, recipe)


def _between(path: Tensor, right: Tensor, share: Tensor) -> Tensor:
    """Values ``share`` of the way from the checkpoint left of each ``right`` to it."""
    weight = share.to(path).reshape(-1, *[1] * (path.dim() - 1))
    right = right.to(path.device)
    return torch.lerp(path[right - 1], path[right], weight)
