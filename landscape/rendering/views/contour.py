"""The map: a surface seen from above, filled and lined as vectors, with the heights written into the lines."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from landscape.records.base import FloatArray
from landscape.records.companions import Marks
from landscape.rendering.facts.quantities import axis_label
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.style import Theme
from landscape.rendering.geometry.sublevel import Dimension
from landscape.rendering.geometry.ticks import axis_ticks, contour_levels, level_labels
from landscape.rendering.views.dimension import dimension_line, width_text
from landscape.rendering.views.labels import dense
from landscape.rendering.views.layout import Margins

MARGINS = Margins(left=0.5, right=0.12, below=0.5, title=0.26)
BANDS = 36
LINES = 9
MAX_POINTS = 400  # a side; vectors of more make files that no viewer likes
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
    # Diverged points stand at twice the height axis: above every ceiling, and finite for contours.
    shares = np.where(np.isposinf(values), 2.0, np.minimum(panel.heights.share(values), 2.0))
    if not np.isfinite(shares).all():
        _hatch(axes, panel, theme)
    _fill(axes, panel, shares, colors)
    _cover(axes, panel, shares, theme)
    _lines(axes, panel, shares, _sublevel(axes, panel, theme), theme)
    _path(axes, panel, theme)


def _fill(axes: Axes, panel: Panel, shares: FloatArray, colors: Colormap) -> None:
    """Bands of colour."""
    shades = np.ma.masked_invalid(np.clip(shares, 0, 1) if panel.color == panel.metric else panel.color_shares()).T
    levels = np.linspace(0, 1, BANDS + 1)
    # Bands drawn on top of each other's rims, so that no seam shows between them.
    bands = axes.contourf(panel.alpha, panel.beta, shades, levels=levels, cmap=colors, vmin=0, vmax=1, zorder=1)
    bands.set_edgecolor("face")
    bands.set_linewidth(0.3)
    bands.set_clip_on(True)


def _cover(axes: Axes, panel: Panel, shares: FloatArray, theme: Theme) -> None:
    """Hatch the region above the ceiling, along its exact contour."""
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
    values = np.ma.masked_invalid(shares).T
    texts = {
        float(share): text
        for text, share in zip(level_labels(panel.heights, levels), panel.heights.share(levels), strict=True)
        if values.min() < share < values.max()
    }
    if not texts:
        return
    style = {"colors": INK, "linewidths": 0.45 * theme.line, "zorder": 2}
    lines = axes.contour(panel.alpha, panel.beta, values, levels=list(texts), **style)
    points = _label_points(axes, lines, _obstacles(axes, panel, rim), theme)
    if not points:
        return
    labels = axes.clabel(lines, fmt=texts, fontsize=theme.size - 1.5, inline_spacing=2, manual=points)
    for label in labels:
        label.set_path_effects([withStroke(linewidth=1.1, foreground="white", alpha=0.75)])


def _label_points(axes: Axes, lines: Any, obstacles: FloatArray, theme: Theme) -> list[tuple[float, float]]:
    """A point on each line far from the edges, from obstacles (k, 2) in pixels, and from the other labels."""
    size = theme.size * axes.figure.dpi / 72  # pixels
    frame = axes.get_window_extent()
    positions: list[tuple[float, float]] = []
    for line in lines.get_paths():
        if len(line.vertices) < 2:
            continue
        # 150 candidates a line: each is compared with all obstacles.
        points = np.asarray(line.vertices)[:: max(1, len(line.vertices) // 150)]
        pixels = axes.transData.transform(points)
        edges = np.stack(
            [pixels[:, 0] - frame.x0, frame.x1 - pixels[:, 0], pixels[:, 1] - frame.y0, frame.y1 - pixels[:, 1]]
        )
        # Edges count as nearer than they are: beyond them a label would be cut off.
        clear = edges.min(axis=0) / 1.5
        if len(obstacles):
            clear = np.minimum(clear, np.linalg.norm(pixels[:, None] - obstacles[None], axis=2).min(axis=1))
        best = int(np.argmax(clear))
        if clear[best] > 1.7 * size:
            positions.append((float(points[best, 0]), float(points[best, 1])))
            obstacles = np.vstack([obstacles, pixels[best]])
    return positions


def _obstacles(axes: Axes, panel: Panel, rim: Sequence[FloatArray]) -> FloatArray:
    """Pixels that labels keep away from, shape (k, 2)."""
    parts = list(rim)
    at, dimension = panel.path_at(), panel.dimension
    if at is not None:
        parts.append(at[:, :2])
    if panel.solution is not None:
        parts.append(np.array([panel.solution[:2]]))
    if dimension is not None:
        parts.append(np.column_stack([np.full(20, dimension.alpha), np.linspace(dimension.low, dimension.high, 20)]))
    if not parts:
        return np.empty((0, 2))
    return np.vstack([dense(axes.transData.transform(part), step=4.0) for part in parts])


def _sublevel(axes: Axes, panel: Panel, theme: Theme) -> list[FloatArray]:
    """The rim of the sublevel set, whose lines (k, 2) are returned, and the width between its walls."""
    excess, dimension = panel.excess(), panel.dimension
    if excess is None:
        return []
    rim: list[FloatArray] = []
    if excess.min() < 0 < excess.max():
        style = {"colors": RIM, "linewidths": 1.4 * theme.line, "zorder": 2.5}
        lines = axes.contour(panel.alpha, panel.beta, excess.T, levels=[0.0], **style)
        lines.set_path_effects([withStroke(linewidth=2.2 * theme.line, foreground=INK)])
        rim = [line for path in lines.get_paths() for line in path.to_polygons(closed_only=False)]
    if dimension is not None:
        _draw_dimension(axes, panel, dimension, theme)
    return rim


def _draw_dimension(axes: Axes, panel: Panel, dimension: Dimension, theme: Theme) -> None:
    """The width between the walls as a dimension line."""
    start, end = panel.floor.alpha
    # At the rim the line would run into the frame of the axes.
    inset = 0.02 * (end - start)
    alpha = min(max(dimension.alpha, start + inset), end - inset)
    ends, bounded = ((alpha, dimension.low), (alpha, dimension.high)), dimension.bounded
    dimension_line(axes, *ends, theme, color=RIM, halo=INK, zorder=3, bounded=bounded)
    side = -1 if alpha > np.mean(panel.floor.alpha) else 1
    _write(axes, width_text(dimension), ends[1], (3 * side, 2), theme, ha="left" if side > 0 else "right")


def _write(
    axes: Axes, text: str, point: tuple[float, float], offset: tuple[float, float], theme: Theme, ha: str
) -> None:
    """A text above a point, or below it where the offset (points) goes down, readable on any colour."""
    halo, va = withStroke(linewidth=1.8, foreground="white"), "bottom" if offset[1] > 0 else "top"
    style: dict[str, Any] = {"fontsize": theme.size, "color": INK, "zorder": 4, "path_effects": [halo]}
    axes.annotate(text, point, offset, textcoords="offset points", ha=ha, va=va, **style)


def _path(axes: Axes, panel: Panel, theme: Theme) -> None:
    """The training path with its checkpoints, and the networks."""
    at, marks = panel.path_at(), panel.surface.marks
    halo = [withStroke(linewidth=2.2 * theme.line, foreground="white")]
    if at is not None and len(at) > 1:
        axes.plot(at[:, 0], at[:, 1], color=theme.path, linewidth=1.3 * theme.line, path_effects=halo, zorder=3)
        beads = at[_apart(axes.transData.transform(at[:, :2]), 5.0 * axes.figure.dpi / 72)]
        axes.plot(beads[:, 0], beads[:, 1], "o", color=theme.path, markersize=2.6 * theme.line, zorder=3.1)
    networks = [panel.solution[:2]] if panel.solution else []
    if marks is not None:
        networks = list(zip(marks.alpha, marks.beta, strict=True))
    for network in networks:
        style = {"markerfacecolor": "white", "markeredgecolor": "#222222", "markersize": 5 * theme.line}
        axes.plot(*network, "o", markeredgewidth=0.9, zorder=3.5, clip_on=False, **style)
    if marks is not None:
        _names(axes, panel, marks, theme)


def _apart(points: FloatArray, distance: float) -> list[int]:
    """Indices of points (k, 2) along a path that stand at least so far apart, the first among them."""
    indices = [0]
    for index in range(1, len(points)):
        if np.linalg.norm(points[index] - points[indices[-1]]) >= distance:
            indices.append(index)
    return indices


def _names(axes: Axes, panel: Panel, marks: Marks, theme: Theme) -> None:
    """Names of the networks, above them, or below where there is no room above."""
    room = 0.15 * np.ptp(panel.floor.beta)
    for name, alpha, beta in zip(marks.names, marks.alpha, marks.beta, strict=True):
        side = 1 if panel.floor.beta[1] - beta > room else -1
        _write(axes, name, (alpha, beta), (0, 5 * side), theme, ha="center")


def _frame(axes: Axes, panel: Panel, theme: Theme) -> None:
    """Limits, ticks and names of the axes."""
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


def _hatch(axes: Axes, panel: Panel, theme: Theme) -> None:
    """Missing values show as hatching, which everything else is drawn over."""
    corner, far = (panel.alpha[0], panel.beta[0]), (panel.alpha[-1], panel.beta[-1])
    style = {"facecolor": theme.wall, "edgecolor": theme.grid, "hatch": HATCH, "linewidth": 0}
    axes.add_patch(Rectangle(corner, far[0] - corner[0], far[1] - corner[1], zorder=0.5, **style))
