"""The minima of surfaces as pictures: their persistence barcode, and the merge tree of the sublevel sets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landscape.errors import InputError
from landscape.measures.topology import Topology, resolved, topology
from landscape.records.sampled import Surface
from landscape.rendering.facts.caption import Caption, letters
from landscape.rendering.facts.quantities import metric_label
from landscape.rendering.geometry.style import Theme
from landscape.rendering.geometry.ticks import number

ROW = 0.36  # of the width
MOST_ROWS = 6
MOST_BARS = 30
ROOM = 0.06  # of the axis, beyond the last death


@dataclass(frozen=True, eq=False)
class Barcode:
    """What one row of the picture shows.

    Args:
        surface: as it was sampled.
        title: above it.
        found: its minima and merge tree.
        threshold: persistence from which minima count.
    """

    surface: Surface
    title: str
    found: Topology
    threshold: float

    @property
    def shown(self) -> list[int]:
        """The most persistent minima, the global one first; at most `MOST_BARS`.

        With a minimum its parent is among them: the older of two sets that merge is born lower and dies higher.
        """
        order = np.argsort(-self.found.persistence, kind="stable")[:MOST_BARS]
        return sorted(order.tolist(), key=lambda k: (-self.found.persistence[k], k))

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest birth, and the highest death, or the highest loss where nothing dies."""
        finite = self.found.death[np.isfinite(self.found.death)]
        low, loss = float(self.found.birth.min()), self.surface.loss
        high = float(finite.max()) if finite.size else float(loss[np.isfinite(loss)].max())
        return low, high if high > low else low + 1.0


def barcodes_of(surfaces: Sequence[Surface], titles: Sequence[str]) -> list[Barcode]:
    """The minima of each surface.

    Raises:
        InputError: too many surfaces, or one without a finite loss.
    """
    if len(surfaces) > MOST_ROWS:
        raise InputError(f"a figure has 1 to {MOST_ROWS} barcodes, got {len(surfaces)}")
    return [
        Barcode(surface, title, topology(surface), resolved(surface))
        for surface, title in zip(surfaces, titles, strict=True)
    ]


def barcode_figure(codes: Sequence[Barcode], theme: Theme, *, width: float, shared: bool) -> Figure:
    """A row for each surface: on the left a bar from birth to death of each minimum, on the right the merge tree.

    Bars and branches with an arrow never die. Those that count are coloured, the less persistent ones grey.

    Args:
        codes: what is shown.
        theme: colours and font.
        width: inches.
        shared: one range of losses for all rows.
    """
    figure = Figure(figsize=(width, ROW * width * len(codes)), facecolor=theme.ground, layout="constrained")
    ends = [code.ends for code in codes]
    if shared:
        ends = [(min(low for low, _ in ends), max(high for _, high in ends))] * len(codes)
    for axes, code, (low, high) in zip(figure.subplots(len(codes), 2, squeeze=False), codes, ends, strict=True):
        margin = ROOM * (high - low)
        reach = (low - margin, high + margin)
        _bars(axes[0], code, reach, theme)
        _tree(axes[1], code, reach, theme)
        for one in axes:
            one.set_facecolor(theme.ground)
            one.spines[["top", "right"]].set_visible(False)
            one.tick_params(labelsize=theme.size, width=0.6 * theme.line)
    return figure


def caption_of(codes: Sequence[Barcode]) -> Caption:
    """What is shown, in words, with every number."""
    said = Caption()
    what = metric_label("train_loss", codes[0].surface.provenance)
    said.sentences.append(
        f"Minima of the {what} on the sampled grid: persistence barcode and merge tree of the sublevel sets. "
        "Arrows: minima that never merge into a deeper one."
    )
    for index, code in enumerate(codes):
        letter = letters(index)
        count, lasting = code.found.count(), code.found.count(code.threshold)
        said.sentences.append(
            f"{code.title}: {said.number(f'{letter}Minima', count)} {_noun(count)}, "
            f"{said.number(f'{letter}Persistent', lasting)} more persistent than "
            f"{said.number(f'{letter}Threshold', code.threshold)} nats per example."
        )
        if count > len(code.shown):
            said.sentences.append(f"The {said.number(f'{letter}Shown', len(code.shown))} most persistent are drawn.")
    return said


def _bars(axes: Axes, code: Barcode, reach: tuple[float, float], theme: Theme) -> None:
    shown, total = code.shown, code.found.count()
    for row, k in enumerate(shown):
        birth, death = code.found.birth[k], code.found.death[k]
        look = {"color": _color(code, k, theme), "linewidth": min(4.0, 60 / len(shown)) * theme.line}
        axes.plot([birth, min(death, reach[1])], [row, row], solid_capstyle="butt", **look)
        if np.isinf(death):
            axes.plot(reach[1], row, ">", color=look["color"], markersize=5 * theme.line, clip_on=False)
    axes.set_xlim(*reach)
    axes.set_ylim(max(len(shown), 4) - 0.4, -0.6)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(metric_label("train_loss", code.surface.provenance), fontsize=theme.size + 1)
    counted = code.found.count(code.threshold)
    most = f", {len(shown)} drawn" if total > len(shown) else ""
    lasting = f"{counted} more persistent than {number(code.threshold, 2)} nats"
    axes.set_title(f"{code.title}: {total:,} {_noun(total)}{most}, {lasting}", fontsize=theme.size + 1, loc="left")


def _tree(axes: Axes, code: Barcode, reach: tuple[float, float], theme: Theme) -> None:
    found, place = code.found, places(code)
    for k, x in place.items():
        color, top = _color(code, k, theme), min(found.death[k], reach[1])
        axes.plot([x, x], [found.birth[k], top], color=color, linewidth=1.4 * theme.line)
        axes.plot(x, found.birth[k], "o", color=color, markersize=3 * theme.line)
        if np.isinf(found.death[k]):
            axes.plot(x, reach[1], "^", color=color, markersize=5 * theme.line, clip_on=False)
        else:
            axes.plot([place[int(found.parent[k])], x], [top, top], color=color, linewidth=1.4 * theme.line)
    axes.set_ylim(*reach)
    axes.set_xlim(-0.7, max(len(place), 2) - 0.3)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_ylabel(metric_label("train_loss", code.surface.provenance), fontsize=theme.size + 1)


def places(code: Barcode) -> dict[int, int]:
    """Where each minimum stands, from 0: beside its parent, first to merge first, so that no two branches cross."""
    found, place = code.found, dict[int, int]()
    children: dict[int, list[int]] = {}
    for k in code.shown:
        children.setdefault(int(found.parent[k]), []).append(k)
    waiting = sorted(children.get(-1, []), reverse=True)
    while waiting:
        k = waiting.pop()
        place[k] = len(place)
        waiting += sorted(children.get(k, []), key=lambda child: -float(found.death[child]))
    return place


def _color(code: Barcode, k: int, theme: Theme) -> str:
    return theme.series[0] if code.found.persistence[k] > code.threshold else "#9a9a9a"


def _noun(count: int) -> str:
    return "minimum" if count == 1 else "minima"
