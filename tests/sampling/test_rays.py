import numpy as np
import pytest
import torch
from problems import examples, quadratic, small_mlp

from landscape.errors import InputError
from landscape.measures.widths import half_width
from landscape.objective.objective import Objective
from landscape.records.loss_scale import LossScale
from landscape.sampling.grid import sample
from landscape.sampling.rays import sample_rays
from landscape.space.affine import random_plane
from landscape.space.directions import random_direction


def test_half_widths_on_a_quadratic_are_known_in_closed_form() -> None:
    objective, hessian = quadratic([4.0, 1.0, 0.25], centre=[0.0, 0.0, 0.0])
    rays = sample_rays(objective, num_directions=8, normalize="none", reach=1.0)
    drawn = [random_direction(objective.centre, seed=rays.seed + k, normalize="none")["0.weight"][0] for k in range(8)]
    expected = np.array([float((1.0 / (d @ hessian @ d)).sqrt()) for d in drawn])  # r^2 d'Hd / 2 = 0.5
    measured = half_width(rays, rise=0.5)
    assert measured.censored == 0
    assert measured.mean == pytest.approx(expected.mean(), abs=max(2e-3, measured.interpolation_error))
    lengths = np.array([float(d.norm()) for d in drawn])
    assert half_width(rays, rise=0.5, unit="L2").mean == pytest.approx((expected * lengths).mean(), rel=5e-3)


def test_every_ray_rises_by_the_reach() -> None:
    rays = sample_rays(Objective(small_mlp(), examples(20)), num_directions=5, reach=0.7)
    assert np.all((rays.loss - rays.loss[:, :1] >= 0.7).any(axis=1))
    assert np.allclose(rays.loss[:, 0], rays.loss[0, 0], rtol=1e-12)


def test_a_flat_direction_ends_at_the_largest_radius_and_is_counted() -> None:
    objective, _ = quadratic([0.0, 0.0], centre=[1.0, 1.0])
    rays = sample_rays(objective, num_directions=3)
    assert rays.radius[-1] >= 64
    assert half_width(rays).censored == 3


def test_directions_differ_and_do_not_depend_on_how_many_are_asked_for() -> None:
    objective = Objective(small_mlp(), examples(20))
    few, many = (sample_rays(objective, num_directions=n, strategy="loop") for n in (4, 6))
    shared = min(len(few.radius), len(many.radius))
    assert np.array_equal(few.loss[:, :shared], many.loss[:4, :shared])
    assert len(set(many.loss[:, 1].tolist())) == 6


@pytest.mark.parametrize(("directions", "reach"), [(1, 1.0), (0, 1.0), (4, 0.0), (4, -1.0)])
def test_rays_that_cannot_be_are_refused(directions: int, reach: float) -> None:
    with pytest.raises(InputError, match="at least 2 directions"):
        sample_rays(Objective(small_mlp(), examples(5)), num_directions=directions, reach=reach)


def test_the_length_is_the_norm_of_a_step() -> None:
    objective = Objective(small_mlp(), examples(5))
    rays = sample_rays(objective, num_directions=2)
    direction = random_direction(objective.centre, seed=rays.seed)
    assert rays.length[0] == pytest.approx(float(torch.cat([t.flatten() for t in direction.values()]).norm()))


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_the_half_width_of_a_squared_error_is_measured_at_half_of_what_guessing_the_mean_costs(size: float) -> None:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(50, 4, generator=generator, dtype=torch.float64)
    model = torch.nn.Sequential(torch.nn.Linear(4, 1, bias=False)).double()
    with torch.no_grad():
        model[0].weight.mul_(size)  # type: ignore[operator]
        targets = model(inputs)
    objective = Objective(model, (inputs, targets), loss=torch.nn.functional.mse_loss)
    surface = sample(objective, random_plane(objective), points=5, rays=6, progress=False)
    measured = half_width(surface)  # type: ignore[arg-type]
    rise = 0.5 * min(targets.var(correction=0), targets.square().mean()).item()
    assert (measured.rise, measured.rise_unit) == (pytest.approx(rise), "squared error per example")
    hessian = 2 * inputs.T @ inputs / len(inputs)
    drawn = [random_direction(objective.centre, seed=1000 + k)["0.weight"][0] for k in range(6)]
    expected = np.mean([float((2 * rise / (d @ hessian @ d)).sqrt()) for d in drawn])
    assert measured.censored == 0
    assert measured.mean == pytest.approx(expected, abs=max(5e-3 * expected, measured.interpolation_error))
    assert surface.provenance.identity.guess == pytest.approx(2 * rise)
    assert surface.provenance.extent.reach == pytest.approx(2 * rise)


def test_rays_of_a_cross_entropy_reach_1_nat_and_say_so() -> None:
    rays = sample_rays(Objective(small_mlp(), examples(20)), num_directions=3)
    assert rays.scale == LossScale("cross_entropy")
    assert np.all((rays.loss - rays.loss[:, :1] >= 1).any(axis=1))
