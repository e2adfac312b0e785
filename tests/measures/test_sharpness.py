import copy
from collections.abc import Callable

import pytest
import torch
from problems import examples, quadratic, small_mlp
from torch import nn

from landscape.errors import InputError
from landscape.measures.matrix import hessian
from landscape.measures.sharpness import Sharpness, epsilon_sharpness, noise_rise, worst_rise
from landscape.measures.trace import trace
from landscape.objective.objective import Objective

SPECTRUM = [1.0, 2.0, 4.0, 9.0]


def at_minimum() -> Objective:
    return quadratic(SPECTRUM, centre=[0.0] * 4)[0]


def test_the_worst_of_a_ball_on_a_quadratic_is_the_top_eigenvalue() -> None:
    assert worst_rise(at_minimum(), 0.3, steps=200).rise == pytest.approx(9.0 * 0.3**2 / 2, rel=1e-6)


def test_epsilon_sharpness_on_a_quadratic_is_the_best_corner() -> None:
    objective, matrix = quadratic(SPECTRUM, centre=[0.0] * 4)
    signs = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=torch.float64)] * 4)
    corners = 0.5 * torch.einsum("ki,ij,kj->k", signs, matrix, signs) * 0.1**2
    found = epsilon_sharpness(objective, epsilon=0.1)
    # the search ends in a corner, not always the highest
    assert found.value / 100 <= float(corners.max()) + 1e-12
    assert min(abs(found.value / 100 - float(corner)) for corner in corners) < 1e-9
    assert found.value / 100 >= float(corners.median())


def test_noise_on_a_quadratic_rises_by_half_the_trace() -> None:
    objective, matrix = quadratic(SPECTRUM, centre=[1.0] * 4)
    found = noise_rise(objective, 0.5, num_draws=2000)
    # the one filter has norm 2, so noise has length 1 in a uniform direction; the slope's part averages out
    assert abs(found.rise - 0.5 * matrix.trace().item() / 4) < 3 * found.standard_error


MEASURES: dict[str, Callable[[Objective], Sharpness]] = {
    "epsilon": lambda objective: epsilon_sharpness(objective, epsilon=1e-2),
    "ball": lambda objective: worst_rise(objective, 0.05),
    "adaptive ball": lambda objective: worst_rise(objective, 0.05, adaptive=True),
    "noise": lambda objective: noise_rise(objective, 0.1, num_draws=8),
}


def rescaled(model: nn.Module, factor: float) -> nn.Module:
    """The same function: the first layer times the factor, the second layer's weights by it."""
    changed = copy.deepcopy(model)
    with torch.no_grad():
        changed.get_parameter("1.weight").mul_(factor)
        changed.get_parameter("1.bias").mul_(factor)
        changed.get_parameter("3.weight").div_(factor)
    return changed


@pytest.mark.parametrize("name", MEASURES)
def test_says_truly_whether_it_survives_a_rescaling(name: str) -> None:
    model, data = small_mlp(), examples(50)
    plain, scaled = (MEASURES[name](Objective(each, data)) for each in (model, rescaled(model, 10.0)))
    assert plain.measure == name
    change = abs(scaled.value / plain.value - 1)
    if plain.survives_rescaling:
        assert change < 1e-6
    else:
        assert change > 0.1


def test_the_trace_does_not_survive_a_rescaling() -> None:
    model, data = small_mlp(), examples(50)
    plain, scaled = (
        trace(hessian(Objective(network, data)), num_probes=500).value for network in (model, rescaled(model, 10.0))
    )
    assert scaled > 2 * plain


def test_the_model_is_left_as_it_was() -> None:
    model = small_mlp()
    before = copy.deepcopy(model.state_dict())
    for measure in MEASURES.values():
        measure(Objective(model, examples(20)))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())


def test_refuses_sizes_that_are_not_positive() -> None:
    objective = at_minimum()
    with pytest.raises(InputError, match="epsilon must be above 0"):
        epsilon_sharpness(objective, epsilon=0)
    with pytest.raises(InputError, match="radius must be above 0"):
        worst_rise(objective, -1.0)
    with pytest.raises(InputError, match="at least 1 step"):
        worst_rise(objective, 1.0, steps=0)
    with pytest.raises(InputError, match="sigma must be above 0"):
        noise_rise(objective, float("nan"))
    with pytest.raises(InputError, match="at least 2 draws"):
        noise_rise(objective, 0.1, num_draws=1)
