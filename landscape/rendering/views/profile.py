"""The 1-D view: loss along a line, between two solutions or out from one, with bands, ends and what is measured."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from landscape.errors import DisplayError
from landscape.measures.barriers import Barrier
from landscape.records.base import Axis, FloatArray
from landscape.rendering.facts.facts import half_width_words
from landscape.rendering.facts.names import ends_of
from landscape.rendering.facts.quantities import axis_label, metric_label
from landscape.rendering.facts.small_print import profile_notes
from landscape.rendering.geometry.heights import Heights, HeightScale, common_heights
from landscape.rendering.geometry.profiles import ProfileLine
from landscape.rendering.geometry.style import Theme
from landscape.rendering.geometry.ticks import axis_ticks, height_ticks, number
from landscape.rendering.views.dimension import dimension_line
from landscape.rendering.views.labels import Placer, text_inches, wrap_lines

DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.5, 1.2, 1.5)), (0, (3, 1)), (0, (8, 2)))
ASPECT = 0.68
HEADROOM = 0.07
ROOM = 2.1  # half-widths that the axis of rays is long at least, so that their numbers fit beside
SHORTEST_ARROW = 14.0  # points; a shorter dimension line is all arrow head, its number goes into the label


def profile_figure(
    lines: Sequence[ProfileLine],
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
    if min(len(line.profile.alpha) for line in lines) < 2:
        raise DisplayError("a profile needs 2 points to be drawn")
    heights = common_heights([line.profile for line in lines], lines[0].metric, scale, ceiling)
    size = theme.size - 1.5
    small_print = profile_notes(lines, heights) if notes else []
    small_print = wrap_lines(small_print, width - 0.1, lambda text: text_inches(text, size, theme.font))
    spacing = 1.18 * size / 72
    height = ASPECT * width + spacing * (len(small_print) + 0.4 * bool(small_print))
    figure = Figure(figsize=(width, height), facecolor=theme.ground, layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(rect=(0, 1 - ASPECT * width / height, 1, ASPECT * width / height))
    axes = figure.add_subplot(facecolor=theme.ground)
    _Drawing(axes, lines, heights, theme).draw()
    for row, text in enumerate(small_print):
        y = (spacing * (len(small_print) - row) + 0.02) / height
        figure.text(0.5, y, text, ha="center", va="top", fontsize=size, color=theme.small)
    return figure, heights


class _Drawing:
    """One axes; heights are drawn as shares of their axis, so that any scale and any range is plain geometry."""

    def __init__(self, axes: Axes, lines: Sequence[ProfileLine], heights: Heights, theme: Theme) -> None:
        self.axes, self.lines, self.heights, self.theme = axes, lines, heights, theme
        self.metric = lines[0].metric
        self.colors = [theme.series[index % len(theme.series)] for index in range(len(lines))]

    def draw(self) -> None:
        self._frame()
        for index in range(len(self.lines)):
            self._line(index)
        self._settle_layout()
        # Lines first, then what is measured on them, then names: each keeps clear of all before it.
        placer = Placer(self.axes, [self._points(line) for line in self.lines])
        self._barriers(placer)
        self._half_widths(placer)
        for index, line in enumerate(self.lines):
            style = {"color": self.colors[index], "fontsize": self.theme.size}
            placer.beside(self._points(line), self._label(line), **style)

    def _settle_layout(self) -> None:
        """Make the layout final, so that labels can be measured; an axis name longer than its axis gets shorter."""
        self.axes.figure.draw_without_rendering()
        name = self.axes.yaxis.label
        if name.get_window_extent().height > self.axes.get_window_extent().height:
            name.set_text(name.get_text().replace(" per example", ""))
            self.axes.figure.draw_without_rendering()

    def _points(self, line: ProfileLine) -> FloatArray:
        """The line in the axes' data coordinates, shape (k, 2); diverged values far above, NaN at gaps."""
        values = line.values
        # 9 axes above the top: a line to a diverged point leaves the picture almost upright.
        shares = np.where(np.isposinf(values), 9.0, np.minimum(self.heights.share(values), 9.0))
        return np.column_stack([line.profile.alpha.positions, shares])

    def _frame(self) -> None:
        axes, theme = self.axes, self.theme
        positions = np.concatenate([line.profile.alpha.positions for line in self.lines])
        low, high = float(positions.min()), max(map(self._reach, self.lines))
        axes.set_xlim(low - 0.02 * (high - low), high + 0.02 * (high - low))
        axes.set_ylim(-0.03, 1.0 if self.heights.ceiling is not None else 1 + HEADROOM)
        values, labels = height_ticks(self.heights)
        axes.set_yticks(self.heights.share(values), labels)
        first = self.lines[0].profile
        axes.set_xticks(*axis_ticks(first.alpha, (low, high)))
        axes.set_xlabel(self._alpha_label(first.alpha), fontsize=theme.size + 1, labelpad=1.2 * theme.size)
        self._name_solutions()
        axes.set_ylabel(metric_label(self.metric, first.provenance), fontsize=theme.size + 1)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_linewidth(0.8 * theme.line)
        axes.tick_params(labelsize=theme.size, width=0.6 * theme.line, length=2.5 * theme.line)
        axes.grid(axis="y", color=theme.grid, linewidth=0.4 * theme.line)
        axes.set_axisbelow(True)

    def _reach(self, line: ProfileLine) -> float:
        """End of the axis: along rays the band has left the picture there, and a label has room."""
        positions, metrics = line.profile.alpha.positions, line.profile.metrics
        if line.half_width is None:
            return float(positions[-1])
        lowest = self.heights.share(metrics.get(f"{self.metric}_low", metrics[self.metric]))
        inside = np.flatnonzero(np.nan_to_num(lowest, nan=9.0) <= 1)
        end = float(positions[min(int(inside[-1]) + 1 if len(inside) else 1, len(positions) - 1)])
        return min(max(end, ROOM * line.half_width.mean), float(positions[-1]))

    def _alpha_label(self, axis: Axis) -> str:
        if all(line.connects for line in self.lines):
            return r"$\alpha$ (share of the way)"
        if any(line.half_width for line in self.lines):
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
        provenances = [line.profile.provenance for line in self.lines]
        if all(line.connects for line in self.lines):
            last = float(self.lines[0].profile.alpha.positions[-1])
            return {
                0.0: _common([ends_of(provenance)[0] for provenance in provenances], "start"),
                last: _common([ends_of(provenance)[1] for provenance in provenances], "end"),
            }
        inside = any(line.profile.alpha.values[0] <= 0 <= line.profile.alpha.values[-1] for line in self.lines)
        return {0.0: _common([provenance.identity.model for provenance in provenances], "solution")} if inside else {}

    def _line(self, index: int) -> None:
        line, color, theme = self.lines[index], self.colors[index], self.theme
        points, metrics = self._points(line), line.profile.metrics
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
        for end in self._solution_indices(line):
            if np.isfinite(points[end, 1]) and points[end, 1] <= 1 + HEADROOM:
                style = {"markerfacecolor": theme.ground, "markeredgecolor": color, "markersize": 4.5 * theme.line}
                self.axes.plot(*points[end], "o", markeredgewidth=1.1 * theme.line, zorder=5, clip_on=False, **style)

    def _solution_indices(self, line: ProfileLine) -> list[int]:
        """Indices of the solutions among the points of a line."""
        alpha = line.profile.alpha.values
        if line.connects:
            return [0, len(alpha) - 1]
        return [int(np.argmin(np.abs(alpha)))] if alpha[0] <= 0 <= alpha[-1] else []

    def _barriers(self, placer: Placer) -> None:
        """Chords, dimension lines and the numbers of the barriers."""
        spans: list[tuple[float, float, float]] = []
        texts = []
        for index, line in enumerate(self.lines):
            barrier = line.barrier
            if barrier is None or not np.isfinite(barrier.loss):
                continue
            placer.block(self._chord(line, self.colors[index]))
            if self._tall(line, barrier):
                rise = self._foot_and_top(line, barrier)
                step = 0.06 * np.ptp(self.axes.get_xlim())
                at = _free_position(self._position(line, barrier.where), rise, spans, step)
                spans.append((at, *rise))
                texts.append((index, barrier, self._dimension(placer, line, barrier, at)))
        for index, barrier, shaft in texts:
            style = {"fontsize": self.theme.size, "color": self.colors[index]}
            placer.near(shaft, f"barrier {number(barrier.loss, 2)}", **style)

    def _position(self, line: ProfileLine, where: float) -> float:
        """Position on the drawn axis of a value of alpha."""
        return float(np.interp(where, line.profile.alpha.values, line.profile.alpha.positions))

    def _foot_and_top(self, line: ProfileLine, barrier: Barrier) -> tuple[float, float]:
        """Heights of the chord and of the line where the barrier is highest."""
        values, alpha = line.values, line.profile.alpha.values
        foot = float(np.interp(barrier.where, alpha[[0, -1]], values[[0, -1]]))
        low, high = self.heights.share(np.array([foot, foot + barrier.loss]))
        return float(low), float(high)

    def _tall(self, line: ProfileLine, barrier: Barrier) -> bool:
        """Whether a dimension line of the barrier is long enough for its heads."""
        low, high = self._foot_and_top(line, barrier)
        extent = self.axes.get_window_extent().height * 72 / self.axes.figure.dpi
        return bool((min(high, 1.0) - low) * extent / np.ptp(self.axes.get_ylim()) >= SHORTEST_ARROW)

    def _chord(self, line: ProfileLine, color: str) -> FloatArray:
        """Draw the straight line between the ends, above which a barrier rises; return its points."""
        positions, values = line.profile.alpha, line.values
        along = np.linspace(positions.values[0], positions.values[-1], 101)
        shares = self.heights.share(np.interp(along, positions.values[[0, -1]], values[[0, -1]]))
        x = np.interp(along, positions.values, positions.positions)
        self.axes.plot(x, shares, color=color, linewidth=0.6 * self.theme.line, alpha=0.6, zorder=2.5)
        return np.column_stack([x, shares])

    def _dimension(self, placer: Placer, line: ProfileLine, barrier: Barrier, at: float) -> FloatArray:
        """Draw the barrier as an arrow between two thin lines; return points on it, the middle first."""
        low, high = self._foot_and_top(line, barrier)
        top = min(high, self.axes.get_ylim()[1])
        where = self._position(line, barrier.where)
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
        for index, line in enumerate(self.lines):
            half = line.half_width
            if half is None:
                continue
            level = float(self.heights.share(line.values[:1] + half.rise)[0])
            if not np.isfinite(level) or level > 1:
                continue
            color = self.colors[index]
            self._arrow((0.0, level), (half.mean, level))
            ends, style = [half.low, half.high], {"solid_capstyle": "butt", "zorder": 4}
            self.axes.plot(ends, [level, level], color=color, linewidth=4 * self.theme.line, alpha=0.6, **style)
            arrow = np.array([(0.0, level), (half.mean, level)])
            placer.block(arrow)
            anchors = arrow[0] + np.array([1.0, 0.5, 0.4, 0.6, 0.3, 0.7])[:, None] * (arrow[1] - arrow[0])
            placer.near(anchors, half_width_words(half), fontsize=self.theme.size - 0.5, color=color)

    def _arrow(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        dimension_line(
            self.axes, start, end, self.theme, color=self.theme.ink, halo=self.axes.get_facecolor(), zorder=4
        )

    def _label(self, line: ProfileLine) -> str:
        """The label of a line, with its barrier where that is too low for an arrow."""
        barrier = line.barrier
        if barrier is None or self._tall(line, barrier):
            return line.label
        return f"{line.label} (barrier {number(barrier.loss, 2)})"


def _free_position(
    start: float, rise: tuple[float, float], spans: list[tuple[float, float, float]], step: float
) -> float:
    """The position nearest to the start whose dimension line, from low to high, meets no line beside it."""
    neighbours = [position for position, low, high in spans if low <= rise[1] and rise[0] <= high]
    # Right, left, further right, ...: one of so many positions must be free.
    for shift in range(2 * len(neighbours) + 2):
        position = start + step * ((shift + 1) // 2) * (1 if shift % 2 else -1)
        if all(abs(position - neighbour) >= 0.99 * step for neighbour in neighbours):
            return position
    return start


def _common(names: Sequence[str], otherwise: str) -> str:
    return names[0] if len(set(names)) == 1 and names[0] else otherwise
