"""The corridor runs through its checkpoints, its unit across is each step's own."""

import numpy as np
import pytest
import torch
from problems import examples, small_mlp

from landscape.errors import InputError
from landscape.objective.objective import Objective
from landscape.space.corridors import Corridor, corridor_along
from landscape.space.directions import filter_normalize


def objective_of(seed: int = 0) -> Objective:
    return Objective(small_mlp(seed=seed), examples(9))


def corridor_with(num_checkpoints: int = 4) -> tuple[Corridor, dict[str, torch.Tensor], np.ndarray]:
    centres = [objective_of(seed).centre for seed in range(num_checkpoints)]
    path = {name: torch.stack([centre[name] for centre in centres]) for name in centres[0]}
    steps = np.array([0.0, 1.0, 10.0, 100.0][:num_checkpoints])
    return corridor_along(path, steps, seed=3), path, steps


def test_the_corridor_passes_through_every_checkpoint() -> None:
    corridor, path, steps = corridor_with()
    on_path = corridor.at(torch.tensor([[step, 0.0] for step in steps], dtype=torch.float64))
    for name, tensor in on_path.items():
        assert torch.equal(tensor, path[name])


def test_the_corridor_is_straight_between_checkpoints() -> None:
    corridor, path, _ = corridor_with()
    between = corridor.at(torch.tensor([[55.0, 0.0]], dtype=torch.float64))
    torch.testing.assert_close(between["1.weight"][0], (path["1.weight"][2] + path["1.weight"][3]) / 2)


def test_across_the_corridor_each_step_has_its_own_filter_norms() -> None:
    corridor, path, steps = corridor_with()
    for index, step in enumerate(steps):
        theta = {name: tensor[index] for name, tensor in path.items()}
        expected = filter_normalize(corridor.draw, theta)
        point = corridor.at(torch.tensor([[step, 0.7]], dtype=torch.float64))
        row = corridor.row(float(step)).at(torch.tensor([[0.7]], dtype=torch.float64))
        for name in expected:
            torch.testing.assert_close(point[name][0], theta[name] + 0.7 * expected[name], rtol=1e-12, atol=1e-14)
            torch.testing.assert_close(row[name][0], point[name][0], rtol=1e-12, atol=1e-14)


def test_a_corridor_needs_a_path() -> None:
    with pytest.raises(InputError, match="two checkpoints"):
        corridor_along({"w": torch.zeros(1, 2, 2)}, np.array([0.0]))


def test_a_corridor_along_a_list_is_the_one_along_the_stack() -> None:
    corridor, path, steps = corridor_with()
    listed = corridor_along([{name: tensor[k] for name, tensor in path.items()} for k in range(4)], steps, seed=3)
    assert listed.recipe == corridor.recipe


def test_a_corridor_is_affine_along_its_rows_alone() -> None:
    corridor, _, _ = corridor_with()
    assert corridor.affine is None
    assert corridor.row(10.0).affine is not None
    assert corridor.resident
    assert corridor.arrays == ()


def test_a_corridor_ends_beside_the_solution() -> None:
    corridor, _, _ = corridor_with()
    assert corridor.ends(0.5).tolist() == [[100.0, -0.5], [100.0, 0.5]]
