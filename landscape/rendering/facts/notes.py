"""The words that belong to a picture: the small print under each panel."""

import re
from collections.abc import Callable, Sequence

import numpy as np

from landscape.records.base import LOSS, Status
from landscape.records.loss_scale import amount
from landscape.records.recipe import DirectionsRecipe, NetworksRecipe, PathPlaneRecipe, RepeatsRecipe, seed_of
from landscape.records.sampled import Surface, describe_points
from landscape.rendering.facts.places import details, short_place, short_settings, units_of
from landscape.rendering.facts.quantities import metric_label
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.ticks import length, number

REGIMES = {"under": "underparameterized", "critical": "critically parameterized", "over": "overparameterized"}


def small_print(panel: Panel, *, flat: bool = False) -> list[str]:
    """Network, half-width, width of the corridor, and what the picture leaves out."""
    identity = panel.surface.provenance.identity
    lines = []
    if identity.network:
        lines.append(identity.network + (f", {REGIMES[identity.regime]}" if identity.regime in REGIMES else ""))
    if identity.P:
        lines.append(f"$P$ = {identity.P:,}   $N$ = {identity.drawn_from or identity.N:,}   $K$ = {identity.K}")
    lines.append(
        ", ".join([short_place(panel.surface), *(fact.text(_number) for fact in details(panel.surface, cross=False))])
    )
    lines += [fact.text(_number) for fact in short_settings(panel.surface)]
    return (
        lines + _widths(panel, "outlined" if flat else "shaded") + _left_out(panel, "hatched" if flat else "cut away")
    )


def names_of(surfaces: Sequence[Surface]) -> list[str]:
    """The models' names for people, ``"wide"``, ``"wide, member 3"``, with the kind of surface where kinds differ."""
    models = [surface.provenance.identity.model or "surface" for surface in surfaces]
    names = [re.sub(r":(\d+)$", r", member \1", model.removesuffix(":0")) for model in models]
    if len({surface.kind for surface in surfaces}) > 1:
        names = [
            f"{name}, {surface.kind}" if surface.kind else name for name, surface in zip(names, surfaces, strict=True)
        ]
    places = [_look(surface) for surface in surfaces]
    if len(set(names)) < len(names) and len(set(places)) > 1:
        return [f"{name}, {where}" for name, where in zip(names, places, strict=True)]
    return names


def wrapped(lines: Sequence[str], inches: float, measure: Callable[[str], float]) -> list[str]:
    """Lines no longer than ``inches``, broken at spaces into rows of like length; ``measure`` gives a text's inches."""
    space, bars, result = measure("a a") - measure("aa"), measure("||"), []
    for line in lines:
        words = [(word, measure(f"|{word}|") - bars) for word in line.split(" ")]
        rows, low = _rows(words, inches, space), inches / 2
        high = inches if len(rows) > 1 else low
        while high - low > 0.02 * inches:
            middle = (low + high) / 2
            fewer = len(_rows(words, middle, space)) <= len(rows)
            low, high = (low, middle) if fewer else (middle, high)
        result += _rows(words, high, space) if len(rows) > 1 else rows
    return result


def _rows(words: Sequence[tuple[str, float]], inches: float, space: float) -> list[str]:
    """Words with their widths in as few rows as hold them."""
    rows, length = [words[0][0]], words[0][1]
    for word, wide in words[1:]:
        fits = length + space + wide <= inches
        length = length + space + wide if fits else wide
        rows = [*rows[:-1], f"{rows[-1]} {word}"] if fits else [*rows, word]
    return rows


def _widths(panel: Panel, how: str) -> list[str]:
    lines = []
    half = panel.half_width
    if half is not None:
        sign = "\u2265 " if half.censored else ""
        lines.append(
            f"half-width {sign}{half.mean:.2f}{half.ends('.2f')} filter norms at "
            f"+{amount(half.rise, half.rise_unit)} (95 %, {half.directions} directions)"
        )
    dimension = panel.dimension
    if dimension is not None and panel.metric == LOSS:
        sign = "" if dimension.bounded else "\u2265 "
        where, unit = dimension_words(panel), units_of(panel.surface.beta.unit)
        width = f"{sign}{length(dimension.width)} {unit} wide {where}"
        rise = amount(float(panel.sublevel or 0), panel.unit)
        lines.append(f"{how}: up to +{rise} above {panel.reference_name}, {width}")
    return lines


def dimension_words(panel: Panel) -> str:
    """Where the width of the set is noted, and along what."""
    mean = " of the mean" if isinstance(panel.surface.provenance.identity.subspace, RepeatsRecipe) else ""
    if panel.surface.kind == "corridor":
        return f"at the last step{mean}"
    return rf"through {panel.reference_name} along $\beta${mean}"


def _look(surface: Surface) -> str:
    """What tells planes of one network apart, in a word or two."""
    recipe = surface.provenance.identity.subspace.single
    match recipe:
        case PathPlaneRecipe():
            return "principal components"
        case NetworksRecipe():
            return "through three"
        case DirectionsRecipe(directions=directions):
            return " and ".join(direction.name for direction in directions if direction.name)
    seed = seed_of(recipe)
    return "" if seed is None else f"seed {seed}"


def _number(value: float) -> str:
    return number(value, 3)


def _left_out(panel: Panel, how: str) -> list[str]:
    surface, total = panel.surface, panel.surface.status.size
    pending = int(np.count_nonzero(surface.status == Status.PENDING))
    interpolated = int(np.count_nonzero(surface.status == Status.INTERPOLATED))
    clipped = panel.heights.num_clipped(surface, panel.metric)
    lines = []
    if clipped and panel.heights.ceiling is not None:
        lines.append(f"{how}: {clipped:,} of {total:,} points above {number(panel.heights.ceiling, 3)}")
    elif clipped:
        lines.append(f"{how}: {clipped:,} of {total:,} points diverged")
    if pending:
        lines.append(f"{pending:,} of {total:,} points not measured yet")
    blank = int(np.count_nonzero(np.isnan(surface.metrics[panel.color]) & (surface.status != Status.PENDING)))
    if blank and panel.color != panel.metric:
        lines.append(
            f"grey: {metric_label(panel.color, surface.provenance)} not measured at {blank:,} of {total:,} points"
        )
    if interpolated:
        lines += describe_points(surface.num_measured, total, surface.provenance.accuracy, panel.metric)
    floored = panel.heights.num_floored(surface, panel.metric)
    if floored and panel.heights.floor is not None:
        lines.append(f"{floored:,} of {total:,} points below {number(panel.heights.floor, 2)} drawn there")
    if panel.stride > 1:
        lines.append(f"every {panel.stride}th row and column drawn")
    return lines
