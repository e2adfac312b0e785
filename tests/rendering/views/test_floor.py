"""The floor: the sublevel set, its width to scale, and the shadow of the minimum."""

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from pictures import PAPER, axes_of, panel_of
from problems import bowl, tunnel

from landscape.records.sampled import Surface
from landscape.rendering.geometry.camera import Camera
from landscape.rendering.geometry.style import colors_of
from landscape.rendering.views.floor import FloorPlan

ABOVE = Camera(azimuth=-90, elevation=90)  # the picture's coordinates are the floor's


def draw(axes: Axes, surface: Surface, **options: Any) -> None:
    FloorPlan(axes, panel_of(surface, **options), ABOVE, colors_of("viridis"), PAPER).draw()


def test_the_set_is_shaded_up_to_its_rim() -> None:
    with axes_of() as axes:
        draw(axes, bowl(points=201), sublevel=0.25)
        (shade,) = [patch for patch in axes.patches if isinstance(patch, PathPatch)]
        radii = np.linalg.norm(shade.get_path().vertices, axis=1)
        assert radii.max() == pytest.approx(0.5, abs=1e-3), "a circle of radius sqrt(2 rise / curvature)"


def test_the_width_is_drawn_to_scale() -> None:
    with axes_of() as axes:
        draw(axes, tunnel(), sublevel=0.5)
        (arrow,) = [text for text in axes.texts if getattr(text, "arrow_patch", None) is not None]
        assert np.allclose([arrow.xyann[1], arrow.xy[1]], [-0.25, 0.25], atol=2e-3)
        assert "0.50" in [text.get_text() for text in axes.texts]


def test_without_a_sublevel_nothing_is_shaded() -> None:
    with axes_of() as axes:
        draw(axes, tunnel())
        assert not axes.patches
        assert not axes.texts


def test_the_minimum_casts_its_shadow_on_the_floor() -> None:
    with axes_of() as axes:
        draw(axes, bowl())
        (cross,) = [line for line in axes.lines if line.get_marker() == "x"]
        assert np.allclose(cross.get_xydata(), [[0.0, 0.0]], atol=1e-12)
