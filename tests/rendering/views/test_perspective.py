"""The 3-D view: raster or polygons fill exactly the frame of the axes."""

import pytest
from pictures import PAPER, axes_of, panel_of
from problems import bowl

from landscape.rendering.geometry.backend import find_backend
from landscape.rendering.geometry.camera import Camera, Frame
from landscape.rendering.geometry.style import colors_of
from landscape.rendering.views.perspective import Projection, draw_box

FRAME = Frame(-2.0, 2.0, -1.0, 2.0)


@pytest.mark.skipif(find_backend().name != "vtk", reason="no OpenGL library answers here")
def test_the_raster_covers_the_frame_pixel_by_pixel() -> None:
    with axes_of() as axes:
        draw_box(axes, panel_of(bowl()), PAPER, colors_of("viridis"), Projection(Camera(), FRAME, 80, "vtk"))
        (image,) = axes.images
        assert tuple(image.get_extent()) == (-2.0, 2.0, -1.0, 2.0)
        assert image.get_array().shape == (60, 80, 4)


def test_polygons_need_no_raster() -> None:
    with axes_of() as axes:
        draw_box(axes, panel_of(bowl()), PAPER, colors_of("viridis"), Projection(Camera(), FRAME, 80, "matplotlib"))
        assert not axes.images
        assert (axes.get_xlim(), axes.get_ylim()) == ((-2.0, 2.0), (-1.0, 2.0))
