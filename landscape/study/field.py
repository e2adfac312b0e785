"""Study 5, field: from a narrow tunnel to a wide open field, measured as width across."""

from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from landscape.measures.widths import CorridorWidth, Unit, corridor_width, radii, sublevel_area
from landscape.records.base import FloatArray
from landscape.records.companions import Rays
from landscape.records.findings import Plot, Remark, Series, StudyResult
from landscape.sampling.rays import sample_rays
from landscape.sampling.solutions import Solution, member_of
from landscape.statistics.intervals import band_of
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

CLAIM = "Training a narrow network walks through a tunnel; training a wide one crosses an open field."
REFUTATION = "a half-width or a corridor that is narrower at wide width than at narrow, with 95 % intervals apart"
# Grids reach out so many half-widths, so that narrow and wide minima are seen with as many points.
REACH = 4.0
CORRIDOR_POINTS, PLANE_POINTS = 41, 25
FILTER: Unit = "filter norm"
L2: Unit = "L2"


@dataclass(frozen=True, eq=False)
class Field:
    """The widths around the solutions of one network width.

    Args:
        width: of the networks.
        P: their parameters.
        half: half-width in filter norms, mean over directions, one per member.
        half_l2: the same in plain L2.
        directions: per member.
        areas: sublevel area of a plane, filter norms squared, one per member looked at.
        across: width of the corridor along training, one per member looked at.
    """

    width: int
    P: int
    half: FloatArray
    half_l2: FloatArray
    directions: int
    areas: FloatArray
    across: list[CorridorWidth]

    @property
    def ends(self) -> FloatArray:
        """Corridor width at the end of training, one per member."""
        return np.array([corridor.width[-1] for corridor in self.across])


def members_of(settings: Settings) -> int:
    """Members whose planes and corridors are sampled."""
    return settings.pick(quick=3, full=5)


def directions_of(settings: Settings) -> int:
    """Directions of the half-width, per member."""
    return settings.pick(quick=8, full=64) if settings.small else 8


def field_of(run: Run, settings: Settings, *, along: bool = True) -> Field:
    """Half-widths, areas and corridors of one width; the corridors at both ends alone unless ``along``."""
    rows = len(run.config["steps"]) if along else 2
    members = alive(run)
    # rays through a wide network on large data take hours
    rays_of = members if settings.small else members[: members_of(settings)]
    rays = [
        sample_rays(
            member_of(run, member, device=settings.device).objective.loss_only(),
            num_directions=directions_of(settings),
            seed=1000 * (member + 1) + settings.seed,
            strategy="repeatable",
        )
        for member in rays_of
    ]
    half, half_l2 = (_member_means(rays, unit) for unit in (FILTER, L2))
    around = float(half.mean())
    solutions = [member_of(run, k, device=settings.device).loss_only() for k in members[: members_of(settings)]]
    return Field(
        width=run.network.width,
        P=int(run.config["P"]),
        half=half,
        half_l2=half_l2,
        directions=directions_of(settings),
        areas=np.array([_area(solution, around, settings) for solution in solutions]),
        across=[_corridor(solution, (rows, around), settings) for solution in solutions],
    )


def study(settings: Settings) -> StudyResult:
    """Half-width, sublevel area and corridor width along training, width by width."""
    sweep = main_sweep(settings)
    bar = tqdm(sweep.widths, desc="field", unit="width", disable=not settings.progress)
    ends_of_sweep = pair_of(sweep.widths)
    fields = {width: field_of(main_run(settings, width), settings, along=width in ends_of_sweep) for width in bar}
    pair = [fields[width] for width in ends_of_sweep]
    over = f"members, {pair[0].directions} directions each"
    half = [at_width("half-width", field.width, field.half, FILTER, over) for field in pair]
    half_l2 = [at_width("half-width, L2", field.width, field.half_l2, L2, over) for field in pair]
    areas = [at_width("sublevel area", field.width, field.areas, "filter norm^2") for field in pair]
    ends = [at_width("corridor width at the end", field.width, field.ends, FILTER) for field in pair]
    return StudyResult(
        name="field",
        title="Narrow tunnel, wide open field",
        claim=CLAIM,
        refuted_by=REFUTATION,
        verdict=joint_verdict(order_verdict(half[0], "below", half[1]), order_verdict(ends[0], "below", ends[1])),
        numbers=(*half, *half_l2, *areas, *ends),
        remarks=(
            Remark(
                "In plain L2 distance the wide minimum is wider too.", order_verdict(half_l2[0], "below", half_l2[1])
            ),
            Remark(
                "The area within 0.5 nat of the minimum grows with width.", order_verdict(areas[0], "below", areas[1])
            ),
        ),
        plots=_plots(list(fields.values()), pair),
        command=settings.reproduce("field"),
        provenance=provenance_of(
            settings, **sweep_words(sweep), directions=directions_of(settings), members_sampled=members_of(settings)
        ),
    )


def _member_means(rays: list[Rays], unit: Unit) -> FloatArray:
    """Half-width of each member, mean over directions: those of one member share its minimum, members decide."""
    return np.array([radii(member, unit=unit).mean() for member in rays])


def _area(solution: Solution, half: float, settings: Settings) -> float:
    """Area of a plane that reaches out so far that the walls lie inside."""
    seed = solution.member + settings.seed
    return sublevel_area(surface_of(solution, "plane", seed=seed, points=PLANE_POINTS, extent=REACH * half)).area


def _corridor(solution: Solution, size: tuple[int, float], settings: Settings) -> CorridorWidth:
    """Width across the path at so many of its steps, on a grid that reaches out from the half-width at the end."""
    rows, half = size
    seed, points = solution.member + settings.seed, (rows, CORRIDOR_POINTS)
    return corridor_width(surface_of(solution, "corridor", seed=seed, points=points, extent=REACH * half))


def _plots(fields: list[Field], pair: list[Field]) -> tuple[Plot, ...]:
    x = np.array([field.P for field in fields], dtype=np.float64)
    halves = [
        curve(label, x, np.array([getattr(field, name) for field in fields]))
        for name, label in (("half", "half-width (filter norms)"), ("half_l2", "half-width (L2)"))
    ]
    ends = curve("corridor, full width at the end", x, np.array([field.ends for field in fields]))
    areas = curve("sublevel area", x, np.array([field.areas for field in fields]))
    along = [_along(field) for field in pair]
    return (
        Plot("Distance to a rise of 0.5 nat", "parameters, P", "distance", (*halves, ends), y_scale="log"),
        Plot("Area within 0.5 nat", "parameters, P", "area (filter norms squared)", (areas,), y_scale="log"),
        Plot("Corridor along training", "1 + training step", "full width (filter norms)", tuple(along)),
    )


def _along(field: Field) -> Series:
    """Width across the path, step by step; a gap where a wall lies outside the grid of some member."""
    widths = np.stack([np.where(across.bounded, across.width, np.nan) for across in field.across], axis=1)
    complete = np.isfinite(widths).all(axis=1)
    ends = np.full((3, len(widths)), np.nan)
    ends[:, complete] = band_of(widths[complete])
    return Series(f"width {field.width}", 1 + field.across[0].step, ends[0], ends[1], ends[2])
