import numpy as np
import pytest
import torch
from problems import examples, quadratic, small_mlp

from landscape.errors import InputError
from landscape.measures.cross_sections import cross_section
from landscape.objective.objective import Objective
from landscape.records.spectra import CrossSection
from landscape.space.parameters import digest

SPECTRUM = (0.5, 1.0, 4.0, 30.0, 100.0, 1000.0)


def test_half_widths_of_a_quadratic_are_those_its_eigenvalues_predict() -> None:
    found = cross_section(quadratic(SPECTRUM, centre=[0.0] * 6)[0], 6, random=5, rise=0.2)
    np.testing.assert_allclose(found.eigenvalues, sorted(SPECTRUM, reverse=True), rtol=1e-9)
    np.testing.assert_allclose(found.predicted, np.sqrt(0.4 / found.eigenvalues))
    # interpolated linearly within 1/512 of a factor of the root of 2
    np.testing.assert_allclose(found.stiff, found.predicted[:, None].repeat(2, axis=1), rtol=1e-4)
    assert (found.unit, found.rise, found.P, found.censored) == ("L2", 0.2, 6, 0)


def test_random_directions_see_the_curvature_along_them() -> None:
    objective, matrix = quadratic(SPECTRUM, centre=[0.0] * 6)
    found = cross_section(objective, 1, random=8, seed=3)
    generator = torch.Generator().manual_seed(3)
    for distances in found.random:
        vector = torch.randn(6, generator=generator, dtype=torch.float64)
        vector /= vector.norm()
        expected = (2 * found.rise / (vector @ matrix @ vector)) ** 0.5
        np.testing.assert_allclose(distances, float(expected), rtol=1e-4)


def test_a_loss_that_never_rises_gives_a_lower_bound_and_no_prediction() -> None:
    found = cross_section(quadratic((0.0, 0.0, 4.0), centre=[0.0] * 3)[0], 3, random=2)
    assert found.censored == 4
    assert found.stiff[-1].tolist() == [found.reach, found.reach]
    assert found.predicted[0] == pytest.approx(0.5)
    assert found.predicted[-1] > 1e3


def test_the_model_is_bit_identical_afterwards() -> None:
    model = small_mlp(3)
    before = digest(model.state_dict().items())
    cross_section(Objective(model, examples(10)), 1, random=1)
    assert digest(model.state_dict().items()) == before


def test_refuses_what_is_no_cross_section() -> None:
    objective = Objective(small_mlp(), examples(20))
    with pytest.raises(InputError, match="rise must be above 0"):
        cross_section(objective, 2, rise=0.0)
    with pytest.raises(InputError, match="at least 1 random direction"):
        cross_section(objective, 2, random=0)
    with pytest.raises(InputError, match="a cross-section has"):
        CrossSection(np.ones(2), np.ones(3), np.ones((2, 2)), np.ones((1, 2)), 1.0)
