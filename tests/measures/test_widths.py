from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import bowl, regression_surface

from landscape.errors import InputError
from landscape.measures.widths import corridor_width, half_width, sublevel_area
from landscape.records.base import Axis
from landscape.records.companions import Rays
from landscape.records.provenance import Identity, Provenance
from landscape.records.recipe_keys import parse_recipe
from landscape.records.sampled import Surface


def parabola(curvatures: list[float], *, outer: float = 4.0, points: int = 33, length: float = 1.0) -> Rays:
    radius = np.linspace(0, outer, points)
    return Rays(radius, np.outer(np.array(curvatures) / 2, radius**2), np.full(len(curvatures), length))


@settings(deadline=None)
@given(curvature=st.floats(0.2, 50.0), rise=st.floats(0.05, 1.0))
def test_half_width_of_a_parabola(curvature: float, rise: float) -> None:
    exact = (2 * rise / curvature) ** 0.5
    measured = half_width(parabola([curvature] * 4, outer=1.7 * exact, points=17), rise=rise)
    assert measured.mean == pytest.approx(exact, rel=5e-3)
    assert abs(measured.mean - exact) <= 2 * measured.interpolation_error + 1e-12
    assert measured.censored == 0


def test_the_half_width_is_the_first_crossing_not_the_last() -> None:
    radius = np.linspace(0, 4, 81)
    bump = np.where(radius < 2, np.sin(np.pi * radius / 2), 3 * (radius - 2))
    assert half_width(Rays(radius, bump[None].repeat(2, 0), np.ones(2))).mean == pytest.approx(1 / 3, abs=1e-3)


def test_l2_scales_each_direction_by_its_length() -> None:
    rays = parabola([1.0, 4.0])
    longer = Rays(rays.radius, rays.loss, np.array([10.0, 1.0]))
    assert half_width(longer, unit="L2").mean == pytest.approx((10 * 1.0 + 0.5) / 2, abs=1e-2)
    assert half_width(longer).mean == pytest.approx(0.75, abs=1e-2)


def test_directions_that_never_rise_are_counted_and_enter_with_the_sampled_radius() -> None:
    measured = half_width(parabola([1.0, 1e-6]), rise=0.5)
    assert measured.censored == 1
    assert measured.mean == pytest.approx((1 + 4) / 2, abs=1e-2)


def test_a_diverged_value_is_a_wall() -> None:
    radius = np.linspace(0, 1, 5)
    loss = np.array([[0, 0.1, 0.2, np.inf, np.inf], [0, 0.1, 0.6, np.inf, 3.0]])
    values = half_width(Rays(radius, loss, np.ones(2)))
    assert 0.25 < values.mean < 0.75
    assert values.censored == 0


def test_the_interval_covers_the_mean_and_shrinks_with_more_directions() -> None:
    generator = np.random.default_rng(0)
    few, many = (parabola(list(generator.uniform(0.5, 5, size=n))) for n in (8, 256))
    small, large = half_width(few), half_width(many)
    assert small.low <= small.mean <= small.high
    assert large.high - large.low < (small.high - small.low) / 2
    assert half_width(few) == half_width(few)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(1)
    truth, hits = 1.25, 0
    for _ in range(200):
        widths = generator.uniform(1.0, 1.5, size=40)
        estimate = half_width(parabola(list(1 / widths**2), points=17), rise=0.5)
        hits += estimate.low <= truth <= estimate.high
    assert 0.90 <= hits / 200 <= 0.99


def test_members_are_resampled_as_wholes() -> None:
    together = half_width(parabola([1.0] * 8 + [4.0] * 8))
    apart = half_width([parabola([1.0] * 8), parabola([4.0] * 8)])
    assert apart.members == 2
    assert apart.directions == 16
    assert apart.mean == pytest.approx(together.mean, abs=1e-9)
    assert apart.high - apart.low > together.high - together.low


@pytest.mark.parametrize("rise", [0.0, -1.0, float("nan")])
def test_a_rise_that_is_not_positive_is_refused(rise: float) -> None:
    with pytest.raises(InputError, match="rise must be above 0"):
        half_width(parabola([1.0, 1.0]), rise=rise)


def test_no_rays_are_refused() -> None:
    with pytest.raises(InputError, match="holds no rays"):
        half_width(replace(bowl(), rays=None))
    with pytest.raises(InputError, match="at least one network"):
        half_width([])


@settings(deadline=None, max_examples=20)
@given(curvature=st.floats(2.0, 40.0), points=st.integers(21, 61))
def test_the_sublevel_area_of_a_bowl_is_a_disc(curvature: float, points: int) -> None:
    surface = bowl(curvature=curvature, points=points | 1)
    measured = sublevel_area(surface, rise=0.5)
    exact = np.pi * 2 * 0.5 / curvature
    if exact < 2.9:
        assert measured.bounded
        assert measured.area == pytest.approx(exact, rel=0.04)
    assert measured.unit == "filter norm^2"


def test_a_set_that_touches_the_edge_is_a_lower_bound() -> None:
    measured = sublevel_area(bowl(curvature=0.1))
    assert not measured.bounded
    assert measured.area == pytest.approx(4.0)


def corridor() -> Surface:
    steps, beta = np.array([0.0, 1.0, 10.0]), np.linspace(-2, 2, 81)
    curvature = np.array([0.1, 1.0, 16.0])
    loss = curvature[:, None] * beta[None, :] ** 2 / 2 + np.array([2.0, 1.0, 0.0])[:, None]
    axes = (Axis("alpha", steps, unit="step", scale="log1p"), Axis("beta", beta))
    provenance = Provenance(Identity(subspace=parse_recipe({"kind": "corridor"})))
    return Surface(axes, {"train_loss": loss}, np.ones(loss.shape, np.uint8), np.zeros(loss.shape), provenance)


def test_the_corridor_width_is_measured_from_the_paths_own_loss_wall_to_wall() -> None:
    measured = corridor_width(corridor(), rise=0.5)
    assert measured.width[1] == pytest.approx(2.0, abs=1e-2)
    assert measured.width[2] == pytest.approx(0.5, abs=1e-2)
    assert measured.bounded.tolist() == [False, True, True]
    assert measured.width[0] == pytest.approx(4.0)


def test_planes_and_corridors_are_not_confused() -> None:
    with pytest.raises(InputError, match="corridor_width needs a corridor"):
        corridor_width(bowl())
    with pytest.raises(InputError, match="measure its corridor_width"):
        sublevel_area(corridor())


def test_rise_and_unit_of_a_record_follow_its_loss_and_an_explicit_rise_sets_it() -> None:
    surface = regression_surface()
    half, area = half_width(surface), sublevel_area(surface)
    assert half.mean == pytest.approx((2 * 0.02) ** 0.5, rel=5e-3)
    assert area.area == pytest.approx(np.pi * 2 * 0.02, rel=2e-2)
    assert (half.rise, area.rise, half.rise_unit, area.rise_unit) == (0.02, 0.02, *["squared error per example"] * 2)
    assert "(+0.02 squared error, " in half.text
    assert str(area).endswith("(loss at most 0.02 squared error above the centre)")
    assert half_width(surface, rise=0.1).rise == sublevel_area(surface, rise=0.1).rise == 0.1


def test_a_corridor_of_a_squared_error_has_walls_at_half_of_what_guessing_costs() -> None:
    made = corridor()
    identity = replace(made.provenance.identity, loss="mse_loss", guess=0.25)
    width = corridor_width(replace(made, provenance=replace(made.provenance, identity=identity)))
    assert (width.rise, width.to_dict()["rise_unit"]) == (0.125, "squared error per example")
    np.testing.assert_allclose(width.width, corridor_width(made, rise=0.125).width)


def test_a_loss_that_nobody_named_is_called_loss() -> None:
    measured = half_width(parabola([1.0, 1.0]))
    assert (measured.rise, measured.rise_unit) == (0.5, "loss")
