"""Curves against their formulas: ends bit by bit, the middle, straight where the bend lies midway."""

from typing import get_args

import numpy as np
import pytest
import torch
from problems import small_mlp
from torch import Tensor

from landscape.errors import InputError
from landscape.space.affine import Line
from landscape.space.curves import Curve, Form
from landscape.space.parameters import centre_of

DOUBLE = torch.float64


def three() -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
    first, second, third = (dict(centre_of(small_mlp(seed=seed), dtype=DOUBLE)) for seed in (0, 1, 2))
    return first, second, third


def t(*values: float) -> Tensor:
    return torch.tensor(values, dtype=DOUBLE)[:, None]


@pytest.mark.parametrize("form", get_args(Form))
def test_the_ends_are_the_solutions_bit_by_bit(form: Form) -> None:
    start, bend, end = three()
    found = Curve(start, bend, end, form).at(t(0, 1))
    assert all(torch.equal(found[name], torch.stack([start[name], end[name]])) for name in start)


def test_a_bezier_curve_is_its_formula_and_misses_its_bend() -> None:
    start, bend, end = three()
    found = Curve(start, bend, end, "bezier").at(t(0.25, 0.5))
    for name in start:
        expected = 0.5625 * start[name] + 0.375 * bend[name] + 0.0625 * end[name]
        torch.testing.assert_close(found[name][0], expected, rtol=1e-14, atol=1e-14)
        half = 0.25 * start[name] + 0.5 * bend[name] + 0.25 * end[name]
        torch.testing.assert_close(found[name][1], half, rtol=1e-14, atol=1e-14)


def test_a_polygon_passes_through_its_bend_and_is_straight_on_both_sides() -> None:
    start, bend, end = three()
    found = Curve(start, bend, end, "polygon").at(t(0.25, 0.5, 0.75))
    for name in start:
        assert torch.equal(found[name][1], bend[name])
        torch.testing.assert_close(found[name][0], (start[name] + bend[name]) / 2)
        torch.testing.assert_close(found[name][2], (end[name] + bend[name]) / 2)


@pytest.mark.parametrize("form", get_args(Form))
def test_with_the_bend_midway_it_is_the_straight_line(form: Form) -> None:
    start, _, end = three()
    midway = {name: (start[name] + end[name]) / 2 for name in start}
    places = t(*np.linspace(0, 1, 9))
    line = Line(start, ({name: end[name] - start[name] for name in start},)).at(places)
    curve = Curve(start, midway, end, form).at(places)
    for name in start:
        torch.testing.assert_close(curve[name], line[name], rtol=1e-13, atol=1e-13)


def test_the_recipe_tells_curves_apart() -> None:
    start, bend, end = three()
    recipes = [Curve(*points, form).recipe for points, form in (
        ((start, bend, end), "bezier"), ((start, end, bend), "bezier"), ((start, bend, end), "polygon"),
    )]  # fmt: skip
    assert [(r.kind, r.form) for r in recipes] == [("curve", "bezier"), ("curve", "bezier"), ("curve", "polygon")]
    assert recipes[0].digest != recipes[1].digest


def test_the_grid_runs_from_0_to_1() -> None:
    (axis,) = Curve(*three()).axes((5,), 2.0)
    assert axis.values.tolist() == [0, 0.25, 0.5, 0.75, 1]
    with pytest.raises(InputError, match="at least 2"):
        Curve(*three()).axes((1,), 2.0)


def test_unknown_forms_and_points_of_other_shape_are_refused() -> None:
    start, bend, end = three()
    with pytest.raises(InputError, match="unknown curve 'spline'"):
        Curve(start, bend, end, "spline")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"'1\.weight' differs or is missing"):
        Curve(start, {name: value for name, value in bend.items() if name != "1.weight"}, end)
