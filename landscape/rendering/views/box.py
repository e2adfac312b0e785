"""The axes of one panel in its box, in which the floor and the overlay draw world polylines."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from numpy.typing import ArrayLike

from landscape.records.base import FloatArray
from landscape.rendering.geometry.camera import Box, Camera
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.style import Theme


@dataclass(frozen=True, eq=False)
class BoxAxes:
    """Axes whose data are picture coordinates, with the panel that they show.

    Args:
        axes: matplotlib's axes; their limits are set by the caller.
        panel: the surface in its box.
        camera: the projection from world to picture coordinates.
        colors: the colour map of the surface.
        theme: colours, font and sizes.
    """

    axes: Axes
    panel: Panel
    camera: Camera
    colors: Colormap
    theme: Theme

    @property
    def box(self) -> Box:
        """The panel's box."""
        return self.panel.box

    @property
    def unit(self) -> float:
        """Points of this figure to one point of a figure whose text has 8 points."""
        return self.theme.size / 8.0

    @cached_property
    def near(self) -> FloatArray:
        """World x and y of the vertical edge nearest to the viewer, shape (2,)."""
        facing = self.camera.towards
        return np.array([math.copysign(self.box.half_x, facing[0]), math.copysign(self.box.half_y, facing[1])])

    def line(self, points: ArrayLike, zorder: float = 1.0, **style: Any) -> None:
        """Draw a world polyline, shape (k, 3)."""
        u, v = self.camera.project(np.asarray(points, dtype=np.float64)).T
        self.axes.plot(u, v, zorder=zorder, **style)
