"""Frames are figures of which only what moves is drawn anew."""

from typing import Any

import numpy as np
from problems import bowl, tunnel

from landscape.rendering.film.projector import Projector
from landscape.rendering.geometry.style import theme_of


def test_a_frame_is_rows_of_rgb_bytes_on_the_ground_of_the_theme(make_shots: Any) -> None:
    frame = np.frombuffer(Projector(make_shots("orbit", bowl(points=5))).draw(0), np.uint8).reshape(180, 320, 3)
    assert "#" + frame[0, 0].tobytes().hex() == theme_of("slide").ground
    assert len(np.unique(frame.reshape(-1, 3), axis=0)) > 50


def test_a_frame_is_the_same_whatever_was_drawn_before(make_shots: Any) -> None:
    shots = make_shots("growth", tunnel())
    projector = Projector(shots)
    first = projector.draw(3)
    projector.draw(10)
    assert projector.draw(3) == first == Projector(shots).draw(3)


def test_axes_and_colour_bar_are_set_up_once(make_shots: Any) -> None:
    projector = Projector(make_shots("orbit", bowl(points=5), bowl(points=5)))
    projector.draw(0)
    count = len(projector.figure.axes)
    projector.draw(1)
    assert len(projector.figure.axes) == count == 3


def test_the_line_at_the_bottom_says_what_is_not_measured_and_what_is_cut(make_shots: Any) -> None:
    morph = make_shots("morph", bowl(points=5), bowl(points=5, curvature=4.0), ceiling=1.5)
    projector = Projector(morph)
    projector.draw(0)
    assert projector._below.get_text() == "as measured; cut away above 1.5"
    projector.draw(5)
    assert projector._below.get_text() == "interpolated between 0 and 1, not measured; cut away above 1.5"
