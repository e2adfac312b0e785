"""Coarse to fine: evaluations saved, and the true largest error against the full grid, over many random planes."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

import landscape as ls
from benchmarks.networks import Problem, problem
from benchmarks.workload import EXTENT, SIDE, TOLERANCE, Workload
from landscape.records.base import LOSS
from landscape.records.sampled import Surface
from landscape.sampling.solutions import member_of
from landscape.sampling.views import subspace_of
from landscape.space.subspaces import Subspace

SEEDS = 20
RISE = 0.5
MANY_SEEDS = ("narrow", "wide")
CORRIDORS = ("narrow", "wide")
PLANES_ONLY_IN_FULL = ("deep", "cnn")


@dataclass(frozen=True)
class Row:
    """One surface, measured in full and within a tolerance.

    Args:
        network: its name.
        view: ``"plane"`` or ``"corridor"``.
        seed: of its random directions.
        points: of the grid.
        evaluations: points that were measured within the tolerance.
        factor: points over evaluations.
        tolerance: share of the loss's range.
        error: true largest difference from the full grid where that is finite, as a share of its range.
        claimed: the error that the record states, as the same share; 0 where nothing is interpolated.
        error_low: true largest difference in nats where the full grid is at most 0.5 nat above the centre: what
            half-widths and sublevel areas depend on.
        within: whether ``error`` is at most ``tolerance``.
    """

    network: str
    view: str
    seed: int
    points: int
    evaluations: int
    factor: float
    tolerance: float
    error: float
    claimed: float
    error_low: float
    within: bool


def rows(workload: Workload) -> list[dict[str, Any]]:
    """A row per surface, as dictionaries; networks whose full grid takes minutes are left out."""
    table: list[Row] = []
    for name in workload.networks:
        if name in MANY_SEEDS or (name in PLANES_ONLY_IN_FULL and not workload.quick):
            network = problem(name, workload)
            table += [_row(network, *view) for view in tqdm(list(_views(network, workload)), desc=name, leave=False)]
    return [asdict(row) for row in table]


def _views(network: Problem, workload: Workload) -> Iterator[tuple[str, int, Subspace]]:
    repeat = network.name in MANY_SEEDS and not workload.quick
    for seed in range(SEEDS if repeat else 1):
        yield "plane", seed, network.plane(seed)
    if network.name in (CORRIDORS[:1] if workload.quick else CORRIDORS) and network.run is not None:
        yield "corridor", 0, subspace_of(member_of(network.run, device=network.objective.device), "corridor")


def _row(network: Problem, view: str, seed: int, subspace: Subspace) -> Row:
    full, fine = (_sample(network, subspace, tolerance) for tolerance in (None, TOLERANCE))
    finite = np.isfinite(full.loss)
    span = float(np.ptp(full.loss[finite]))
    off = np.abs(fine.loss - full.loss)
    error = float(off[finite].max()) / span
    low = full.loss <= network.objective.at_centre()[LOSS] + RISE
    return Row(
        network=network.name,
        view=view,
        seed=seed,
        points=full.status.size,
        evaluations=fine.num_measured,
        factor=full.status.size / fine.num_measured,
        tolerance=TOLERANCE,
        error=error,
        claimed=fine.provenance.accuracy.interpolation_error.get(LOSS, 0.0) / span,
        error_low=float(off[low].max(initial=0.0)),
        within=error <= TOLERANCE,
    )


def _sample(network: Problem, subspace: Subspace, tolerance: float | None) -> Surface:
    record = ls.sample(
        network.objective, subspace, points=SIDE, extent=EXTENT, rays=0, tolerance=tolerance, progress=False
    )
    assert isinstance(record, Surface)
    return record
