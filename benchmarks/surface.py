"""Sampling: every contender on every network, planes and corridors."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

import numpy as np

import landscape as ls
from benchmarks.contenders import Contender, reference, serial, steady, whole_call
from benchmarks.networks import Problem, problem
from benchmarks.peers import MISSING, installed, missing
from benchmarks.settings import SIDE, TOLERANCE, Settings, side_for
from benchmarks.timing import interleaved, peak_memory, ratio
from landscape.evaluate.views import subspace_of
from landscape.records import FloatArray
from landscape.space.subspaces import Subspace

SMALLEST_WHOLE = 15
CORRIDORS = ("narrow", "wide")
MOST_COMPARED = 64


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
            ``torch.mm`` reaches here. A sampler that skips work can go beyond what its own products reach.
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


def rows(settings: Settings, peak: float) -> list[dict[str, Any]]:
    """A row per network and contender, as dictionaries.

    Args:
        settings: what to measure.
        peak: floating-point operations per second of a matrix product here.
    """
    made: list[Row] = []
    for name in settings.networks:
        network = problem(name, settings)
        made += _plane_rows(network, settings, peak)
        if name in CORRIDORS:
            made += _corridor_rows(network, settings, peak)
    return [asdict(row) for row in made]


def _plane_rows(network: Problem, settings: Settings, peak: float) -> Iterator[Row]:
    objective, plane = network.objective, ls.random_plane(network.objective, seed=0)
    pace = seconds_per_point(network, plane)
    side = side_for(pace, settings.steady_seconds)
    peers = installed(objective, plane, side)
    contenders = [*_ours(network, plane, pace, settings), serial(objective, plane, (side, side)), *peers]
    contenders.insert(1, steady(objective, plane, (side, side)))
    yield from measured(network.name, contenders, network, settings=settings, peak=peak)
    for name in missing():
        yield Row(network.name, name, note=MISSING)


def _corridor_rows(network: Problem, settings: Settings, peak: float) -> Iterator[Row]:
    assert network.run is not None
    corridor = subspace_of(network.run, network.objective, "corridor")
    pace = seconds_per_point(network, ls.random_plane(network.objective, seed=0))
    side = side_for(pace, settings.steady_seconds)
    contenders = [*_ours(network, corridor, pace, settings), serial(network.objective, corridor, (side, side))]
    yield from measured(f"{network.name}, corridor", contenders, network, settings=settings, peak=peak)


def _ours(network: Problem, subspace: Subspace, pace: float, settings: Settings) -> list[Contender]:
    """The public call, exact on a grid that fits the time, and with a tolerance where the whole grid fits."""
    side = side_for(pace, settings.whole_seconds)
    if side < SMALLEST_WHOLE:
        return []
    exact = whole_call(network.objective, subspace, (side, side))
    if side < SIDE:
        exact = replace(exact, note=f"{side} x {side} points")
    if pace * SIDE**2 > 4 * settings.whole_seconds:
        return [exact]
    return [exact, whole_call(network.objective, subspace, (SIDE, SIDE), tolerance=TOLERANCE)]


def measured(
    label: str, contenders: Sequence[Contender], network: Problem, *, settings: Settings, peak: float
) -> list[Row]:
    """A row for every contender, all timed in turn."""
    first = {contender.name: contender.run() for contender in contenders}
    memory = {contender.name: peak_memory(contender.run, settings.device) for contender in contenders}
    runs = {contender.name: contender.run for contender in contenders}
    seconds = interleaved(runs, rounds=settings.rounds, device=settings.device, label=label)
    rates = {c.name: [len(c.coordinates) / t for t in seconds[c.name]] for c in contenders}
    peers = [contender.name for contender in contenders if contender.kind == "peer"]
    best = max(peers, key=lambda name: median(rates[name]), default=None)
    tuned = next((contender.name for contender in contenders if contender.kind == "tuned"), None)
    made = []
    for contender in contenders:
        own, (values, evaluations) = rates[contender.name], first[contender.name]
        chosen = _compared(contender, median(rates[tuned]) if tuned else 1.0)
        made.append(
            Row(
                network=label,
                contender=contender.name,
                points_per_second=median(own),
                factor_best_peer=ratio(own, rates[best]) if best else None,
                factor_tuned=ratio(own, rates[tuned]) if tuned else None,
                max_abs_difference=_difference(network, contender, values, chosen),
                evaluations=evaluations,
                peak_memory=memory[contender.name],
                share_of_peak=evaluations / median(seconds[contender.name]) * network.flops / peak,
                spread=(min(own), max(own)),
                compared=len(chosen),
                note=contender.note,
            )
        )
    return made


def seconds_per_point(network: Problem, subspace: Subspace) -> float:
    """What one point costs one at a time, roughly: how large the grids can be."""
    loop = serial(network.objective, subspace, (2, 2))
    loop.run()
    started = time.perf_counter()
    loop.run()
    return (time.perf_counter() - started) / 4


def _compared(contender: Contender, points_per_second: float) -> FloatArray:
    """Which points are compared with float64, evenly over the grid: as many as take a second or so, at least 4."""
    count = int(np.clip(points_per_second / 4, 4, MOST_COMPARED))
    return np.unique(np.linspace(0, len(contender.coordinates) - 1, count).round().astype(int))


def _difference(network: Problem, contender: Contender, values: FloatArray, chosen: FloatArray) -> float:
    expected = reference(network.objective, contender.subspace, contender.coordinates[chosen])
    return float(np.abs(values[chosen] - expected).max())
