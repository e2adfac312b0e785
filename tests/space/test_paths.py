"""Subspaces tell which path they follow and which networks they were laid through, in their own coordinates."""

import numpy as np
import pytest
import torch
from problems import examples, small_mlp

from landscape.objective.objective import Objective
from landscape.records.limits import Rule
from landscape.space.affine import line_between, random_plane
from landscape.space.corridors import corridor_along
from landscape.space.curves import Curve
from landscape.space.paths import TrainingPath
from landscape.space.planes import path_plane, plane_through
from landscape.space.subspaces import Subspace

STEPS = [0.0, 2.0, 10.0]


def networks() -> list[Objective]:
    return [Objective(small_mlp(seed=seed), examples(9)) for seed in range(3)]


@pytest.mark.parametrize("build", [corridor_along, path_plane])
def test_a_trail_leads_to_its_checkpoints_at_its_places(build: object) -> None:
    points = [objective.centre for objective in networks()]
    subspace: Subspace = build(points, STEPS)
    trail = subspace.trail
    assert trail is not None
    assert trail.path.steps.tolist() == STEPS
    there = subspace.at(torch.from_numpy(np.array(trail.places)))
    for row, point in enumerate(points):
        for name, tensor in point.items():
            # three checkpoints span the plane of their components: nothing lies off it
            torch.testing.assert_close(there[name][row], tensor, rtol=1e-10, atol=1e-10)
            assert torch.equal(trail.path.points[row][name], tensor)


def test_a_path_runs_within_its_corridor_and_is_projected_onto_its_plane() -> None:
    points = [objective.centre for objective in networks()]
    assert corridor_along(points, STEPS).trail.explained is None
    assert path_plane(points, STEPS).trail.explained == pytest.approx(1)


def test_landmarks_are_the_networks_of_a_plane() -> None:
    first, second, third = networks()
    plane = plane_through(first, second, third, names=("a", "b", "c"))
    assert plane.landmarks.names == ("a", "b", "c")
    there = plane.at(torch.from_numpy(plane.landmarks.places.copy()))
    for row, objective in enumerate((first, second, third)):
        torch.testing.assert_close(there["1.weight"][row], objective.centre["1.weight"], rtol=1e-10, atol=1e-10)


def test_only_subspaces_with_ends_of_their_own_name_a_rule() -> None:
    first, second, third = networks()
    start, end = first.centre, second.centre
    rules = {
        "between": line_between(first, second).rule,
        "curve": Curve(start, start, end).rule,
        "through": plane_through(first, second, third).rule,
        "random": random_plane(first).rule,
        "corridor": corridor_along([start, end], [0, 1]).rule,
    }
    assert rules == {
        "between": Rule.ENDS,
        "curve": Rule.ENDS,
        "through": Rule.NETWORKS,
        "random": None,
        "corridor": None,
    }


def test_an_extent_is_judged_on_both_sides_of_every_axis_and_at_the_last_step_of_a_corridor() -> None:
    first, second, _ = networks()
    assert random_plane(first).ends(2.0).tolist() == [[-2, 0], [2, 0], [0, -2], [0, 2]]
    assert corridor_along([first.centre, second.centre], [0, 7]).ends(0.5).tolist() == [[7, -0.5], [7, 0.5]]


def test_a_path_without_buffers_says_none() -> None:
    assert TrainingPath(np.zeros(1), [{}]).buffers == ()
