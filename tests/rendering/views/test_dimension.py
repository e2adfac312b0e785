"""Dimension lines: as long as what they measure, without heads where that goes on."""

import numpy as np
import pytest
from pictures import PAPER, axes_of

from landscape.rendering.geometry.sublevel import Dimension
from landscape.rendering.views.dimension import dimension_line, width_text


@pytest.mark.parametrize(("bounded", "style"), [(True, "CurveFilledAB"), (False, "Curve")])
def test_the_arrow_runs_from_end_to_end(bounded: bool, style: str) -> None:
    with axes_of() as axes:
        look = {"color": "black", "halo": "white", "zorder": 3.0, "bounded": bounded}
        dimension_line(axes, (0.2, 0.5), np.array([0.8, 0.5]), PAPER, **look)
        (arrow,) = axes.texts
        assert (tuple(arrow.xyann), tuple(arrow.xy)) == ((0.2, 0.5), (0.8, 0.5))
        assert type(arrow.arrow_patch.get_arrowstyle()).__name__ == style


def test_a_width_that_leaves_the_grid_is_a_lower_bound() -> None:
    assert width_text(Dimension(0.0, -0.25, 0.25, bounded=True)) == "0.50"
    assert width_text(Dimension(0.0, -1.0, 1.0, bounded=False)) == "\u2265 2.00"
