"""Spectra and cross-sections with known answers."""

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.records.spectra import CrossSection, Spectrum

# Two probes of a matrix of size 4 with the eigenvalues 0, 0, 1 and 3, and nothing left to chance.
NODES = np.array([[0.0, 1.0, 3.0]] * 2)
WEIGHTS = np.array([[0.5, 0.25, 0.25]] * 2)


def test_the_moments_of_a_quadrature_are_those_of_the_eigenvalues() -> None:
    spectrum = Spectrum(NODES, WEIGHTS, P=4)
    assert [spectrum.moment(order) for order in (0, 1, 2)] == [(4.0, 0.0), (4.0, 0.0), (10.0, 0.0)]


def test_the_density_integrates_to_one_and_the_shares_add_up() -> None:
    spectrum = Spectrum(NODES, WEIGHTS, P=4)
    grid = spectrum.grid(2001)
    assert np.trapezoid(spectrum.density(grid), grid) == pytest.approx(1, abs=1e-3)
    assert spectrum.cumulative([-1.0, 0.5, 2.0, 4.0]) == pytest.approx([0, 0.5, 0.75, 1], abs=1e-12)
    assert spectrum.error == 0


def test_probes_that_differ_give_the_error_of_their_mean() -> None:
    spectrum = Spectrum(np.array([[1.0], [3.0]]), np.ones((2, 1)), P=5)
    assert spectrum.moment(1) == (10.0, pytest.approx(5.0)), "5 and 15: standard deviation 7.07, two probes"
    alone = Spectrum(NODES[:1], WEIGHTS[:1], P=4)
    assert (alone.error, alone.moment(1)) == (np.inf, (4.0, np.inf))
    assert np.isinf(alone.density_with_error([0.0])[1]).all()


def test_nodes_and_weights_have_one_shape() -> None:
    with pytest.raises(InputError, match=r"one shape \(probes, steps\), got \(2, 3\)"):
        Spectrum(NODES, WEIGHTS[:1], P=4)


def test_a_half_width_is_predicted_by_the_parabola_of_its_eigenvalue() -> None:
    stiff = np.array([[0.5, 0.5], [9.0, 9.0], [2.0, 9.0]])
    section = CrossSection(np.array([4.0, 0.0, -1.0]), np.zeros(3), stiff, np.ones((4, 2)), reach=9.0)
    assert section.predicted.tolist() == [0.5, np.inf, np.inf]
    assert section.censored == 3


def test_a_cross_section_has_two_sides_for_every_direction() -> None:
    with pytest.raises(InputError, match=r"stiff \(k, 2\)"):
        CrossSection(np.ones(2), np.ones(2), np.ones((2, 1)), np.ones((4, 2)), reach=1.0)
