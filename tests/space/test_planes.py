import numpy as np
import pytest
import torch
from problems import examples, small_mlp

from landscape.errors import InputError
from landscape.objective.objective import Objective
from landscape.space import parameters as space
from landscape.space.planes import path_plane, plane_through


def solution(seed: int, width: int = 5) -> Objective:
    return Objective(small_mlp(width, seed=seed), examples(9))


def test_the_plane_of_three_networks_passes_through_all_three() -> None:
    networks = [solution(seed) for seed in range(3)]
    plane = plane_through(*networks, names=("a", "b", "c"))
    points = plane.at(torch.from_numpy(plane.places))
    for index, network in enumerate(networks):
        for name, tensor in network.centre.items():
            torch.testing.assert_close(points[name][index], tensor, rtol=0, atol=1e-14)


def test_both_axes_of_three_networks_are_unit_vectors_at_right_angles() -> None:
    plane = plane_through(*(solution(seed) for seed in range(3)))
    first, second = plane.directions
    assert float(space.norm(first)) == pytest.approx(1, abs=1e-14)
    assert float(space.norm(second)) == pytest.approx(1, abs=1e-14)
    assert float(space.dot(first, second)) == pytest.approx(0, abs=1e-14)
    assert [axis.unit for axis in plane.axes((5, 4), 1.0)] == ["L2", "L2"]
    for axis, places in zip(plane.axes((5, 4), 1.0), plane.places.T, strict=True):
        assert axis.values[0] < places.min() <= places.max() < axis.values[-1]


def test_networks_that_span_no_plane_are_refused() -> None:
    one, two = solution(0), solution(1)
    with pytest.raises(InputError, match="the same"):
        plane_through(one, one, two)
    with pytest.raises(InputError, match="span no plane"):
        plane_through(one, two, two)
    with pytest.raises(InputError, match="has shapes"):
        plane_through(one, two, solution(2, width=4))


def flat_path(points: np.ndarray) -> tuple[list[dict[str, torch.Tensor]], dict[str, torch.Tensor]]:
    """A path of the given coordinates (T, 2) along two known directions of unequal length at right angles."""
    generator = torch.Generator().manual_seed(0)
    basis, _ = torch.linalg.qr(torch.randn(12, 2, generator=generator, dtype=torch.float64))
    origin = torch.randn(12, generator=generator, dtype=torch.float64)
    rows = origin + torch.from_numpy(points) @ basis.T
    return [{"w": row.reshape(3, 4)} for row in rows], {"origin": origin, "basis": basis}


def test_the_plane_of_a_path_in_a_plane_is_that_plane() -> None:
    points = np.array([[4.0, 1.0], [3.0, -1.0], [1.0, -1.5], [0.0, 0.0]])
    path, known = flat_path(points)
    plane = path_plane(path, [0, 1, 5, 9])
    assert plane.explained == pytest.approx(1, abs=1e-14)
    found = torch.stack([direction["w"].flatten() for direction in plane.directions], dim=1)
    torch.testing.assert_close(found @ found.T, known["basis"] @ known["basis"].T, rtol=0, atol=1e-13)
    reached = plane.at(torch.from_numpy(plane.places))["w"]
    torch.testing.assert_close(reached, torch.stack([point["w"] for point in path]), rtol=0, atol=1e-13)


def test_the_explained_share_of_a_known_path() -> None:
    # displacements 3, 2, 1 along three axes: two components explain (9 + 4) / 14
    path = [{"w": torch.diag(torch.tensor([3.0, 2.0, 1.0]))[k]} for k in range(3)] + [{"w": torch.zeros(3)}]
    assert path_plane(path, range(4)).explained == pytest.approx(13 / 14)


def test_a_path_out_of_order_or_too_short_is_refused() -> None:
    path, _ = flat_path(np.array([[1.0, 0], [0, 1], [0, 0]]))
    with pytest.raises(InputError, match="later step"):
        path_plane(path, [0, 2, 1])
    with pytest.raises(InputError, match="three checkpoints"):
        path_plane(path[:2], [0, 1])
