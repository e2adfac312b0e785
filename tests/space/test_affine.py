"""Lines and planes: what they add to the centre, and what they say of it."""

import numpy as np
import pytest
import torch
from problems import examples, quadratic, small_mlp

from landscape.objective.objective import Objective
from landscape.space.affine import line_between, plane_along, random_line, random_plane


def objective_of(seed: int = 0) -> Objective:
    return Objective(small_mlp(seed=seed), examples(9))


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


def test_a_line_or_a_plane_is_affine_and_stays_in_memory_unless_its_directions_are_drawn_again() -> None:
    objective = objective_of()
    for stored in (True, False):
        plane = random_plane(objective, stored=stored)
        assert plane.affine is plane
        assert plane.row is None
        assert plane.resident == stored


def test_the_ends_of_a_plane_lie_on_its_axes_at_the_extent() -> None:
    ends = random_plane(objective_of()).ends(0.5)
    assert ends.tolist() == [[-0.5, 0.0], [0.5, 0.0], [0.0, -0.5], [0.0, 0.5]]
