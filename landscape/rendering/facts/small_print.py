"""The small print under a picture: networks, subspace, widths, and the points that the picture leaves out."""

import re
from collections.abc import Sequence

import numpy as np

from landscape.records.base import LOSS, Status
from landscape.records.loss_scale import amount
from landscape.records.provenance import Identity
from landscape.records.sampled import describe_points
from landscape.rendering.facts.facts import (
    REGIMES,
    band_words,
    details,
    dimension_words,
    half_width_words,
    short_settings,
    sizes,
)
from landscape.rendering.facts.quantities import metric_label, units_of
from landscape.rendering.facts.subspaces import short_subspace_words
from landscape.rendering.geometry.heights import Heights
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.profiles import ProfileLine
from landscape.rendering.geometry.ticks import length, number


def panel_notes(panel: Panel, *, flat: bool = False) -> list[str]:
    """The lines under a panel; ``flat`` for a map, where regions are outlined and hatched."""
    identity, lines = panel.surface.provenance.identity, []
    if identity.network:
        lines.append(identity.network + (f", {REGIMES[identity.regime]}" if identity.regime in REGIMES else ""))
    if identity.P:
        # Wider gaps, as a line of its own has room; commas within numbers have no space behind them.
        lines.append(sizes(identity).text().replace(", ", "   "))
    facts = [fact.text(_number) for fact in details(panel.surface, cross=False)]
    lines.append(", ".join([short_subspace_words(panel.surface), *facts]))
    lines += [fact.text(_number) for fact in short_settings(panel.surface)]
    lines += _widths(panel, "outlined" if flat else "shaded")
    return lines + _omissions(panel, "hatched" if flat else "cut away")


def profile_notes(lines: Sequence[ProfileLine], heights: Heights) -> list[str]:
    """The lines under a profile picture: networks, paths, bands, and the points outside the picture."""
    notes = [_network(line.profile.provenance.identity) for line in lines]
    notes += [_path(line) for line in lines if line.half_width is None]
    notes += [band_words(line) for line in lines]
    halves = [line.half_width for line in lines if line.half_width is not None]
    notes += [f"half-width at +{amount(half.rise, half.rise_unit)} with its 95 % interval" for half in halves]
    notes = list(dict.fromkeys(filter(None, notes)))
    counts = [heights.omissions(line.profile, line.metric) for line in lines]
    total = f"{sum(part.num_points for part in counts):,} points"
    num_clipped, num_pending = sum(part.num_clipped for part in counts), sum(part.num_pending for part in counts)
    if num_clipped:
        cut = f"cut at {number(heights.ceiling, 3)}" if heights.ceiling is not None else "diverged"
        notes.append(f"{cut}: {num_clipped:,} of {total}" + (" lie above it" if heights.ceiling else ""))
    if num_pending:
        notes.append(f"{num_pending:,} of {total} not measured yet")
    return notes


def _widths(panel: Panel, shading: str) -> list[str]:
    """The half-width along rays, and the width of the sublevel set."""
    lines, half, dimension = [], panel.half_width, panel.dimension
    if half is not None:
        rise = amount(half.rise, half.rise_unit)
        lines.append(f"{half_width_words(half)} filter norms at +{rise} (95 %, {half.directions} directions)")
    if dimension is not None and panel.metric == LOSS:
        sign = "" if dimension.bounded else "\u2265 "
        width = f"{sign}{length(dimension.width)} {units_of(panel.surface.beta.unit)} wide {dimension_words(panel)}"
        rise = amount(panel.sublevel or 0.0, panel.unit)
        lines.append(f"{shading}: up to +{rise} above {panel.reference_name}, {width}")
    return lines


def _omissions(panel: Panel, cut: str) -> list[str]:
    """Points that are cut away, missing, interpolated or drawn elsewhere."""
    surface, lines = panel.surface, []
    heights, counts = panel.heights, panel.heights.omissions(surface, panel.metric)
    total = f"{counts.num_points:,} points"
    if counts.num_clipped and heights.ceiling is not None:
        lines.append(f"{cut}: {counts.num_clipped:,} of {total} above {number(heights.ceiling, 3)}")
    elif counts.num_clipped:
        lines.append(f"{cut}: {counts.num_clipped:,} of {total} diverged")
    if counts.num_pending:
        lines.append(f"{counts.num_pending:,} of {total} not measured yet")
    blank = int(np.count_nonzero(np.isnan(surface.metrics[panel.color]) & (surface.status != Status.PENDING)))
    if blank and panel.color != panel.metric:
        lines.append(f"grey: {metric_label(panel.color, surface.provenance)} not measured at {blank:,} of {total}")
    if counts.num_interpolated:
        lines += describe_points(surface.num_measured, counts.num_points, surface.provenance.accuracy, panel.metric)
    if counts.num_floored:
        lines.append(f"{counts.num_floored:,} of {total} below {number(heights.floor or 0.0, 2)} drawn there")
    if panel.stride > 1:
        lines.append(f"every {panel.stride}th row and column drawn")
    return lines


def _network(identity: Identity) -> str:
    """Name, sizes and kind of a network; empty where they are unknown."""
    if not identity.P:
        return ""
    name = re.sub(r":\d+$", "", identity.model)
    return f"{name}: {f'{identity.network}, ' if identity.network else ''}{sizes(identity).text()}"


def _path(line: ProfileLine) -> str:
    """The path of a line, with its seeds, eigenvalues and settings."""
    # The note of the band already says how many repeats there are.
    facts = [fact for fact in details(line.profile) if "Repeats" not in fact.numbers]
    words = [short_subspace_words(line.profile), *(fact.text(_number) for fact in facts)]
    return ", ".join(words + [fact.text() for fact in short_settings(line.profile)])


def _number(value: float) -> str:
    """A number with three digits."""
    return number(value, 3)
