"""The box a surface stands in, and the parallel projection that VTK and matplotlib share.

World coordinates: x and y across the floor, z up. The floor lies at z = 0, values from `FLOOR_GAP` to ``height``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from landscape.records.base import FloatArray

FLOOR_GAP = 0.42


@dataclass(frozen=True)
class Box:
    """Half sides of the floor, and the heights of the lowest and highest value.

    Args:
        half_x: the floor runs from ``-half_x`` to ``half_x`` along alpha.
        half_y: likewise along beta.
        bottom: height of the smallest value above the floor.
        top: height of the largest value.
    """

    half_x: float = 1.0
    half_y: float = 1.0
    bottom: float = FLOOR_GAP
    top: float = 1.35

    def corners(self) -> FloatArray:
        """The eight corners, shape (8, 3)."""
        signs = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (0, 1)], dtype=np.float64)
        return signs * (self.half_x, self.half_y, self.top)


@dataclass(frozen=True)
class Camera:
    """A parallel projection from a direction.

    Args:
        azimuth: degrees from the x axis towards the y axis at which the viewer stands.
        elevation: degrees above the floor.
    """

    azimuth: float = -58.0
    elevation: float = 31.0

    @cached_property
    def towards(self) -> FloatArray:
        """Unit vector from the scene to the viewer."""
        azimuth, elevation = np.radians((self.azimuth, self.elevation))
        return np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])

    @cached_property
    def axes(self) -> FloatArray:
        """The picture's right and up as world vectors, shape (2, 3)."""
        azimuth, elevation = np.radians((self.azimuth, self.elevation))
        right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
        up = np.array([-np.sin(elevation) * np.cos(azimuth), -np.sin(elevation) * np.sin(azimuth), np.cos(elevation)])
        return np.stack([right, up])

    def project(self, points: ArrayLike) -> FloatArray:
        """World points (..., 3) to picture coordinates (..., 2), in world lengths."""
        return np.asarray(np.asarray(points, dtype=np.float64) @ self.axes.T)


@dataclass(frozen=True)
class Frame:
    """The rectangle of picture coordinates that an image covers."""

    left: float
    right: float
    bottom: float
    top: float

    @classmethod
    def around(cls, points: FloatArray, margin: float = 0.02) -> "Frame":
        """The smallest rectangle around projected points (k, 2), with a margin all around."""
        (left, bottom), (right, top) = points.min(axis=0) - margin, points.max(axis=0) + margin
        return cls(float(left), float(right), float(bottom), float(top))

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From bottom to top."""
        return self.top - self.bottom

    def holds(self, point: Sequence[float] | FloatArray) -> bool:
        """Whether a point of the picture lies inside."""
        return bool(self.left <= point[0] <= self.right and self.bottom <= point[1] <= self.top)

    @property
    def centre(self) -> tuple[float, float]:
        """The middle."""
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2
