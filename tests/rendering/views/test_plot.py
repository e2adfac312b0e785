"""Plots of studies: curves, bands and thresholds stand where the record has them."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from landscape.records.findings import Mark, Plot, Series
from landscape.rendering.geometry.style import theme_of
from landscape.rendering.views.plot import draw_plot, plot_words

X = np.array([1.0, 10.0, 100.0])
PLOT = Plot(
    "errors",
    "P / N",
    "share",
    (Series("narrow", X, X, X / 2, 2 * X), Series("law", X, 1 / X, 1 / X, 1 / X, "fit")),
    y_scale="log",
    marks=(Mark("x", 10.0, "P = N"), Mark("y", 2.0, "chance")),
)


def axes_of(plot: Plot) -> Axes:
    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    draw_plot(axes, plot, theme_of("paper"))
    return axes


def test_curves_bands_and_thresholds_stand_where_the_record_has_them() -> None:
    axes = axes_of(PLOT)
    curve = next(line for line in axes.lines if line.get_label() == "narrow")
    np.testing.assert_array_equal(curve.get_xydata(), np.stack([X, X], axis=1))
    band = axes.collections[0].get_paths()[0].get_extents()
    assert (band.ymin, band.ymax) == (0.5, 200.0)
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert {"P = N", "chance"} <= {text.get_text().strip() for text in axes.texts}


def test_values_that_a_logarithm_cannot_show_leave_a_gap() -> None:
    zero = Series("z", X, np.array([0.0, 1.0, np.inf]), X * 0, X)
    axes = axes_of(replace(PLOT, series=(zero,)))
    assert np.isnan(axes.lines[0].get_ydata()).tolist() == [True, False, True]


def test_a_law_is_dashed_and_has_no_band() -> None:
    axes = axes_of(replace(PLOT, series=PLOT.series[1:]))
    assert axes.lines[0].get_linestyle() == "--"
    assert not axes.collections


@pytest.mark.parametrize("above", [True, False])
def test_the_words_of_a_threshold_stand_on_the_side_without_a_curve(above: bool) -> None:
    """A curve runs along the line, just above or just below it."""
    y = np.full(3, 1.02 if above else 0.98)
    ends = np.array([0.0, 2.0, 2.0])  # keeps the limits apart
    curves = (Series("a", X, y, y, y), Series("b", X[[0, 0, 0]], ends, ends, ends))
    axes = axes_of(Plot("t", "x", "y", curves, x_scale="linear", y_scale="linear", marks=(Mark("y", 1.0, "m"),)))
    assert axes.texts[0].get_verticalalignment() == ("top" if above else "bottom")


def test_words_name_ends_and_peak_of_every_curve() -> None:
    hill = Series("hill", X, np.array([1.0, 5.0, 2.0]), X, X)
    empty = Series("empty", X, X * np.nan, X, X)
    assert plot_words(replace(PLOT, series=(hill, empty))) == (
        "errors: share against P / N. hill: from 1 at 1 to 2 at 100, at most 5 at 10."
    )
