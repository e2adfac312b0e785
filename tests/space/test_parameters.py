"""Arithmetic on named tensors, against numbers written out."""

import pytest
import torch
from torch import nn

from landscape.errors import ObjectiveError
from landscape.space import parameters as space

POINT = {"a": torch.tensor([3.0, 0.0]), "b": torch.tensor([[4.0]])}


def test_the_norm_and_the_inner_product_are_those_of_all_tensors_laid_end_to_end() -> None:
    assert float(space.norm(POINT)) == 5.0
    twice = {"a": 2 * POINT["a"], "c": torch.ones(7)}
    assert float(space.dot(POINT, twice)) == 18.0, "over the names that both share"
    assert float(space.dot(POINT, {"c": torch.ones(7)})) == 0.0
    assert space.count(POINT) == 3


def test_a_norm_does_not_overflow_in_half_precision() -> None:
    assert float(space.norm({"a": torch.full((4,), 3e4, dtype=torch.float16)})) == pytest.approx(6e4, rel=1e-3)


def test_a_vector_is_cut_into_the_shapes_and_dtypes_of_the_point() -> None:
    parts = space.unflatten(torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64), POINT)
    assert parts["a"].tolist() == [1.0, 2.0]
    assert parts["b"].tolist() == [[3.0]]
    assert parts["b"].dtype == torch.float32


def test_what_is_stacked_is_selected_again_bit_by_bit() -> None:
    other = {name: -tensor for name, tensor in POINT.items()}
    stack = space.stack_points([POINT, other])
    assert stack["b"].shape == (2, 1, 1)
    for index, point in enumerate((POINT, other)):
        assert all(torch.equal(tensor, point[name]) for name, tensor in space.select(stack, index).items())
    assert space.stack_points(stack) is stack
    assert space.stack_points([]) == {}


def test_a_centre_holds_tied_parameters_once_and_no_memory_of_the_model() -> None:
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    model[1].weight = model[0].weight
    centre = space.centre_of(model)
    assert list(centre) == ["0.weight"]
    assert centre["0.weight"].data_ptr() != model[0].weight.data_ptr()
    assert not centre["0.weight"].requires_grad


def test_a_model_whose_parameters_are_all_left_out_is_refused() -> None:
    with pytest.raises(ObjectiveError, match="no parameters to move"):
        space.centre_of(nn.Linear(2, 2), without={"weight", "bias"})


def test_a_digest_tells_names_shapes_dtypes_and_bits_apart() -> None:
    base = space.digest(POINT.items())
    flat = {**POINT, "b": POINT["b"].flatten()}
    double = {**POINT, "a": POINT["a"].double()}
    nudged = {**POINT, "a": POINT["a"] + torch.tensor([0.0, 1e-45])}
    renamed = {"c": POINT["a"], "b": POINT["b"]}
    assert space.digest({name: tensor.clone() for name, tensor in POINT.items()}.items()) == base
    assert len({base, *(space.digest(point.items()) for point in (flat, double, nudged, renamed))}) == 5
