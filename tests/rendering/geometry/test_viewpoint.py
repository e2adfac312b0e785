"""The viewpoint: turned and lifted as little as it takes until no rim hides the minimum."""

from dataclasses import replace

import numpy as np
import pytest
from pictures import panel_of, surface_of
from problems import bowl, tunnel

from landscape.errors import InputError
from landscape.records.base import Axis
from landscape.records.sampled import Surface
from landscape.rendering.geometry.camera import Box, Camera
from landscape.rendering.geometry.viewpoint import (
    CORRIDOR,
    HIGHEST,
    PLANE,
    hidden_minimum_message,
    lower_box,
    minimum_is_visible,
    viewpoint,
    visible_points,
    visible_share,
)


def needle() -> Surface:
    """A minimum far below a wide plane."""
    side = np.linspace(-2, 2, 81)
    loss = 4 * np.add.outer(side**2, side**2) / 0.2
    provenance = bowl().provenance
    provenance = replace(provenance, identity=replace(provenance.identity, K=10))
    axes = (Axis("alpha", side), Axis("beta", side))
    return Surface(axes, {"train_loss": loss}, np.ones(loss.shape, np.uint8), 0 * loss, provenance)


def test_the_camera_climbs_until_no_rim_hides_the_minimum() -> None:
    deep = panel_of(surface_of(5 * bowl(points=41).loss))
    low = replace(PLANE, elevation=20.0)
    assert not minimum_is_visible(deep, low)
    assert minimum_is_visible(deep, viewpoint([deep]))
    assert "--elevation" in hidden_minimum_message(deep, low)
    assert hidden_minimum_message(deep, viewpoint([deep])) == ""


def test_where_nothing_is_hidden_the_camera_stays() -> None:
    assert viewpoint([panel_of(surface_of(np.zeros((9, 9))))]) == PLANE
    assert viewpoint([panel_of(tunnel())]).elevation == CORRIDOR.elevation


def test_a_wall_hides_what_lies_behind_it_and_only_that() -> None:
    loss = np.zeros((41, 41))
    loss[30, :] = 1.0
    panel = panel_of(surface_of(loss))
    front = Camera(azimuth=0.0, elevation=10.0)
    points = np.array([[-0.2, 0.0, panel.box.bottom], [0.8, 0.0, panel.box.bottom]])
    assert visible_points(panel, front, points).tolist() == [0.0, 1.0]
    assert visible_points(panel, Camera(azimuth=180.0, elevation=10.0), points).tolist() == [1.0, 0.0]
    assert visible_points(panel, Camera(azimuth=0.0, elevation=85.0), points).tolist() == [1.0, 1.0]


def test_minimum_and_path_count_half_each() -> None:
    panel = panel_of(tunnel())
    assert visible_share(panel, viewpoint([panel])) > 0.9
    assert visible_share(replace(panel, has_solution=False, surface=bowl()), PLANE) == 1.0


def test_one_camera_serves_all_panels_and_angles_can_be_given() -> None:
    panel = panel_of(bowl())
    camera = viewpoint([panel, panel], azimuth=-20, elevation=50)
    assert (camera.azimuth, camera.elevation) == (-20, 50)
    with pytest.raises(InputError, match="unknown camera"):
        viewpoint([panel], "behind")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="between 5 and 85"):
        viewpoint([panel], elevation=90)


def test_a_needle_is_seen_in_a_lower_box() -> None:
    panel = panel_of(needle(), box=Box(top=1.18))
    camera = viewpoint([panel])
    assert not minimum_is_visible(panel, camera)
    (lower,), place = lower_box([panel], camera)
    assert lower.box.top < panel.box.top
    assert minimum_is_visible(lower, place)
    assert place.elevation <= HIGHEST, "from where heights can be read"


def test_a_box_that_hides_nothing_keeps_its_height() -> None:
    panels = [panel_of(bowl())]
    camera = viewpoint(panels)
    assert lower_box(panels, camera) == (panels, camera)
