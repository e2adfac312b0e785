import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from problems import small_cnn, small_mlp

from landscape.errors import InputError
from landscape.space import parameters as space
from landscape.space.directions import cosine, draw, filter_normalize, orthogonalize, random_direction, scale_to
from landscape.space.parameters import centre_of


def centre(model: torch.nn.Module, dtype: torch.dtype = torch.float64) -> dict[str, torch.Tensor]:
    return dict(centre_of(model, dtype=dtype))


def filter_norms(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.flatten(1).norm(dim=1)


@given(seed=st.integers(0, 2**31), width=st.integers(1, 9))
def test_each_filter_keeps_the_norm_of_its_weights(seed: int, width: int) -> None:
    theta = centre(small_mlp(width))
    direction = random_direction(theta, seed=seed)
    for name, tensor in direction.items():
        torch.testing.assert_close(filter_norms(tensor), filter_norms(theta[name]), rtol=1e-12, atol=0)


def test_a_convolution_is_normalized_per_output_channel_not_per_layer() -> None:
    theta = centre(small_cnn())
    direction = random_direction(theta, seed=3)
    torch.testing.assert_close(filter_norms(direction["0.weight"]), filter_norms(theta["0.weight"]))
    layer = random_direction(theta, seed=3, normalize="layer")
    torch.testing.assert_close(layer["0.weight"].norm(), theta["0.weight"].norm())
    assert not torch.allclose(filter_norms(layer["0.weight"]), filter_norms(theta["0.weight"]))


def test_one_dimensional_parameters_stay_unless_asked_for() -> None:
    theta = centre(small_cnn())
    assert set(random_direction(theta, seed=0)) == {"0.weight", "5.weight"}
    everything = random_direction(theta, seed=0, ignore="nothing")
    assert set(everything) == set(theta)
    torch.testing.assert_close(everything["5.bias"].norm(), theta["5.bias"].norm())


def test_directions_are_gaussian_and_not_uniform() -> None:
    values = draw({"w": torch.zeros(400, 500, dtype=torch.float64)}, seed=1)["w"]
    assert abs(values.mean()) < 0.01
    assert abs(values.var() - 1) < 0.02
    assert abs(values.pow(4).mean() - 3) < 0.1  # a uniform distribution has 1.8


@given(first=st.integers(0, 10**6), second=st.integers(0, 10**6))
def test_a_seed_gives_one_direction_and_another_seed_another(first: int, second: int) -> None:
    theta = centre(small_mlp())
    one, two = random_direction(theta, seed=first), random_direction(theta, seed=second)
    assert torch.equal(one["1.weight"], two["1.weight"]) == (first == second)


def test_the_same_direction_in_every_precision() -> None:
    model = small_mlp()
    double, single = (draw(centre(model, dtype), seed=5) for dtype in (torch.float64, torch.float32))
    assert torch.equal(double["1.weight"].float(), single["1.weight"])


def test_two_tensors_of_one_shape_get_different_values() -> None:
    values = draw({"a": torch.zeros(3, 3), "b": torch.zeros(3, 3)}, seed=0)
    assert not torch.equal(values["a"], values["b"])


def test_a_filter_without_weights_is_not_perturbed() -> None:
    theta = {"w": torch.tensor([[0.0, 0.0], [3.0, 4.0]])}
    direction = filter_normalize({"w": torch.ones(2, 2)}, theta)
    assert direction["w"][0].tolist() == [0, 0]
    assert direction["w"][1].norm() == pytest.approx(5)


def test_normalization_broadcasts_over_stacked_weights() -> None:
    theta = torch.randn(4, 3, 2, dtype=torch.float64)
    direction = {"w": torch.randn(3, 2, dtype=torch.float64)}
    stacked = filter_normalize(direction, {"w": theta})["w"]
    for index in range(4):
        torch.testing.assert_close(stacked[index], filter_normalize(direction, {"w": theta[index]})["w"])


def test_rescaling_a_relu_pair_leaves_the_normalized_surface_unchanged() -> None:
    from problems import examples

    from landscape.objective.objective import Objective
    from landscape.space.affine import random_plane

    model, twin = small_mlp(), small_mlp()
    with torch.no_grad():
        for parameter in (twin[1].weight, twin[1].bias):  # type: ignore[index]
            parameter.mul_(4.0)
        twin[3].weight.mul_(0.25)  # type: ignore[index]
    first, second = (Objective(net, examples(20)) for net in (model, twin))
    coordinates = torch.rand(7, 2, dtype=torch.float64)
    ours = first.evaluate(random_plane(first, seed=2).at(coordinates))["train_loss"]
    theirs = second.evaluate(random_plane(second, seed=2).at(coordinates))["train_loss"]
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_unknown_normalization_is_refused() -> None:
    with pytest.raises(InputError, match="expected one of filter, layer, none"):
        scale_to({}, {}, normalize="filters")  # type: ignore[arg-type]


def test_nothing_to_perturb_is_refused() -> None:
    with pytest.raises(InputError, match="ignore='nothing'"):
        draw({"bias": torch.zeros(3)}, seed=0)


def test_patterns_of_names_are_left_out() -> None:
    theta = centre(small_cnn())
    assert set(random_direction(theta, seed=0, ignore="1d,5.*")) == {"0.weight"}
    assert set(random_direction(theta, seed=0, ignore="*.bias")) == {"0.weight", "1.weight", "5.weight"}
    kept = random_direction(theta, seed=0, ignore="1d,5.*")["0.weight"]
    assert torch.equal(kept, random_direction(theta, seed=0)["0.weight"]), "the others draw the same values"
    with pytest.raises(InputError, match="no parameter has such a name"):
        random_direction(theta, seed=0, ignore="1d,embedding")
    with pytest.raises(InputError, match="nothing is left"):
        random_direction(theta, seed=0, ignore="*")


def test_rows_of_an_embedding_and_of_stacked_attention_projections_are_filters() -> None:
    attention = torch.nn.MultiheadAttention(4, 2)
    model = torch.nn.ModuleDict({"tokens": torch.nn.Embedding(7, 4), "attention": attention})
    theta = centre(model)
    direction = random_direction(theta, seed=1)
    assert filter_norms(direction["tokens.weight"]).shape == (7,)
    assert filter_norms(direction["attention.in_proj_weight"]).shape == (12,)
    for name, tensor in direction.items():
        torch.testing.assert_close(filter_norms(tensor), filter_norms(theta[name]), rtol=1e-12, atol=0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_orthogonalized_directions_stand_at_right_angles_and_never_grow(dtype: torch.dtype) -> None:
    theta = centre(small_cnn(), dtype)
    given = [random_direction(theta, seed=0, ignore="nothing"), random_direction(theta, seed=1)]
    first, second = orthogonalize(given)
    assert all(torch.equal(first[name], given[0][name]) for name in first)
    assert set(second) == set(theta), "the part along the first reaches every parameter that it moves"
    assert abs(cosine(first, second)) < 10 * torch.finfo(dtype).eps
    assert space.norm(second) < space.norm(given[1])
    squares = space.norm(given[1]) ** 2 * (1 - cosine(*given) ** 2)
    torch.testing.assert_close(space.norm(second) ** 2, squares, rtol=1e-5, atol=0)


def test_directions_along_each_other_are_refused() -> None:
    one = {"w": torch.ones(2, 2)}
    with pytest.raises(InputError, match="direction 2 lies along"):
        orthogonalize([one, {"w": -2 * torch.ones(2, 2)}])


def test_patterns_to_ignore_may_come_as_a_list() -> None:
    theta = centre(small_mlp())
    together, apart = (draw(theta, seed=3, ignore=ignore) for ignore in ("1d,5.*", ["1d", "5.*"]))
    assert list(together) == list(apart)
    assert all(torch.equal(together[name], apart[name]) for name in together)
