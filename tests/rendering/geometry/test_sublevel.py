"""The sublevel set: its width is known in closed form for a bowl and for a tunnel."""

from dataclasses import replace

import numpy as np
import pytest
from pictures import panel_of
from problems import bowl, tunnel

from landscape.records.base import Axis
from landscape.records.companions import Marks
from landscape.records.sampled import Surface
from landscape.rendering.geometry.sublevel import Dimension, dimension_of, excess_of, reference_of


def test_the_dimension_line_spans_the_walls() -> None:
    panel = panel_of(tunnel(), sublevel=0.5)
    dimension = panel.dimension
    assert dimension is not None
    assert (dimension.alpha, dimension.bounded) == (1.0, True)
    assert (dimension.low, dimension.high) == (pytest.approx(-0.25, abs=2e-3), pytest.approx(0.25, abs=2e-3))
    excess = panel.excess()
    assert excess is not None
    beta, step = panel.beta[None, :], panel.alpha[:, None]
    assert np.allclose(excess, 0.5 * (4 * beta / (2 - step)) ** 2 - 0.5, atol=1e-12)


def test_a_bowl_is_as_wide_as_its_curvature_says() -> None:
    dimension = dimension_of(bowl(curvature=8.0), 0.25)
    assert dimension is not None
    assert dimension.width == pytest.approx(2 * (2 * 0.25 / 8.0) ** 0.5, rel=1e-3)
    beyond = dimension_of(bowl(curvature=0.1), 0.25)
    assert beyond == Dimension(0.0, -1.0, 1.0, bounded=False)


def test_no_set_is_shaded_where_the_loss_of_the_centre_is_unknown() -> None:
    side = np.array([-0.75, -0.25, 0.25, 0.75])
    loss = np.add.outer(side**2, side**2)
    even = Surface(
        (Axis("alpha", side), Axis("beta", side)),
        {"train_loss": loss},
        np.ones((4, 4), np.uint8),
        0 * loss,
        bowl().provenance,
    )
    assert excess_of(even, 0.5) is None
    assert dimension_of(even, 0.5) is None
    known = excess_of(replace(even, rays=bowl().rays), 0.5)
    assert known is not None
    assert np.allclose(known, loss - 0.5), "rays start at the centre and know its loss"


def test_the_reference_has_a_name() -> None:
    marks = Marks(("net:4", "net:5"), np.zeros(2), np.zeros(2), np.zeros(2))
    surfaces = (tunnel(), bowl(), replace(bowl(), marks=marks))
    assert [reference_of(surface) for surface in surfaces] == ["the path", "the centre", "net:4"]


def test_missing_and_diverged_points_lie_outside_the_set() -> None:
    loss = np.array(bowl(points=5).loss)
    loss[0, 0], loss[4, 4] = np.nan, np.inf
    excess = excess_of(replace(bowl(points=5), metrics={"train_loss": loss}), 0.5)
    assert excess is not None
    assert (excess[0, 0] > 0, excess[4, 4] > 0, excess[2, 2]) == (True, True, -0.5)
