"""The overlay: ticks and names along the edges that face the viewer."""

from dataclasses import replace

import numpy as np
import pytest
from pictures import PAPER, axes_of, panel_of
from problems import bowl, tunnel

from landscape.records.companions import Marks
from landscape.rendering.geometry.camera import Camera
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.style import colors_of
from landscape.rendering.views.overlay import Overlay, _clear_of, shows_heights


def words(panel: Panel, camera: Camera) -> list[str]:
    with axes_of(inches=3.0) as axes:
        axes.set_xlim(-2, 2)
        axes.set_ylim(-2, 2)
        Overlay(axes, panel, camera, colors_of("viridis"), PAPER).draw()
        return [text.get_text() for text in axes.texts if text.get_text()]


def test_every_axis_has_its_name_and_ticks() -> None:
    texts = words(panel_of(tunnel()), Camera())
    assert {"training step", r"$\beta$ (filter norms)", "training loss (nats)"} <= set(texts)
    assert {"\u22120.5", "0", "0.5"} <= set(texts)


def test_from_above_heights_have_no_labels() -> None:
    assert shows_heights(Camera(elevation=60))
    assert not shows_heights(Camera(elevation=80))
    assert "training loss (nats)" not in words(panel_of(tunnel()), Camera(elevation=80))


def test_networks_of_a_plane_have_their_names() -> None:
    marks = Marks(("first", "second"), np.array([-0.5, 0.5]), np.zeros(2), np.array([0.25, 0.25]))
    assert {"first", "second"} <= set(words(panel_of(replace(bowl(), marks=marks)), Camera()))


@pytest.mark.parametrize("angle", [0.0, 0.1, 0.5, 1.0, 1.5])
def test_ticks_never_run_along_their_axis(angle: float) -> None:
    edge, direction = np.array([2.0, 0.0]), np.array([np.cos(angle), np.sin(angle)])
    clear = _clear_of(direction, edge)
    assert np.linalg.norm(clear) == pytest.approx(1.0)
    assert abs(clear[1]) >= 0.6
