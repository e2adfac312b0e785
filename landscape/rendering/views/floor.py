"""The floor of the box: the sublevel set with its width, contours, and the path from above."""

import math
from typing import Any

import numpy as np
from contourpy import FillType, contour_generator
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from landscape.rendering.views.box import BoxAxes
from landscape.rendering.views.dimension import dimension_line, width_text
from landscape.rendering.views.labels import text_inches


class FloorPlan(BoxAxes):
    """Draws one panel's floor."""

    def draw(self) -> None:
        """All of it, from below to above."""
        self._sublevel()
        self._floor_contours()
        self._floor_path()
        self._dimension()

    def _sublevel(self) -> None:
        """The set where the loss has risen by less than the stated amount, shaded on the floor."""
        excess = self.panel.excess()
        if excess is None:
            return
        mesh = np.meshgrid(self.panel.x, self.panel.y, indexing="ij")
        # Polygons with their holes: matplotlib's own contours know no camera.
        generator: Any = contour_generator(*mesh, z=excess, fill_type=FillType.OuterCode)
        for points, codes in zip(*generator.filled(-np.inf, 0.0), strict=True):
            flat = self.camera.project(np.column_stack([points, np.zeros(len(points))]))
            self.axes.add_patch(
                PathPatch(Path(flat, codes), facecolor=self.theme.shade, edgecolor="none", alpha=0.55, zorder=0.25)
            )

    def _dimension(self) -> None:
        """The width between the walls as a dimension line along the near edge, to scale, with lines to the walls."""
        dimension = self.panel.dimension
        if dimension is None:
            return
        x = float(self.panel.floor.x(np.array([dimension.alpha]), self.box)[0])
        ends = self.panel.floor.y(np.array([dimension.low, dimension.high]), self.box)
        # Of a corridor it belongs to one end: seen from the other it stays there, behind the surface.
        side = math.copysign(self.box.half_x, x) if abs(x) > self.box.half_x / 2 else self.near[0]
        edge, behind = 0.87 * side, side != self.near[0]
        for y in ends:
            self.line(
                [(x, y, 0), (edge, y, 0)], 0.65, color=self.theme.ink, linewidth=0.4 * self.theme.line, dashes=(2, 2)
            )
        start, end = (self.camera.project((edge, y, 0.0)) for y in ends)
        depth, ink, wall = 0.66 if behind else 2.6, self.theme.ink, self.theme.wall
        dimension_line(self.axes, start, end, self.theme, color=ink, halo=wall, zorder=depth, bounded=dimension.bounded)
        text, size = width_text(dimension), self.theme.size - 0.5
        inward = self.camera.project((-math.copysign(1.0, side), 0.0, 0.0))
        inward /= np.linalg.norm(inward)
        # Half the text's extent in the direction it moves, and a gap.
        reach = abs(inward) @ (36 * text_inches(text, size, self.theme.font), 0.36 * size) + 2.6 * self.unit
        self.axes.annotate(
            text,
            (start + end) / 2,
            inward * reach,
            textcoords="offset points",
            fontsize=size,
            ha="center",
            va="center",
            zorder=depth + 0.01,
            path_effects=[withStroke(linewidth=1.8 * self.theme.line, foreground=wall)],
            annotation_clip=False,
        )

    def _floor_contours(self) -> None:
        """Lines of equal height, in the colours of the surface where these show the heights."""
        panel = self.panel
        values = panel.heights.share(panel.values)
        by_height = panel.color == panel.metric
        mesh = np.meshgrid(panel.x, panel.y, indexing="ij")
        generator: Any = contour_generator(*mesh, z=np.ma.masked_invalid(values))
        for share in panel.heights.share(panel.heights.levels()):
            for line in generator.lines(float(share)):
                flat = np.column_stack([line, np.zeros(len(line))])
                color = self.colors(float(share)) if by_height else self.theme.small
                self.line(flat, 0.5, color=color, linewidth=(0.9 if by_height else 0.5) * self.theme.line)

    def _floor_path(self) -> None:
        """The shadows of the path and of the networks."""
        path, marker, (_, marks) = self.panel.path(), self.panel.marker(), self.panel.marks()
        if path is not None and len(path):
            self.line(path * (1, 1, 0), 0.6, color=self.theme.path, linewidth=self.theme.line, linestyle=(0, (3, 2)))
        places = marks if len(marks) else np.zeros((0, 3)) if marker is None else marker[None]
        if len(places):
            u, v = self.camera.project(places * (1, 1, 0)).T
            self.axes.plot(u, v, "x", color=self.theme.ink, markersize=5 * self.unit, markeredgewidth=1.2, zorder=0.7)
