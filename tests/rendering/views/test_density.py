"""The picture of a spectral density: eigenvalues per smoothing width, and the ends of the spectrum."""

from pathlib import Path

import numpy as np
import pytest
from pictures import PAPER, axes_of

from landscape.errors import InputError
from landscape.records.spectra import Spectrum
from landscape.rendering.views.density import FLOOR, _panel, draw_density

SPECTRUM = Spectrum(np.array([[0.0, 1.0], [0.1, 0.9]]), np.full((2, 2), 0.5), 100)


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_spectra_are_drawn_in_every_format(suffix: str, tmp_path: Path) -> None:
    path = draw_density([SPECTRUM, SPECTRUM], tmp_path / f"b.{suffix}", titles=["a", "b"])
    assert path.stat().st_size > 5000


def test_the_height_counts_eigenvalues_per_smoothing_width() -> None:
    with axes_of() as axes:
        _panel(axes, SPECTRUM, PAPER)
        values, heights = axes.lines[0].get_data()
    expected = SPECTRUM.P * SPECTRUM.sigma * SPECTRUM.density(values)
    assert np.allclose(heights, np.maximum(expected, FLOOR))
    assert heights.min() == FLOOR


def test_the_ends_of_the_spectrum_are_marked_and_named() -> None:
    with axes_of() as axes:
        _panel(axes, SPECTRUM, PAPER)
        (marks,) = [line for line in axes.lines if line.get_marker() == "|"]
        assert np.asarray(marks.get_xdata()).tolist() == [0.0, 1.0]
        assert axes.get_xlabel() == "eigenvalue, 0 to 1"


def test_nothing_to_draw_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="1 to 4 spectra"):
        draw_density([], tmp_path / "a.png")
