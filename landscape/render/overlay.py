"""What matplotlib is good at: box, grid, ticks, labels and floor contours as vectors, through the same camera."""

import math
from typing import Any

import numpy as np
from contourpy import FillType, contour_generator
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from landscape.records import FloatArray
from landscape.render.camera import Camera
from landscape.render.panel import Panel
from landscape.render.style import Theme
from landscape.render.ticks import axis_label, axis_ticks, height_ticks, metric_label

TICK_POINTS = 3.0
TICK_LABEL_POINTS = 5.0
TITLE_POINTS = 23.0
FLATTEST = 0.35  # of a height axis' true length; shorter ones seen from above carry no labels


class Overlay:
    """Draws one panel's vectors into an axes whose data are picture coordinates."""

    def __init__(self, axes: Axes, panel: Panel, camera: Camera, colors: Colormap, theme: Theme) -> None:
        self.axes, self.panel, self.camera, self.colors, self.theme = axes, panel, camera, colors, theme
        self.box = panel.box
        self.unit = theme.size / 8.0
        self.grid = {"color": theme.grid, "linewidth": 0.5 * theme.line, "solid_capstyle": "round"}
        self.edge = {"color": theme.ink, "linewidth": 0.8 * theme.line, "solid_capstyle": "round"}
        facing = camera.towards
        self.near = np.array([math.copysign(self.box.half_x, facing[0]), math.copysign(self.box.half_y, facing[1])])

    def draw(self) -> None:
        """Everything behind the surface, and the frame's labels."""
        self._walls()
        self._sublevel()
        self._floor_contours()
        self._floor_path()
        self._bore()
        self._alpha_axis()
        self._beta_axis()
        self._height_axis()

    def line(self, points: Any, zorder: float = 1.0, **style: Any) -> None:
        """A world polyline (k, 3)."""
        u, v = self.camera.project(np.asarray(points, dtype=np.float64)).T
        self.axes.plot(u, v, zorder=zorder, **style)

    def _walls(self) -> None:
        (nx, ny), (hx, hy), top = self.near, (self.box.half_x, self.box.half_y), self.box.top
        floor = [(-hx, -hy, 0), (hx, -hy, 0), (hx, hy, 0), (-hx, hy, 0)]
        wall_x = [(-nx, -hy, 0), (-nx, hy, 0), (-nx, hy, top), (-nx, -hy, top)]
        wall_y = [(-hx, -ny, 0), (hx, -ny, 0), (hx, -ny, top), (-hx, -ny, top)]
        for corners in (floor, wall_x, wall_y):
            u, v = self.camera.project(np.array(corners, dtype=np.float64)).T
            self.axes.fill(u, v, facecolor=self.theme.wall, edgecolor="none", zorder=0.1)
            self.line([*corners, corners[0]], 0.3, **self.grid)
        for x in self.panel.floor.x(self._alpha_ticks()[0], self.box):
            self.line([(x, ny, 0), (x, -ny, 0), (x, -ny, top)], 0.2, **self.grid)
        for y in self.panel.floor.y(self._beta_ticks()[0], self.box):
            self.line([(nx, y, 0), (-nx, y, 0), (-nx, y, top)], 0.2, **self.grid)
        for z in self.panel.world_z(self._height_ticks()[0]):
            self.line([(nx, -ny, z), (-nx, -ny, z), (-nx, ny, z)], 0.2, **self.grid)

    def _sublevel(self) -> None:
        """The set where the loss has risen by less than the stated amount, shaded on the floor."""
        below = self.panel.below()
        if below is None:
            return
        mesh = np.meshgrid(self.panel.x, self.panel.y, indexing="ij")
        generator: Any = contour_generator(*mesh, z=below, fill_type=FillType.OuterCode)
        for points, codes in zip(*generator.filled(-np.inf, 0.0), strict=True):
            flat = self.camera.project(np.column_stack([points, np.zeros(len(points))]))
            self.axes.add_patch(
                PathPatch(Path(flat, codes), facecolor=self.theme.shade, edgecolor="none", alpha=0.55, zorder=0.25)
            )

    def _bore(self) -> None:
        """The width between the walls as a dimension line along the near edge, to scale, with lines to where it is."""
        bore = self.panel.bore()
        if bore is None:
            return
        alpha, low, high, bounded = bore
        x = float(self.panel.floor.x(np.array([alpha]), self.box)[0])
        ends = self.panel.floor.y(np.array([low, high]), self.box)
        edge = self.near[0] * 0.87
        for y in ends:
            self.line(
                [(x, y, 0), (edge, y, 0)], 0.65, color=self.theme.ink, linewidth=0.4 * self.theme.line, dashes=(2, 2)
            )
        start, end = (self.camera.project((edge, y, 0.0)) for y in ends)
        style: dict[str, Any] = {"arrowstyle": "<|-|>,head_width=0.13,head_length=0.3" if bounded else "-"}
        style |= {"shrinkA": 0, "shrinkB": 0, "linewidth": 0.8 * self.theme.line, "color": self.theme.ink}
        self.axes.annotate("", end, start, arrowprops=style, zorder=2.6, annotation_clip=False)
        halo = [withStroke(linewidth=1.8 * self.theme.line, foreground=self.theme.wall)]
        inward = self.camera.project((-math.copysign(1.0, self.near[0]), 0.0, 0.0))
        offset = 5.5 * self.unit * inward / np.linalg.norm(inward)
        self.axes.annotate(
            ("" if bounded else "\u2265 ") + f"{high - low:.2f}",
            (start + end) / 2,
            offset,
            textcoords="offset points",
            fontsize=self.theme.size - 0.5,
            ha="center",
            va="center",
            zorder=2.7,
            path_effects=halo,
            annotation_clip=False,
        )

    def _floor_contours(self) -> None:
        panel = self.panel
        values = panel.heights.share(panel.values)
        own = panel.color == panel.metric
        mesh = np.meshgrid(panel.x, panel.y, indexing="ij")
        generator: Any = contour_generator(*mesh, z=np.ma.masked_invalid(values))
        for share in panel.heights.share(panel.heights.levels()):
            for line in generator.lines(float(share)):
                flat = np.column_stack([line, np.zeros(len(line))])
                color = self.colors(float(share)) if own else self.theme.small
                self.line(flat, 0.5, color=color, linewidth=(0.9 if own else 0.5) * self.theme.line)

    def _floor_path(self) -> None:
        path, marker = self.panel.path(), self.panel.marker()
        if path is not None and len(path):
            self.line(path * (1, 1, 0), 0.6, color=self.theme.path, linewidth=self.theme.line, linestyle=(0, (3, 2)))
        if marker is not None:
            u, v = self.camera.project(marker * (1, 1, 0))
            self.axes.plot(
                u, v, marker="x", color=self.theme.ink, markersize=5 * self.unit, markeredgewidth=1.2, zorder=0.7
            )

    def _alpha_axis(self) -> None:
        positions, labels = self._alpha_ticks()
        y = self.near[1]
        ends = [(-self.box.half_x, y, 0.0), (self.box.half_x, y, 0.0)]
        places = [(x, y, 0.0) for x in self.panel.floor.x(positions, self.box)]
        self._edge(
            ends,
            places,
            labels,
            np.array([0.0, math.copysign(1, y), 0.0]),
            axis_label(self.panel.floor.alpha_axis, "$\\alpha$"),
        )

    def _beta_axis(self) -> None:
        positions, labels = self._beta_ticks()
        x = self.near[0]
        ends = [(x, -self.box.half_y, 0.0), (x, self.box.half_y, 0.0)]
        places = [(x, y, 0.0) for y in self.panel.floor.y(positions, self.box)]
        self._edge(
            ends,
            places,
            labels,
            np.array([math.copysign(1, x), 0.0, 0.0]),
            axis_label(self.panel.floor.beta_axis, "$\\beta$"),
        )

    def _height_axis(self) -> None:
        values, labels = self._height_ticks()
        if math.cos(math.radians(self.camera.elevation)) < FLATTEST:
            return
        corners = np.array([(self.near[0], -self.near[1]), (-self.near[0], self.near[1])])
        left = corners[np.argmin(self.camera.project(np.column_stack([corners, np.zeros(2)]))[:, 0])]
        places = [(*left, z) for z in self.panel.world_z(values)]
        ends = [(*left, 0.0), (*left, self.box.top)]
        name = metric_label(self.panel.metric, self.panel.surface.provenance).replace(" per example", "")
        self._edge(
            ends, places, labels, -np.array([*self.camera.axes[0][:2], 0.0]), name, middle=(*left, self._middle())
        )

    def _middle(self) -> float:
        """Half way up the heights; the gap above the floor is no part of the height axis."""
        return (self.box.bottom + self.box.top) / 2

    def _edge(
        self,
        ends: list[Any],
        places: list[Any],
        labels: list[str],
        outward: FloatArray,
        name: str,
        *,
        middle: tuple[float, float, float] | None = None,
    ) -> None:
        """An axis along a box edge: ticks and labels point ``outward``, the name runs along it further out."""
        self.line(ends, 3.0, **self.edge)
        direction = self.camera.project(outward)
        direction = direction / np.linalg.norm(direction)
        widest = max((len(label.replace("$", "").replace("\\mathdefault", "")) for label in labels), default=0)
        for place, label in zip(places, labels, strict=True):
            at = self.camera.project(np.asarray(place))
            self._tick(at, direction)
            self._text(label, at, direction, TICK_LABEL_POINTS, size=self.theme.size)
        start, end = self.camera.project(np.asarray(ends, dtype=np.float64))
        slope = math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))
        angle = (slope + 90) % 180 - 90
        distance = (TITLE_POINTS + 3.0 * widest * abs(direction[0])) * self.unit
        upright = abs(abs(slope) - 90) < 1e-6
        foot = (start + end) / 2 if middle is None else self.camera.project(middle)
        self.axes.annotate(
            name,
            foot,
            direction * distance,
            textcoords="offset points",
            fontsize=self.theme.size + 1,
            ha="center",
            va="center",
            rotation=90 if upright else angle,
            rotation_mode="anchor",
            annotation_clip=False,
        )

    def _tick(self, foot: FloatArray, direction: FloatArray) -> None:
        self.axes.annotate(
            "",
            foot,
            direction * TICK_POINTS,
            textcoords="offset points",
            annotation_clip=False,
            zorder=3,
            arrowprops={
                "arrowstyle": "-",
                "linewidth": 0.8 * self.theme.line,
                "color": self.theme.ink,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )

    def _text(self, text: str, foot: FloatArray, direction: FloatArray, points: float, *, size: float) -> None:
        across, down = direction
        self.axes.annotate(
            text,
            foot,
            direction * points,
            textcoords="offset points",
            fontsize=size,
            annotation_clip=False,
            ha="center" if abs(across) < 0.35 else ("left" if across > 0 else "right"),
            va="center" if abs(down) < 0.35 else ("bottom" if down > 0 else "top"),
        )

    def _alpha_ticks(self) -> tuple[FloatArray, list[str]]:
        return axis_ticks(self.panel.floor.alpha_axis, self.panel.floor.alpha)

    def _beta_ticks(self) -> tuple[FloatArray, list[str]]:
        return axis_ticks(self.panel.floor.beta_axis, self.panel.floor.beta)

    def _height_ticks(self) -> tuple[FloatArray, list[str]]:
        # seen from high up the axis is short
        return height_ticks(self.panel.heights, 5 if self.camera.elevation < 45 else 3)
