"""Sampling is exact, leaves the model alone, and says where the loss diverged."""

import copy

import numpy as np
import pytest
import torch
from problems import examples, quadratic, small_cnn, small_mlp
from torch import nn

from landscape.engine import plans
from landscape.engine.strategies import STRATEGIES
from landscape.errors import InputError, ObjectiveError
from landscape.objective.objective import Objective
from landscape.records.sampled import Profile, Surface
from landscape.sampling.grid import sample
from landscape.space.affine import Affine, Plane, line_between, random_line, random_plane
from landscape.space.corridors import corridor_along

QUIET = {"progress": False, "rays": 0}


def plane_of(objective: Objective, seed: int = 0) -> Plane:
    return random_plane(objective, seed=seed)


def surface_of(objective: Objective, **options: object) -> Surface:
    surface = sample(objective, plane_of(objective), **{"points": 7, **QUIET, **options})  # type: ignore[arg-type]
    assert isinstance(surface, Surface)
    return surface


@pytest.mark.parametrize("strategy", ["auto", *STRATEGIES])
def test_sample_is_exact_on_a_quadratic(strategy: str) -> None:
    objective, hessian = quadratic([100.0, 3.0, 1.0, 0.01, 0.0])
    plane = random_plane(objective, seed=1, normalize="none")
    surface = sample(objective, plane, points=(9, 6), extent=2.0, strategy=strategy, **QUIET)  # type: ignore[arg-type]
    assert isinstance(surface, Surface)
    first, second = (direction["0.weight"][0] for direction in plane.directions)
    for i, a in enumerate(surface.alpha.values):
        for j, b in enumerate(surface.beta.values):
            point = objective.centre["0.weight"][0] + a * first + b * second
            assert surface.loss[i, j] == pytest.approx(float(0.5 * point @ hessian @ point), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("model", [small_mlp(dtype=torch.float32), small_cnn(dtype=torch.float32)])
def test_the_centre_of_a_surface_is_the_plain_loss(model: nn.Module) -> None:
    shape = (6,) if isinstance(model[0], nn.Flatten) else (1, 6, 6)  # type: ignore[index]
    objective = Objective(
        model, examples(20, shape, dtype=torch.float32), test=examples(5, shape, seed=4, dtype=torch.float32)
    )
    surface = surface_of(objective)
    for name, value in objective.at_centre().items():
        assert surface.metrics[name][3, 3] == pytest.approx(value, abs=1e-6)


def test_rows_are_alpha_and_columns_are_beta() -> None:
    objective, hessian = quadratic([1.0, 1.0], centre=[0.0, 0.0])
    along_alpha, along_beta = torch.tensor([[1.0, 0.0]]).double(), torch.tensor([[0.0, 10.0]]).double()
    plane = Plane(objective.centre, ({"0.weight": along_alpha}, {"0.weight": along_beta}))
    surface = sample(objective, plane, points=(3, 5), extent=1.0, **QUIET)  # type: ignore[arg-type]
    torch.testing.assert_close(hessian, torch.eye(2, dtype=torch.float64))
    assert surface.loss.shape == (3, 5)
    assert surface.loss[2, 2] == pytest.approx(0.5)
    assert surface.loss[1, 4] == pytest.approx(50.0)


def test_transposing_the_directions_transposes_the_surface() -> None:
    objective = Objective(small_mlp(), examples(12))
    plane = plane_of(objective)
    swapped = Plane(plane.centre, plane.directions[::-1])
    ours, theirs = (sample(objective, p, points=5, strategy="loop", **QUIET) for p in (plane, swapped))  # type: ignore[arg-type]
    np.testing.assert_allclose(ours.loss, theirs.loss.T, rtol=1e-13, atol=1e-14)


def test_zero_and_negative_losses_are_measured_values() -> None:
    model = nn.Linear(6, 1).double()
    x, _ = examples(5)
    with torch.no_grad():
        model.weight.zero_()
        model.bias.zero_()
    objective = Objective(model, (x, torch.zeros(5, 1).double()), loss=lambda outputs, _: outputs.mean())
    direction = {"weight": torch.ones(1, 6, dtype=torch.float64)}
    profile = sample(
        objective,
        Affine(objective.centre, (direction,)) and random_line(objective, normalize="none"),
        points=5,
        **QUIET,
    )  # type: ignore[arg-type]
    assert profile.complete
    assert profile.loss[2] == 0
    assert profile.loss.min() < 0


def test_a_line_gives_a_profile_with_both_ends() -> None:
    start, end = (Objective(small_mlp(seed=seed), examples(15)) for seed in (0, 1))
    profile = sample(start, line_between(start, end), points=5, **QUIET)  # type: ignore[arg-type]
    assert isinstance(profile, Profile)
    assert profile.loss[0] == pytest.approx(start.at_centre()["train_loss"], abs=1e-13)
    assert profile.loss[-1] == pytest.approx(end.at_centre()["train_loss"], abs=1e-13)


def test_a_corridor_follows_the_path_with_the_networks_own_loss() -> None:
    objectives = [Objective(small_mlp(seed=seed), examples(15)) for seed in range(3)]
    path = {name: torch.stack([o.centre[name] for o in objectives]) for name in objectives[0].centre}
    corridor = corridor_along(path, np.array([0.0, 1.0, 10.0]))
    surface = sample(objectives[-1], corridor, points=(3, 5), **QUIET)  # type: ignore[arg-type]
    assert isinstance(surface, Surface)
    assert surface.trajectory is not None
    own = [objective.at_centre()["train_loss"] for objective in objectives]
    np.testing.assert_allclose(surface.loss[:, 2], own, atol=1e-13)
    np.testing.assert_allclose(surface.trajectory.loss, own, atol=1e-13)
    chord = sum(float((path[name][1] - path[name][0]).square().sum()) for name in path) ** 0.5
    assert surface.trajectory.length[1] == pytest.approx(chord)


def test_where_the_loss_is_no_number_it_has_diverged() -> None:
    objective = Objective(small_mlp(dtype=torch.float32), examples(10, dtype=torch.float32))
    surface = surface_of(objective, extent=1e30, points=3)
    assert np.isinf(surface.loss[0, 0])
    assert np.isfinite(surface.loss[1, 1])
    assert surface.complete


def test_the_model_is_untouched_by_sampling() -> None:
    model = small_cnn()
    twin = copy.deepcopy(model)
    surface_of(Objective(model, examples(6, (1, 6, 6))))
    for (name, ours), (_, theirs) in zip(model.state_dict().items(), twin.state_dict().items(), strict=True):
        assert torch.equal(ours, theirs), name
    assert all(not module._forward_pre_hooks and not module._forward_hooks for module in model.modules())


def test_a_plan_that_cannot_shrink_says_so() -> None:
    with pytest.raises(ObjectiveError, match="out of memory"):
        plans.Plan("loop", 1, 1).half()


@pytest.mark.parametrize("points", [1, 0, -3, (5, 1), ()])
def test_too_few_points_are_refused(points: int) -> None:
    objective = Objective(small_mlp(), examples(10))
    with pytest.raises(InputError, match="at least 2 points a side"):
        sample(objective, plane_of(objective), points=points, **QUIET)  # type: ignore[arg-type]


def test_the_values_equal_another_librarys_on_the_same_directions() -> None:
    pytest.importorskip("loss_landscape_3d", reason="cross-check only where loss-landscape-3d is installed")
    from loss_landscape_3d import LossLandscapeCalculator

    objective = Objective(small_cnn(dtype=torch.float32), examples(23, (1, 6, 6), dtype=torch.float32))
    plane = plane_of(objective)
    surface = sample(objective, plane, points=(7, 5), extent=1.5, **QUIET)  # type: ignore[arg-type]
    assert isinstance(surface, Surface)
    inputs, targets = examples(23, (1, 6, 6), dtype=torch.float32)
    peer = LossLandscapeCalculator(
        small_cnn(dtype=torch.float32),
        [(inputs[:10], targets[:10]), (inputs[10:20], targets[10:20]), (inputs[20:], targets[20:])],
        nn.functional.cross_entropy,
    )
    theirs = peer.calculate(
        surface.alpha.values, surface.beta.values, *plane.directions, small_cnn(dtype=torch.float32).state_dict()
    )
    np.testing.assert_allclose(surface.loss, theirs, rtol=1e-5, atol=1e-5)
    assert np.ptp(surface.loss) > 0.1
