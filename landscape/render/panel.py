"""One surface placed in the box: where its points stand, and the words that belong under it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landscape.errors import DisplayError, InputError
from landscape.measure.widths import corridor_width, half_width
from landscape.records import Axis, FloatArray, Status, Surface, describe_points
from landscape.render.camera import Box
from landscape.render.heights import Heights
from landscape.render.scene import Scene

MOST_POINTS = 1000
EXPLAINED = 0.5
REGIMES = {"under": "underparameterized", "critical": "critically parameterized", "over": "overparameterized"}


@dataclass(frozen=True)
class Floor:
    """The ranges of alpha and beta that the floor shows, the same for all panels; ends as spaced on the drawn axis."""

    alpha: tuple[float, float]
    beta: tuple[float, float]
    alpha_axis: Axis
    beta_axis: Axis

    def x(self, positions: FloatArray, box: Box) -> FloatArray:
        """World x of positions along alpha."""
        return _spread(positions, self.alpha, box.half_x)

    def y(self, positions: FloatArray, box: Box) -> FloatArray:
        """World y of positions along beta."""
        return _spread(positions, self.beta, box.half_y)


@dataclass(frozen=True, eq=False)
class Panel:
    """A surface with its place in the box.

    Args:
        surface: the record, thinned where it has more points than can be seen.
        metric: what the height shows.
        heights: common to all panels.
        floor: common to all panels.
        box: common to all panels.
        title: above the picture.
        thinned: every which row and column is drawn; 1 draws all.
    """

    surface: Surface
    metric: str
    heights: Heights
    floor: Floor
    box: Box
    title: str
    thinned: int = 1

    @property
    def values(self) -> FloatArray:
        """The metric at the points that are drawn, NaN at holes; diverged values stand above every ceiling."""
        step = self.thinned
        values = self.surface.metrics[self.metric][::step, ::step]
        return np.where(self.surface.status[::step, ::step] == Status.PENDING, np.nan, values)

    @property
    def x(self) -> FloatArray:
        """World x of the rows, shape (n,)."""
        return self.floor.x(self.surface.alpha.positions[:: self.thinned], self.box)

    @property
    def y(self) -> FloatArray:
        """World y of the columns, shape (m,)."""
        return self.floor.y(self.surface.beta.positions[:: self.thinned], self.box)

    @property
    def z(self) -> FloatArray:
        """World z of the values, NaN at holes, shape (n, m)."""
        return self.world_z(self.values)

    def world_z(self, values: FloatArray) -> FloatArray:
        """Height above the floor of values of the metric."""
        return self.box.bottom + self.heights.share(values) * (self.box.top - self.box.bottom)

    def path(self) -> FloatArray | None:
        """World points of the training path (k, 3), where it lies in this subspace; NaN above the ceiling."""
        path = self.surface.trajectory
        if path is None or path.explained < EXPLAINED or self.metric != "train_loss":
            return None
        alpha = np.log1p(path.alpha) if self.surface.alpha.scale == "log1p" else path.alpha
        z = self.world_z(path.loss)
        z = np.where(z <= self.box.top, z, np.nan)
        points = np.stack([self.floor.x(alpha, self.box), self.floor.y(path.beta, self.box), z], axis=1)
        return points[np.isfinite(z)]

    def marker(self) -> FloatArray | None:
        """World point of the trained network (3,), if it lies on the grid and below the ceiling."""
        path = self.surface.trajectory
        on_path = path is not None and self.surface.kind == "corridor"
        alpha = self.surface.alpha.positions[-1] if on_path else 0.0
        row, column = (
            int(np.argmin(np.abs(a.positions - at))) for a, at in zip(self.surface.axes, (alpha, 0.0), strict=True)
        )
        inside = self.surface.alpha.positions[0] <= alpha <= self.surface.alpha.positions[-1]
        value = self.surface.metrics[self.metric][row, column]
        z = float(self.world_z(np.array([value]))[0])
        if not inside or not np.isfinite(z) or z > self.box.top:
            return None
        place = np.array([alpha]), np.zeros(1)
        return np.array([self.floor.x(place[0], self.box)[0], self.floor.y(place[1], self.box)[0], z])

    def scene(self) -> Scene:
        """What is to be shaded."""
        span = self.box.top - self.box.bottom
        levels = self.box.bottom + self.heights.share(self.heights.levels()) * span
        capped = np.where(np.isposinf(self.values), np.nan, self.values)
        z = self.world_z(capped)
        top = self.box.top if self.heights.ceiling is not None else None
        return Scene(
            self.x, self.y, z, np.clip(self.heights.share(capped), 0, 1), top, levels, self.path(), self.marker()
        )

    def notes(self) -> list[str]:
        """The small print: network, half-width, width of the corridor, and what the picture leaves out."""
        made = self.surface.provenance
        lines = []
        if made.network:
            lines.append(made.network + (f", {REGIMES[made.regime]}" if made.regime in REGIMES else ""))
        if made.P:
            lines.append(f"$P$ = {made.P:,}   $N$ = {made.N:,}   $K$ = {made.K}")
        lines += self._widths()
        return lines + self._left_out()

    def _widths(self) -> list[str]:
        lines = []
        if self.surface.rays is not None:
            width = half_width(self.surface.rays)
            sign = "\u2265 " if width.censored else ""
            lines.append(
                f"half-width at +{width.rise:g} nat: {sign}{width.mean:.2f} [{width.low:.2f}, {width.high:.2f}] "
                f"filter norms, {width.directions} directions"
            )
        if self.surface.kind == "corridor" and self.metric == "train_loss":
            across = corridor_width(self.surface)
            sign = "" if across.bounded[-1] else "\u2265 "
            lines.append(
                f"corridor width at +{across.rise:g} nat, last step: {sign}{across.width[-1]:.2f} filter norms"
            )
        return lines

    def _left_out(self) -> list[str]:
        surface, total = self.surface, self.surface.status.size
        pending = int(np.count_nonzero(surface.status == Status.PENDING))
        interpolated = int(np.count_nonzero(surface.status == Status.INTERPOLATED))
        clipped = self.heights.clipped(surface, self.metric)
        lines = []
        if clipped and self.heights.ceiling is not None:
            lines.append(f"cut at {self.heights.ceiling:.3g}: {clipped:,} of {total:,} points lie above it")
        elif clipped:
            lines.append(f"{clipped:,} of {total:,} points diverged")
        if pending:
            lines.append(f"{pending:,} of {total:,} points not measured yet")
        if interpolated:
            lines += describe_points(surface.num_measured, total, surface.provenance, self.metric)
        if self.thinned > 1:
            lines.append(f"every {self.thinned}th row and column drawn")
        return lines


def panels_of(surfaces: list[Surface], metric: str, heights: Heights, box: Box, titles: list[str]) -> list[Panel]:
    """All panels on one floor: the union of their ranges."""
    for surface in surfaces:
        if min(surface.status.shape) < 2:
            raise DisplayError(f"a surface needs 2 points a side to be drawn, got {surface.status.shape}")
    floor = _floor(surfaces)
    return [
        Panel(surface, metric, heights, floor, box, title, 1 + (max(surface.status.shape) - 1) // MOST_POINTS)
        for surface, title in zip(surfaces, titles, strict=True)
    ]


def _floor(surfaces: list[Surface]) -> Floor:
    first = surfaces[0]
    for surface in surfaces[1:]:
        ours, theirs = ((s.kind, *((a.unit, a.scale) for a in s.axes)) for s in (first, surface))
        if ours != theirs:
            raise InputError(
                f"panels share their axes: cannot draw a {surface.kind or 'surface'} beside "
                f"a {first.kind or 'surface'}; draw each in a figure of its own"
            )
    alpha, beta = (_union([surface.axes[k].positions for surface in surfaces]) for k in (0, 1))
    return Floor(alpha, beta, first.alpha, first.beta)


def _union(positions: list[NDArray[np.float64]]) -> tuple[float, float]:
    return float(min(p[0] for p in positions)), float(max(p[-1] for p in positions))


def _spread(positions: FloatArray, ends: tuple[float, float], half: float) -> FloatArray:
    return half * (2 * (positions - ends[0]) / (ends[1] - ends[0]) - 1)
