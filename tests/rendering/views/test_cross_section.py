"""The picture of a cross-section: dots, prediction and band stand at their half-widths."""

from pathlib import Path

import numpy as np
import pytest
from pictures import PAPER, axes_of

from landscape.errors import InputError
from landscape.records.spectra import CrossSection
from landscape.rendering.views.cross_section import _panel, draw_cross_section

RANK = np.arange(1.0, 6)
SECTION = CrossSection(
    2 / RANK**2, 0 * RANK, np.stack([RANK, RANK + 2], axis=1), np.full((3, 2), 5.0), 7.0, rise=1.0, model="wide:0"
)


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_one_or_several_are_drawn_in_every_format(suffix: str, tmp_path: Path) -> None:
    for count in (1, 2):
        path = draw_cross_section([SECTION] * count, tmp_path / f"a.{suffix}")
        assert path.stat().st_size > 5000


def test_dots_are_means_of_both_sides_and_lower_bounds_are_open() -> None:
    with axes_of() as axes:
        _panel(axes, SECTION, PAPER)
        lines = {line.get_label(): line.get_xydata() for line in axes.lines}
    assert np.allclose(lines["along eigenvectors"], np.column_stack([RANK, RANK + 1])[:4])
    assert np.allclose(lines["at least"], [[5.0, 6.0]]), "its second side reaches the longest distance"


def test_curvature_alone_predicts_the_root_of_two_rises_over_the_eigenvalue() -> None:
    with axes_of() as axes:
        _panel(axes, SECTION, PAPER)
        (prediction,) = [line for line in axes.lines if "lambda" in str(line.get_label())]
    assert np.allclose(prediction.get_ydata(), RANK), "sqrt(2 / (2 / rank^2))"


def test_sections_of_different_rises_or_too_many_are_refused(tmp_path: Path) -> None:
    other = CrossSection(np.ones(1), np.zeros(1), np.ones((1, 2)), np.ones((1, 2)), 2.0, rise=0.2)
    with pytest.raises(InputError, match="different rises"):
        draw_cross_section([SECTION, other], tmp_path / "a.png")
    with pytest.raises(InputError, match="1 to 4"):
        draw_cross_section([SECTION] * 5, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())
