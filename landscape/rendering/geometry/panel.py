"""A panel: where the points of one surface stand in the box, or on the page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import interpn

from landscape.errors import DisplayError, InputError
from landscape.measures.widths import HalfWidth, half_width
from landscape.records.base import LOSS, Axis, FloatArray, Status
from landscape.records.sampled import Surface
from landscape.rendering.geometry.camera import Box
from landscape.rendering.geometry.heights import Heights, HeightScale, common_heights
from landscape.rendering.geometry.scene import Scene
from landscape.rendering.geometry.sublevel import (
    Dimension,
    Sublevel,
    dimension_of,
    excess_of,
    level_of,
    reference_of,
)

MAX_POINTS = 1000  # a side
LEAST_EXPLAINED = 0.5  # of a path's squared distance; a plane that explains less does not show the path
PATH_POINTS = 120  # along a side of a plane
BEAD_SPACING = 0.11  # of checkpoints along the drawn path, world lengths; nearer ones would run into each other


@dataclass(frozen=True)
class Floor:
    """The ranges of alpha and beta that the floor shows; ends as spaced on the drawn axis."""

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
        surface: the record.
        metric: what the height shows.
        heights: its scale and range.
        floor: ranges of the axes.
        box: the box it stands in.
        title: above the picture.
        color: the metric that the colour shows.
        shades: its scale and range.
        sublevel: rise, in the unit of the loss, up to which the floor is shaded; None shades nothing.
        stride: every ``stride``-th row and column is drawn; 1 draws all.
        has_solution: whether it shows one network; between two surfaces of a film there is no solution to mark.
    """

    surface: Surface
    metric: str
    heights: Heights
    floor: Floor
    box: Box
    title: str
    color: str
    shades: Heights
    sublevel: float | None = None
    stride: int = 1
    has_solution: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "stride", max(self.stride, self._stride_for(MAX_POINTS)))

    def limit_points(self, points: int) -> "Panel":
        """A panel that draws at most so many points a side."""
        return replace(self, stride=self._stride_for(points))

    @property
    def values(self) -> FloatArray:
        """The metric at the points that are drawn, NaN at holes; diverged values stand above every ceiling."""
        return self._every_stride(self.metric)

    @property
    def alpha(self) -> FloatArray:
        """Positions of the rows that are drawn, shape (n,)."""
        return self.surface.alpha.positions[:: self.stride]

    @property
    def beta(self) -> FloatArray:
        """Positions of the columns that are drawn, shape (m,)."""
        return self.surface.beta.positions[:: self.stride]

    @property
    def x(self) -> FloatArray:
        """World x of the rows, shape (n,)."""
        return self.floor.x(self.alpha, self.box)

    @property
    def y(self) -> FloatArray:
        """World y of the columns, shape (m,)."""
        return self.floor.y(self.beta, self.box)

    @property
    def z(self) -> FloatArray:
        """World z of the values, NaN at holes and where they diverged, shape (n, m)."""
        values = self.values
        return self.world_z(np.where(np.isposinf(values), np.nan, values))

    def world_z(self, values: FloatArray) -> FloatArray:
        """Height above the floor of values of the metric."""
        return self.box.bottom + self.heights.share(values) * (self.box.top - self.box.bottom)

    def color_shares(self) -> FloatArray:
        """What the colour shows, as shares of its range, NaN where it is not finite, shape (n, m)."""
        return np.clip(self.shades.share(self._every_stride(self.color)), 0, 1)

    def path_at(self) -> FloatArray | None:
        """The training path (k, 3): positions along alpha and beta, and the loss; None where it leaves the subspace.

        On a plane it is the path's projection, at the plane's own loss.
        """
        path = self.surface.trajectory
        if path is None or path.explained < LEAST_EXPLAINED or self.metric != LOSS:
            return None
        # Steps of a corridor are spaced as its axis is drawn; the path is stored in steps.
        alpha = np.log1p(path.alpha) if self.surface.alpha.scale == "log1p" else path.alpha
        return np.stack([alpha, path.beta, path.loss if path.on_plane is None else path.on_plane], axis=1)

    def path(self) -> FloatArray | None:
        """World points of the training path (k, 3), below the ceiling and above the floor's ranges."""
        at, path = self.path_at(), self.surface.trajectory
        if at is None or path is None:
            return None
        return self._inside(self._world(at if path.on_plane is None else self._drape(at)))

    def _drape(self, at: FloatArray) -> FloatArray:
        """Add points to a path so that it lies on a plane's surface and cuts through no ridge."""
        places, values = [self.alpha, self.beta], np.where(np.isposinf(self.values), np.nan, self.values)
        parts = [at[:1]]
        for start, end in pairwise(at):
            count = 1 + int(np.ceil(max(abs(end[k] - start[k]) / np.ptp(places[k]) for k in (0, 1)) * PATH_POINTS))
            between = start + (end - start) * np.linspace(0, 1, count + 1)[1:, None]
            # The ends keep their own losses; only the points between them are read off the surface.
            between[:-1, 2] = interpn(places, values, between[:-1, :2], bounds_error=False, fill_value=np.nan)
            parts.append(between)
        return np.concatenate(parts)

    def _world(self, at: FloatArray) -> FloatArray:
        """World points of positions and losses (k, 3)."""
        z = self.world_z(at[:, 2])
        return np.stack([self.floor.x(at[:, 0], self.box), self.floor.y(at[:, 1], self.box), z], axis=1)

    def _inside(self, points: FloatArray) -> FloatArray:
        """Those of the world points (k, 3) that lie in the box."""
        z = points[:, 2]
        # Points on the rim of the box lie inside, whatever the last bit of their coordinates says.
        inside = np.isfinite(z) & (z <= self.box.top + 1e-9)
        inside &= (np.abs(points[:, 0]) <= self.box.half_x + 1e-9) & (np.abs(points[:, 1]) <= self.box.half_y + 1e-9)
        return points[inside]

    def beads(self) -> FloatArray | None:
        """Checkpoints of the path, from its start, that stand clear of each other and of its end; shape (k, 3)."""
        at = self.path_at()
        path = None if at is None else self._inside(self._world(at))
        if path is None or len(path) < 2:
            return None
        along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
        # The end has no bead: the marker of the solution stands there.
        indices = [0]
        for index in range(1, len(path)):
            if along[index] - along[indices[-1]] >= BEAD_SPACING and along[-1] - along[index] >= BEAD_SPACING:
                indices.append(index)
        return path[indices]

    @cached_property
    def solution(self) -> tuple[float, float, float] | None:
        """Where the trained network lies: positions along alpha and beta, and the metric; None outside the grid."""
        if not self.has_solution or self.surface.kind == "grid":
            return None
        on_path = self.surface.trajectory is not None and self.surface.kind == "corridor"
        alpha = float(self.surface.alpha.positions[-1]) if on_path else 0.0
        for axis, at in zip(self.surface.axes, (alpha, 0.0), strict=True):
            if not axis.positions[0] <= at <= axis.positions[-1]:
                return None
        # A grid with an even number of points has none at the centre: what lies beside it in the file knows the loss.
        path, marks = self.surface.trajectory, self.surface.marks
        if self.metric == LOSS and not on_path and path is not None:
            return 0.0, 0.0, float(path.loss[-1])
        if self.metric == LOSS and not on_path and marks is not None:
            return 0.0, 0.0, float(marks.loss[0])
        places = [axis.positions for axis in self.surface.axes]
        row, column = (int(np.argmin(np.abs(place - at))) for place, at in zip(places, (alpha, 0.0), strict=True))
        values = self.surface.metrics[self.metric]
        if places[0][row] == alpha and places[1][column] == 0:
            return alpha, 0.0, float(values[row, column])
        along = [np.interp(alpha, places[0], line) for line in values.T]
        return alpha, 0.0, float(np.interp(0.0, places[1], along))

    def marker(self) -> FloatArray | None:
        """World point of the trained network (3,), if it lies on the grid and below the ceiling."""
        if self.solution is None:
            return None
        alpha, beta, value = self.solution
        z = float(self.world_z(np.array([value]))[0])
        if not np.isfinite(z) or z > self.box.top:
            return None
        x, y = self.floor.x(np.array([alpha]), self.box), self.floor.y(np.array([beta]), self.box)
        return np.array([x[0], y[0], z])

    def marks(self) -> tuple[tuple[str, ...], FloatArray]:
        """Names of the networks that the plane was laid through, and their world points (k, 3) inside the box."""
        marks = self.surface.marks
        if marks is None or self.metric != LOSS:
            return (), np.zeros((0, 3))
        points = self._world(np.stack([marks.alpha, marks.beta, marks.loss], axis=1))
        points[:, 2] = np.minimum(points[:, 2], self.box.top)
        indices = [k for k in range(len(points)) if len(self._inside(points[k : k + 1]))]
        return tuple(marks.names[k] for k in indices), points[indices]

    @cached_property
    def half_width(self) -> HalfWidth | None:
        """The half-width along the surface's rays, if it holds any."""
        return None if self.surface.rays is None else half_width(self.surface.rays)

    @property
    def unit(self) -> str:
        """The unit of the loss, and of ``sublevel``."""
        return self.surface.provenance.loss_scale.unit

    @property
    def reference_name(self) -> str:
        """What the sublevel set rises above, in words."""
        return reference_of(self.surface)

    @cached_property
    def dimension(self) -> Dimension | None:
        """The width of the sublevel set, where the picture notes it."""
        return None if self.sublevel is None else dimension_of(self.surface, self.sublevel)

    def excess(self) -> FloatArray | None:
        """How far the loss lies above ``sublevel``, negative inside the set that is shaded; shape (n, m)."""
        return None if self.sublevel is None else excess_of(self.surface, self.sublevel, stride=self.stride)

    def scene(self) -> Scene:
        """What is to be shaded."""
        levels = self.world_z(self.heights.levels())
        top = self.box.top if self.heights.ceiling is not None else None
        marker, (_, marks) = self.marker(), self.marks()
        balls = marks if len(marks) else None if marker is None else marker[None]
        return Scene(self.x, self.y, self.z, self.color_shares(), top, levels, self.path(), balls, self.beads())

    def _every_stride(self, metric: str) -> FloatArray:
        """Values of a metric at the points that are drawn, NaN where they are pending."""
        values = self.surface.metrics[metric][:: self.stride, :: self.stride]
        return np.where(self.surface.status[:: self.stride, :: self.stride] == Status.PENDING, np.nan, values)

    def _stride_for(self, points: int) -> int:
        """The smallest stride that leaves at most so many points a side."""
        return int(1 + (max(self.surface.status.shape) - 1) // points)


def panels_of(
    surfaces: Sequence[Surface],
    metric: str,
    box: Box,
    titles: Sequence[str],
    *,
    color: str | None = None,
    scale: HeightScale = "auto",
    ceiling: float | None = None,
    shared: bool = True,
    sublevel: Sublevel = None,
) -> list[Panel]:
    """All panels, on one floor and one range of heights and colours if these are shared, else each on its own.

    Raises:
        InputError: surfaces that cannot share axes, or what `common_heights` refuses.
        DisplayError: nothing finite, or fewer than 2 points a side.
    """
    for surface in surfaces:
        if min(surface.status.shape) < 2:
            raise DisplayError(f"a surface needs 2 points a side to be drawn, got {surface.status.shape}")
    groups = [list(surfaces)] if shared else [[surface] for surface in surfaces]
    panels = []
    for group in groups:
        heights = common_heights(group, metric, scale, ceiling)
        shades = heights if color in (None, metric) else common_heights(group, str(color))
        floor = _floor(group)
        panels += [(surface, heights, floor, shades) for surface in group]
    return [
        Panel(surface, metric, heights, floor, box, title, color or metric, shades, level_of(surface, sublevel))
        for (surface, heights, floor, shades), title in zip(panels, titles, strict=True)
    ]


def _floor(surfaces: list[Surface]) -> Floor:
    """The ranges that hold all surfaces, which are of one kind and have axes of one unit."""
    first = surfaces[0]
    for surface in surfaces[1:]:
        ours, theirs = ((s.kind, *((a.unit, a.scale) for a in s.axes)) for s in (first, surface))
        if ours != theirs:
            raise InputError(
                f"panels share their axes: cannot draw {_describe(surface)} beside {_describe(first)}; "
                "draw each in a figure of its own, or with free ranges"
            )
    alpha, beta = (_union([surface.axes[k].positions for surface in surfaces]) for k in (0, 1))
    return Floor(alpha, beta, first.alpha, first.beta)


def _describe(surface: Surface) -> str:
    """Kind and units of a surface: ``"a plane in filter norm"``."""
    units = dict.fromkeys(axis.unit for axis in surface.axes)
    return f"a {surface.kind or 'surface'} in {' and '.join(units)}"


def _union(positions: list[NDArray[np.float64]]) -> tuple[float, float]:
    """The range that holds several ascending arrays."""
    return float(min(p[0] for p in positions)), float(max(p[-1] for p in positions))


def _spread(positions: FloatArray, ends: tuple[float, float], half: float) -> FloatArray:
    """Positions mapped so that the ends become -half and half."""
    return np.asarray(half * (2 * (positions - ends[0]) / (ends[1] - ends[0]) - 1))
