"""The 1-D view: loss along a line, between two solutions or out from one, with bands, ends and what is measured."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from landscape.errors import DisplayError
from landscape.measures.barriers import Barrier
from landscape.records.base import Axis, FloatArray, Status
from landscape.records.loss_scale import amount
from landscape.records.provenance import Identity
from landscape.rendering.facts.curves import Curve, ends_of
from landscape.rendering.facts.notes import wrapped
from landscape.rendering.facts.places import details, short_place, short_settings
from landscape.rendering.facts.quantities import axis_label, metric_label
from landscape.rendering.geometry.heights import Heights, HeightScale, common_heights
from landscape.rendering.geometry.style import Theme
from landscape.rendering.geometry.ticks import axis_ticks, height_ticks, number
from landscape.rendering.views.dimension import dimension_line
from landscape.rendering.views.labels import Placer, text_inches

DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.5, 1.2, 1.5)), (0, (3, 1)), (0, (8, 2)))
ASPECT = 0.68
HEADROOM = 0.07
ROOM = 2.1  # half-widths that the axis of rays is long at least, so that their numbers fit beside
SHORTEST_ARROW = 14.0  # points; a shorter dimension line is all arrow head, its number goes into the label


def profile_figure(
    curves: Sequence[Curve],
    metric: str,
    theme: Theme,
    *,
    width: float,
    scale: HeightScale = "auto",
    ceiling: float | None = None,
    notes: bool = True,
) -> tuple[Figure, Heights]:
    """The picture ``width`` inches wide, and its range of heights.

    Args:
        notes: whether networks, bands and what is cut away are named under it.
    """
    if min(len(curve.profile.alpha) for curve in curves) < 2:
        raise DisplayError("a profile needs 2 points to be drawn")
    heights = common_heights([curve.profile for curve in curves], metric, scale, ceiling)
    size = theme.size - 1.5
    lines = small_print(curves, metric, heights) if notes else []
    lines = wrapped(lines, width - 0.1, lambda text: text_inches(text, size, theme.font))
    line = 1.18 * size / 72
    height = ASPECT * width + line * (len(lines) + 0.4 * bool(lines))
    figure = Figure(figsize=(width, height), facecolor=theme.ground, layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(rect=(0, 1 - ASPECT * width / height, 1, ASPECT * width / height))
    axes = figure.add_subplot(facecolor=theme.ground)
    _Drawing(axes, curves, metric, heights, theme).draw()
    for row, text in enumerate(lines):
        place = (line * (len(lines) - row) + 0.02) / height
        figure.text(0.5, place, text, ha="center", va="top", fontsize=size, color=theme.small)
    return figure, heights


def small_print(curves: Sequence[Curve], metric: str, heights: Heights) -> list[str]:
    """What a reader must know: networks, what bands are, and what lies outside the picture."""
    networks = [_network(curve.profile.provenance.identity) for curve in curves]
    lines = list(dict.fromkeys(filter(None, networks)))
    lines += list(dict.fromkeys(_path(curve) for curve in curves if curve.half_width is None))
    lines += list(dict.fromkeys(filter(None, (curve.band for curve in curves))))
    widths = [curve.half_width for curve in curves if curve.half_width is not None]
    rises = dict.fromkeys(amount(width.rise, width.rise_unit) for width in widths)
    lines += [f"half-width at +{rise} with its 95 % interval" for rise in rises]
    clipped = sum(heights.num_clipped(curve.profile, metric) for curve in curves)
    total = sum(len(curve.profile.alpha) for curve in curves)
    if clipped:
        cut = f"cut at {number(heights.ceiling, 3)}" if heights.ceiling is not None else "diverged"
        lines.append(f"{cut}: {clipped:,} of {total:,} points" + (" lie above it" if heights.ceiling else ""))
    pending = sum(int(np.count_nonzero(curve.profile.status == Status.PENDING)) for curve in curves)
    if pending:
        lines.append(f"{pending:,} of {total:,} points not measured yet")
    return lines


class _Drawing:
    """One axes; heights are drawn as shares of their axis, so that any scale and any range is plain geometry."""

    def __init__(self, axes: Axes, curves: Sequence[Curve], metric: str, heights: Heights, theme: Theme) -> None:
        self.axes, self.curves, self.metric, self.heights, self.theme = axes, curves, metric, heights, theme
        self.colors = [theme.series[index % len(theme.series)] for index in range(len(curves))]

    def draw(self) -> None:
        self._frame()
        for index in range(len(self.curves)):
            self._curve(index)
        self._settle_layout()
        placer = Placer(self.axes, [self._points(curve) for curve in self.curves])
        self._barriers(placer)
        self._half_widths(placer)
        for index, curve in enumerate(self.curves):
            style = {"color": self.colors[index], "fontsize": self.theme.size}
            placer.beside(self._points(curve), self._label(curve), **style)

    def _settle_layout(self) -> None:
        """Make the layout final, so that labels can be measured; an axis name longer than its axis gets shorter."""
        self.axes.figure.draw_without_rendering()
        name = self.axes.yaxis.label
        if name.get_window_extent().height > self.axes.get_window_extent().height:
            name.set_text(name.get_text().replace(" per example", ""))
            self.axes.figure.draw_without_rendering()

    def _points(self, curve: Curve) -> FloatArray:
        """The curve in the axes' data coordinates, shape (k, 2); diverged values far above, NaN at gaps."""
        values = curve.profile.metrics[self.metric]
        shares = np.where(np.isposinf(values), 9.0, np.minimum(self.heights.share(values), 9.0))
        return np.column_stack([curve.profile.alpha.positions, shares])

    def _frame(self) -> None:
        axes, theme = self.axes, self.theme
        positions = np.concatenate([curve.profile.alpha.positions for curve in self.curves])
        low, high = float(positions.min()), max(map(self._reach, self.curves))
        axes.set_xlim(low - 0.02 * (high - low), high + 0.02 * (high - low))
        axes.set_ylim(-0.03, 1.0 if self.heights.ceiling is not None else 1 + HEADROOM)
        values, labels = height_ticks(self.heights)
        axes.set_yticks(self.heights.share(values), labels)
        first = self.curves[0].profile
        axes.set_xticks(*axis_ticks(first.alpha, (low, high)))
        axes.set_xlabel(self._alpha_label(first.alpha), fontsize=theme.size + 1, labelpad=1.2 * theme.size)
        self._name_solutions()
        axes.set_ylabel(metric_label(self.metric, first.provenance), fontsize=theme.size + 1)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_linewidth(0.8 * theme.line)
        axes.tick_params(labelsize=theme.size, width=0.6 * theme.line, length=2.5 * theme.line)
        axes.grid(axis="y", color=theme.grid, linewidth=0.4 * theme.line)
        axes.set_axisbelow(True)

    def _reach(self, curve: Curve) -> float:
        """End of the axis: along rays the band has left the picture there, and a label has room."""
        positions, metrics = curve.profile.alpha.positions, curve.profile.metrics
        if curve.half_width is None:
            return float(positions[-1])
        lowest = self.heights.share(metrics.get(f"{self.metric}_low", metrics[self.metric]))
        inside = np.flatnonzero(np.nan_to_num(lowest, nan=9.0) <= 1)
        end = float(positions[min(int(inside[-1]) + 1 if len(inside) else 1, len(positions) - 1)])
        return min(max(end, ROOM * curve.half_width.mean), float(positions[-1]))

    def _alpha_label(self, axis: Axis) -> str:
        if all(curve.between for curve in self.curves):
            return r"$\alpha$ (share of the way)"
        if any(curve.half_width for curve in self.curves):
            return f"{axis.label} ({axis.unit}s)"
        return axis_label(axis, r"$\alpha$")

    def _name_solutions(self) -> None:
        """The solutions' names in a row between the numbers of the axis and its name."""
        size = self.theme.size
        for at, name in self._solutions().items():
            self.axes.annotate(
                name,
                (at, 0),
                (0, -(5 + 2.0 * size)),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="center",
                va="baseline",
                fontsize=size,
            )

    def _solutions(self) -> dict[float, str]:
        """Where on the axis which trained networks lie."""
        provenances = [curve.profile.provenance for curve in self.curves]
        if all(curve.between for curve in self.curves):
            last = float(self.curves[0].profile.alpha.positions[-1])
            return {
                0.0: _common([ends_of(provenance)[0] for provenance in provenances], "start"),
                last: _common([ends_of(provenance)[1] for provenance in provenances], "end"),
            }
        inside = any(curve.profile.alpha.values[0] <= 0 <= curve.profile.alpha.values[-1] for curve in self.curves)
        return {0.0: _common([provenance.identity.model for provenance in provenances], "solution")} if inside else {}

    def _curve(self, index: int) -> None:
        curve, color, theme = self.curves[index], self.colors[index], self.theme
        points, metrics = self._points(curve), curve.profile.metrics
        low, high = (metrics.get(f"{self.metric}_{end}") for end in ("low", "high"))
        if low is not None and high is not None:
            edges = [np.where(np.isposinf(edge), 9.0, np.clip(self.heights.share(edge), -1, 9)) for edge in (low, high)]
            self.axes.fill_between(points[:, 0], *edges, color=color, alpha=0.2, linewidth=0, zorder=2)
        marker = "o" if np.isfinite(points[:, 1]).sum() < 3 else None
        self.axes.plot(
            *points.T,
            color=color,
            linestyle=DASHES[index],
            linewidth=1.3 * theme.line,
            marker=marker,
            markersize=3,
            zorder=3,
        )
        for end in self._solution_indices(curve):
            if np.isfinite(points[end, 1]) and points[end, 1] <= 1 + HEADROOM:
                style = {"markerfacecolor": theme.ground, "markeredgecolor": color, "markersize": 4.5 * theme.line}
                self.axes.plot(*points[end], "o", markeredgewidth=1.1 * theme.line, zorder=5, clip_on=False, **style)

    def _solution_indices(self, curve: Curve) -> list[int]:
        """Indices of the solutions among the points of a curve."""
        alpha = curve.profile.alpha.values
        if curve.between:
            return [0, len(alpha) - 1]
        return [int(np.argmin(np.abs(alpha)))] if alpha[0] <= 0 <= alpha[-1] else []

    def _barriers(self, placer: Placer) -> None:
        """Chords, dimension lines and the numbers of the barriers."""
        occupied: list[tuple[float, float, float]] = []
        texts = []
        for index, curve in enumerate(self.curves):
            barrier = curve.barrier(self.metric)
            if barrier is None or not np.isfinite(barrier.loss):
                continue
            placer.block(self._chord(curve, self.colors[index]))
            if self._tall(curve, barrier):
                rise = self._foot_and_top(curve, barrier)
                step = 0.06 * np.ptp(self.axes.get_xlim())
                at = _free_position(self._position(curve, barrier.where), rise, occupied, step)
                occupied.append((at, *rise))
                texts.append((index, barrier, self._dimension(placer, curve, barrier, at)))
        for index, barrier, shaft in texts:
            style = {"fontsize": self.theme.size, "color": self.colors[index]}
            placer.near(shaft, f"barrier {number(barrier.loss, 2)}", **style)

    def _position(self, curve: Curve, where: float) -> float:
        """Position on the drawn axis of a value of alpha."""
        return float(np.interp(where, curve.profile.alpha.values, curve.profile.alpha.positions))

    def _foot_and_top(self, curve: Curve, barrier: Barrier) -> tuple[float, float]:
        """Heights of the chord and of the curve where the barrier is highest."""
        values, alpha = curve.profile.metrics[self.metric], curve.profile.alpha.values
        foot = float(np.interp(barrier.where, alpha[[0, -1]], values[[0, -1]]))
        low, high = self.heights.share(np.array([foot, foot + barrier.loss]))
        return float(low), float(high)

    def _tall(self, curve: Curve, barrier: Barrier) -> bool:
        """Whether a dimension line of the barrier is long enough for its heads."""
        low, high = self._foot_and_top(curve, barrier)
        extent = self.axes.get_window_extent().height * 72 / self.axes.figure.dpi
        return bool((min(high, 1.0) - low) * extent / np.ptp(self.axes.get_ylim()) >= SHORTEST_ARROW)

    def _chord(self, curve: Curve, color: str) -> FloatArray:
        """Draw the straight line between the ends, above which a barrier rises; return its points."""
        positions, values = curve.profile.alpha, curve.profile.metrics[self.metric]
        along = np.linspace(positions.values[0], positions.values[-1], 101)
        shares = self.heights.share(np.interp(along, positions.values[[0, -1]], values[[0, -1]]))
        x = np.interp(along, positions.values, positions.positions)
        self.axes.plot(x, shares, color=color, linewidth=0.6 * self.theme.line, alpha=0.6, zorder=2.5)
        return np.column_stack([x, shares])

    def _dimension(self, placer: Placer, curve: Curve, barrier: Barrier, at: float) -> FloatArray:
        """Draw the barrier as an arrow between two thin lines; return points on it, the middle first."""
        low, high = self._foot_and_top(curve, barrier)
        top = min(high, self.axes.get_ylim()[1])
        where = self._position(curve, barrier.where)
        for share in (low, top):
            self.axes.plot(
                [where, at], [share, share], color=self.theme.ink, linewidth=0.4 * self.theme.line, zorder=2.6
            )
        self._arrow((at, low), (at, top))
        placer.block(np.array([(at, low), (at, top)]))
        shares = low + (top - low) * np.array([0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8])
        return np.column_stack([np.full(len(shares), at), shares])

    def _half_widths(self, placer: Placer) -> None:
        """Half-widths as arrows from the solution, with their intervals."""
        for index, curve in enumerate(self.curves):
            half = curve.half_width
            if half is None:
                continue
            level = float(self.heights.share(curve.profile.metrics[self.metric][:1] + half.rise)[0])
            if not np.isfinite(level) or level > 1:
                continue
            color = self.colors[index]
            self._arrow((0.0, level), (half.mean, level))
            ends, style = [half.low, half.high], {"solid_capstyle": "butt", "zorder": 4}
            self.axes.plot(ends, [level, level], color=color, linewidth=4 * self.theme.line, alpha=0.6, **style)
            arrow = np.array([(0.0, level), (half.mean, level)])
            placer.block(arrow)
            sign = "\u2265 " if half.censored else ""
            text = f"half-width {sign}{half.mean:.2f}{half.ends('.2f')}"
            anchors = arrow[0] + np.array([1.0, 0.5, 0.4, 0.6, 0.3, 0.7])[:, None] * (arrow[1] - arrow[0])
            placer.near(anchors, text, fontsize=self.theme.size - 0.5, color=color)

    def _arrow(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        dimension_line(
            self.axes, start, end, self.theme, color=self.theme.ink, halo=self.axes.get_facecolor(), zorder=4
        )

    def _label(self, curve: Curve) -> str:
        """The label of a curve, with its barrier where that is too low for an arrow."""
        barrier = curve.barrier(self.metric)
        if barrier is None or self._tall(curve, barrier):
            return curve.label
        return f"{curve.label} (barrier {number(barrier.loss, 2)})"


def _free_position(
    start: float, rise: tuple[float, float], occupied: list[tuple[float, float, float]], step: float
) -> float:
    """The position nearest to the start whose dimension line, from low to high, meets no line beside it."""
    neighbours = [position for position, low, high in occupied if low <= rise[1] and rise[0] <= high]
    for shift in range(2 * len(neighbours) + 2):
        position = start + step * ((shift + 1) // 2) * (1 if shift % 2 else -1)
        if all(abs(position - neighbour) >= 0.99 * step for neighbour in neighbours):
            return position
    return start


def _network(identity: Identity) -> str:
    if not identity.P:
        return ""
    name = re.sub(r":\d+$", "", identity.model)
    words = f"{name}: {identity.network}, " if identity.network else f"{name}: "
    return f"{words}$P$ = {identity.P:,}, $N$ = {identity.drawn_from or identity.N:,}, $K$ = {identity.K}"


def _path(curve: Curve) -> str:
    """What a curve runs along, with its seeds and eigenvalues."""
    facts = [fact for fact in details(curve.profile) if "Repeats" not in fact.numbers]
    words = [short_place(curve.profile), *(fact.text(lambda value: number(value, 3)) for fact in facts)]
    return ", ".join(words + [fact.text() for fact in short_settings(curve.profile)])


def _common(names: Sequence[str], otherwise: str) -> str:
    return names[0] if len(set(names)) == 1 and names[0] else otherwise
