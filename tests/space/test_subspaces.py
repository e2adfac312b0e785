import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from problems import examples, quadratic, small_mlp

from landscape.errors import InputError
from landscape.objective.objective import Objective
from landscape.space.directions import filter_normalize
from landscape.space.subspaces import corridor_along, line_between, plane_along, random_line, random_plane, symmetric


def objective_of(seed: int = 0) -> Objective:
    return Objective(small_mlp(seed=seed), examples(9))


@given(points=st.integers(2, 300), extent=st.floats(1e-6, 1e6))
def test_grids_are_symmetric_and_hold_zero_when_odd(points: int, extent: float) -> None:
    grid = symmetric(points, extent)
    assert np.array_equal(grid, -grid[::-1])
    assert grid[0] == -extent
    assert (points % 2 == 1) == (0.0 in grid)


@pytest.mark.parametrize(
    ("points", "extent"), [(1, 1.0), (0, 1.0), (5, 0.0), (5, -1.0), (5, float("nan")), (5, float("inf"))]
)
def test_grids_that_cannot_be_are_refused(points: int, extent: float) -> None:
    with pytest.raises(InputError):
        symmetric(points, extent)


def test_a_plane_is_computed_from_the_centre() -> None:
    objective = objective_of()
    plane = random_plane(objective, seed=4)
    a, b = 0.3, -1.7
    point = plane.at(torch.tensor([[a, b]], dtype=torch.float64))
    first, second = plane.directions
    for name, tensor in point.items():
        expected = objective.centre[name] + a * first[name] + b * second[name]
        torch.testing.assert_close(tensor[0], expected, rtol=1e-15, atol=1e-15)
    origin = plane.at(torch.zeros(1, 2, dtype=torch.float64))
    assert all(torch.equal(tensor[0], objective.centre[name]) for name, tensor in origin.items())


def test_the_two_directions_of_a_plane_and_of_the_next_plane_all_differ() -> None:
    objective = objective_of()
    drawn = [direction["1.weight"] for seed in (0, 1) for direction in random_plane(objective, seed=seed).directions]
    assert len({tuple(tensor.flatten().tolist()) for tensor in drawn}) == 4


def test_a_line_between_two_solutions_ends_in_both() -> None:
    start, end = objective_of(0), objective_of(1)
    line = line_between(start, end)
    ends = line.at(torch.tensor([[0.0], [1.0]], dtype=torch.float64))
    for name, tensor in ends.items():
        assert torch.equal(tensor[0], start.centre[name])
        torch.testing.assert_close(tensor[1], end.centre[name], rtol=0, atol=1e-15)
    assert set(ends) == set(start.centre)
    assert line.axes((3,), 1.0)[0].values.tolist() == [0, 0.5, 1]


def test_a_recipe_tells_seeds_and_centres_apart() -> None:
    objective, other = objective_of(0), objective_of(1)
    recipes = [random_plane(o, seed=s).recipe.digest for o in (objective, other) for s in (0, 1)]
    assert len(set(recipes)) == 4
    assert random_line(objective, seed=7).recipe == random_line(objective, seed=7).recipe


def corridor_with(num_checkpoints: int = 4) -> tuple[object, dict[str, torch.Tensor], np.ndarray]:
    centres = [objective_of(seed).centre for seed in range(num_checkpoints)]
    path = {name: torch.stack([centre[name] for centre in centres]) for name in centres[0]}
    steps = np.array([0.0, 1.0, 10.0, 100.0][:num_checkpoints])
    return corridor_along(path, steps, seed=3), path, steps


def test_the_corridor_passes_through_every_checkpoint() -> None:
    corridor, path, steps = corridor_with()
    on_path = corridor.at(torch.tensor([[step, 0.0] for step in steps], dtype=torch.float64))  # type: ignore[attr-defined]
    for name, tensor in on_path.items():
        assert torch.equal(tensor, path[name])


def test_the_corridor_is_straight_between_checkpoints() -> None:
    corridor, path, _ = corridor_with()
    between = corridor.at(torch.tensor([[55.0, 0.0]], dtype=torch.float64))  # type: ignore[attr-defined]
    torch.testing.assert_close(between["1.weight"][0], (path["1.weight"][2] + path["1.weight"][3]) / 2)


def test_across_the_corridor_each_step_has_its_own_filter_norms() -> None:
    corridor, path, steps = corridor_with()
    for index, step in enumerate(steps):
        theta = {name: tensor[index] for name, tensor in path.items()}
        expected = filter_normalize(corridor.draw, theta)  # type: ignore[attr-defined]
        point = corridor.at(torch.tensor([[step, 0.7]], dtype=torch.float64))  # type: ignore[attr-defined]
        row = corridor.row(float(step)).at(torch.tensor([[0.7]], dtype=torch.float64))  # type: ignore[attr-defined]
        for name in expected:
            torch.testing.assert_close(point[name][0], theta[name] + 0.7 * expected[name], rtol=1e-12, atol=1e-14)
            torch.testing.assert_close(row[name][0], point[name][0], rtol=1e-12, atol=1e-14)


def test_a_corridor_needs_a_path() -> None:
    with pytest.raises(InputError, match="two checkpoints"):
        corridor_along({"w": torch.zeros(1, 2, 2)}, np.array([0.0]))


def test_the_loss_along_a_direction_is_the_quadratic_form() -> None:
    objective, hessian = quadratic([3.0, 1.0, 0.1])
    line = random_line(objective, seed=0, normalize="none")
    steps = torch.linspace(-2, 2, 9, dtype=torch.float64)
    point = objective.centre["0.weight"][0] + steps[:, None] * line.directions[0]["0.weight"][0]
    expected = 0.5 * ((point @ hessian) * point).sum(dim=1)
    torch.testing.assert_close(
        objective.evaluate(line.at(steps[:, None]))["train_loss"], expected, rtol=1e-13, atol=1e-14
    )


def test_an_orthogonal_plane_tells_what_it_gave_up() -> None:
    objective = objective_of()
    plain, orthogonal = (random_plane(objective, seed=1, orthogonal=on) for on in (False, True))
    made = orthogonal.recipe.to_dict()
    assert made["cosine"] == plain.recipe.to_dict()["cosine"]
    assert made["length_kept"] == pytest.approx((1 - float(made["cosine"]) ** 2) ** 0.5, abs=1e-12)
    assert "orthogonal" not in plain.recipe.to_dict()


def test_the_unit_of_an_axis_is_that_of_its_direction() -> None:
    objective = objective_of()
    for normalize, unit in (("filter", "filter norm"), ("layer", "layer norm"), ("none", "direction length")):
        plane = random_plane(objective, normalize=normalize)  # type: ignore[arg-type]
        assert [axis.unit for axis in plane.axes((3,), 1.0)] == [unit, unit]
    directions = plane.directions
    mixed = plane_along(objective.centre, *directions, recipe={"unit 1": "L2", "unit 2": "filter norm"})
    assert [axis.unit for axis in mixed.axes((3,), 1.0)] == ["L2", "filter norm"]


def test_kept_directions_name_every_parameter_in_order() -> None:
    objective = objective_of()
    plane = random_plane(objective)
    assert plane.arrays == ()
    first, _ = plane_along(objective.centre, *plane.directions, keep=True).arrays
    assert list(first) == list(objective.centre)
    assert not first["1.bias"].any()
    np.testing.assert_array_equal(first["1.weight"], plane.directions[0]["1.weight"])


def test_a_corridor_along_a_list_is_the_one_along_the_stack() -> None:
    corridor, path, steps = corridor_with()
    listed = corridor_along([{name: tensor[k] for name, tensor in path.items()} for k in range(4)], steps, seed=3)
    assert listed.recipe == corridor.recipe  # type: ignore[attr-defined]
