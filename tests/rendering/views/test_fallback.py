"""Polygons: one for every cell without a hole, cut at the ceiling, the far ones first."""

import numpy as np
import pytest
from pictures import PAPER, axes_of, panel_of, surface_of
from problems import bowl, tunnel

from landscape.rendering.geometry.camera import Camera
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.style import colors_of
from landscape.rendering.views.fallback import _cut, draw_polygons


def polygons(panel: Panel, camera: Camera) -> list[np.ndarray]:
    with axes_of() as axes:
        draw_polygons(axes, panel, camera, colors_of("viridis"), PAPER)
        return [path.vertices for path in axes.collections[0].get_paths()]


def test_a_hole_takes_its_four_cells() -> None:
    loss = np.add.outer(np.arange(5.0), np.arange(6.0))
    assert len(polygons(panel_of(surface_of(loss)), Camera())) == 4 * 5
    loss[2, 3] = np.nan
    assert len(polygons(panel_of(surface_of(loss)), Camera())) == 4 * 5 - 4


def test_a_cell_is_cut_along_the_height() -> None:
    square = np.array([(0.0, 0.0, 0.0), (1.0, 0.0, 1.0), (1.0, 1.0, 1.0), (0.0, 1.0, 0.0)])
    part = _cut(square, 0.25)
    assert part[:, 2].max() == pytest.approx(0.25)
    assert {tuple(corner) for corner in part} == {(0, 0, 0), (0.25, 0, 0.25), (0.25, 1, 0.25), (0, 1, 0)}
    assert _cut(square, 2.0) is square


def test_nothing_stands_above_the_ceiling() -> None:
    front = Camera(azimuth=-90, elevation=0)
    panel = panel_of(bowl(), ceiling=1.0)
    assert max(shape[:, 1].max() for shape in polygons(panel, front)) == pytest.approx(panel.box.top)


def test_the_far_cells_are_drawn_first() -> None:
    camera = Camera(azimuth=0, elevation=0)  # seen along x: the picture's right is y
    panel = panel_of(surface_of(np.add.outer(np.arange(3.0), np.zeros(2))))
    heights = [shape[:, 1].max() for shape in polygons(panel, camera)]
    assert heights == sorted(heights), "the surface rises towards the viewer"


def test_path_checkpoints_and_minimum_are_drawn_over_the_surface() -> None:
    with axes_of() as axes:
        draw_polygons(axes, panel_of(tunnel()), Camera(), colors_of("viridis"), PAPER)
        surface = axes.collections[0].get_zorder()
        assert len(axes.lines) == 3
        assert all(line.get_zorder() > surface for line in axes.lines)
