"""Study 4, solutions: few and apart at narrow width, many and connected at wide width."""

from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from landscape.measures.barriers import barrier
from landscape.measures.freedom import free_directions
from landscape.objective.objective import Objective
from landscape.records.base import FloatArray
from landscape.records.estimates import Number
from landscape.records.findings import Plot, Remark, Series, StudyResult, Sweep
from landscape.sampling.connections import sample_between
from landscape.sampling.solutions import member_of
from landscape.space import parameters as space
from landscape.space.alignment import align
from landscape.statistics.verdicts import compared, together
from landscape.study.settings import Settings
from landscape.study.shared import at_width, curve, main_run, main_sweep, pair_of, provenance_of, sweep_words
from landscape.train.runs import Run

CLAIM = "A narrow network has few solutions, with walls between them; a wide one has many, and they hang together."
REFUTED = "free directions that do not grow with width, or barriers between solutions that do not fall with it"
POINTS = 11


@dataclass(frozen=True, eq=False)
class Solutions:
    """What was measured at one width.

    Args:
        width: of the networks.
        P: their parameters.
        barriers: between neighbouring members, nats per example; rows plain and aligned, shape (2, pairs).
        distances: L2 distance over the mean norm of the two, same shape.
        free: share of the P directions that change no output, beyond mere symmetry, shape (members measured,).
        rank: rank of the Jacobian, shape (members measured,).
    """

    width: int
    P: int
    barriers: FloatArray
    distances: FloatArray
    free: FloatArray
    rank: FloatArray


def examples_of(settings: Settings) -> int:
    """Training examples on which free directions are counted; the cost grows with their square, times P."""
    return int(settings.pick(quick=40, full=100) if settings.small else 40)


def independent_of(pairs: int) -> float | None:
    """As how many independent ones the pairs of a ring count: each member is in two, so less than half of them.

    Neighbours correlate by at most a half: that doubles the variance of the mean, and the sample's own variance is too
    small by the factor ``(n - 2) / (n - 1)``.
    """
    return pairs / 2 * (pairs - 2) / (pairs - 1) if pairs > 2 else None


def solutions_of(run: Run, settings: Settings) -> Solutions:
    """Barriers and distances between members k and k + 1, the last and the first too; free directions of three."""
    alive = [member for member in range(run.members) if member not in run.diverged]
    pairs = [(alive[k], alive[(k + 1) % len(alive)]) for k in range(len(alive) if len(alive) > 2 else 1)]
    objectives = {member: member_of(run, member, device=settings.device).objective.loss_only() for member in alive}
    joined = [[_barrier(objectives[a], objectives[b], aligned) for a, b in pairs] for aligned in (False, True)]
    apart = [[_distance(objectives[a], objectives[b], aligned) for a, b in pairs] for aligned in (False, True)]
    examples = min(examples_of(settings), objectives[alive[0]].N)
    counted = [free_directions(objectives[member], examples=examples) for member in alive[:3]]
    free = [(each.free if each.open is None else each.open) / each.P for each in counted]
    ranks = np.array([each.rank for each in counted], dtype=np.float64)
    return Solutions(run.network.width, counted[0].P, np.array(joined), np.array(apart), np.array(free), ranks)


def study(settings: Settings) -> StudyResult:
    """Barriers, distances and free directions, width by width."""
    sweep = main_sweep(settings)
    bar = tqdm(sweep.widths, desc="solutions", unit="width", disable=not settings.progress)
    found = [solutions_of(main_run(settings, width), settings) for width in bar]
    narrow, wide = (next(each for each in found if each.width == width) for width in pair_of(sweep.widths))
    pair = (narrow, wide)
    plain, aligned = (
        [_over_pairs(f"barrier{word}", each.width, each.barriers[row], "nats per example") for each in pair]
        for row, word in enumerate(("", ", aligned"))
    )
    distances = [_over_pairs("distance, aligned", each.width, each.distances[1], "mean norm") for each in pair]
    free = [_free(each, examples_of(settings)) for each in pair]
    return StudyResult(
        name="solutions",
        title="Few solutions, many solutions",
        claim=CLAIM,
        refuted_by=REFUTED,
        verdict=together(compared(free[0], "below", free[1]), compared(plain[0], "above", plain[1])),
        numbers=(*plain, *aligned, *free, *distances),
        remarks=(
            Remark(
                "Once hidden units are matched, the barrier of wide networks lies below that of narrow ones.",
                compared(aligned[0], "above", aligned[1]),
            ),
            Remark(
                "Narrow solutions lie farther from one another than wide ones, relative to their norm, units matched.",
                compared(distances[0], "above", distances[1]),
            ),
            _at_least(wide, sweep),
        ),
        plots=_plots(found, settings),
        command=settings.reproduce("solutions"),
        provenance=provenance_of(settings, **sweep_words(sweep), free_examples=examples_of(settings), points=POINTS),
    )


def _over_pairs(what: str, width: int, values: FloatArray, unit: str) -> Number:
    return at_width(what, width, values, unit, "pairs", independent=independent_of(len(values)))


def _free(found: Solutions, examples: int) -> Number:
    return at_width("open free directions", found.width, found.free, "share of P", f"members, on {examples} examples")


def _at_least(wide: Solutions, sweep: Sweep) -> Remark:
    """Few examples leave more free than all of them do; what all leave free at least is known without measuring."""
    sure = wide.P - sweep.N * sweep.K
    words = f"P - N K = {sure:,}, {sure / wide.P:.0%} of P" if sure > 0 else "none for sure, as P < N K"
    return Remark(
        f"With all {sweep.N:,} examples too, and not just those counted on, the wide network has free directions, mere "
        f"symmetries among them, at least P less the constraints: {words}.",
        "agrees" if sure > 0 else "undecided",
    )


def _barrier(start: Objective, end: Objective, aligned: bool) -> float:
    profile = sample_between(start, end, aligned=aligned, points=POINTS, strategy="repeatable", progress=False)
    return barrier(profile).loss


@torch.no_grad()
def _distance(first: Objective, second: Objective, aligned: bool) -> float:
    """``|a - b| / sqrt(|a| |b|)``; 0 for the same network, about the square root of 2 for unrelated ones."""
    there = align(first.model, second.centre, to=first.centre).parameters if aligned else second.centre
    apart = space.norm(space.difference(there, first.centre))
    return float(apart / (space.norm(first.centre) * space.norm(second.centre)).sqrt())


def _plots(found: list[Solutions], settings: Settings) -> tuple[Plot, ...]:
    x = np.array([each.P for each in found], dtype=np.float64)
    label = "parameters, P"
    words = ("plain", "units matched")
    barriers, distances = (
        [_pair_curve(word, x, [getattr(each, name)[row] for each in found]) for row, word in enumerate(words)]
        for name in ("barriers", "distances")
    )
    free = curve(f"on {examples_of(settings)} examples", x, np.array([each.free for each in found]))
    return (
        Plot("Barrier between solutions", label, "barrier (nats per example)", tuple(barriers), y_scale="log"),
        Plot("Open free directions", label, "share of P", (free,)),
        Plot("Distance between solutions", label, "distance / norm", tuple(distances)),
    )


def _pair_curve(label: str, x: FloatArray, values: list[FloatArray]) -> Series:
    rows = np.array(values)
    return curve(label, x, rows, independent=independent_of(rows.shape[1]))
