"""A panel: points stand in the box where the arrays say."""

from dataclasses import replace

import numpy as np
import pytest
from pictures import panel_of, surface_of
from problems import bowl, tunnel
from sampled_records import sampled

from landscape.errors import DisplayError, InputError
from landscape.records.base import Status
from landscape.records.companions import Marks
from landscape.rendering.geometry.camera import Box
from landscape.rendering.geometry.panel import BEAD_SPACING, MAX_POINTS, panels_of


def test_heights_on_the_axis_are_the_losses() -> None:
    panel = panel_of(surface_of([[0.0, 1.0], [2.0, 4.0]]), scale="linear")
    shares = (panel.z - panel.box.bottom) / (panel.box.top - panel.box.bottom)
    assert np.allclose(shares * (panel.heights.high - panel.heights.low) + panel.heights.low, [[0, 1], [2, 4]])
    assert (panel.x.tolist(), panel.y.tolist()) == ([-1, 1], [-1, 1])


def test_pending_and_diverged_points_have_no_height() -> None:
    surface = surface_of([[0.0, 1.0], [2.0, np.inf]])
    status = np.array([[Status.PENDING, Status.MEASURED], [Status.MEASURED, Status.MEASURED]], dtype=np.uint8)
    panel = panel_of(replace(surface, status=status))
    assert np.isnan(panel.z).tolist() == [[True, False], [False, True]]


def test_a_large_surface_is_drawn_with_a_stride() -> None:
    side = np.linspace(-1, 1, 2 * MAX_POINTS)
    panel = panel_of(surface_of(np.add.outer(side**2, side**2)))
    assert (panel.stride, panel.z.shape) == (2, (MAX_POINTS, MAX_POINTS))
    fewer = panel.limit_points(500)
    assert (fewer.stride, fewer.z.shape) == (4, (500, 500))
    assert np.array_equal(fewer.x, panel.x[::2])


def test_the_marker_stands_at_the_centre_of_a_plane_and_at_the_end_of_a_corridor() -> None:
    plane, corridor = panel_of(bowl()), panel_of(tunnel())
    assert plane.marker() == pytest.approx([0.0, 0.0, plane.box.bottom])
    assert corridor.marker() == pytest.approx([corridor.box.half_x, 0.0, corridor.box.bottom])
    assert replace(plane, has_solution=False).marker() is None


def test_beads_begin_at_the_start_and_stand_apart_from_each_other_and_from_the_end() -> None:
    panel = panel_of(tunnel())
    beads, path = panel.beads(), panel.path()
    assert beads is not None
    assert path is not None
    assert np.array_equal(beads[[0]], path[[0]])
    assert np.linalg.norm(np.diff(beads, axis=0), axis=1).min() >= BEAD_SPACING - 1e-12
    assert np.linalg.norm(path[-1] - beads[-1]) >= BEAD_SPACING - 1e-12


def test_networks_outside_the_floor_are_not_marked() -> None:
    marks = Marks(("in", "out"), np.array([0.5, 3.0]), np.array([-0.5, 0.0]), np.array([0.5, 9.0]))
    names, points = panel_of(replace(bowl(), marks=marks)).marks()
    assert names == ("in",)
    assert points[:, :2].tolist() == [[0.5, -0.5]]


def test_panels_share_floor_and_heights_unless_each_has_its_own() -> None:
    surfaces = [surface_of([[0.0, 1.0]] * 2), surface_of([[0.0, 4.0]] * 2)]
    first, second = panels_of(surfaces, "train_loss", Box(), ["a", "b"])
    assert first.heights == second.heights
    first, second = panels_of(surfaces, "train_loss", Box(), ["a", "b"], shared=False)
    assert (first.heights.high, second.heights.high) == (1.0, 4.0)


def test_surfaces_that_cannot_share_axes_are_refused() -> None:
    with pytest.raises(InputError, match="cannot draw a corridor in step and filter norm beside a plane in filter"):
        panels_of([bowl(), tunnel()], "train_loss", Box(), ["a", "b"])
    with pytest.raises(DisplayError, match="2 points a side"):
        panel_of(surface_of(np.ones((1, 5))))


def test_networks_of_a_plane_are_marked_where_they_lie() -> None:
    surface = sampled("three")
    panel = panel_of(surface)
    names, points = panel.marks()
    assert names == ("net:0", "net:1", "net:2")
    alpha = panel.floor.alpha[0] + (points[:, 0] / panel.box.half_x + 1) / 2 * np.ptp(panel.floor.alpha)
    assert np.allclose(alpha, surface.marks.alpha)
    assert np.allclose(points[:, 2], panel.world_z(surface.marks.loss))


def test_a_path_lies_on_the_plane_that_it_is_drawn_over() -> None:
    surface = sampled("path")
    panel = panel_of(surface)
    beads, path = panel.beads(), panel.path()
    assert beads is not None
    assert path is not None
    assert np.allclose(path[-1], panel.marker(), atol=1e-6)
    assert len(path) > 2 * len(surface.trajectory.step)
