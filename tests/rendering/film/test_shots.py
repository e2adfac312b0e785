"""What each frame of a film shows."""

from typing import Any

import numpy as np
import pytest
from problems import bowl, tunnel

from landscape.errors import InputError
from landscape.rendering.film.shots import CLOSE
from landscape.rendering.geometry.camera import Camera


def test_an_orbit_goes_once_around_in_equal_steps(make_shots: Any) -> None:
    orbit = make_shots("orbit", bowl(points=5), count=8)
    turned = [orbit.shot(k).camera.azimuth - Camera().azimuth for k in range(8)]
    assert turned == [45 * k for k in range(8)]


def test_growth_ends_with_the_whole_corridor_and_shows_only_what_was_trained(make_shots: Any) -> None:
    whole = tunnel()
    film = make_shots("growth", whole)
    rows = [film.shot(k).panels[0].surface.status.shape[0] for k in range(11)]
    assert rows == sorted(rows)
    assert rows[0] == 2
    last = film.shot(10).panels[0].surface
    assert np.array_equal(last.loss, whole.loss)
    early = film.shot(4).panels[0].surface
    assert np.array_equal(early.loss, whole.loss[: len(early.alpha)])
    if early.trajectory is not None:
        assert early.trajectory.alpha.max() <= early.alpha.values[-1]


def test_a_morph_passes_through_the_measured_surfaces_and_says_what_lies_between(make_shots: Any) -> None:
    one, two = bowl(points=5), bowl(points=5, curvature=4.0)
    film = make_shots("morph", one, two)
    assert np.array_equal(film.shot(0).panels[0].surface.loss, one.loss)
    assert np.array_equal(film.shot(10).panels[0].surface.loss, two.loss)
    assert film.shot(0).note == "as measured"
    middle = film.shot(5)
    np.testing.assert_allclose(middle.panels[0].surface.loss, (one.loss + two.loss) / 2, rtol=1e-12, atol=1e-15)
    assert "interpolated between 0 and 1, not measured" in middle.note
    assert middle.panels[0].dimension is None, "a width that was not measured is not written"
    assert middle.panels[0].marker() is None, "nor a solution that nobody trained"


def test_heights_and_floor_are_the_same_in_every_frame(make_shots: Any) -> None:
    for film in (make_shots("growth", tunnel()), make_shots("morph", bowl(points=5), bowl(points=5, curvature=4.0))):
        shots = [film.shot(k).panels[0] for k in range(film.count)]
        assert {(panel.heights, panel.floor.alpha, panel.floor.beta) for panel in shots} == {
            (shots[0].heights, shots[0].floor.alpha, shots[0].floor.beta)
        }


def test_a_flight_closes_in_on_the_path_and_opens_again(make_shots: Any) -> None:
    film = make_shots("flight", tunnel(), count=21)
    near = [film.shot(k).near for k in range(21)]
    assert near[0] == near[-1] == pytest.approx(1)
    assert min(near) == pytest.approx(CLOSE, abs=0.01)
    assert film.shot(20).camera == Camera()
    path = film.panels[0].path()
    middle = film.shot(8).centre[0]
    assert path[:, 0].min() < middle[0] < path[:, 0].max()


def test_without_a_path_there_is_no_flight(make_shots: Any) -> None:
    with pytest.raises(InputError, match="0 has no training path to fly along"):
        make_shots("flight", bowl(points=5)).shot(3)
