"""The look that all pictures share."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from problems import bowl, tunnel

from landscape.errors import InputError
from landscape.rendering.geometry.backend import Backend
from landscape.rendering.look import CORRIDOR_BOX, PLANE_BOX, Look, as_list, rendering_of, thin


def test_a_corridor_stands_in_a_box_of_its_own() -> None:
    assert [Look().panels([record])[0].box for record in (tunnel(), bowl(points=5))] == [CORRIDOR_BOX, PLANE_BOX]


def test_a_sublevel_is_one_of_the_loss() -> None:
    surface = bowl(points=5)
    both = replace(surface, metrics={**surface.metrics, "test_loss": surface.loss})
    assert Look(sublevel=0.25).panels([both])[0].sublevel == 0.25
    assert Look(metric="test_loss", sublevel=0.25).panels([both])[0].sublevel is None


def test_titles_stand_in_for_the_names_of_models() -> None:
    assert Look(titles=("a", "b")).names([bowl(points=5)] * 2) == ["a", "b"]
    assert Look().names([bowl(points=5)]) == ["surface"]


def test_thin_draws_at_most_so_many_points_a_side_and_all_where_there_are_fewer() -> None:
    panels = Look().panels([bowl(points=41)])
    assert [(thin(panels, limit)[0].stride, len(thin(panels, limit)[0].x)) for limit in (20, 21, 41, 100)] == [
        (3, 14),
        (2, 21),
        (1, 41),
        (1, 41),
    ]


def test_a_rendering_counts_the_points_above_the_ceiling_of_each_panel() -> None:
    low, high = bowl(points=9), bowl(points=9, curvature=8.0)
    panels = Look(ceiling=1.0).panels([low, high])
    drawn = rendering_of(panels, Path("a.png"), Backend("matplotlib", advice="install it"))
    assert drawn.clipped == tuple(int(np.count_nonzero(surface.loss > 1)) for surface in (low, high))
    assert drawn.high == 1.0
    assert drawn.messages == ("drawn with matplotlib's own 3-D; install it",)


def test_an_angle_takes_the_place_of_the_cameras() -> None:
    panels = Look().panels([bowl(points=9)])
    camera = Look(camera="front", elevation=50).viewpoint(panels)
    assert (camera.azimuth, camera.elevation) == (-80, 50)
    with pytest.raises(InputError, match="unknown camera"):
        Look(camera="behind").viewpoint(panels)  # type: ignore[arg-type]


def test_one_record_is_a_list_of_one() -> None:
    surface = bowl(points=5)
    assert as_list(surface) == [surface]
    assert as_list((surface, surface)) == [surface, surface]
