"""Training paths and networks in the coordinates of a grid, with the losses that are their own."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import torch

from landscape.engine.plans import plain_plan
from landscape.objective.objective import Objective
from landscape.records.base import LOSS, FloatArray
from landscape.records.companions import Marks, Trajectory
from landscape.space import parameters as space
from landscape.space.parameters import Parameters
from landscape.space.planes import ModelPlane, PathPlane
from landscape.space.subspaces import Corridor, Plane, Subspace


def trajectory_of(objective: Objective, subspace: Subspace) -> Trajectory | None:
    """The training path in a corridor or in the plane of its components, with the network's own loss everywhere.

    On a plane it also holds the plane's loss below each checkpoint (``on_plane``). Where there are BatchNorm
    statistics each checkpoint is measured with its own, where the path has them.
    """
    if isinstance(subspace, Corridor):
        steps = torch.from_numpy(np.array(subspace.steps)).to(objective.device)
        alone, on_path = objective.loss_only(), torch.stack([steps, torch.zeros_like(steps)], dim=1)
        plan = plain_plan(alone)
        evaluate = plan.build(alone, subspace)
        losses = torch.cat([evaluate(block)[:, 0] for block in on_path.split(plan.block)]).cpu().numpy()
        path = [space.select(subspace.checkpoints, index) for index in range(len(steps))]
        return Trajectory(subspace.steps, subspace.steps, np.zeros(len(steps)), losses, _length(path))
    if isinstance(subspace, PathPlane):
        buffers = subspace.buffers or [{}] * len(subspace.path)
        losses = _losses(objective, ({**p, **b} for p, b in zip(subspace.path, buffers, strict=True)))
        below = _points(objective, subspace, subspace.places)
        alpha, beta = subspace.places.T
        length, explained, on_plane = _length(subspace.path), subspace.explained, _losses(objective, below)
        return Trajectory(subspace.steps, alpha, beta, losses, length, explained, on_plane)
    return None


def marks_of(objective: Objective, subspace: Subspace) -> Marks | None:
    """The networks that a plane was laid through, with the loss at each."""
    if not isinstance(subspace, ModelPlane):
        return None
    points = _points(objective, subspace, subspace.places)
    alpha, beta = subspace.places.T
    return Marks(subspace.names or ("1", "2", "3"), alpha, beta, _losses(objective, points))


def _points(objective: Objective, plane: Plane, places: FloatArray) -> Iterator[Parameters]:
    for place in torch.from_numpy(np.array(places)).to(objective.device):
        yield space.select(plane.at(place[None]), 0)


def _losses(objective: Objective, points: Iterable[Parameters]) -> FloatArray:
    """One point after another, so that a path may be longer than memory; a loss that is no number has diverged."""
    stacked = ({name: tensor[None] for name, tensor in point.items()} for point in points)
    alone = objective.loss_only()
    losses = torch.cat([alone.evaluate(point)[LOSS] for point in stacked]).cpu().numpy()
    return np.asarray(np.where(np.isnan(losses), np.inf, losses))


def _length(path: Sequence[Parameters]) -> FloatArray:
    chords = [space.norm(space.difference(after, before)) for before, after in pairwise(path)]
    return np.concatenate([[0.0], np.cumsum(torch.stack(chords).cpu().numpy())])
