"""Who is measured: our public call, our strategy once it is chosen, and a tuned serial loop."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import torch
from torch.func import functional_call

import landscape as ls
from benchmarks.workload import EXTENT
from landscape.engine.trial import choose
from landscape.objective.objective import Objective
from landscape.records.base import FloatArray
from landscape.space.affine import Affine
from landscape.space.parameters import Parameters
from landscape.space.subspaces import Subspace

Kind: TypeAlias = Literal["ours", "tuned", "peer"]


@dataclass(frozen=True, eq=False)
class Contender:
    """One way to sample.

    Args:
        name: what it is called in the table.
        kind: whose it is; factors are taken over the fastest ``"peer"`` and over the one ``"tuned"`` loop.
        run: samples once: the values (n,) and how many points were evaluated for them.
        subspace: where the values belong.
        coordinates: their coordinates in it, (n, 2).
        note: what a reader has to know.
    """

    name: str
    kind: Kind
    run: Callable[[], tuple[FloatArray, int]]
    subspace: Subspace
    coordinates: FloatArray
    note: str = ""


def grid(subspace: Subspace, points: tuple[int, int]) -> FloatArray:
    """Coordinates of the subspace's own grid, (n, 2), the second axis fastest."""
    alpha, beta = (axis.values for axis in subspace.axes(points, EXTENT))
    return np.stack([part.ravel() for part in np.meshgrid(alpha, beta, indexing="ij")], axis=1)


def whole_call(
    objective: Objective, subspace: Subspace, points: tuple[int, int], *, tolerance: float | None = None
) -> Contender:
    """``landscape.sample`` as a user calls it: with the choice of a strategy and the check against float64."""

    def run() -> tuple[FloatArray, int]:
        record = ls.sample(
            objective, subspace, points=points, extent=EXTENT, rays=0, tolerance=tolerance, progress=False
        )
        return record.loss.ravel(), record.num_measured

    name = "landscape, exact" if tolerance is None else f"landscape, tolerance {tolerance:g}"
    return Contender(name, "ours", run, subspace, grid(subspace, points))


def steady(objective: Objective, subspace: Subspace, points: tuple[int, int]) -> Contender:
    """Our exact sampler after the strategy was chosen: what every further point costs."""
    coordinates = torch.from_numpy(grid(subspace, points))
    plan = choose(objective, subspace, coordinates)
    evaluate = plan.build(objective, subspace)

    def run() -> tuple[FloatArray, int]:
        blocks = [evaluate(block).cpu() for block in coordinates.split(plan.block)]
        return torch.cat(blocks)[:, 0].numpy(), len(coordinates)

    note = f"{plan.name}, {plan.block} points at a time"
    return Contender("landscape, exact, strategy chosen", "ours", run, subspace, coordinates.numpy(), note)


def serial(objective: Objective, subspace: Subspace, points: tuple[int, int]) -> Contender:
    """The honest baseline: data resident, no gradients, one ``functional_call`` and one synchronization a point.

    On a corridor the checkpoint and its scaled direction are computed once a row.
    """
    coordinates = grid(subspace, points)

    def run() -> tuple[FloatArray, int]:
        if subspace.affine is not None:
            return _one_by_one(objective, subspace.affine, coordinates), len(coordinates)
        assert subspace.row is not None
        rows = np.split(coordinates, np.flatnonzero(np.diff(coordinates[:, 0])) + 1)
        parts = [_one_by_one(objective, subspace.row(float(row[0, 0])), row[:, 1:]) for row in rows]
        return np.concatenate(parts), len(coordinates)

    return Contender("tuned serial loop", "tuned", run, subspace, coordinates)


@torch.no_grad()
def _one_by_one(objective: Objective, subspace: Affine, coordinates: FloatArray) -> FloatArray:
    inputs, targets = objective.splits[0].batches[0]
    constants = {**subspace.centre, **objective.buffers}
    values = np.empty(len(coordinates))
    for index, steps in enumerate(coordinates.tolist()):
        outputs = functional_call(objective.model, {**constants, **_point(subspace, steps)}, (inputs,))
        values[index] = objective.loss(outputs, targets).item()
    return values


def _point(subspace: Affine, steps: list[float]) -> Parameters:
    point: dict[str, torch.Tensor] = {}
    for step, direction in zip(steps, subspace.directions, strict=True):
        for name, tensor in direction.items():
            point[name] = torch.add(point.get(name, subspace.centre[name]), tensor, alpha=step)
    return point


def reference(objective: Objective, subspace: Subspace, coordinates: FloatArray) -> FloatArray:
    """The loss at coordinates (k, 2) by a plain loop in float64, parameters computed in float64 too."""
    exact, points = objective.with_dtype(torch.float64), torch.from_numpy(np.array(coordinates))
    precise = subspace.double()
    values = [exact.evaluate(precise.at(point[None].to(objective.device)))["train_loss"].item() for point in points]
    return np.array(values)
