"""The layout: widths of papers, panels in a grid, and colour bars."""

from typing import Any

import matplotlib as mpl
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pictures import PAPER, panel_of
from problems import bowl

from landscape.errors import InputError
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.style import colors_of
from landscape.rendering.views.layout import Margins, Sheet, compose, inches


def compose_of(count: int, *, width: float | None = None, columns: int | None = None, **options: Any) -> Figure:
    def draw(axes: Axes, panel: Panel, width: float) -> None:
        axes.set_gid(f"panel {width:.6f}")

    sheet = Sheet([panel_of(bowl())] * count, 0.5, draw, Margins(), **options)
    with mpl.rc_context(PAPER.settings()):
        return compose(sheet, PAPER, colors_of("viridis"), width=width, columns=columns)


def panels_in(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.get_gid()]


def test_widths_of_papers() -> None:
    assert [inches(width) for width in ("column", "text", "6.75in", 5, "254mm")] == [3.375, 6.75, 6.75, 5.0, 10.0]
    for wrong in ("wide", "-3in", "100in"):
        with pytest.raises(InputError, match="width of a figure"):
            inches(wrong)


def test_a_figure_has_the_width_that_was_asked_for() -> None:
    figure = compose_of(2, width=6.75)
    assert figure.get_size_inches()[0] == 6.75
    first, second = panels_in(figure)
    assert first.get_position().height == second.get_position().height
    assert first.get_position().x1 < second.get_position().x0
    wide, tall = (side * part for side, part in zip(figure.get_size_inches(), first.get_position().size, strict=True))
    assert tall / wide == pytest.approx(0.5)
    assert first.get_gid() == f"panel {wide:.6f}"


def test_panels_have_letters_and_small_print() -> None:
    words = [text.get_text() for text in compose_of(2).texts]
    assert {"(a) one", "(b) one"} <= set(words)
    assert "one" in [text.get_text() for text in compose_of(1).texts]
    assert len(compose_of(2, notes=False).texts) == 2


def test_panels_of_one_range_share_one_bar() -> None:
    assert len(compose_of(3).axes) == 3 + 1
    assert len(compose_of(3, one_bar=False).axes) == 3 + 3


def test_too_narrow_a_figure_names_the_least_width() -> None:
    with pytest.raises(InputError, match=r"1 in is too narrow for 2 panels side by side; give at least [\d.]+in"):
        compose_of(2, width=1.0, columns=2)
    with pytest.raises(InputError, match="1 to 12 columns"):
        compose_of(2, columns=0)
