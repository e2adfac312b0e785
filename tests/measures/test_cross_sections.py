from pathlib import Path

import numpy as np
import pytest
import torch
from problems import examples, quadratic, small_mlp

from landscape.errors import InputError
from landscape.measures.cross_sections import cross_section
from landscape.objective.objective import Objective
from landscape.records.spectra import CrossSection, Spectrum
from landscape.rendering.views.cross_section import draw_cross_section
from landscape.rendering.views.density import draw_density
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


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_the_pictures_are_drawn(suffix: str, tmp_path: Path) -> None:
    rank = np.arange(1.0, 6)
    section = CrossSection(
        2 / rank**2, 0 * rank, np.stack([rank, 64 + 0 * rank], axis=1), np.full((3, 2), 5.0), 64.0, model="wide:0"
    )
    for count in (1, 2):
        draw_cross_section([section] * count, tmp_path / f"a.{suffix}")
    assert (tmp_path / f"a.{suffix}").stat().st_size > 5000
    spectrum = Spectrum(np.array([[0.0, 1.0], [0.1, 0.9]]), np.full((2, 2), 0.5), 100)
    draw_density([spectrum, spectrum], tmp_path / f"b.{suffix}", titles=["a", "b"])
    assert (tmp_path / f"b.{suffix}").stat().st_size > 5000


def test_pictures_refuse_what_cannot_share_axes(tmp_path: Path) -> None:
    one, two = (
        CrossSection(np.ones(1), np.zeros(1), np.ones((1, 2)), np.ones((1, 2)), 2.0, rise=rise) for rise in (0.5, 0.2)
    )
    with pytest.raises(InputError, match="different rises"):
        draw_cross_section([one, two], tmp_path / "a.png")
    with pytest.raises(InputError, match="1 to 4"):
        draw_cross_section([one] * 5, tmp_path / "a.png")
    with pytest.raises(InputError, match="1 to 4"):
        draw_density([], tmp_path / "a.png")
