"""The map: a surface from straight above, filled and lined as vectors, with its heights written into the lines."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from landscape.records.base import FloatArray
from landscape.records.companions import Marks
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.style import Theme
from landscape.rendering.geometry.ticks import axis_label, axis_ticks, contour_levels, level_labels
from landscape.rendering.views.dimension import dimension_line, width_text
from landscape.rendering.views.labels import dense
from landscape.rendering.views.layout import Margins

MARGINS = Margins(left=0.5, right=0.12, below=0.5, title=0.26)
BANDS = 36
LINES = 9
MOST_POINTS = 400  # a side; vectors of more make files that no viewer likes
CORRIDOR_ASPECT = 0.8
HATCH = "////"
INK, RIM = "#1a1a1a", "#f2c14e"  # on the colours of the map, whatever the theme


def aspect(panels: Sequence[Panel]) -> float:
    """Height over width: equal scales where both axes have one unit."""
    floor = panels[0].floor
    if floor.alpha_axis.unit == floor.beta_axis.unit and floor.alpha_axis.scale == floor.beta_axis.scale:
        return float(np.clip(np.ptp(floor.beta) / np.ptp(floor.alpha), 0.2, 5.0))
    return CORRIDOR_ASPECT


def draw_map(axes: Axes, panel: Panel, colors: Colormap, theme: Theme) -> None:
    """One panel; hatched where the value lies above the ceiling, diverged or is missing."""
    _frame(axes, panel, theme)
    values = panel.values
    shares = np.where(np.isposinf(values), 2.0, np.minimum(panel.heights.share(values), 2.0))
    if not np.isfinite(shares).all():
        _hatched(axes, panel, theme)
    _fill(axes, panel, shares, colors)
    _cover(axes, panel, shares, theme)
    _lines(axes, panel, shares, _sublevel(axes, panel, theme), theme)
    _path(axes, panel, theme)


def _fill(axes: Axes, panel: Panel, shares: FloatArray, colors: Colormap) -> None:
    own = panel.color == panel.metric
    shades = np.ma.masked_invalid(np.clip(shares, 0, 1) if own else panel.colored()).T
    levels = np.linspace(0, 1, BANDS + 1)
    # Bands drawn on top of each other's rims, so that no seam shows between them.
    filled = axes.contourf(panel.alpha, panel.beta, shades, levels=levels, cmap=colors, vmin=0, vmax=1, zorder=1)
    filled.set_edgecolor("face")
    filled.set_linewidth(0.3)
    filled.set_clip_on(True)


def _cover(axes: Axes, panel: Panel, shares: FloatArray, theme: Theme) -> None:
    """What lies above the ceiling, hatched, along its exact contour."""
    above = np.ma.masked_invalid(shares).T
    if above.max() <= 1 + 1e-12:
        return
    cover = axes.contourf(
        panel.alpha, panel.beta, above, levels=[1.0, 3.0], colors=[theme.wall], hatches=[HATCH], zorder=1.5
    )
    cover.set_edgecolor(theme.grid)
    cover.set_linewidth(0.0)


def _lines(axes: Axes, panel: Panel, shares: FloatArray, rim: Sequence[FloatArray], theme: Theme) -> None:
    """Lines of equal height with their values written into them, clear of the sublevel set's rim."""
    levels = contour_levels(panel.heights, LINES)
    drawn = np.ma.masked_invalid(shares).T
    texts = {
        float(share): text
        for text, share in zip(level_labels(panel.heights, levels), panel.heights.share(levels), strict=True)
        if drawn.min() < share < drawn.max()
    }
    if not texts:
        return
    style = {"colors": INK, "linewidths": 0.45 * theme.line, "zorder": 2}
    lines = axes.contour(panel.alpha, panel.beta, drawn, levels=list(texts), **style)
    places = _label_places(axes, lines, _occupied(axes, panel, rim), theme)
    if not places:
        return
    labels = axes.clabel(lines, fmt=texts, fontsize=theme.size - 1.5, inline_spacing=2, manual=places)
    for label in labels:
        label.set_path_effects([withStroke(linewidth=1.1, foreground="white", alpha=0.75)])


def _label_places(axes: Axes, lines: Any, taken: FloatArray, theme: Theme) -> list[tuple[float, float]]:
    """A point on each line that is far from the edges, from what is ``taken`` (k, 2), and from the other labels."""
    size = theme.size * axes.figure.dpi / 72  # pixels
    frame = axes.get_window_extent()
    places: list[tuple[float, float]] = []
    for line in lines.get_paths():
        if len(line.vertices) < 2:
            continue
        points = np.asarray(line.vertices)[:: max(1, len(line.vertices) // 150)]
        pixels = axes.transData.transform(points)
        edges = np.stack(
            [pixels[:, 0] - frame.x0, frame.x1 - pixels[:, 0], pixels[:, 1] - frame.y0, frame.y1 - pixels[:, 1]]
        )
        clear = edges.min(axis=0) / 1.5
        if len(taken):
            clear = np.minimum(clear, np.linalg.norm(pixels[:, None] - taken[None], axis=2).min(axis=1))
        best = int(np.argmax(clear))
        if clear[best] > 1.7 * size:
            places.append((float(points[best, 0]), float(points[best, 1])))
            taken = np.vstack([taken, pixels[best]])
    return places


def _occupied(axes: Axes, panel: Panel, rim: Sequence[FloatArray]) -> FloatArray:
    """Pixels that labels keep away from, shape (k, 2)."""
    parts = list(rim)
    at, bore = panel.path_at(), panel.bore()
    if at is not None:
        parts.append(at[:, :2])
    if panel.solution is not None:
        parts.append(np.array([panel.solution[:2]]))
    if bore is not None:
        alpha, low, high, _ = bore
        parts.append(np.column_stack([np.full(20, alpha), np.linspace(low, high, 20)]))
    if not parts:
        return np.empty((0, 2))
    return np.vstack([dense(axes.transData.transform(part), step=4.0) for part in parts])


def _sublevel(axes: Axes, panel: Panel, theme: Theme) -> list[FloatArray]:
    """The rim of the sublevel set, whose lines (k, 2) are returned, and the width between its walls."""
    below, bore = panel.below(), panel.bore()
    if below is None:
        return []
    rim: list[FloatArray] = []
    if below.min() < 0 < below.max():
        style = {"colors": RIM, "linewidths": 1.4 * theme.line, "zorder": 2.5}
        lines = axes.contour(panel.alpha, panel.beta, below.T, levels=[0.0], **style)
        lines.set_path_effects([withStroke(linewidth=2.2 * theme.line, foreground=INK)])
        rim = [line for path in lines.get_paths() for line in path.to_polygons(closed_only=False)]
    if bore is not None:
        _bore(axes, panel, bore, theme)
    return rim


def _bore(axes: Axes, panel: Panel, bore: tuple[float, float, float, bool], theme: Theme) -> None:
    """The width between the walls as a dimension line."""
    alpha, low, high, bounded = bore
    inset = 0.02 * np.ptp(panel.floor.alpha)
    at = min(max(alpha, panel.floor.alpha[0] + inset), panel.floor.alpha[1] - inset)
    line: dict[str, Any] = {"color": RIM, "halo": INK, "zorder": 3, "bounded": bounded}
    dimension_line(axes, (at, low), (at, high), theme, **line)
    side = -1 if at > np.mean(panel.floor.alpha) else 1
    axes.annotate(
        width_text(low, high, bounded=bounded),
        (at, high),
        (3 * side, 2),
        textcoords="offset points",
        ha="left" if side > 0 else "right",
        va="bottom",
        fontsize=theme.size,
        color=INK,
        zorder=4,
        path_effects=[withStroke(linewidth=1.8, foreground="white")],
    )


def _path(axes: Axes, panel: Panel, theme: Theme) -> None:
    at = panel.path_at()
    halo = [withStroke(linewidth=2.2 * theme.line, foreground="white")]
    if at is not None and len(at) > 1:
        axes.plot(at[:, 0], at[:, 1], color=theme.path, linewidth=1.3 * theme.line, path_effects=halo, zorder=3)
        shown = at[_apart(axes.transData.transform(at[:, :2]), 5.0 * axes.figure.dpi / 72)]
        axes.plot(shown[:, 0], shown[:, 1], "o", color=theme.path, markersize=2.6 * theme.line, zorder=3.1)
    marks = panel.surface.marks
    places = panel.solution and [panel.solution[:2]]
    if marks is not None:
        places = list(zip(marks.alpha, marks.beta, strict=True))
    for place in places or []:
        style = {"markerfacecolor": "white", "markeredgecolor": "#222222", "markersize": 5 * theme.line}
        axes.plot(*place, "o", markeredgewidth=0.9, zorder=3.5, clip_on=False, **style)
    if marks is not None:
        _names(axes, panel, marks, theme)


def _apart(places: FloatArray, distance: float) -> list[int]:
    """Indices of places (k, 2) along a path that stand at least so far apart, the first among them."""
    kept = [0]
    for index in range(1, len(places)):
        if np.linalg.norm(places[index] - places[kept[-1]]) >= distance:
            kept.append(index)
    return kept


def _names(axes: Axes, panel: Panel, marks: Marks, theme: Theme) -> None:
    """Names of the networks, above them, or below where there is no room above."""
    room = 0.15 * np.ptp(panel.floor.beta)
    for name, alpha, beta in zip(marks.names, marks.alpha, marks.beta, strict=True):
        side = 1 if panel.floor.beta[1] - beta > room else -1
        axes.annotate(
            name,
            (alpha, beta),
            (0, 5 * side),
            textcoords="offset points",
            ha="center",
            va="bottom" if side > 0 else "top",
            fontsize=theme.size,
            color=INK,
            zorder=4,
            path_effects=[withStroke(linewidth=1.8, foreground="white")],
        )


def _frame(axes: Axes, panel: Panel, theme: Theme) -> None:
    floor = panel.floor
    axes.set_facecolor(theme.ground)
    axes.set_xlim(*floor.alpha)
    axes.set_ylim(*floor.beta)
    axes.set_xticks(*axis_ticks(floor.alpha_axis, floor.alpha))
    axes.set_yticks(*axis_ticks(floor.beta_axis, floor.beta))
    axes.set_xlabel(axis_label(floor.alpha_axis, r"$\alpha$"), fontsize=theme.size + 1, labelpad=1)
    axes.set_ylabel(axis_label(floor.beta_axis, r"$\beta$"), fontsize=theme.size + 1, labelpad=1)
    axes.tick_params(labelsize=theme.size, width=0.6 * theme.line, length=2.5 * theme.line, pad=2)
    for spine in axes.spines.values():
        spine.set_linewidth(0.8 * theme.line)


def _hatched(axes: Axes, panel: Panel, theme: Theme) -> None:
    """Missing values show as hatching, which everything else is drawn over."""
    corner, far = (panel.alpha[0], panel.beta[0]), (panel.alpha[-1], panel.beta[-1])
    style = {"facecolor": theme.wall, "edgecolor": theme.grid, "hatch": HATCH, "linewidth": 0}
    axes.add_patch(Rectangle(corner, far[0] - corner[0], far[1] - corner[1], zorder=0.5, **style))
