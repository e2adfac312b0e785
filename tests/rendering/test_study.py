"""Figures of studies: every part is drawn, on one scale, to the file asked for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib import image
from problems import bowl

from landscape.errors import DisplayError, InputError
from landscape.records.findings import Mark, Picture, Plot, Series, StudyResult, Table
from landscape.records.sampled import Surface
from landscape.rendering.study import _figure, render_study

X = np.array([1.0, 10.0, 100.0])
PLOT = Plot(
    "errors",
    "P / N",
    "share",
    (Series("narrow", X, X, X / 2, 2 * X), Series("law", X, 1 / X, 1 / X, 1 / X, "fit")),
    y_scale="log",
    marks=(Mark("x", 10.0, "P = N"), Mark("y", 2.0, "chance")),
)
RESULT = StudyResult("fit", "Fit", "claim", "opposite", "agrees", (), plots=(PLOT,))


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_a_study_is_drawn_to_the_file_asked_for(tmp_path: Path, suffix: str) -> None:
    assert render_study(RESULT, tmp_path / f"fit.{suffix}").stat().st_size > 1000
    with pytest.raises(InputError, match="suffix"):
        render_study(RESULT, tmp_path / "fit.gif")


def test_curves_bands_and_thresholds_stand_where_the_record_has_them() -> None:
    (axes,) = _figure(RESULT).axes
    curve = next(line for line in axes.lines if line.get_label() == "narrow")
    np.testing.assert_array_equal(curve.get_xydata(), np.stack([X, X], axis=1))
    band = axes.collections[0].get_paths()[0].get_extents()
    assert (band.ymin, band.ymax) == (0.5, 200.0)
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert {"P = N", "chance"} <= {text.get_text().strip() for text in axes.texts}


def test_values_that_a_logarithm_cannot_show_leave_a_gap(tmp_path: Path) -> None:
    zero = Series("z", X, np.array([0.0, 1.0, np.inf]), X * 0, X)
    drawn = replace(RESULT, plots=(replace(PLOT, series=(zero,)),))
    (axes,) = _figure(drawn).axes
    assert np.isnan(axes.lines[0].get_ydata()).tolist() == [True, False, True]
    render_study(drawn, tmp_path / "gap.png")


def test_surfaces_share_one_colour_scale(tmp_path: Path) -> None:
    flat, steep = bowl(points=7), bowl(points=7, curvature=9.0)
    figure = _figure(replace(RESULT, plots=(), surfaces=(flat, steep)))
    maps = [
        axes.collections[0]
        for axes in figure.axes
        if axes.collections and isinstance(axes.collections[0].norm.vmax, float)
    ]
    assert len({(each.norm.vmin, each.norm.vmax) for each in maps[:2]}) == 1
    empty = Surface(flat.axes, {"train_loss": np.full((7, 7), np.nan)}, flat.status, flat.error, flat.provenance)
    with pytest.raises(DisplayError, match="finite"):
        render_study(replace(RESULT, plots=(), surfaces=(empty,)), tmp_path / "none.png")


def test_straight_edges_are_drawn_into_a_picture(tmp_path: Path) -> None:
    pieces = np.zeros((8, 8))
    pieces[:, 4:] = 1
    for name, drawn in (("plain", -np.ones((8, 8))), ("edges", pieces)):
        result = replace(RESULT, plots=(), pictures=(Picture("p", np.full((8, 8), 0.5), drawn),))
        render_study(result, tmp_path / f"{name}.png")
    plain, edges = (image.imread(tmp_path / f"{name}.png") for name in ("plain", "edges"))
    coloured = [np.ptp(each[..., :3], axis=-1).max() for each in (plain, edges)]
    assert coloured[0] < 0.01
    assert coloured[1] > 0.3


def test_a_table_alone_is_drawn_and_nothing_at_all_is_refused(tmp_path: Path) -> None:
    table = Table(("aspect", "narrow"), (("capacity", "0.5"),))
    assert render_study(replace(RESULT, plots=(), table=table), tmp_path / "table.png").exists()
    with pytest.raises(DisplayError, match="nothing to draw"):
        render_study(replace(RESULT, plots=()), tmp_path / "none.png")
