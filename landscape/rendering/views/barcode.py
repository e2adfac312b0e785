"""The minima of surfaces as pictures: their persistence barcode, and the merge tree of the sublevel sets."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landscape.rendering.facts.caption import minima_noun
from landscape.rendering.facts.quantities import metric_label
from landscape.rendering.geometry.barcodes import Barcode, branch_positions
from landscape.rendering.geometry.style import Theme
from landscape.rendering.geometry.ticks import number

ROW = 0.36  # of the width
ROOM = 0.06  # of the axis, beyond the last death


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
    unit = code.surface.provenance.loss_scale.unit.partition(" per ")[0]
    lasting = f"{code.minima.count(code.threshold)} more persistent than {number(code.threshold, 2)} {unit}"
    axes.set_title(
        f"{code.title}: {total:,} {minima_noun(total)}{omission}, {lasting}", fontsize=theme.size + 1, loc="left"
    )


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


def _color(code: Barcode, k: int, theme: Theme) -> str:
    """A colour for minima that count, grey for the others."""
    return theme.series[0] if code.minima.persistence[k] > code.threshold else "#9a9a9a"
