from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from problems import bowl
from scipy.ndimage import label

from landscape.errors import InputError
from landscape.measures.topology import roughness, summarize_topology, topology
from landscape.records.base import Axis, FloatArray
from landscape.records.sampled import Surface

grids = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=7), elements=st.integers(0, 6))
holed = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=7),
    elements=st.one_of(st.integers(0, 6).map(float), st.just(float("nan")), st.just(float("inf"))),
)


def surface_of(loss: FloatArray, *, outer: float = 1.0) -> Surface:
    axes = tuple(Axis(n, np.linspace(-outer, outer, k)) for n, k in zip(("alpha", "beta"), loss.shape, strict=True))
    return Surface(axes, {"train_loss": loss}, np.ones(loss.shape, np.uint8), np.zeros(loss.shape))


def double_well(points: int = 41) -> Surface:
    x = np.linspace(-2, 2, points)
    return surface_of((x[:, None] ** 2 - 1) ** 2 + 0.1 * (x[:, None] + 1) + x[None, :] ** 2, outer=2.0)


def components(loss: FloatArray, level: float) -> int:
    return int(label(np.isfinite(loss) & (loss <= level), structure=np.ones((3, 3)))[1])


def test_a_bowl_has_one_minimum_which_never_dies() -> None:
    found = topology(bowl())
    assert found.count() == 1
    assert found.coordinates[0] == pytest.approx([0, 0], abs=1e-12)
    assert np.isinf(found.death[0])
    assert found.parent.tolist() == [-1]
    assert found.deepest == 0


def test_a_double_well_dies_at_its_barrier() -> None:
    found = topology(double_well())
    assert found.coordinates.tolist() == pytest.approx(np.array([[-1, 0], [1, 0]]), abs=1e-12)
    assert found.birth == pytest.approx([0, 0.2])
    assert found.death[1] == pytest.approx(1.1)
    assert found.deepest == pytest.approx(0.9)
    assert found.saddle[1].tolist() == [20, 20]
    assert found.parent.tolist() == [-1, 0]
    assert [found.count(threshold) for threshold in (0.0, 0.89, 0.91)] == [2, 2, 1]


def test_the_saddle_minimum_distance_is_the_mean_climb_out_of_the_basins_that_merge() -> None:
    # basins at 0, 3 and 1 with walls of 4 and 6 between them: 3 climbs 1 into 0, then 1 climbs 5 into 0
    loss = np.repeat([[0.0, 4.0, 3.0, 6.0, 1.0]], 2, axis=0)
    found = topology(surface_of(loss))
    assert found.saddle_minimum_distance == pytest.approx((1 + 5) / 2)
    assert topology(double_well()).saddle_minimum_distance == pytest.approx(0.9)
    assert topology(bowl()).saddle_minimum_distance is None
    assert summarize_topology(double_well()).to_dict()["saddle_minimum_distance"] == pytest.approx(0.9)
    assert summarize_topology(bowl()).to_dict()["saddle_minimum_distance"] is None


def test_a_product_of_cosines_has_minima_of_persistence_one() -> None:
    x = np.linspace(-2 * np.pi, 2 * np.pi, 65)
    found = topology(surface_of(np.cos(x)[:, None] * np.cos(x)[None, :]))
    minima = [(a, b) for a in range(-2, 3) for b in range(-2, 3) if (a + b) % 2]
    assert found.count() == len(minima) == 12
    assert found.birth == pytest.approx(-np.ones(12))
    assert found.death[1:] == pytest.approx(np.zeros(11), abs=1e-12)


@settings(deadline=None)
@given(loss=holed)
def test_components_at_every_level_are_those_of_a_brute_force_labelling(loss: FloatArray) -> None:
    if not np.isfinite(loss).any():
        return
    found = topology(surface_of(loss))
    for level in np.unique(loss[np.isfinite(loss)]):
        alive = np.count_nonzero((found.birth <= level) & (found.death > level))
        assert alive == components(loss, level)
    assert found.excluded == np.count_nonzero(~np.isfinite(loss))
    assert np.all(found.persistence > 0)
    assert np.all(found.parent < np.arange(found.count()))


@settings(deadline=None)
@given(loss=grids)
def test_transposing_keeps_the_pairs(loss: FloatArray) -> None:
    found, turned = topology(surface_of(loss)), topology(surface_of(loss.T))
    assert sorted(zip(found.birth, found.death, strict=True)) == sorted(zip(turned.birth, turned.death, strict=True))


def test_transposing_transposes_where_no_values_tie() -> None:
    loss = np.random.default_rng(0).permutation(63).reshape(7, 9).astype(np.float64)
    found, turned = topology(surface_of(loss)), topology(surface_of(loss.T))
    assert found.count() > 3
    assert np.array_equal(found.minimum, turned.minimum[:, ::-1])
    assert np.array_equal(found.saddle, turned.saddle[:, ::-1])
    assert np.array_equal(found.parent, turned.parent)


@settings(deadline=None)
@given(loss=grids)
def test_a_monotone_rescaling_keeps_minima_saddles_and_tree(loss: FloatArray) -> None:
    found = topology(surface_of(loss))
    for scaled in (loss + 8, np.exp(loss)):
        other = topology(surface_of(scaled))
        assert np.array_equal(found.minimum, other.minimum)
        assert np.array_equal(found.saddle, other.saddle)
        assert np.array_equal(found.parent, other.parent)
    assert np.array_equal(topology(surface_of(loss + 8)).persistence, found.persistence)


def test_a_plateau_is_one_minimum_at_its_first_point() -> None:
    loss = np.ones((4, 5))
    assert topology(surface_of(loss)).minimum.tolist() == [[0, 0]]
    loss[1, 3] = loss[2, 2] = loss[3, 3] = 0.0
    assert topology(surface_of(loss)).minimum.tolist() == [[1, 3]]


def test_a_wall_without_values_parts_the_grid() -> None:
    loss = np.array([[0.0, np.nan, 1.0], [2.0, np.inf, 3.0]])
    found = topology(surface_of(loss))
    assert found.birth.tolist() == [0, 1]
    assert np.isinf(found.death).all()
    assert found.saddle.tolist() == [[-1, -1], [-1, -1]]
    assert found.excluded == 2
    assert summarize_topology(surface_of(loss)).to_dict()["death"] == [None, None]


def test_a_surface_without_values_is_refused() -> None:
    with pytest.raises(InputError, match="at least one grid point"):
        topology(surface_of(np.full((3, 3), np.nan)))


def test_a_polynomial_is_smooth_and_noise_is_rough() -> None:
    assert roughness(double_well()).share == pytest.approx(0, abs=1e-24)
    assert roughness(surface_of(np.full((6, 6), 0.1))).share == 0
    noise = surface_of(np.random.default_rng(0).normal(size=(41, 41)))
    assert roughness(noise).share == pytest.approx(1 - 14 / (41 * 41 - 1), abs=0.01)


def test_roughness_is_the_share_of_variance_above_the_degree() -> None:
    x = np.linspace(-1, 1, 2001)[:, None] * np.ones(3)
    cubic = (5 * x**3 - 3 * x) / 2
    assert roughness(surface_of(x + cubic), degree=2).share == pytest.approx((1 / 7) / (1 / 3 + 1 / 7), rel=1e-2)
    assert roughness(surface_of(3 * (x + cubic) + 5), degree=3).share == pytest.approx(0, abs=1e-20)


def test_roughness_leaves_out_points_without_values_and_refuses_too_few() -> None:
    surface = double_well()
    loss = surface.loss.copy()
    loss[3, 4], loss[0, 0] = np.nan, np.inf
    measured = roughness(replace(surface, metrics={"train_loss": loss}))
    assert measured.share == pytest.approx(0, abs=1e-20)
    assert measured.points == 41 * 41 - 2
    with pytest.raises(InputError, match="15 coefficients, but only 9"):
        roughness(surface_of(np.eye(3)))
    with pytest.raises(InputError, match="degree must be at least 1"):
        roughness(surface, degree=0)


def test_minima_within_the_interpolation_error_do_not_count_as_persistent() -> None:
    surface = bowl(points=5)
    loss = np.array(surface.loss)
    loss[0, 4] = 0.2
    rippled = replace(surface, metrics={"train_loss": loss})
    assert summarize_topology(rippled).to_dict()["persistent"] == 2
    interpolated = replace(rippled, error=np.full(loss.shape, 0.2))
    assert summarize_topology(interpolated).to_dict()["persistent"] == 1
    assert summarize_topology(interpolated).to_dict()["threshold"] == 0.4
