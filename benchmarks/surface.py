"""Sampling: every contender on every network, planes and corridors."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

import numpy as np

from benchmarks.contenders import Contender, reference, serial, steady, whole_call
from benchmarks.hardware import matrix_product
from benchmarks.networks import Problem, problem
from benchmarks.peers import MISSING, available, missing
from benchmarks.timing import Run, in_turn, peak_memory, ratio, seconds_of
from benchmarks.workload import SIDE, TOLERANCE, Workload, side_for
from landscape.records.base import FloatArray
from landscape.sampling.solutions import member_of
from landscape.sampling.views import subspace_of
from landscape.space.subspaces import Subspace

SMALLEST_WHOLE = 15
CORRIDORS = ("narrow", "wide")
MAX_COMPARED = 64
PRODUCT = "matrix product"


@dataclass(frozen=True)
class Row:
    """One contender on one network; None where it was not measured.

    Args:
        network: its name, with ``", corridor"`` where the surface is one.
        contender: its name.
        points_per_second: grid points over the median time, interpolated ones included.
        factor_best_peer: its speed over the fastest peer's, median over the rounds.
        factor_tuned: its speed over the tuned serial loop's, likewise.
        max_abs_difference: from a float64 plain loop, at ``compared`` of its own coordinates, nats per example.
        evaluations: points that were evaluated.
        peak_memory: bytes, see `peak_memory`.
        share_of_peak: floating-point operations of plain forward passes at the evaluated points, as a share of what
            ``torch.mm`` reaches in the same round, median over the rounds. A sampler that skips work can go beyond
            what its own products reach.
        spread: slowest and fastest round, points per second.
        compared: at how many coordinates it was compared.
        note: what a reader has to know.
    """

    network: str
    contender: str
    points_per_second: float | None = None
    factor_best_peer: float | None = None
    factor_tuned: float | None = None
    max_abs_difference: float | None = None
    evaluations: int | None = None
    peak_memory: int | None = None
    share_of_peak: float | None = None
    spread: tuple[float, float] | None = None
    compared: int = 0
    note: str = ""


def rows(workload: Workload) -> list[dict[str, Any]]:
    """A row per network and contender, as dictionaries."""
    table: list[Row] = []
    for name in workload.networks:
        network = problem(name, workload)
        table += _plane_rows(network, workload)
        if name in (CORRIDORS[:1] if workload.quick else CORRIDORS):
            table += _corridor_rows(network, workload)
    return [asdict(row) for row in table]


def _plane_rows(network: Problem, workload: Workload) -> Iterator[Row]:
    objective, plane = network.objective, network.plane()
    pace = seconds_per_point(network, plane)
    side = side_for(pace, workload.steady_seconds)
    peers = available(objective, plane, side)
    whole = _ours(network, plane, pace, workload)
    ours = [*whole[:1], steady(objective, plane, (side, side)), *whole[1:]]
    contenders = [*ours, serial(objective, plane, (side, side)), *peers]
    yield from compare(network.name, contenders, network, workload=workload)
    for name in missing():
        yield Row(network.name, name, note=MISSING)


def _corridor_rows(network: Problem, workload: Workload) -> Iterator[Row]:
    assert network.run is not None
    corridor = subspace_of(member_of(network.run, device=network.objective.device), "corridor")
    pace = seconds_per_point(network, network.plane())
    side = side_for(pace, workload.steady_seconds)
    contenders = [*_ours(network, corridor, pace, workload), serial(network.objective, corridor, (side, side))]
    yield from compare(f"{network.name}, corridor", contenders, network, workload=workload)


def _ours(network: Problem, subspace: Subspace, pace: float, workload: Workload) -> list[Contender]:
    """The public call, exact on a grid that fits the time, and with a tolerance where the whole grid fits."""
    side = side_for(pace, workload.whole_seconds)
    if side < SMALLEST_WHOLE:
        return []
    exact = whole_call(network.objective, subspace, (side, side))
    if side < SIDE:
        exact = replace(exact, note=f"{side} x {side} points")
    if pace * SIDE**2 > 4 * workload.whole_seconds:
        return [exact]
    return [exact, whole_call(network.objective, subspace, (SIDE, SIDE), tolerance=TOLERANCE)]


def compare(label: str, contenders: Sequence[Contender], network: Problem, *, workload: Workload) -> list[Row]:
    """A row for every contender, all timed in turn, with a matrix product among them."""
    first = {contender.name: peak_memory(contender.run, workload.device) for contender in contenders}
    product, operations = matrix_product(workload.device)
    runs: dict[str, Run] = {contender.name: contender.run for contender in contenders}
    seconds = in_turn({**runs, PRODUCT: product}, rounds=workload.rounds, device=workload.device, label=label)
    rates = {c.name: [len(c.coordinates) / t for t in seconds[c.name]] for c in contenders}
    peers = [contender.name for contender in contenders if contender.kind == "peer"]
    best = max(peers, key=lambda name: median(rates[name]), default=None)
    loop = next((contender.name for contender in contenders if contender.kind == "tuned"), None)
    difference = _Differences(network, median(rates[loop]) if loop else 1.0)
    table = []
    for contender in contenders:
        rate, ((values, evaluations), memory) = rates[contender.name], first[contender.name]
        shares = zip(seconds[PRODUCT], seconds[contender.name], strict=True)
        largest, count = difference(contender, values)
        table.append(
            Row(
                network=label,
                contender=contender.name,
                points_per_second=median(rate),
                factor_best_peer=ratio(rate, rates[best]) if best else None,
                factor_tuned=ratio(rate, rates[loop]) if loop else None,
                max_abs_difference=largest,
                evaluations=evaluations,
                peak_memory=memory,
                share_of_peak=evaluations * network.flops / operations * median(mm / t for mm, t in shares),
                spread=(min(rate), max(rate)),
                compared=count,
                note=contender.note,
            )
        )
    return table


class _Differences:
    """Largest difference of values from a float64 plain loop; contenders on one grid share its values."""

    def __init__(self, network: Problem, points_per_second: float) -> None:
        self.objective = network.objective
        # as many points as take about a second
        self.count = int(np.clip(points_per_second / 4, 2, MAX_COMPARED))
        self.references: dict[tuple[int, bytes], FloatArray] = {}

    def __call__(self, contender: Contender, values: FloatArray) -> tuple[float | None, int]:
        """The difference, None where it is not finite, and at how many points, evenly over the grid."""
        rows = np.unique(np.linspace(0, len(values) - 1, self.count).round().astype(int))
        coordinates = contender.coordinates[rows]
        key = id(contender.subspace), coordinates.tobytes()
        if key not in self.references:
            self.references[key] = reference(self.objective, contender.subspace, coordinates)
        largest = float(np.abs(values[rows] - self.references[key]).max())
        return (largest if np.isfinite(largest) else None), len(rows)


def seconds_per_point(network: Problem, subspace: Subspace) -> float:
    """What one point costs one at a time, roughly: how large the grids can be."""
    loop = serial(network.objective, subspace, (2, 2))
    loop.run()
    return min(seconds_of(loop.run, network.objective.device) for _ in range(3)) / len(loop.coordinates)
