"""How the cost of ours grows: with grid points, examples, parameters, and members trained together."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import numpy as np
import torch

import landscape as ls
from benchmarks.networks import CLASSES
from benchmarks.timing import in_turn
from benchmarks.workload import EXTENT, Workload
from landscape.objective.objective import Objective
from landscape.train.datasets import load_dataset
from landscape.train.networks import NetworkConfig, build
from landscape.train.recipe import Recipe
from landscape.train.training import train

Run = Callable[[], object]
FEATURES = 64


@dataclass(frozen=True)
class Row:
    """One quantity that grows while the others stay.

    Args:
        quantity: ``"grid points"``, ``"examples"``, ``"P"`` or ``"members"``.
        network: what it was measured on.
        what: ``"sample"``, the whole public call with its choice of a strategy, or ``"train"``.
        sizes: the quantity.
        seconds: median time at each size.
        exponent: slope of log seconds over log size, by least squares; 1 is linear, less is what a fixed cost leaves.
        exponent_last: the same between the two largest sizes, where fixed costs weigh least.
    """

    quantity: str
    network: str
    what: str
    sizes: list[int]
    seconds: list[float]
    exponent: float
    exponent_last: float


def rows(workload: Workload) -> list[dict[str, Any]]:
    """A row per quantity, as dictionaries."""
    growth = [
        _row("grid points", "mlp, width 4", "sample", _grids(workload), workload),
        _row("examples", "mlp, width 64", "sample", _examples(workload), workload),
        _row("P", "mlp, 1437 examples", "sample", _widths(workload), workload),
        _row("members", "mlp, width 4", "train", _members(workload), workload),
    ]
    return [asdict(row) for row in growth]


def _row(quantity: str, network: str, call: str, runs: Mapping[int, Run], workload: Workload) -> Row:
    by_name = {str(size): run for size, run in runs.items()}
    for run in by_name.values():
        run()
    times = in_turn(by_name, rounds=workload.rounds, device=workload.device, label=quantity)
    sizes, seconds = list(runs), [median(times[name]) for name in by_name]
    return Row(quantity, network, call, sizes, seconds, _slope(sizes, seconds), _slope(sizes[-2:], seconds[-2:]))


def _slope(sizes: list[int], seconds: list[float]) -> float:
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def _grids(workload: Workload) -> dict[int, Run]:
    objective = _objective(4, 1437, workload)
    return {side**2: _sampling(objective, side) for side in ((11, 31) if workload.quick else (11, 21, 41, 81, 161))}


def _examples(workload: Workload) -> dict[int, Run]:
    counts = (500, 4000) if workload.quick else (500, 1000, 2000, 4000, 8000, 16000)
    return {count: _sampling(_objective(64, count, workload), 11) for count in counts}


def _widths(workload: Workload) -> dict[int, Run]:
    widths = (8, 256) if workload.quick else (8, 32, 128, 512, 2048)
    objectives = [_objective(width, 1437, workload) for width in widths]
    return {objective.P: _sampling(objective, 11) for objective in objectives}


def _members(workload: Workload) -> dict[int, Run]:
    digits, recipe = load_dataset("digits"), Recipe(steps=50 if workload.quick else 200, checkpoints=2)

    def training(members: int) -> Run:
        return lambda: train(
            NetworkConfig("mlp", 4), digits, recipe, seeds=range(members), device=workload.device, progress=False
        )

    return {members: training(members) for members in ((1, 8) if workload.quick else (1, 2, 4, 8, 16, 32))}


def _sampling(objective: Objective, side: int) -> Run:
    plane = ls.random_plane(objective, seed=0)
    return lambda: ls.sample(objective, plane, points=side, extent=EXTENT, rays=0, progress=False)


def _objective(width: int, count: int, workload: Workload) -> Objective:
    """A seeded network on seeded examples: what a point costs does not depend on their values."""
    generator = torch.Generator().manual_seed(0)
    data = torch.randn(count, FEATURES, generator=generator), torch.randint(CLASSES, (count,), generator=generator)
    model = build(NetworkConfig("mlp", width), (FEATURES,), CLASSES, seed=0).eval()
    return Objective(model, data, accuracy=False, device=workload.device)
