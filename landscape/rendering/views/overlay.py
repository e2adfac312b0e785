"""Matplotlib draws box, grid, ticks, labels and floor contours as vectors, through the camera of the raster."""

import math
from typing import Any

import numpy as np
from matplotlib.patheffects import withStroke

from landscape.records.base import FloatArray
from landscape.rendering.facts.quantities import axis_label, metric_label
from landscape.rendering.geometry.camera import Camera
from landscape.rendering.geometry.ticks import axis_ticks, height_ticks
from landscape.rendering.geometry.viewpoint import visible_points
from landscape.rendering.views.box import BoxAxes
from landscape.rendering.views.floor import FloorPlan
from landscape.rendering.views.labels import text_inches

TICK_POINTS = 3.0
TICK_LABEL_POINTS = 5.0
TITLE_POINTS = 23.0
LABEL_CLEARANCE = 0.12  # from the corner where two axes meet; labels there would run into each other
STEEP = 0.6  # sine of the angle between an axis and its ticks; flatter ones run along the axis
FLATTEST = 0.35  # of a height axis' true length; shorter ones seen from above carry no labels


def shows_heights(camera: Camera) -> bool:
    """Whether the height axis has labels."""
    return math.cos(math.radians(camera.elevation)) >= FLATTEST


class Overlay(BoxAxes):
    """Draws one panel's vectors: walls, floor, axes and the names of networks."""

    @property
    def grid(self) -> dict[str, Any]:
        """Style of the lines on floor and walls."""
        return {"color": self.theme.grid, "linewidth": 0.5 * self.theme.line, "solid_capstyle": "round"}

    @property
    def edge(self) -> dict[str, Any]:
        """Style of the edges that carry ticks."""
        return {"color": self.theme.ink, "linewidth": 0.8 * self.theme.line, "solid_capstyle": "round"}

    def draw(self) -> None:
        """Everything behind the surface, and the frame's labels."""
        self._walls()
        FloorPlan(self.axes, self.panel, self.camera, self.colors, self.theme).draw()
        self._names()
        self._alpha_axis()
        self._beta_axis()
        self._height_axis()

    def _walls(self) -> None:
        """Floor and back walls with a grid at the ticks."""
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

    def _names(self) -> None:
        """Names of networks in the plane, beside them where they are seen, else beside their shadows on the floor."""
        names, points = self.panel.marks()
        halo = [withStroke(linewidth=2.2 * self.theme.line, foreground=self.theme.ground)]
        for name, point, free in zip(names, points, visible_points(self.panel, self.camera, points), strict=True):
            place = self.camera.project(point if free else point * (1, 1, 0))
            self.axes.annotate(
                name,
                place,
                (0, 6 * self.unit),
                textcoords="offset points",
                fontsize=self.theme.size,
                ha="center",
                va="bottom",
                zorder=4 if free else 2.8,
                path_effects=halo,
                annotation_clip=False,
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
        if not shows_heights(self.camera):
            return
        # Of the two outer edges of the walls the left one, as in a plane plot.
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
        start, end = self.camera.project(np.asarray(ends, dtype=np.float64))
        direction = self.camera.project(outward)
        direction = _clear_of(direction / np.linalg.norm(direction), end - start)
        widest = max((72 * text_inches(label, self.theme.size, self.theme.font) for label in labels), default=0.0)
        for place, label in zip(places, labels, strict=True):
            at = self.camera.project(np.asarray(place))
            self._tick(at, direction)
            if np.linalg.norm(np.asarray(place) - (*self.near, 0.0)) > LABEL_CLEARANCE:
                self._text(label, at, direction, TICK_LABEL_POINTS, size=self.theme.size)
        slope = math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))
        angle = (slope + 75) % 180 - 75  # what stands almost upright is read from below
        # Further out where wide labels stand in the way, as they do beside a steep axis.
        distance = TITLE_POINTS * self.unit + 0.75 * widest * abs(direction[0])
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
        """Ticks as many as the foreshortened axis has room for."""
        width = self.axes.get_window_extent().width * 72 / self.axes.figure.dpi
        tall = (self.box.top - self.box.bottom) * math.cos(math.radians(self.camera.elevation))
        room = tall * width / np.ptp(self.axes.get_xlim())
        limit = 5 if self.camera.elevation < 45 else 3
        return height_ticks(self.panel.heights, int(np.clip(room / (1.15 * self.theme.size), 2, limit)))


def _clear_of(direction: FloatArray, edge: FloatArray) -> FloatArray:
    """A unit vector (2,) turned away from an edge that it almost runs along, so that labels do not lie on the edge."""
    normal = np.array([-edge[1], edge[0]]) / np.linalg.norm(edge)
    normal = normal * np.copysign(1.0, normal @ direction)
    steep = direction + 2.0 * normal if abs(normal @ direction) < STEEP else direction
    return np.asarray(steep / np.linalg.norm(steep))
