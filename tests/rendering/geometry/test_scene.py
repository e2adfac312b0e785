"""The scene holds a panel's surface, path, markers and contours in world coordinates."""

import numpy as np
from pictures import panel_of
from problems import bowl, tunnel


def test_a_scene_stands_where_its_panel_stands() -> None:
    panel = panel_of(bowl())
    scene = panel.scene()
    assert np.array_equal(scene.x, panel.x)
    assert np.array_equal(scene.z, panel.z)
    assert np.array_equal(scene.markers[0], panel.marker())
    assert scene.path is None


def test_contours_are_equal_steps_between_the_ends_of_the_heights() -> None:
    panel = panel_of(bowl())
    steps = np.diff([panel.box.bottom, *panel.scene().levels, panel.box.top])
    assert np.allclose(steps[1:-1], steps[1])
    assert np.allclose(steps[[0, -1]], steps[1] / 2)


def test_only_a_ceiling_cuts_the_scene() -> None:
    assert panel_of(bowl()).scene().top is None
    assert panel_of(bowl(), ceiling=0.5).scene().top == panel_of(bowl()).box.top


def test_a_corridor_has_its_path_and_checkpoints() -> None:
    scene = panel_of(tunnel()).scene()
    assert scene.path is not None
    assert scene.beads is not None
    assert {tuple(bead) for bead in scene.beads} <= {tuple(point) for point in scene.path}
