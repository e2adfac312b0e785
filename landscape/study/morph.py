"""Study 10, width morph: the corridor and the plane of one network as its width grows, all on one scale."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from scipy.stats import spearmanr
from tqdm import tqdm

from landscape.measures.widths import corridor_width
from landscape.records.base import FloatArray
from landscape.records.estimates import Number
from landscape.records.findings import Plot, Remark, StudyResult
from landscape.records.sampled import Surface
from landscape.sampling.solutions import member_of
from landscape.statistics.intervals import mean_of
from landscape.statistics.verdicts import joint_verdict, order_verdict
from landscape.study.settings import Settings
from landscape.study.shared import (
    alive,
    at_width,
    curve,
    main_run,
    main_sweep,
    pair_of,
    provenance_of,
    surface_of,
    sweep_words,
)
from landscape.train.runs import Run

CLAIM = "As the width grows, the tunnel around the training path opens step by step into a field."
REFUTATION = "a corridor that is open over a smaller share at wide width than at narrow, with 95 % intervals apart"
MORPH_WIDTHS = (2, 3, 4, 8, 16, 32, 64, 128, 256, 512)
EXTENT, POINTS = 2.0, 41
# The narrowest tunnel is a tenth of the grid across.
CORRIDOR_POINTS = 61
# Of corridors that are measured and not shown; on a logarithmic scale interpolated points would show.
TOLERANCE = 0.005


@dataclass(frozen=True, eq=False)
class Still:
    """One width of the morph.

    Args:
        corridor: of member 0.
        plane: of member 0.
        open: share of the corridor that lies within 0.5 nat of the path, one per member looked at.
    """

    corridor: Surface
    plane: Surface
    open: FloatArray


def study(settings: Settings) -> StudyResult:
    """Surfaces of every width on the same axes, and how open their corridors are."""
    sweep = main_sweep(settings)
    widths = [width for width in sweep.widths if settings.widths or not settings.small or width in MORPH_WIDTHS]
    bar = tqdm(widths, desc="morph", unit="width", disable=not settings.progress)
    stills = [_still(main_run(settings, width), settings) for width in bar]
    shares = np.array([still.open for still in stills])
    pair = pair_of(tuple(widths))
    narrow, wide = (at_width("open share of the corridor", w, shares[widths.index(w)], "share") for w in pair)
    return StudyResult(
        name="morph",
        title="From tunnel to field",
        claim=CLAIM,
        refuted_by=REFUTATION,
        verdict=order_verdict(narrow, "below", wide),
        numbers=(narrow, wide, _trend(shares)),
        remarks=(_steadily(widths, shares),),
        plots=(_plot(sweep.P, sweep.widths, widths, shares),),
        surfaces=(*(still.corridor for still in stills), *(still.plane for still in stills)),
        command=settings.reproduce("morph"),
        provenance=provenance_of(
            settings, **sweep_words(sweep), shown=widths, pair=list(pair), extent=EXTENT, points=POINTS
        ),
    )


def _still(run: Run, settings: Settings) -> Still:
    first, *following = alive(run)[:3]
    corridors = [_surface(run, "corridor", first, settings)]
    corridors += [_surface(run, "corridor", member, settings, tolerance=TOLERANCE) for member in following]
    shares = [float(corridor_width(corridor).width.mean() / (2 * EXTENT)) for corridor in corridors]
    return Still(corridors[0], _surface(run, "plane", first, settings), np.array(shares))


def _surface(
    run: Run, view: Literal["corridor", "plane"], member: int, settings: Settings, *, tolerance: float = 0.0
) -> Surface:
    solution = member_of(run, member, device=settings.device).loss_only()
    points = (len(run.config["steps"]), CORRIDOR_POINTS) if view == "corridor" else (POINTS, POINTS)
    return surface_of(solution, view, seed=settings.seed, points=points, extent=EXTENT, tolerance=tolerance)


def _trend(shares: FloatArray) -> Number:
    """Rank correlation of width and open share, member by member."""
    order = np.arange(len(shares))
    correlations = [float(spearmanr(order, column).statistic) for column in shares.T]
    return mean_of(correlations, name="rank correlation of width and open share", unit="1")


def _steadily(widths: list[int], shares: FloatArray) -> Remark:
    """Neighbouring widths compared: one fall with intervals apart refutes it, one overlap leaves it open."""
    numbers = [mean_of(row) for row in shares]
    steps = [order_verdict(here, "below", there) for here, there in pairwise(numbers)]
    counts = [steps.count(verdict) for verdict in ("agrees", "disagrees", "undecided")]
    return Remark(
        f"The corridor opens at every step of width: of {len(steps)} steps from width {widths[0]} to {widths[-1]} its "
        "open share rises at {}, falls at {}, and at {} the intervals overlap.".format(*counts),
        joint_verdict(*steps),
    )


def _plot(P: tuple[int, ...], all_widths: tuple[int, ...], widths: list[int], shares: FloatArray) -> Plot:  # noqa: N803
    x = np.array([P[all_widths.index(width)] for width in widths], dtype=np.float64)
    series = (curve("corridor", x, shares),)
    return Plot("How open the corridor is", "parameters, P", "share within 0.5 nat of the path", series)
