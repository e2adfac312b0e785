"""What a picture shows, in words: sentences with their numbers kept apart, so that each can be quoted by name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from landscape.measure.widths import HalfWidth, half_width
from landscape.records import LOSS, Provenance, Status
from landscape.render.heights import Heights
from landscape.render.layout import letters
from landscape.render.notes import REGIMES
from landscape.render.panel import Panel
from landscape.render.profile import Curve
from landscape.render.ticks import metric_label

KINDS = {
    "plane": "planes along two random filter-normalized directions",
    "corridor": "corridors along the training path",
}


@dataclass
class Caption:
    """Sentences with ``{Name}`` where a number belongs, and the numbers.

    Args:
        sentences: in reading order.
        numbers: as text, by names of letters alone, so that each can become a macro.
    """

    sentences: list[str] = field(default_factory=list)
    numbers: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The caption in plain words."""
        words = re.sub(r"\{(\w+)\}", lambda found: self.numbers[found[1]], " ".join(self.sentences))
        return words.replace("$", "")

    def number(self, name: str, value: float | int | str) -> str:
        """Keeps a number, and gives what stands for it in a sentence."""
        if isinstance(value, int):
            self.numbers[name] = f"{value:,}"
        else:
            self.numbers[name] = value if isinstance(value, str) else _written(value)
        return f"{{{name}}}"


def of_panels(panels: Sequence[Panel], *, shared: bool, flat: bool) -> Caption:
    """The caption of surfaces or maps."""
    said = Caption()
    first = panels[0]
    what = metric_label(first.metric, first.surface.provenance)
    kinds = {panel.surface.kind for panel in panels}
    place = KINDS.get(first.surface.kind, "surfaces") if len(kinds) == 1 else "surfaces"
    place = place if len(panels) > 1 else place.replace("planes", "a plane").replace("corridors", "a corridor")
    said.sentences.append(f"{what.capitalize()} over {place}" + (", seen from above." if flat else "."))
    if first.color != first.metric:
        said.sentences.append(f"Colour shows the {metric_label(first.color, first.surface.provenance)}.")
    for index, panel in enumerate(panels):
        _panel(said, panel, letters(index), alone=len(panels) == 1)
    if len(panels) > 1:
        said.sentences.append(
            "All panels share their axes, heights and colours."
            if shared
            else "Axes, heights and colours have a range of their own in each panel."
        )
    scale = {"log": "Heights are logarithmic.", "sqrt": "Heights are square roots."}.get(first.heights.scale)
    said.sentences += [scale] if scale else []
    if first.below() is not None:
        rise = said.number("Rise", float(first.sublevel or 0))
        above = "the path's" if first.surface.kind == "corridor" else "the centre's"
        said.sentences.append(f"Shaded: loss at most {rise} nat above {above}; the dimension line notes its width.")
    return said


def of_curves(curves: Sequence[Curve], metric: str, heights: Heights) -> Caption:
    """The caption of a profile picture."""
    said = Caption()
    made = curves[0].profile.provenance
    between = all(curve.between for curve in curves)
    over = "along the way between two solutions" if between else "against the distance along a direction"
    if any(curve.half_width for curve in curves):
        over = "against the distance from the solution, mean over random filter-normalized directions"
    said.sentences.append(f"{metric_label(metric, made).capitalize()} {over}.")
    for index, curve in enumerate(curves):
        _curve(said, curve, metric, letters(index))
    bands = dict.fromkeys(curve.band for curve in curves if curve.band)
    said.sentences += [f"{band[0].upper()}{band[1:]}." for band in bands]
    clipped = sum(heights.clipped(curve.profile, metric) for curve in curves)
    if clipped and heights.ceiling is not None:
        cut = said.number("Ceiling", heights.ceiling)
        said.sentences.append(f"Values above {cut} are cut away ({said.number('Clipped', clipped)} points).")
    return said


def _panel(said: Caption, panel: Panel, letter: str, *, alone: bool) -> None:
    made, surface = panel.surface.provenance, panel.surface
    parts = [*_network(said, made, letter)]
    if "seed" in made.subspace:
        parts.append(f"direction seed {said.number(f'{letter}Seed', int(made.subspace['seed']))}")
    parts += _widths(said, panel, letter)
    clipped, total = panel.heights.clipped(surface, panel.metric), int(surface.status.size)
    count = said.number(f"{letter}Points", total)
    cut = said.number(f"{letter}Clipped", clipped)
    if clipped and panel.heights.ceiling is not None:
        parts.append(f"{cut} of {count} points above {said.number(f'{letter}Ceiling', panel.heights.ceiling)} cut away")
    elif clipped:
        parts.append(f"{cut} of {count} points diverged")
    pending = int(np.count_nonzero(surface.status == Status.PENDING))
    if pending:
        parts.append(f"{said.number(f'{letter}Pending', pending)} points not measured yet")
    if np.any(surface.status == Status.INTERPOLATED):
        worst = float(np.max(surface.error[surface.status == Status.INTERPOLATED]))
        worst = made.interpolation_error.get(panel.metric, worst)
        measured = said.number(f"{letter}Measured", surface.num_measured)
        error = said.number(f"{letter}InterpolationError", worst)
        parts.append(f"{measured} of {count} points measured, estimated interpolation error {error}")
    title = panel.title if alone else f"({letter.lower()}) {panel.title}"
    said.sentences.append(f"{title}: {', '.join(parts)}." if parts else f"{title}.")


def _widths(said: Caption, panel: Panel, letter: str) -> list[str]:
    parts = []
    if panel.surface.rays is not None:
        parts.append(_half_width(said, half_width(panel.surface.rays), letter))
    bore = panel.bore()
    if bore is not None and panel.metric == LOSS:
        _, low, high, bounded = bore
        where = "at the last step" if panel.surface.kind == "corridor" else "through the centre"
        sign = "" if bounded else "at least "
        parts.append(f"width {where} {sign}{said.number(f'{letter}Width', f'{high - low:.2f}')} filter norms")
    return parts


def _half_width(said: Caption, width: HalfWidth, letter: str) -> str:
    mean, low, high = (f"{value:.2f}" for value in (width.mean, width.low, width.high))
    sign = "at least " if width.censored else ""
    return (
        f"half-width {sign}{said.number(f'{letter}HalfWidth', mean)} [{said.number(f'{letter}HalfWidthLow', low)}, "
        f"{said.number(f'{letter}HalfWidthHigh', high)}] filter norms at a rise of {width.rise:g} nat "
        f"(mean over {said.number(f'{letter}Directions', width.directions)} directions, 95 % interval)"
    )


def _curve(said: Caption, curve: Curve, metric: str, letter: str) -> None:
    parts = _network(said, curve.profile.provenance, letter)
    if curve.half_width is not None:
        parts.append(_half_width(said, curve.half_width, letter))
    found = curve.barrier(metric)
    if found is not None:
        parts.append(f"barrier {said.number(f'{letter}Barrier', found.loss)} nats per example")
    if parts:
        said.sentences.append(f"{curve.label}: {', '.join(parts)}.")


def _network(said: Caption, made: Provenance, letter: str) -> list[str]:
    parts = [made.network] if made.network else []
    if made.P:
        named = ((symbol, said.number(f"{letter}{symbol}", getattr(made, symbol))) for symbol in ("P", "N", "K"))
        parts += [f"${symbol}$ = {value}" for symbol, value in named]
    if made.regime in REGIMES:
        parts.append(REGIMES[made.regime])
    return parts


def _written(value: float) -> str:
    return f"{value:.3g}"
