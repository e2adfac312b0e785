"""Training paths, networks in a plane and rays: one value of each kind for each of their points."""

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.records.companions import Marks, Rays, Trajectory


def test_a_trajectory_has_one_value_per_checkpoint_of_each_kind() -> None:
    three, two = np.zeros(3), np.zeros(2)
    assert Trajectory(three, three, three, three, three).explained == 1.0
    with pytest.raises(InputError, match=r"one shape \(k,\)"):
        Trajectory(three, three, two, three, three)


def test_rays_start_at_the_centre() -> None:
    radius = np.array([0.0, 1.0, 2.0])
    assert Rays(radius, np.zeros((4, 3)), np.ones(4)).seed == 0
    with pytest.raises(InputError, match=r"loss has shape \(3, 4\), expected \(4, 3\)"):
        Rays(radius, np.zeros((3, 4)), np.ones(4))
    for wrong in (radius + 1, radius[::-1]):
        with pytest.raises(InputError, match="start at 0 and increase"):
            Rays(wrong, np.zeros((4, 3)), np.ones(4))
    with pytest.raises(InputError, match="start at 0"):
        Rays(radius[:0], np.zeros((4, 0)), np.ones(4))


def test_the_gap_is_the_plane_s_loss_minus_the_network_s_own() -> None:
    zeros, loss = np.zeros(3), np.array([1.0, 2.0, 3.0])
    assert Trajectory(zeros, zeros, zeros, loss, zeros).gap is None, "the path lies in the grid"
    path = Trajectory(zeros, zeros, zeros, loss, zeros, on_plane=np.array([1.5, 2.0, 2.75]))
    assert path.gap is not None
    assert path.gap.tolist() == [0.5, 0.0, -0.25]
    with pytest.raises(InputError, match="on_plane must have one shape"):
        Trajectory(zeros, zeros, zeros, loss, zeros, on_plane=loss[:2])


def test_marks_have_a_place_and_a_loss_for_every_name() -> None:
    two = np.zeros(2)
    assert Marks(["a", "b"], two, two, two).names == ("a", "b")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="one value for each of 3 networks"):
        Marks(("a", "b", "c"), two, two, two)
