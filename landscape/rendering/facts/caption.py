"""What a picture shows, in words: sentences with their numbers kept apart, so that each can be quoted by name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from landscape.measures.widths import HalfWidth
from landscape.records.base import LOSS, Status
from landscape.records.loss_scale import amount, noun_of
from landscape.records.provenance import Identity
from landscape.rendering.facts.curves import Curve
from landscape.rendering.facts.notes import REGIMES, dimension_words
from landscape.rendering.facts.places import Fact, details, place, settings, units_of, written
from landscape.rendering.facts.quantities import metric_label
from landscape.rendering.geometry.barcodes import Barcode
from landscape.rendering.geometry.heights import Heights
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.ticks import length, plain


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
        return plain(words)

    def number(self, name: str, value: float | int | str) -> str:
        """Keeps a number, and gives what stands for it in a sentence."""
        self.numbers[name] = written(value)
        return f"{{{name}}}"

    def fact(self, fact: Fact, letter: str) -> str:
        """A fact's words, its numbers kept under the letter of their panel."""
        names = {name: self.number(f"{letter}{name}", value) for name, value in fact.numbers.items()}
        return fact.words.format(**names)


def letters(index: int) -> str:
    """A, B, ..., Z, AA, AB, ... for 0, 1, ..."""
    return (letters(index // 26 - 1) if index >= 26 else "") + chr(ord("A") + index % 26)


def of_panels(panels: Sequence[Panel], *, shared: bool, flat: bool) -> Caption:
    """The caption of surfaces or maps."""
    said = Caption()
    first = panels[0]
    what = metric_label(first.metric, first.surface.provenance)
    many = len(panels) > 1
    places = [place(panel.surface, many=many) for panel in panels]
    alike = len(set(places)) == 1
    where = places[0] if alike else "surfaces of several kinds"
    said.sentences.append(f"{_capital(what)} over {where}" + (", seen from above." if flat else "."))
    if first.color != first.metric:
        said.sentences.append(f"Colour shows the {metric_label(first.color, first.surface.provenance)}.")
    common = _common([settings(panel.surface) for panel in panels])
    for index, panel in enumerate(panels):
        own = [] if alike else [Fact(_named(place(panel.surface)))]
        own += [*details(panel.surface), *(fact for fact in settings(panel.surface) if fact not in common)]
        _panel(said, panel, letters(index), own, alone=not many)
    if common:
        said.sentences.append(f"{_capital(', '.join(said.fact(fact, 'All') for fact in common))}.")
    if many:
        said.sentences.append(
            "All panels share their axes, heights and colours."
            if shared
            else "Axes, heights and colours have a range of their own in each panel."
        )
    scale = {"log": "Heights are logarithmic.", "sqrt": "Heights are square roots."}.get(first.heights.scale)
    said.sentences += [scale] if scale else []
    if first.excess() is not None:
        line = "; the dimension line notes its width" if any(panel.dimension is not None for panel in panels) else ""
        how = "Outlined" if flat else "Shaded"
        said.sentences.append(f"{how}: loss at most {_levels(said, panels)}{line}.")
    return said


def _levels(said: Caption, panels: Sequence[Panel]) -> str:
    """How far above what the shaded sets reach: one rise, or that of each panel where they differ."""
    levels = {(float(panel.sublevel or 0), noun_of(panel.unit)) for panel in panels}
    if len(levels) > 1:
        return ", ".join(
            f"{said.number(f'{letters(index)}Rise', float(panel.sublevel or 0))} {noun_of(panel.unit)} above "
            f"{panel.reference_name}'s in ({letters(index).lower()})"
            for index, panel in enumerate(panels)
        )
    [(rise, noun)] = levels
    names = " or ".join(f"{name}'s" for name in dict.fromkeys(panel.reference_name for panel in panels))
    return f"{said.number('Rise', rise)} {noun} above {names}"


def of_curves(curves: Sequence[Curve], metric: str, heights: Heights) -> Caption:
    """The caption of a profile picture."""
    said = Caption()
    provenance = curves[0].profile.provenance
    many = len(curves) > 1
    places = [_along(curve, many=many) for curve in curves]
    alike = len(set(places)) == 1
    said.sentences.append(
        f"{_capital(metric_label(metric, provenance))} {_against(places[0]) if alike else 'along paths'}."
    )
    common = _common([settings(curve.profile) for curve in curves])
    for index, curve in enumerate(curves):
        own = [] if alike else [Fact(_named(_along(curve)))]
        own += [*details(curve.profile), *(fact for fact in settings(curve.profile) if fact not in common)]
        _curve(said, curve, metric, letters(index), own)
    if common:
        said.sentences.append(f"{_capital(', '.join(said.fact(fact, 'All') for fact in common))}.")
    bands = dict.fromkeys(curve.band for curve in curves if curve.band)
    said.sentences += [f"{band[0].upper()}{band[1:]}." for band in bands]
    clipped = sum(heights.num_clipped(curve.profile, metric) for curve in curves)
    if clipped and heights.ceiling is not None:
        cut = said.number("Ceiling", heights.ceiling)
        said.sentences.append(f"Values above {cut} are cut away ({said.number('Clipped', clipped)} points).")
    return said


def of_barcodes(codes: Sequence[Barcode]) -> Caption:
    """The caption of barcodes, with every number."""
    caption = Caption()
    loss = metric_label("train_loss", codes[0].surface.provenance)
    caption.sentences.append(
        f"Minima of the {loss} on the sampled grid: persistence barcode and merge tree of the sublevel sets. "
        "Arrows: minima that never merge into a deeper one."
    )
    for index, code in enumerate(codes):
        letter = letters(index)
        count, lasting = code.minima.count(), code.minima.count(code.threshold)
        caption.sentences.append(
            f"{code.title}: {caption.number(f'{letter}Minima', count)} {minima_noun(count)}, "
            f"{caption.number(f'{letter}Persistent', lasting)} more persistent than "
            f"{caption.number(f'{letter}Threshold', code.threshold)} {code.surface.provenance.loss_scale.unit}."
        )
        if len(code.bars) < count:
            caption.sentences.append(
                f"The {caption.number(f'{letter}Shown', len(code.bars))} most persistent are drawn."
            )
    return caption


def minima_noun(count: int) -> str:
    """The noun after a number of minima."""
    return "minimum" if count == 1 else "minima"


def _panel(said: Caption, panel: Panel, letter: str, own: Sequence[Fact], *, alone: bool) -> None:
    parts = [*_network(said, panel.surface.provenance.identity, letter), *(said.fact(fact, letter) for fact in own)]
    parts += [*_widths(said, panel, letter), *_left_out(said, panel, letter)]
    title = panel.title if alone else f"({letter.lower()}) {panel.title}"
    said.sentences.append(f"{title}: {', '.join(parts)}." if parts else f"{title}.")


def _left_out(said: Caption, panel: Panel, letter: str) -> list[str]:
    surface, parts = panel.surface, []
    clipped, total = panel.heights.num_clipped(surface, panel.metric), int(surface.status.size)
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
        worst = surface.provenance.accuracy.interpolation_error.get(panel.metric, worst)
        measured = said.number(f"{letter}Measured", surface.num_measured)
        error = said.number(f"{letter}InterpolationError", worst)
        parts.append(f"{measured} of {count} points measured, estimated interpolation error {error}")
    floored = panel.heights.num_floored(surface, panel.metric)
    if floored and panel.heights.floor is not None:
        low = said.number(f"{letter}Floor", panel.heights.floor)
        parts.append(f"{said.number(f'{letter}Floored', floored)} points below {low} drawn there")
    return parts


def _widths(said: Caption, panel: Panel, letter: str) -> list[str]:
    parts = []
    if panel.half_width is not None:
        parts.append(_half_width(said, panel.half_width, letter))
    dimension = panel.dimension
    if dimension is not None and panel.metric == LOSS:
        sign, where = "" if dimension.bounded else "at least ", dimension_words(panel)
        unit = units_of(panel.surface.beta.unit)
        parts.append(f"width {where} {sign}{said.number(f'{letter}Width', length(dimension.width))} {unit}")
    return parts


def _half_width(said: Caption, width: HalfWidth, letter: str) -> str:
    sign, ends = "at least " if width.censored else "", ""
    mean = said.number(f"{letter}HalfWidth", f"{width.mean:.2f}")
    if width.has_interval:
        low = said.number(f"{letter}HalfWidthLow", f"{width.low:.2f}")
        high = said.number(f"{letter}HalfWidthHigh", f"{width.high:.2f}")
        ends = f" [{low}, {high}]"
    return (
        f"half-width {sign}{mean}{ends} filter norms at a rise of {amount(width.rise, width.rise_unit)} "
        f"(mean over {said.number(f'{letter}Directions', width.directions)} directions, "
        f"{'95 %' if ends else 'no'} interval)"
    )


def _curve(said: Caption, curve: Curve, metric: str, letter: str, own: Sequence[Fact]) -> None:
    parts = [*_network(said, curve.profile.provenance.identity, letter), *(said.fact(fact, letter) for fact in own)]
    if curve.half_width is not None:
        parts.append(_half_width(said, curve.half_width, letter))
    found = curve.barrier(metric)
    if found is not None:
        unit = curve.profile.provenance.loss_scale.unit
        parts.append(f"barrier {said.number(f'{letter}Barrier', found.loss)} {unit}")
    if parts:
        said.sentences.append(f"{curve.label}: {', '.join(parts)}.")


def _network(said: Caption, identity: Identity, letter: str) -> list[str]:
    parts = [identity.network] if identity.network else []
    if identity.P:
        values = {"P": identity.P, "N": identity.drawn_from or identity.N, "K": identity.K}
        named = ((symbol, said.number(f"{letter}{symbol}", value)) for symbol, value in values.items())
        parts += [f"${symbol}$ = {value}" for symbol, value in named]
    if identity.regime in REGIMES:
        parts.append(REGIMES[identity.regime])
    return parts


def _along(curve: Curve, *, many: bool = False) -> str:
    """What a curve runs along; rays run out from the solution, and their mean is drawn."""
    if curve.half_width is not None:
        return "the distance from the solution, mean over random filter-normalized directions"
    words = place(curve.profile, many=many)
    _, line, direction = words.partition("lines along " if many else "line along ")
    return direction if line else words


def _against(words: str) -> str:
    return f"against {words}" if words.startswith("the distance") else f"along {words}"


def _common(settings_of: Sequence[list[Fact]]) -> list[Fact]:
    """The facts that hold of all panels, said once."""
    return [fact for fact in settings_of[0] if all(fact in others for others in settings_of)]


def _named(words: str) -> str:
    return words.replace("{", "(").replace("}", ")")


def _capital(words: str) -> str:
    """The words as the start of a sentence; a formula or a symbol stays."""
    return words[:1].upper() + words[1:]
