"""Study 4, solutions: few and apart at narrow width, many and connected at wide width."""

from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from landscape.measures.barriers import barrier
from landscape.measures.freedom import FreeDirections, free_directions
from landscape.objective.objective import Objective
from landscape.records.base import FloatArray
from landscape.records.estimates import Number
from landscape.records.findings import Plot, Remark, Series, StudyResult, Sweep
from landscape.sampling.connections import sample_between
from landscape.sampling.solutions import member_of
from landscape.space import parameters as space
from landscape.space.alignment import align
from landscape.statistics.intervals import independent_pairs
from landscape.statistics.verdicts import joint_verdict, order_verdict
from landscape.study.settings import Settings
from landscape.study.shared import alive, at_width, curve, main_run, main_sweep, pair_of, provenance_of, sweep_words
from landscape.train.runs import Run

CLAIM = "A narrow network has few solutions, with walls between them; a wide one has many, and they hang together."
REFUTATION = "free directions that do not grow with width, or barriers between solutions that do not fall with it"
POINTS = 11


@dataclass(frozen=True, eq=False)
class SolutionSet:
    """The solutions of one width: the walls between them, their distances and their free directions.

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
    return settings.pick(quick=40, full=100) if settings.small else 40


def independent_of(pairs: int) -> float | None:
    """As how many independent ones the pairs of a ring count, see `independent_pairs`; None where there is no ring."""
    return independent_pairs([(k, (k + 1) % pairs) for k in range(pairs)]) if pairs > 2 else None


def solutions_of(run: Run, settings: Settings) -> SolutionSet:
    """Barriers and distances between members k and k + 1, the last and the first too; free directions of three."""
    members = alive(run)
    # a ring: every member in two pairs, so that the count of independent ones is known
    pairs = [(members[k], members[(k + 1) % len(members)]) for k in range(len(members) if len(members) > 2 else 1)]
    objectives = {member: member_of(run, member, device=settings.device).objective.loss_only() for member in members}
    barriers = [[_barrier(objectives[a], objectives[b], matching) for a, b in pairs] for matching in (False, True)]
    distances = [[_distance(objectives[a], objectives[b], matching) for a, b in pairs] for matching in (False, True)]
    examples = min(examples_of(settings), objectives[members[0]].N)
    freedom = [free_directions(objectives[member], examples=examples) for member in members[:3]]
    return SolutionSet(
        width=run.network.width,
        P=freedom[0].P,
        barriers=np.array(barriers),
        distances=np.array(distances),
        free=np.array([open_share(member) for member in freedom]),
        rank=np.array([member.rank for member in freedom], dtype=np.float64),
    )


def open_share(freedom: FreeDirections) -> float:
    """Share of the P directions that change no output, without symmetries where those are counted."""
    return (freedom.free if freedom.open is None else freedom.open) / freedom.P


def study(settings: Settings) -> StudyResult:
    """Barriers, distances and free directions, width by width."""
    sweep = main_sweep(settings)
    bar = tqdm(sweep.widths, desc="solutions", unit="width", disable=not settings.progress)
    sets = {width: solutions_of(main_run(settings, width), settings) for width in bar}
    pair = [sets[width] for width in pair_of(sweep.widths)]
    before, after = (
        [
            _over_pairs(f"barrier{word}", solutions.width, solutions.barriers[row], "nats per example")
            for solutions in pair
        ]
        for row, word in enumerate(("", ", aligned"))
    )
    distances = [
        _over_pairs("distance, aligned", solutions.width, solutions.distances[1], "mean norm") for solutions in pair
    ]
    free = [_free(solutions, examples_of(settings)) for solutions in pair]
    return StudyResult(
        name="solutions",
        title="Few solutions, many solutions",
        claim=CLAIM,
        refuted_by=REFUTATION,
        verdict=joint_verdict(order_verdict(free[0], "below", free[1]), order_verdict(before[0], "above", before[1])),
        numbers=(*before, *after, *free, *distances),
        remarks=(
            Remark(
                "Once hidden units are matched, the barrier of wide networks lies below that of narrow ones.",
                order_verdict(after[0], "above", after[1]),
            ),
            Remark(
                "Narrow solutions lie farther from one another than wide ones, relative to their norm, units matched.",
                order_verdict(distances[0], "above", distances[1]),
            ),
            _at_least(pair[1], sweep),
        ),
        plots=_plots(list(sets.values()), settings),
        command=settings.reproduce("solutions"),
        provenance=provenance_of(settings, **sweep_words(sweep), free_examples=examples_of(settings), points=POINTS),
    )


def _over_pairs(quantity: str, width: int, values: FloatArray, unit: str) -> Number:
    return at_width(quantity, width, values, unit, "pairs", independent=independent_of(len(values)))


def _free(solutions: SolutionSet, examples: int) -> Number:
    over = f"members, on {examples} examples"
    return at_width("open free directions", solutions.width, solutions.free, "share of P", over)


def _at_least(wide: SolutionSet, sweep: Sweep) -> Remark:
    """Few examples leave more free than all of them do; the least that all leave free follows from P, N and K."""
    sure = wide.P - sweep.N * sweep.K
    words = f"P - N K = {sure:,}, {sure / wide.P:.0%} of P" if sure > 0 else "none for sure, as P < N K"
    return Remark(
        f"With all {sweep.N:,} examples too, and not just those counted on, the wide network has free directions, mere "
        f"symmetries among them, at least P less the constraints: {words}.",
        "agrees" if sure > 0 else "undecided",
    )


def _barrier(start: Objective, end: Objective, matching: bool) -> float:
    profile = sample_between(start, end, aligned=matching, points=POINTS, strategy="repeatable", progress=False)
    return barrier(profile).loss


@torch.no_grad()
def _distance(first: Objective, second: Objective, matching: bool) -> float:
    """``|a - b| / sqrt(|a| |b|)``; 0 for the same network, about the square root of 2 for unrelated ones."""
    there = align(first.model, second.centre, to=first.centre).parameters if matching else second.centre
    apart = space.norm(space.difference(there, first.centre))
    return float(apart / (space.norm(first.centre) * space.norm(second.centre)).sqrt())


def _plots(sets: list[SolutionSet], settings: Settings) -> tuple[Plot, ...]:
    x = np.array([solutions.P for solutions in sets], dtype=np.float64)
    label = "parameters, P"
    words = ("plain", "units matched")
    barriers, distances = (
        [_pair_curve(word, x, [getattr(solutions, name)[row] for solutions in sets]) for row, word in enumerate(words)]
        for name in ("barriers", "distances")
    )
    free = curve(f"on {examples_of(settings)} examples", x, np.array([solutions.free for solutions in sets]))
    return (
        Plot("Barrier between solutions", label, "barrier (nats per example)", tuple(barriers), y_scale="log"),
        Plot("Open free directions", label, "share of P", (free,)),
        Plot("Distance between solutions", label, "distance / norm", tuple(distances)),
    )


def _pair_curve(label: str, x: FloatArray, values: list[FloatArray]) -> Series:
    rows = np.array(values)
    return curve(label, x, rows, independent=independent_of(rows.shape[1]))
