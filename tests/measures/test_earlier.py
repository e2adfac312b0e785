"""Names of the first edition give the values of today's, and say what to write instead."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from problems import examples, small_mlp

from landscape.measures import earlier
from landscape.measures.eigenvalues import eigenpairs, extreme_eigenpairs
from landscape.measures.matrix import hessian
from landscape.measures.spectrum import spectral_density
from landscape.measures.trace import frobenius_norm, trace
from landscape.objective.objective import Objective

PAIRS: list[tuple[Callable[..., Any], Callable[[Objective], Any]]] = [
    (earlier.hessian_eigenpairs, lambda o: eigenpairs(hessian(o)).values),
    (earlier.hessian_trace, lambda o: trace(hessian(o)).value),
    (earlier.hessian_norm, lambda o: frobenius_norm(hessian(o)).value),
]


def values(result: Any) -> Any:
    return getattr(result, "values", getattr(result, "value", None))


@pytest.mark.parametrize(("function", "today"), PAIRS)
def test_an_earlier_name_gives_todays_values_and_says_what_to_write(
    function: Callable[..., Any], today: Callable[[Objective], Any]
) -> None:
    objective = Objective(small_mlp(), examples(20))
    with pytest.warns(FutureWarning, match="will go: write"):
        result = function(objective)
    np.testing.assert_array_equal(values(result), today(objective))


def test_both_ends_and_products_have_earlier_names_too() -> None:
    objective = Objective(small_mlp(), examples(20))
    with pytest.warns(FutureWarning, match="extreme_eigenpairs"):
        top, bottom = earlier.hessian_extremes(objective, 2)
    expected = extreme_eigenpairs(hessian(objective), 2)
    np.testing.assert_array_equal(top.values, expected[0].values)
    np.testing.assert_array_equal(bottom.values, expected[1].values)
    with pytest.warns(FutureWarning, match="write hessian"):
        assert earlier.hessian_product(objective).size == hessian(objective).size


def test_the_density_of_an_objective_is_that_of_its_hessian() -> None:
    objective = Objective(small_mlp(), examples(20))
    with pytest.warns(FutureWarning, match="spectral_density"):
        density = spectral_density(objective, num_probes=2, steps=4)
    np.testing.assert_array_equal(density.nodes, spectral_density(hessian(objective), num_probes=2, steps=4).nodes)
