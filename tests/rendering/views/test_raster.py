"""The raster: the mesh stands exactly where the arrays say, and edges do not darken."""

import numpy as np
import pytest
from pictures import panel_of, surface_of
from problems import bowl, tunnel

from landscape.rendering.geometry.backend import find_backend
from landscape.rendering.geometry.camera import Box, Camera, Frame
from landscape.rendering.geometry.style import colors_of
from landscape.rendering.views.raster import Stage, _downsample, draw_raster, mesh_of

VTK = pytest.mark.skipif(find_backend().name != "vtk", reason="no OpenGL library answers here")


def test_mesh_points_are_the_arrays_exactly() -> None:
    panel = panel_of(surface_of(np.random.default_rng(0).random((5, 7))))
    mesh = mesh_of(panel.scene())
    expected = {(x, y, z) for x, row in zip(panel.x, panel.z, strict=True) for y, z in zip(panel.y, row, strict=True)}
    # a mesh stores single precision where its points were given so; these were not
    assert {tuple(point) for point in mesh.points.astype(np.float64)} == expected


def test_a_hole_takes_its_cells_and_no_others() -> None:
    loss = np.add.outer(np.arange(5.0), np.arange(6.0))
    loss[2, 3] = np.nan
    mesh = mesh_of(panel_of(surface_of(loss)).scene())
    assert mesh.n_cells == 2 * (4 * 5 - 4)
    assert mesh.n_points == 5 * 6 - 1


def test_the_ceiling_cuts_along_its_exact_contour() -> None:
    mesh = mesh_of(panel_of(bowl(), ceiling=1.0).scene())
    assert mesh.points[:, 2].max() == pytest.approx(Box().top, abs=1e-6)


def test_pixels_are_means_weighted_by_opacity() -> None:
    image = np.zeros((2, 2, 4))
    image[0, 0] = (1.0, 0.5, 0.0, 1.0)  # a quarter of the pixel; the others are transparent black
    assert _downsample(image, 2)[0, 0] == pytest.approx([1.0, 0.5, 0.0, 0.25])


@VTK
def test_a_raster_is_opaque_where_the_surface_is() -> None:
    panel, camera = panel_of(surface_of(np.zeros((3, 3)))), Camera(azimuth=-90, elevation=90)
    frame = Frame(-2, 2, -2, 2)
    pixels = draw_raster(panel.scene(), camera, frame, (40, 40), colors_of("viridis"))
    assert pixels.shape == (40, 40, 4)
    opaque = np.argwhere(pixels[..., 3] > 0.5)
    assert (opaque.min(axis=0).tolist(), opaque.max(axis=0).tolist()) == ([10, 10], [29, 29])


@VTK
def test_a_stage_sets_up_a_scene_once_for_a_key() -> None:
    panel, scenes = panel_of(tunnel()), []

    def scene() -> object:
        scenes.append(panel.scene())
        return scenes[-1]

    stage = Stage((32, 32), colors_of("viridis"))
    for _ in range(2):
        stage.show(scene, key=panel)  # type: ignore[arg-type]
        pixels = stage.draw(Camera(), Frame(-2, 2, -1, 3))
    stage.plotter.close()
    assert (len(scenes), pixels.shape, pixels.max() <= 1) == (1, (32, 32, 4), True)
