"""A window with one surface."""

import numpy as np
import pytest
from problems import tunnel

from landscape.errors import DisplayError, InputError
from landscape.rendering import window
from landscape.rendering.geometry.backend import Backend, find_backend
from landscape.rendering.look import CORRIDOR_BOX, Look
from landscape.rendering.window import _labels, plotter_of

VTK = pytest.mark.skipif(find_backend().name != "vtk", reason="no OpenGL library answers here")


@VTK
def test_a_window_holds_the_surface_with_its_labels() -> None:
    plotter = plotter_of(tunnel(), off_screen=True)
    try:
        image = plotter.screenshot(return_img=True)
        assert len({tuple(pixel) for pixel in image[::4, ::4].reshape(-1, 3).tolist()}) > 200
    finally:
        plotter.close()


def test_labels_stand_outside_the_box_and_name_axes_with_units() -> None:
    (panel,) = Look(sublevel=None).panels([tunnel()])
    places, words = _labels(panel)
    assert len(places) == len(words)
    outside = (np.abs(places[:, 0]) > CORRIDOR_BOX.half_x) | (np.abs(places[:, 1]) > CORRIDOR_BOX.half_y)
    assert outside.all()
    assert words[-1] == "training loss (nats per example)"


def test_without_opengl_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "find_backend", lambda: Backend("matplotlib", advice="install it"))
    with pytest.raises(DisplayError, match="no OpenGL here to open a window with; install it"):
        plotter_of(tunnel())


def test_an_unknown_metric_is_refused() -> None:
    with pytest.raises(InputError, match="accuracy"):
        plotter_of(tunnel(), metric="accuracy")
