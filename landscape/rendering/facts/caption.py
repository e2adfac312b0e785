"""The caption of a picture: sentences, and their numbers by name, so that a paper can quote each number."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from landscape.measures.widths import HalfWidth
from landscape.records.base import LOSS, Status
from landscape.records.loss_scale import amount, noun_of
from landscape.records.provenance import Identity
from landscape.rendering.facts.facts import (
    REGIMES,
    Fact,
    band_words,
    details,
    dimension_words,
    format_value,
    settings,
    sizes,
)
from landscape.rendering.facts.names import letters
from landscape.rendering.facts.quantities import metric_label, units_of
from landscape.rendering.facts.subspaces import subspace_words
from landscape.rendering.geometry.barcodes import Barcode
from landscape.rendering.geometry.heights import Heights
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.profiles import ProfileLine
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
        words = re.sub(r"\{(\w+)\}", lambda match: self.numbers[match[1]], " ".join(self.sentences))
        return plain(words)

    def number(self, name: str, value: float | int | str) -> str:
        """Store a number; return the placeholder that stands for it in a sentence."""
        self.numbers[name] = format_value(value)
        return f"{{{name}}}"

    def fact(self, fact: Fact, letter: str) -> str:
        """Store the numbers of a fact under the letter of their panel; return its words."""
        names = {name: self.number(f"{letter}{name}", value) for name, value in fact.numbers.items()}
        return fact.words.format(**names)


def of_panels(panels: Sequence[Panel], *, shared: bool, flat: bool) -> Caption:
    """The caption of surfaces, or of maps where ``flat``."""
    caption, first, plural = Caption(), panels[0], len(panels) > 1
    subject = metric_label(first.metric, first.surface.provenance)
    subspaces = [subspace_words(panel.surface, plural=plural) for panel in panels]
    alike = len(set(subspaces)) == 1
    domain = subspaces[0] if alike else "surfaces of several kinds"
    caption.sentences.append(f"{_capital(subject)} over {domain}" + (", seen from above." if flat else "."))
    if first.color != first.metric:
        caption.sentences.append(f"Colour shows the {metric_label(first.color, first.surface.provenance)}.")
    common = _common([settings(panel.surface) for panel in panels])
    for index, panel in enumerate(panels):
        facts = [] if alike else [Fact(_literal(subspace_words(panel.surface)))]
        facts += [*details(panel.surface), *(fact for fact in settings(panel.surface) if fact not in common)]
        _panel(caption, panel, letters(index), facts, alone=not plural)
    if common:
        caption.sentences.append(f"{_capital(', '.join(caption.fact(fact, 'All') for fact in common))}.")
    if plural:
        caption.sentences.append(
            "All panels share their axes, heights and colours."
            if shared
            else "Axes, heights and colours have a range of their own in each panel."
        )
    scale = {"log": "Heights are logarithmic.", "sqrt": "Heights are square roots."}.get(first.heights.scale)
    caption.sentences += [scale] if scale else []
    if first.excess() is not None:
        _sublevel(caption, panels, flat=flat)
    return caption


def of_profiles(lines: Sequence[ProfileLine], heights: Heights) -> Caption:
    """The caption of a profile picture."""
    caption, first, plural = Caption(), lines[0], len(lines) > 1
    paths = [_abscissa(line, plural=plural) for line in lines]
    alike = len(set(paths)) == 1
    subject = metric_label(first.metric, first.profile.provenance)
    caption.sentences.append(f"{_capital(subject)} {_against(paths[0]) if alike else 'along paths'}.")
    common = _common([settings(line.profile) for line in lines])
    for index, line in enumerate(lines):
        facts = [] if alike else [Fact(_literal(_abscissa(line)))]
        facts += [*details(line.profile), *(fact for fact in settings(line.profile) if fact not in common)]
        _line(caption, line, letters(index), facts)
    if common:
        caption.sentences.append(f"{_capital(', '.join(caption.fact(fact, 'All') for fact in common))}.")
    bands = dict.fromkeys(filter(None, map(band_words, lines)))
    caption.sentences += [f"{_capital(band)}." for band in bands]
    num_clipped = sum(heights.num_clipped(line.profile, line.metric) for line in lines)
    if num_clipped and heights.ceiling is not None:
        cut = caption.number("Ceiling", heights.ceiling)
        caption.sentences.append(f"Values above {cut} are cut away ({caption.number('Clipped', num_clipped)} points).")
    return caption


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
        unit = code.surface.provenance.loss_scale.unit
        count, lasting = code.minima.count(), code.minima.count(code.threshold)
        caption.sentences.append(
            f"{code.title}: {caption.number(f'{letter}Minima', count)} {minima_noun(count)}, "
            f"{caption.number(f'{letter}Persistent', lasting)} more persistent than "
            f"{caption.number(f'{letter}Threshold', code.threshold)} {unit}."
        )
        if len(code.bars) < count:
            caption.sentences.append(
                f"The {caption.number(f'{letter}Shown', len(code.bars))} most persistent are drawn."
            )
    return caption


def minima_noun(count: int) -> str:
    """The noun after a number of minima."""
    return "minimum" if count == 1 else "minima"


def _panel(caption: Caption, panel: Panel, letter: str, facts: Sequence[Fact], *, alone: bool) -> None:
    """The sentence of one panel."""
    identity = panel.surface.provenance.identity
    parts = [*_network(caption, identity, letter), *(caption.fact(fact, letter) for fact in facts)]
    parts += [*_widths(caption, panel, letter), *_omissions(caption, panel, letter)]
    title = panel.title if alone else f"({letter.lower()}) {panel.title}"
    caption.sentences.append(f"{title}: {', '.join(parts)}." if parts else f"{title}.")


def _line(caption: Caption, line: ProfileLine, letter: str, facts: Sequence[Fact]) -> None:
    """The sentence of one line of a profile picture."""
    identity, barrier = line.profile.provenance.identity, line.barrier
    parts = [*_network(caption, identity, letter), *(caption.fact(fact, letter) for fact in facts)]
    if line.half_width is not None:
        parts.append(_half_width(caption, line.half_width, letter))
    if barrier is not None:
        unit = line.profile.provenance.loss_scale.unit
        parts.append(f"barrier {caption.number(f'{letter}Barrier', barrier.loss)} {unit}")
    if parts:
        caption.sentences.append(f"{line.label}: {', '.join(parts)}.")


def _sublevel(caption: Caption, panels: Sequence[Panel], *, flat: bool) -> None:
    """The sentence that explains the shaded set."""
    level = _level(caption, panels)
    note = "; the dimension line notes its width" if any(panel.dimension is not None for panel in panels) else ""
    caption.sentences.append(f"{'Outlined' if flat else 'Shaded'}: loss at most {level}{note}.")


def _level(caption: Caption, panels: Sequence[Panel]) -> str:
    """The rise up to which sets are shaded, and above which loss; that of each panel where they differ."""
    levels = [(panel.sublevel or 0.0, noun_of(panel.unit)) for panel in panels]
    if len(set(levels)) > 1:
        parts = zip(map(letters, range(len(panels))), levels, panels, strict=True)
        return ", ".join(
            f"{caption.number(f'{letter}Rise', rise)} {noun} above {panel.reference_name}'s in ({letter.lower()})"
            for letter, (rise, noun), panel in parts
        )
    rise, noun = levels[0]
    names = " or ".join(f"{name}'s" for name in dict.fromkeys(panel.reference_name for panel in panels))
    return f"{caption.number('Rise', rise)} {noun} above {names}"


def _omissions(caption: Caption, panel: Panel, letter: str) -> list[str]:
    """Points that are cut away, missing, interpolated or drawn elsewhere."""
    surface, heights, parts = panel.surface, panel.heights, []
    counts = heights.omissions(surface, panel.metric)
    # Stored even where no sentence has them, so that a paper can quote them.
    total = caption.number(f"{letter}Points", counts.num_points)
    cut = caption.number(f"{letter}Clipped", counts.num_clipped)
    if counts.num_clipped and heights.ceiling is not None:
        parts.append(f"{cut} of {total} points above {caption.number(f'{letter}Ceiling', heights.ceiling)} cut away")
    elif counts.num_clipped:
        parts.append(f"{cut} of {total} points diverged")
    if counts.num_pending:
        parts.append(f"{caption.number(f'{letter}Pending', counts.num_pending)} points not measured yet")
    if counts.num_interpolated:
        worst = float(np.max(surface.error[surface.status == Status.INTERPOLATED]))
        worst = surface.provenance.accuracy.interpolation_error.get(panel.metric, worst)
        num_measured = caption.number(f"{letter}Measured", surface.num_measured)
        error = caption.number(f"{letter}InterpolationError", worst)
        parts.append(f"{num_measured} of {total} points measured, estimated interpolation error {error}")
    if counts.num_floored:
        low = caption.number(f"{letter}Floor", heights.floor or 0.0)
        parts.append(f"{caption.number(f'{letter}Floored', counts.num_floored)} points below {low} drawn there")
    return parts


def _widths(caption: Caption, panel: Panel, letter: str) -> list[str]:
    """The half-width along rays, and the width of the sublevel set."""
    parts, dimension = [], panel.dimension
    if panel.half_width is not None:
        parts.append(_half_width(caption, panel.half_width, letter))
    if dimension is not None and panel.metric == LOSS:
        sign, unit = "" if dimension.bounded else "at least ", units_of(panel.surface.beta.unit)
        width = caption.number(f"{letter}Width", length(dimension.width))
        parts.append(f"width {dimension_words(panel)} {sign}{width} {unit}")
    return parts


def _half_width(caption: Caption, half: HalfWidth, letter: str) -> str:
    """A half-width with its interval, in a clause."""
    sign, ends = "at least " if half.censored else "", ""
    mean = caption.number(f"{letter}HalfWidth", f"{half.mean:.2f}")
    if half.has_interval:
        low = caption.number(f"{letter}HalfWidthLow", f"{half.low:.2f}")
        high = caption.number(f"{letter}HalfWidthHigh", f"{half.high:.2f}")
        ends = f" [{low}, {high}]"
    return (
        f"half-width {sign}{mean}{ends} filter norms at a rise of {amount(half.rise, half.rise_unit)} "
        f"(mean over {caption.number(f'{letter}Directions', half.directions)} directions, "
        f"{'95 %' if ends else 'no'} interval)"
    )


def _network(caption: Caption, identity: Identity, letter: str) -> list[str]:
    """Kind, sizes and regime of a network, where they are known."""
    parts = [identity.network] if identity.network else []
    parts += [caption.fact(sizes(identity), letter)] if identity.P else []
    return parts + ([REGIMES[identity.regime]] if identity.regime in REGIMES else [])


def _abscissa(line: ProfileLine, *, plural: bool = False) -> str:
    """The path of a line, or for a mean along rays the distance from their start."""
    if line.half_width is not None:
        return "the distance from the solution, mean over random filter-normalized directions"
    # "Loss along the line along the gradient" says no more than "loss along the gradient".
    words = subspace_words(line.profile, plural=plural)
    _, line_words, direction = words.partition("lines along " if plural else "line along ")
    return direction if line_words else words


def _against(words: str) -> str:
    """The words with their preposition."""
    return f"against {words}" if words.startswith("the distance") else f"along {words}"


def _common(facts_of: Sequence[list[Fact]]) -> list[Fact]:
    """The facts that hold of all panels."""
    return [fact for fact in facts_of[0] if all(fact in facts for facts in facts_of)]


def _literal(words: str) -> str:
    """Words in which braces, which would stand for numbers, are round."""
    return words.replace("{", "(").replace("}", ")")


def _capital(words: str) -> str:
    """The words as the start of a sentence; a formula or a symbol stays."""
    return words[:1].upper() + words[1:]
