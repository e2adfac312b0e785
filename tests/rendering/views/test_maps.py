"""Maps of many surfaces on one colour scale."""

import math
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from problems import bowl, tunnel

from landscape.errors import DisplayError
from landscape.records.sampled import Surface
from landscape.rendering.views.maps import LOWEST, draw_maps, map_rows, maps_size, size_of


def test_surfaces_share_one_colour_scale_up_to_one_and_a_half_times_chance() -> None:
    figure = Figure()
    surfaces = [bowl(points=7), bowl(points=7, curvature=9.0)]
    draw_maps(figure, [surfaces])
    norms = [axes.collections[0].norm for axes in figure.axes[:2]]
    assert {(norm.vmin, norm.vmax) for norm in norms} == {(LOWEST, 1.5 * math.log(2))}


def test_alpha_runs_to_the_right_and_holes_stay_empty() -> None:
    surface = tunnel()
    loss = surface.loss.copy()
    loss[3, 5] = np.nan
    figure = Figure()
    draw_maps(figure, [[replace(surface, metrics={"train_loss": loss})]])
    values = figure.axes[0].collections[0].get_array()
    assert values.shape == loss.T.shape
    assert np.ma.getmaskarray(values).nonzero() == ((5,), (3,))
    assert figure.axes[0].get_xlabel() == "training"


def test_kinds_have_rows_of_their_own_and_long_rows_are_broken() -> None:
    planes, corridors = [bowl(points=5)] * 5, [tunnel()] * 2
    rows = map_rows([*corridors, *planes], 3)
    assert [(row[0].kind, len(row)) for row in rows] == [("corridor", 2), ("plane", 3), ("plane", 2)]
    assert maps_size(rows) == pytest.approx((1.5 * 3 * 0.85 + 0.9, 1.5 * 1.15 * 3))


def test_without_a_finite_loss_there_is_no_map() -> None:
    flat = bowl(points=7)
    empty = Surface(flat.axes, {"train_loss": np.full((7, 7), np.nan)}, flat.status, flat.error, flat.provenance)
    with pytest.raises(DisplayError, match="no surface of this study holds a finite loss"):
        draw_maps(Figure(), [[empty]])


def test_the_size_is_the_last_part_of_the_networks_name() -> None:
    surface = bowl(points=5)
    provenance = replace(surface.provenance, identity=replace(surface.provenance.identity, network="mlp, width 4"))
    assert size_of(replace(surface, provenance=provenance)) == "width 4"
