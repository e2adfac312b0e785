"""Lines and planes along directions by name are those along the directions themselves."""

from pathlib import Path

import numpy as np
import pytest
import torch
from problems import examples, quadratic, small_mlp
from safetensors.torch import save_file

from landscape.errors import InputError
from landscape.measures.along import subspace_along
from landscape.objective.objective import Objective
from landscape.sampling.grid import sample
from landscape.sampling.solutions import Solution, member_of
from landscape.space.directions import random_direction, scale_to
from landscape.train.networks import NetworkConfig
from landscape.train.runs import RunConfig, ensure_run
from landscape.train.training import Recipe


def network(seed: int = 0) -> Solution:
    return Solution(Objective(small_mlp(seed=seed), examples(12), name=f"net-{seed}"))


def test_the_loss_along_the_top_and_bottom_eigenvectors_is_their_parabola() -> None:
    objective, _ = quadratic([4.0, 1.0, 0.25], centre=[0.0, 0.0, 0.0])
    plane = subspace_along(Solution(objective), ["top", "bottom"])
    loss = sample(objective, plane, points=3, extent=2.0, rays=0, progress=False).loss
    np.testing.assert_allclose(loss[:, 1], [8.0, 0.0, 8.0], atol=1e-9)
    np.testing.assert_allclose(loss[1, :], [0.5, 0.0, 0.5], atol=1e-9)


def test_random_ones_have_the_seeds_of_a_random_plane() -> None:
    solution = network()
    plane = subspace_along(solution, ["random", "random"], seed=3, ignore="nothing")
    for index, direction in enumerate(plane.directions):
        expected = random_direction(solution.objective.centre, seed=6 + index, ignore="nothing")
        assert all(torch.equal(direction[name], tensor) for name, tensor in expected.items())
    assert plane.arrays == (), "a seed draws them again"


def test_a_direction_towards_another_network_ends_there(tmp_path: Path) -> None:
    data = {"name": "digits", "num_train": 40}
    config = RunConfig(NetworkConfig("mlp", 3), data, Recipe(steps=5), members=2)
    run = ensure_run("small", config, runs=tmp_path, progress=False)
    solution, other = member_of(run, 0), member_of(run, 1)
    line = subspace_along(solution, ["small:1"], runs=tmp_path)
    end = line.at(torch.ones(1, 1, dtype=torch.float64))
    for name, tensor in other.objective.centre.items():
        torch.testing.assert_close(end[name][0], tensor, rtol=0, atol=1e-6)
    assert line.recipe.to_dict()["name 1"] == "to small:1"


def test_a_file_is_taken_as_it_is_and_scaled_only_if_asked(tmp_path: Path) -> None:
    solution = network()
    theta = solution.objective.centre
    direction = {name: torch.ones_like(tensor) for name, tensor in theta.items() if tensor.dim() > 1}
    save_file(direction, tmp_path / "ones.safetensors")
    name = str(tmp_path / "ones.safetensors")
    plain, scaled = subspace_along(solution, [name]), subspace_along(solution, [name], normalize="filter")
    expected = scale_to(direction, theta, normalize="filter")
    for key, tensor in direction.items():
        assert torch.equal(plain.directions[0][key], tensor)
        assert torch.equal(scaled.directions[0][key], expected[key])
    assert len(plain.arrays) == 1, "no seed draws it again"
    assert subspace_along(solution, [name], keep=False).arrays == ()


def test_directions_that_span_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="a plane has two directions, got 3"):
        subspace_along(network(), ["random"] * 3)
    with pytest.raises(InputError, match="is for a plane; name two directions"):
        subspace_along(network(), ["random"], orthogonal=True)
    with pytest.raises(InputError, match="unknown model 'sideways'"):
        subspace_along(network(), ["sideways"])
