import numpy as np
import pytest
import torch
from problems import quadratic

from landscape.errors import InputError, ObjectiveError
from landscape.measures.axes import eigen_plane, named_direction
from landscape.records.directions import direction_entries
from landscape.sampling.grid import sample

SPECTRUM = [5.0, 3.0, 1.0, 0.2]


@pytest.mark.parametrize(("name", "value"), [("top", 5.0), ("second", 3.0), ("bottom", 0.2)])
def test_eigenvectors_of_a_quadratic(name: str, value: float) -> None:
    objective, hessian = quadratic(SPECTRUM)
    direction, found = named_direction(objective, name)  # type: ignore[arg-type]
    vector = direction["0.weight"][0]
    torch.testing.assert_close(hessian @ vector, value * vector, rtol=0, atol=1e-12)
    assert float(vector.norm()) == pytest.approx(1, abs=1e-14)
    assert direction_entries(found)["eigenvalue"] == pytest.approx(value, rel=1e-12)


def test_the_gradient_of_a_quadratic_points_uphill() -> None:
    objective, hessian = quadratic(SPECTRUM)
    direction, found = named_direction(objective, "gradient")
    slope = hessian @ objective.centre["0.weight"][0]
    torch.testing.assert_close(direction["0.weight"][0], slope / slope.norm(), rtol=1e-12, atol=1e-13)
    assert direction_entries(found)["norm"] == pytest.approx(float(slope.norm()), rel=1e-12)


def test_the_loss_over_an_eigen_plane_is_the_sum_of_two_parabolas() -> None:
    objective, _ = quadratic(SPECTRUM, centre=[0.0] * 4)
    surface = sample(objective, eigen_plane(objective, ("top", "second")), points=(5, 4), rays=0, progress=False)
    alpha, beta = (axis.values for axis in surface.axes)
    expected = 2.5 * alpha[:, None] ** 2 + 1.5 * beta[None, :] ** 2
    np.testing.assert_allclose(surface.loss, expected, rtol=1e-12, atol=1e-14)
    assert [axis.unit for axis in surface.axes] == ["L2", "L2"]
    assert surface.provenance.identity.subspace.to_dict()["eigenvalue 2"] == pytest.approx(3.0)


def test_what_gives_no_direction_is_refused() -> None:
    objective, _ = quadratic(SPECTRUM, centre=[0.0] * 4)
    with pytest.raises(ObjectiveError, match="exactly zero"):
        named_direction(objective, "gradient")
    with pytest.raises(InputError, match="unknown direction"):
        named_direction(objective, "sideways")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="two axes"):
        eigen_plane(objective, ("top",))
