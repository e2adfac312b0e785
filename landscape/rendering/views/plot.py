"""A plot of a study: curves with bands, and thresholds whose words hide least of the curves."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from landscape.records.base import FloatArray
from landscape.records.findings import Mark, Plot, Series
from landscape.rendering.geometry.style import Theme

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LETTER = 0.026  # of the axes: length of a letter in the words of a threshold


def draw_plot(axes: Axes, plot: Plot, theme: Theme) -> None:
    """Draw curves, bands, thresholds, labels and a legend."""
    axes.set_facecolor("none")
    axes.set_xscale(plot.x_scale)
    axes.set_yscale(plot.y_scale)
    for number, series in enumerate(plot.series):
        _draw_series(axes, series, theme.series[number % len(theme.series)], MARKERS[number % len(MARKERS)])
    for mark in plot.marks:  # first all that may move the limits
        axes.update_datalim([(mark.value, mark.value)], updatex=mark.axis == "x", updatey=mark.axis == "y")
    curves = _curve_points(axes)
    for mark in plot.marks:
        line = axes.axvline if mark.axis == "x" else axes.axhline
        line(mark.value, color=theme.small, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1, alpha=0.8)
        _label_mark(axes, mark, curves, theme)
    axes.set_title(plot.title, fontsize=10)
    axes.set_xlabel(plot.x_label, fontsize=9)
    axes.set_ylabel(plot.y_label, fontsize=9)
    _set_ticks(axes)
    axes.grid(True, which="major", color=theme.grid, linewidth=0.6, alpha=0.7)
    axes.set_axisbelow(True)
    if plot.series:
        axes.legend(fontsize=7.5, frameon=True, framealpha=0.85, facecolor=theme.ground, edgecolor="none")


def plot_words(plot: Plot) -> str:
    """What a plot shows, for those who cannot see it: ends and extremes of every curve."""
    lines = [f"{plot.title}: {plot.y_label} against {plot.x_label}."]
    for series in plot.series:
        finite = np.isfinite(series.y)
        if not finite.any():
            continue
        x, y = series.x[finite], series.y[finite]
        highest = int(y.argmax())
        peak = f", at most {y[highest]:.3g} at {x[highest]:.3g}" if y[highest] > 1.02 * max(y[0], y[-1]) else ""
        lines.append(f"{series.label}: from {y[0]:.3g} at {x[0]:.3g} to {y[-1]:.3g} at {x[-1]:.3g}{peak}.")
    return " ".join(lines)


def _set_ticks(axes: Axes) -> None:
    axes.tick_params(labelsize=8)
    axes.tick_params(which="minor", labelsize=6.5)
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        if axis.get_scale() == "log" and high < 100 * low:  # few powers of ten: 20 and 50 rather than 2 x 10^1
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())


def _draw_series(axes: Axes, series: Series, color: str, marker: str) -> None:
    y, low, high = (np.where(np.isfinite(v), v, np.nan) for v in (series.y, series.low, series.high))
    if axes.get_yscale() == "log":
        y, low, high = (np.where(v > 0, v, np.nan) for v in (y, low, high))
    if series.style == "fit":
        axes.plot(series.x, y, color=color, linewidth=1.0, linestyle="--", label=series.label)
        return
    line = "-" if series.style == "line" else ""
    axes.plot(series.x, y, line, marker=marker, color=color, linewidth=1.3, markersize=3.6, label=series.label)
    if np.nanmax(np.abs(high - low), initial=0) > 0:
        axes.fill_between(series.x, low, high, color=color, alpha=0.2, linewidth=0)


def _label_mark(axes: Axes, mark: Mark, curves: FloatArray, theme: Theme) -> None:
    """The words of a threshold, beside its line and inside the axes, where they hide least of the curves."""
    upright = mark.axis == "x"
    corner = axes.transAxes.inverted().transform(axes.transData.transform((mark.value, mark.value)))
    line = corner[0 if upright else 1]
    long, wide = LETTER * len(mark.label) + 0.02, 1.8 * LETTER
    along, across = (curves[:, ::-1] if upright else curves).T

    def covered_points(place: tuple[float, int]) -> int:
        end, side = place
        beside, out = np.abs(along - end + long / 2) < long / 2, side * (across - line)
        return int(np.count_nonzero(beside & (out > 0) & (out < wide)))

    ends = (0.985, 0.5 + long / 2, 0.015 + long)
    end, side = min(((end, side) for end in ends for side in (-1, 1)), key=covered_points)
    look: dict[str, Any] = {
        "fontsize": 7,
        "color": theme.small,
        "path_effects": [withStroke(linewidth=2.5, foreground=theme.ground)],
    }
    if upright:
        look |= {"rotation": 90, "va": "top", "ha": "right" if side < 0 else "left"}
        axes.text(mark.value, end, mark.label, transform=axes.get_xaxis_transform(), **look)
    else:
        look |= {"va": "top" if side < 0 else "bottom", "ha": "right"}
        axes.text(end, mark.value, mark.label, transform=axes.get_yaxis_transform(), **look)


def _curve_points(axes: Axes) -> FloatArray:
    """Points close together on all curves drawn so far, shape (n, 2), as shares of the axes."""
    axes.get_xlim(), axes.get_ylim()  # limits that are due are set when they are asked for
    to_axes = axes.transData + axes.transAxes.inverted()
    points = [np.empty((0, 2))]
    for line in axes.lines:
        places = to_axes.transform(np.column_stack(line.get_data()))
        places = places[np.isfinite(places).all(axis=1)]
        if not len(places):
            continue
        steps = np.linspace(0, len(places) - 1, 40 * len(places))
        points.append(np.column_stack([np.interp(steps, np.arange(len(places)), side) for side in places.T]))
    return np.concatenate(points)
