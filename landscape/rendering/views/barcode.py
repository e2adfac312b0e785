"""The minima of surfaces as pictures: their persistence barcode, and the merge tree of the sublevel sets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landscape.errors import InputError
from landscape.measures.topology import Topology, threshold_of, topology
from landscape.records.sampled import Surface
from landscape.rendering.facts.caption import Caption, letters
from landscape.rendering.facts.quantities import metric_label
from landscape.rendering.geometry.style import Theme
from landscape.rendering.geometry.ticks import number

ROW = 0.36  # of the width
MAX_ROWS = 6
MAX_BARS = 30
ROOM = 0.06  # of the axis, beyond the last death


@dataclass(frozen=True, eq=False)
class Barcode:
    """One row of the picture.

    Args:
        surface: as it was sampled.
        title: above it.
        minima: with their merge tree.
        threshold: persistence from which minima count.
    """

    surface: Surface
    title: str
    minima: Topology
    threshold: float

    @property
    def bars(self) -> list[int]:
        """Indices of the most persistent minima, the global one first; at most `MAX_BARS`.

        With a minimum its parent is among them: the older of two sets that merge is born lower and dies higher.
        """
        order = np.argsort(-self.minima.persistence, kind="stable")[:MAX_BARS]
        return sorted(order.tolist(), key=lambda k: (-self.minima.persistence[k], k))

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest birth, and the highest death, or the highest loss where nothing dies."""
        finite = self.minima.death[np.isfinite(self.minima.death)]
        low, loss = float(self.minima.birth.min()), self.surface.loss
        high = float(finite.max()) if finite.size else float(loss[np.isfinite(loss)].max())
        return low, high if high > low else low + 1.0


def barcodes_of(surfaces: Sequence[Surface], titles: Sequence[str]) -> list[Barcode]:
    """The minima of each surface.

    Raises:
        InputError: too many surfaces, or one without a finite loss.
    """
    if len(surfaces) > MAX_ROWS:
        raise InputError(f"a figure has 1 to {MAX_ROWS} barcodes, got {len(surfaces)}")
    return [
        Barcode(surface, title, topology(surface), threshold_of(surface))
        for surface, title in zip(surfaces, titles, strict=True)
    ]


def barcode_figure(codes: Sequence[Barcode], theme: Theme, *, width: float, one_range: bool) -> Figure:
    """A row for each surface: on the left a bar from birth to death of each minimum, on the right the merge tree.

    Bars and branches with an arrow never die. Those that count are coloured, the less persistent ones grey.

    Args:
        codes: one a row.
        theme: colours and font.
        width: inches.
        one_range: whether all rows have one range of losses.
    """
    figure = Figure(figsize=(width, ROW * width * len(codes)), facecolor=theme.ground, layout="constrained")
    ends = [code.ends for code in codes]
    if one_range:
        ends = [(min(low for low, _ in ends), max(high for _, high in ends))] * len(codes)
    for axes, code, (low, high) in zip(figure.subplots(len(codes), 2, squeeze=False), codes, ends, strict=True):
        margin = ROOM * (high - low)
        reach = (low - margin, high + margin)
        _bars(axes[0], code, reach, theme)
        _tree(axes[1], code, reach, theme)
        for part in axes:
            part.set_facecolor(theme.ground)
            part.spines[["top", "right"]].set_visible(False)
            part.tick_params(labelsize=theme.size, width=0.6 * theme.line)
    return figure


def caption_of(codes: Sequence[Barcode]) -> Caption:
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
            f"{code.title}: {caption.number(f'{letter}Minima', count)} {_noun(count)}, "
            f"{caption.number(f'{letter}Persistent', lasting)} more persistent than "
            f"{caption.number(f'{letter}Threshold', code.threshold)} nats per example."
        )
        if len(code.bars) < count:
            caption.sentences.append(
                f"The {caption.number(f'{letter}Shown', len(code.bars))} most persistent are drawn."
            )
    return caption


def _bars(axes: Axes, code: Barcode, reach: tuple[float, float], theme: Theme) -> None:
    """A bar from birth to death of each minimum."""
    bars, total = code.bars, code.minima.count()
    for row, k in enumerate(bars):
        birth, death = code.minima.birth[k], code.minima.death[k]
        look = {"color": _color(code, k, theme), "linewidth": min(4.0, 60 / len(bars)) * theme.line}
        axes.plot([birth, min(death, reach[1])], [row, row], solid_capstyle="butt", **look)
        if np.isinf(death):
            axes.plot(reach[1], row, ">", color=look["color"], markersize=5 * theme.line, clip_on=False)
    axes.set_xlim(*reach)
    axes.set_ylim(max(len(bars), 4) - 0.4, -0.6)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(metric_label("train_loss", code.surface.provenance), fontsize=theme.size + 1)
    omission = f", {len(bars)} drawn" if total > len(bars) else ""
    lasting = f"{code.minima.count(code.threshold)} more persistent than {number(code.threshold, 2)} nats"
    axes.set_title(f"{code.title}: {total:,} {_noun(total)}{omission}, {lasting}", fontsize=theme.size + 1, loc="left")


def _tree(axes: Axes, code: Barcode, reach: tuple[float, float], theme: Theme) -> None:
    """The merge tree: branches from birth to death, joined where sublevel sets merge."""
    minima, positions = code.minima, branch_positions(code)
    for k, x in positions.items():
        color, top = _color(code, k, theme), min(minima.death[k], reach[1])
        axes.plot([x, x], [minima.birth[k], top], color=color, linewidth=1.4 * theme.line)
        axes.plot(x, minima.birth[k], "o", color=color, markersize=3 * theme.line)
        if np.isinf(minima.death[k]):
            axes.plot(x, reach[1], "^", color=color, markersize=5 * theme.line, clip_on=False)
        else:
            axes.plot([positions[int(minima.parent[k])], x], [top, top], color=color, linewidth=1.4 * theme.line)
    axes.set_ylim(*reach)
    axes.set_xlim(-0.7, max(len(positions), 2) - 0.3)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_ylabel(metric_label("train_loss", code.surface.provenance), fontsize=theme.size + 1)


def branch_positions(code: Barcode) -> dict[int, int]:
    """Column of every branch, from 0: beside its parent, first to merge first, so that no two branches cross."""
    minima, positions = code.minima, dict[int, int]()
    children: dict[int, list[int]] = {}
    for k in code.bars:
        children.setdefault(int(minima.parent[k]), []).append(k)
    waiting = sorted(children.get(-1, []), reverse=True)
    while waiting:
        k = waiting.pop()
        positions[k] = len(positions)
        waiting += sorted(children.get(k, []), key=lambda child: -float(minima.death[child]))
    return positions


def _color(code: Barcode, k: int, theme: Theme) -> str:
    """A colour for minima that count, grey for the others."""
    return theme.series[0] if code.minima.persistence[k] > code.threshold else "#9a9a9a"


def _noun(count: int) -> str:
    return "minimum" if count == 1 else "minima"
