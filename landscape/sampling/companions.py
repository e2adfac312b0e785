"""Training paths and networks in the coordinates of a grid, with the losses of their own."""

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
from landscape.space.paths import Landmarks, Trail
from landscape.space.subspaces import Subspace


def marks_of(objective: Objective, subspace: Subspace, landmarks: Landmarks) -> Marks:
    """The networks that a plane was laid through, with the loss at each."""
    alpha, beta = landmarks.places.T
    points = _points(objective, subspace, landmarks.places)
    return Marks(landmarks.names or ("1", "2", "3"), alpha, beta, _losses(objective, points))


def trajectory_of(objective: Objective, subspace: Subspace, trail: Trail) -> Trajectory:
    """The training path in a corridor or in the plane of its components, with the network's own loss everywhere.

    On a plane it also holds the plane's loss below each checkpoint (``on_plane``). Where there are BatchNorm
    statistics each checkpoint is measured with its own, where the path has them.
    """
    path, (alpha, beta) = trail.path, trail.places.T
    length = _length(path.points)
    if trail.explained is None:
        losses = _losses_within(objective, subspace, trail.places)
        return Trajectory(path.steps, alpha, beta, losses, length)
    buffers = path.buffers or [{}] * len(path.points)
    losses = _losses(
        objective, ({**point, **statistics} for point, statistics in zip(path.points, buffers, strict=True))
    )
    on_plane = _losses(objective, _points(objective, subspace, trail.places))
    return Trajectory(path.steps, alpha, beta, losses, length, trail.explained, on_plane)


def _points(objective: Objective, plane: Subspace, places: FloatArray) -> Iterator[Parameters]:
    for place in torch.from_numpy(np.array(places)).to(objective.device):
        yield space.select(plane.at(place[None]), 0)


def _losses(objective: Objective, points: Iterable[Parameters]) -> FloatArray:
    """One point after another, so that a path may be longer than memory; a loss that is no number has diverged."""
    stacks = ({name: tensor[None] for name, tensor in point.items()} for point in points)
    alone = objective.loss_only()
    losses = torch.cat([alone.evaluate(stack)[LOSS] for stack in stacks]).cpu().numpy()
    return np.asarray(np.where(np.isnan(losses), np.inf, losses))


def _losses_within(objective: Objective, subspace: Subspace, places: FloatArray) -> FloatArray:
    """Losses at points of the subspace, in blocks."""
    alone = objective.loss_only()
    plan = plain_plan(alone)
    evaluate = plan.build(alone, subspace)
    coordinates = torch.from_numpy(np.array(places)).to(objective.device)
    return torch.cat([evaluate(block)[:, 0] for block in coordinates.split(plan.block)]).cpu().numpy()


def _length(path: Sequence[Parameters]) -> FloatArray:
    """Distance walked along the path up to each of its points, in L2."""
    chords = [space.norm(space.difference(after, before)) for before, after in pairwise(path)]
    return np.concatenate([[0.0], np.cumsum(torch.stack(chords).cpu().numpy())])
