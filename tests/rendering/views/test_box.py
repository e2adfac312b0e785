"""The axes of a box: the edge nearest to the viewer, and polylines through the camera."""

import numpy as np
import pytest
from pictures import PAPER, axes_of, panel_of
from problems import bowl

from landscape.rendering.geometry.camera import Camera
from landscape.rendering.geometry.style import colors_of
from landscape.rendering.views.box import BoxAxes


@pytest.mark.parametrize(("azimuth", "edge"), [(-45.0, (1, -1)), (45.0, (1, 1)), (135.0, (-1, 1)), (-135.0, (-1, -1))])
def test_the_near_edge_faces_the_viewer(azimuth: float, edge: tuple[int, int]) -> None:
    with axes_of() as axes:
        box = BoxAxes(axes, panel_of(bowl()), Camera(azimuth), colors_of("viridis"), PAPER)
        assert tuple(box.near) == edge
        corners = box.box.corners() @ box.camera.towards
        assert (*box.near, 0.0) @ box.camera.towards >= corners[box.box.corners()[:, 2] == 0].max() - 1e-12


def test_a_world_line_is_drawn_where_the_camera_sees_it() -> None:
    points = np.array([(0.0, 0.0, 0.0), (1.0, 0.5, 1.0)])
    with axes_of() as axes:
        box = BoxAxes(axes, panel_of(bowl()), Camera(), colors_of("viridis"), PAPER)
        box.line(points, color="black")
        assert np.allclose(axes.lines[0].get_xydata(), Camera().project(points))
