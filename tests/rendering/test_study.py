"""Figures of studies: every part is drawn, on one scale, to the file asked for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib import image
from problems import bowl

from landscape.errors import DisplayError, InputError
from landscape.records.findings import Picture, Plot, Series, StudyResult, Table
from landscape.rendering.geometry.style import theme_of
from landscape.rendering.study import film_study, render_study, study_figure

X = np.array([1.0, 10.0, 100.0])
PLOT = Plot("errors", "P / N", "share", (Series("narrow", X, X, X / 2, 2 * X),))
RESULT = StudyResult("fit", "Fit", "claim", "opposite", "agrees", (), plots=(PLOT,))


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_a_study_is_drawn_to_the_file_asked_for(tmp_path: Path, suffix: str) -> None:
    assert render_study(RESULT, tmp_path / f"fit.{suffix}").stat().st_size > 1000
    with pytest.raises(InputError, match="suffix"):
        render_study(RESULT, tmp_path / "fit.gif")


def test_straight_edges_are_drawn_into_a_picture(tmp_path: Path) -> None:
    pieces = np.zeros((8, 8))
    pieces[:, 4:] = 1
    for name, drawn in (("plain", -np.ones((8, 8))), ("edges", pieces)):
        result = replace(RESULT, plots=(), pictures=(Picture("p", np.full((8, 8), 0.5), drawn),))
        render_study(result, tmp_path / f"{name}.png")
    plain, edges = (image.imread(tmp_path / f"{name}.png") for name in ("plain", "edges"))
    coloured = [np.ptp(pixels[..., :3], axis=-1).max() for pixels in (plain, edges)]
    assert coloured[0] < 0.01
    assert coloured[1] > 0.3


def test_a_table_alone_is_drawn_and_nothing_at_all_is_refused(tmp_path: Path) -> None:
    table = Table(("aspect", "narrow"), (("capacity", "0.5"),))
    assert render_study(replace(RESULT, plots=(), table=table), tmp_path / "table.png").exists()
    with pytest.raises(DisplayError, match="nothing to draw"):
        render_study(replace(RESULT, plots=()), tmp_path / "none.png")


def test_rows_are_as_wide_as_what_stands_in_them_and_the_verdict_stands_on_top() -> None:
    theme = theme_of("paper")
    one, three = (study_figure(replace(RESULT, plots=(PLOT,) * count), theme) for count in (1, 3))
    assert one.get_size_inches() == pytest.approx((1.3 * 3.4, 2.9 + 0.35))
    assert three.get_size_inches() == pytest.approx((3 * 3.4, 2.9 + 0.35))
    assert one.get_suptitle() == "Fit: the data agree"


def test_a_study_without_corridors_is_no_film(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="study fit has no surfaces to film; film the study morph"):
        film_study(replace(RESULT, surfaces=(bowl(points=5),)), tmp_path / "a.gif")
