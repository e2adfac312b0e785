"""The camera: a parallel projection with orthonormal axes, and the frame around what it sees."""

import numpy as np
import pytest

from landscape.rendering.geometry.camera import Box, Camera, Frame


@pytest.mark.parametrize(("azimuth", "elevation"), [(-58, 31), (0, 0), (123, 72), (-360, 85)])
def test_right_up_and_towards_are_a_right_handed_orthonormal_basis(azimuth: float, elevation: float) -> None:
    camera = Camera(azimuth, elevation)
    basis = np.vstack([camera.axes, camera.towards])
    assert np.allclose(basis @ basis.T, np.eye(3), atol=1e-15)
    assert np.linalg.det(basis) == pytest.approx(1.0)


def test_from_above_the_picture_is_the_floor() -> None:
    above = Camera(azimuth=-90, elevation=90)
    assert np.allclose(above.project((1.0, 2.0, 5.0)), (1.0, 2.0))


def test_from_the_side_heights_are_heights() -> None:
    front = Camera(azimuth=-90, elevation=0)
    assert np.allclose(front.project(np.array([[1.0, 7.0, 2.0], [0.0, 0.0, -1.0]])), [[1.0, 2.0], [0.0, -1.0]])


def test_a_frame_is_the_smallest_rectangle_with_its_margin() -> None:
    frame = Frame.around(np.array([[0.0, 1.0], [2.0, 5.0], [1.0, 3.0]]), margin=0.5)
    assert (frame.left, frame.right, frame.bottom, frame.top) == (-0.5, 2.5, 0.5, 5.5)
    assert (frame.width, frame.height, frame.centre) == (3.0, 5.0, (1.0, 3.0))
    assert frame.holds((2.5, 0.5))
    assert not frame.holds((2.6, 1.0))


def test_corners_span_the_box_from_the_floor_up() -> None:
    corners = Box(half_x=2.0, half_y=3.0, top=4.0).corners()
    assert len({tuple(corner) for corner in corners}) == 8
    assert (corners.min(axis=0).tolist(), corners.max(axis=0).tolist()) == ([-2, -3, 0], [2, 3, 4])
