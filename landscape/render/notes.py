"""The words that belong to a picture: the small print under each panel."""

import re
from collections.abc import Callable, Sequence

import numpy as np

from landscape.measure.widths import half_width
from landscape.records import LOSS, Status, Surface, describe_points
from landscape.render.panel import Panel
from landscape.render.ticks import number

REGIMES = {"under": "underparameterized", "critical": "critically parameterized", "over": "overparameterized"}


def small_print(panel: Panel, *, flat: bool = False) -> list[str]:
    """Network, half-width, width of the corridor, and what the picture leaves out."""
    made = panel.surface.provenance
    lines = []
    if made.network:
        lines.append(made.network + (f", {REGIMES[made.regime]}" if made.regime in REGIMES else ""))
    if made.P:
        lines.append(f"$P$ = {made.P:,}   $N$ = {made.N:,}   $K$ = {made.K}")
    path = panel.surface.trajectory
    if path is not None and path.gap is not None:
        gap = float(np.max(np.abs(path.gap)))
        lines.append(f"plane explains {100 * path.explained:.0f} % of the path; loss on it off by {gap:.2g} at most")
    return (
        lines + _widths(panel, "outlined" if flat else "shaded") + _left_out(panel, "hatched" if flat else "cut away")
    )


def names_of(surfaces: Sequence[Surface]) -> list[str]:
    """The models' names for people, ``"wide"``, ``"wide, member 3"``, with the kind of surface where kinds differ."""
    models = [surface.provenance.model or "surface" for surface in surfaces]
    names = [re.sub(r":(\d+)$", r", member \1", model.removesuffix(":0")) for model in models]
    if len({surface.kind for surface in surfaces}) > 1:
        return [
            f"{name}, {surface.kind}" if surface.kind else name for name, surface in zip(names, surfaces, strict=True)
        ]
    return names


def wrapped(lines: Sequence[str], inches: float, measure: Callable[[str], float]) -> list[str]:
    """Lines no longer than ``inches``, broken at spaces; ``measure`` gives the inches of a text."""
    result = []
    for line in lines:
        current = ""
        for word in line.split(" "):
            longer = f"{current} {word}" if current else word
            if current and measure(longer) > inches:
                result.append(current)
                longer = word
            current = longer
        result.append(current)
    return result


def _widths(panel: Panel, how: str) -> list[str]:
    lines = []
    if panel.surface.rays is not None:
        width = half_width(panel.surface.rays)
        sign = "\u2265 " if width.censored else ""
        lines.append(
            f"half-width at +{width.rise:g} nat: {sign}{width.mean:.2f} [{width.low:.2f}, {width.high:.2f}] "
            f"filter norms, {width.directions} directions"
        )
    bore = panel.bore()
    if bore is not None and panel.metric == LOSS:
        _, low, high, bounded = bore
        sign = "" if bounded else "\u2265 "
        where, above = (
            ("at the last step", "the path")
            if panel.surface.kind == "corridor"
            else ("through the centre", "the centre")
        )
        lines.append(
            f"{how}: up to +{panel.sublevel:g} nat above {above}, {sign}{high - low:.2f} filter norms wide {where}"
        )
    return lines


def _left_out(panel: Panel, how: str) -> list[str]:
    surface, total = panel.surface, panel.surface.status.size
    pending = int(np.count_nonzero(surface.status == Status.PENDING))
    interpolated = int(np.count_nonzero(surface.status == Status.INTERPOLATED))
    clipped = panel.heights.clipped(surface, panel.metric)
    lines = []
    if clipped and panel.heights.ceiling is not None:
        lines.append(f"{how}: {clipped:,} of {total:,} points above {number(panel.heights.ceiling, 3)}")
    elif clipped:
        lines.append(f"{how}: {clipped:,} of {total:,} points diverged")
    if pending:
        lines.append(f"{pending:,} of {total:,} points not measured yet")
    if interpolated:
        lines += describe_points(surface.num_measured, total, surface.provenance, panel.metric)
    if panel.thinned > 1:
        lines.append(f"every {panel.thinned}th row and column drawn")
    return lines
