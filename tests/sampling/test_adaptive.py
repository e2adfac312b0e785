from pathlib import Path

import numpy as np
import pytest
import torch
from problems import examples, quadratic, small_mlp
from torch import Tensor, nn

from landscape.errors import InputError
from landscape.files import surfaces as store
from landscape.objective.objective import Objective
from landscape.records.base import LOSS, RISE, Axis, Status
from landscape.records.sampled import Profile, describe_points
from landscape.sampling.adaptive import _cells, centre_of, coarse_to_fine, coarsest
from landscape.sampling.grid import sample
from landscape.sampling.sampler import Sampler
from landscape.sampling.start import Grid
from landscape.space.affine import random_line, random_plane
from landscape.train.datasets import load_dataset
from landscape.train.networks import NetworkConfig, build
from landscape.train.recipe import Recipe
from landscape.train.training import TrainingResult, train

TOLERANCE = 0.005
SIZE = 41


def sampled(objective: Objective, tolerance: float | None, *, size: int = SIZE, **options: object) -> Grid:
    plane = random_plane(objective, seed=1, normalize="none")
    given = {"strategy": "loop", "rays": 0, "progress": False, **options}
    return sample(objective, plane, points=size, tolerance=tolerance, **given)  # type: ignore[arg-type]


def bowl() -> Objective:
    return quadratic([10.0, 3.0, 1.0, 0.01, 0.0])[0]


def rough() -> Objective:
    def hashed(outputs: Tensor, targets: Tensor) -> Tensor:
        return torch.sin(1e4 * (outputs - targets).square().sum(dim=1)).mean()

    model = nn.Sequential(nn.Linear(6, 3)).double()
    x, _ = examples(4)
    return Objective(model, (x, torch.zeros(4, 3).double()), loss=hashed)


def count_measured(monkeypatch: pytest.MonkeyPatch, stop_after: int | None = None) -> list[int]:
    seen: list[int] = []
    original = Sampler._store

    def store_and_count(self: object, block: np.ndarray, measured: np.ndarray) -> None:  # type: ignore[type-arg]
        if stop_after is not None and len(seen) >= stop_after:
            raise KeyboardInterrupt
        seen.extend(block.tolist())
        original(self, block, measured)  # type: ignore[arg-type]

    monkeypatch.setattr(Sampler, "_store", store_and_count)
    return seen


def searched(axes: list[Axis], truth: dict[str, np.ndarray], tolerance: float = TOLERANCE):  # type: ignore[no-untyped-def, type-arg]
    """The filling, the points asked for in order, and the values as they were measured."""
    values = {name: np.full(grid.shape, np.nan) for name, grid in truth.items()}
    requests: list[int] = []

    def measure(points: np.ndarray) -> None:  # type: ignore[type-arg]
        requests.extend(points.tolist())
        for name, grid in truth.items():
            values[name].flat[points] = grid.flat[points]

    return coarse_to_fine(axes, values, tolerance, measure), requests, values


def square(size: int = 51, extent: float = 1.0) -> list[Axis]:
    side = extent * np.linspace(-1, 1, size)
    return [Axis("alpha", side), Axis("beta", side)]


@pytest.mark.parametrize("shape", [(51, 51), (9, 40), (2, 100), (17,), (1000,), (33, 34)])
def test_the_coarsest_level_holds_the_ends_and_at_most_nine_a_side(shape: tuple[int, ...]) -> None:
    for rows, count in zip(coarsest(shape), shape, strict=True):
        assert rows[0] == 0
        assert rows[-1] == count - 1
        assert len(rows) == min(9, count)


def test_cells_hold_their_borders_and_a_point_on_a_border_flags_both_sides() -> None:
    flagged = np.zeros((9, 9), dtype=bool)
    flagged[4, 1] = True
    region = _cells(flagged, (np.array([0, 4, 8]), np.array([0, 3, 8])))
    assert np.all(region[:, :4])
    assert not region[:, 4:].any()


def test_no_point_is_asked_for_twice_and_a_ridge_is_measured_more_finely_than_the_rest() -> None:
    axes = square()
    x, y = np.meshgrid(*(axis.values for axis in axes), indexing="ij")
    truth = {LOSS: 5 + x + y + 0.5 * np.sin(60 * x) * np.exp(-(((x - 0.6) / 0.1) ** 2))}
    filling, asked, values = searched(axes, truth)
    assert len(asked) == len(set(asked)) < 0.7 * 51**2
    assert np.abs(filling.values[LOSS] - truth[LOSS]).max() <= TOLERANCE * np.ptp(truth[LOSS])
    measured = ~np.isnan(values[LOSS])
    assert measured[36:44].mean() > 2 * measured[:20].mean()


def test_an_axis_that_is_smooth_is_not_refined_for_one_that_is_rough() -> None:
    axes = square()
    rows = np.random.default_rng(0).normal(size=51)
    truth = {LOSS: 5 + rows[:, None] * (1 + axes[1].values[None, :] ** 2)}
    filling, asked, values = searched(axes, truth)
    assert len(asked) < 0.5 * 51**2
    assert np.abs(filling.values[LOSS] - truth[LOSS]).max() <= TOLERANCE * np.ptp(truth[LOSS])
    assert (~np.isnan(values[LOSS])).any(axis=1).all()


def test_the_sublevel_set_is_held_tighter_than_the_range() -> None:
    axes = square()
    x, y = np.meshgrid(*(axis.values for axis in axes), indexing="ij")
    radius = np.hypot(x, y)
    truth = {LOSS: 1000 * radius**2 + 3 * np.sin(20 * radius) ** 2}
    inside = truth[LOSS] <= truth[LOSS][25, 25] + RISE
    filling, asked, _ = searched(axes, truth)
    wrong = np.abs(filling.values[LOSS] - truth[LOSS])
    assert wrong.max() <= TOLERANCE * np.ptp(truth[LOSS])
    assert 0 < inside.sum() < 48
    assert wrong[inside].max() == 0  # few points: measured whole
    assert filling.inside_error == 0
    assert len(asked) < 51**2 / 5


def test_a_wide_sublevel_set_is_within_a_twentieth_of_the_rise() -> None:
    axes = square()
    x, y = np.meshgrid(*(axis.values for axis in axes), indexing="ij")
    truth = {LOSS: 400 * np.maximum(np.hypot(x, y) - 0.5, 0) ** 3 + 0.02 * np.sin(9 * x) * np.sin(7 * y)}
    filling, _, _ = searched(axes, truth)
    inside = truth[LOSS] <= truth[LOSS][25, 25] + RISE
    assert inside.sum() > 48
    assert np.abs(filling.values[LOSS] - truth[LOSS])[inside].max() <= 10 * TOLERANCE * RISE
    assert 0 < filling.inside_error <= 10 * TOLERANCE * RISE


def test_a_constant_surface_needs_the_coarsest_level_alone() -> None:
    filling, asked, _ = searched(square(), {LOSS: np.full((51, 51), 2.0)})
    assert len(asked) < 150
    np.testing.assert_allclose(filling.values[LOSS], 2.0, rtol=1e-14)


@pytest.fixture(scope="module")
def trained() -> TrainingResult:
    return train(
        NetworkConfig("mlp", 4),
        load_dataset("digits", num_train=300),
        Recipe(steps=300),
        seeds=range(3),
        progress=False,
    )


@pytest.mark.parametrize("member", range(3))
def test_trained_planes_cost_a_seventh_and_are_within_the_tolerance(member: int, trained: TrainingResult) -> None:
    data = load_dataset("digits", num_train=300)
    model = build(NetworkConfig("mlp", 4), data.in_shape, data.K, seed=0).eval()
    model.load_state_dict({name: tensor[-1, member] for name, tensor in trained.path.items()})
    objective = Objective(model, (torch.from_numpy(data.x_train), torch.from_numpy(data.y_train)))
    given = {"points": 51, "rays": 0, "progress": False, "strategy": "affine"}
    plane = random_plane(objective, seed=member)
    exact, coarse = (sample(objective, plane, tolerance=t, **given) for t in (None, TOLERANCE))  # type: ignore[arg-type]
    wrong = np.abs(coarse.loss - exact.loss)
    assert coarse.num_measured <= 51**2 / 7
    assert wrong.max() <= TOLERANCE * np.ptp(exact.loss)
    assert wrong[exact.loss <= exact.loss[centre_of(exact.axes)] + RISE].max() <= 10 * TOLERANCE * RISE


def test_a_quadratic_is_interpolated_within_its_stated_error() -> None:
    exact, coarse = sampled(bowl(), None), sampled(bowl(), TOLERANCE)
    provenance = coarse.provenance
    wrong = np.abs(coarse.loss - exact.loss)
    assert coarse.complete
    assert coarse.num_measured < 81 + 2 * 64
    assert wrong.max() <= TOLERANCE * np.ptp(exact.loss)
    assert np.all(wrong <= coarse.error + 1e-13)
    assert provenance.accuracy.tolerance == TOLERANCE
    assert provenance.accuracy.held_back_points > 40
    assert provenance.accuracy.interpolation_error[LOSS] == coarse.error.max()
    assert describe_points(145, 1681, provenance.accuracy)[0] == "measured 145 of 1,681 points"
    assert (
        f"({provenance.accuracy.held_back_points} held-back points)"
        in describe_points(145, 1681, provenance.accuracy)[1]
    )


def test_every_measured_value_is_the_exact_samplers() -> None:
    objective = Objective(small_mlp(), examples(20), test=examples(8, seed=3))
    exact, coarse = sampled(objective, None), sampled(objective, 0.02)
    measured = coarse.status == Status.MEASURED
    for name, values in exact.metrics.items():
        assert coarse.metrics[name][measured].tobytes() == values[measured].tobytes(), name
    assert np.all(coarse.error[measured] == 0)
    for name in ("train_loss", "test_loss"):
        assert np.abs(coarse.metrics[name] - exact.metrics[name]).max() <= 0.02 * np.ptp(exact.metrics[name])


def test_a_rough_surface_costs_the_full_grid_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = count_measured(monkeypatch)
    surface = sampled(rough(), TOLERANCE)
    assert sorted(seen) == list(range(SIZE**2))
    assert np.all(surface.status == Status.MEASURED)
    assert not surface.provenance.accuracy.held_back_points


def test_where_the_loss_diverges_the_full_grid_is_measured() -> None:
    objective = Objective(small_mlp(dtype=torch.float32), examples(10, dtype=torch.float32))
    surface = sampled(objective, TOLERANCE, extent=1e30, size=13)
    assert np.isinf(surface.loss).any()
    assert np.all(surface.status == Status.MEASURED)


def test_a_line_is_interpolated_too() -> None:
    objective = bowl()
    line = random_line(objective, seed=1, normalize="none")
    exact, coarse = (sample(objective, line, points=201, tolerance=t, progress=False) for t in (None, TOLERANCE))
    assert isinstance(coarse, Profile)
    assert coarse.num_measured < 60
    assert np.abs(coarse.loss - exact.loss).max() <= TOLERANCE * np.ptp(exact.loss)


@pytest.mark.parametrize("stop", [1, 60, 120, 200])
def test_interrupted_and_resumed_equals_uninterrupted(
    stop: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objective = Objective(small_mlp(), examples(20))
    whole = sampled(objective, TOLERANCE)
    with monkeypatch.context() as context:
        count_measured(context, stop)
        with pytest.raises(KeyboardInterrupt):
            sampled(objective, TOLERANCE, path=tmp_path / "s.h5")
    assert 0 < store.load(tmp_path / "s.h5").num_measured < whole.num_measured
    resumed = sampled(objective, TOLERANCE, path=tmp_path / "s.h5")
    for name, values in whole.metrics.items():
        assert resumed.metrics[name].tobytes() == values.tobytes(), name
    assert resumed.status.tobytes() == whole.status.tobytes()
    assert resumed.error.tobytes() == whole.error.tobytes()


def test_a_file_serves_larger_tolerances_and_is_refined_for_smaller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, objective = tmp_path / "s.h5", bowl()
    coarse = sampled(objective, TOLERANCE, path=path)
    assert store.load(path).provenance.accuracy.interpolation_error == coarse.provenance.accuracy.interpolation_error
    seen = count_measured(monkeypatch)
    assert sampled(objective, 0.1, path=path).loss.tobytes() == coarse.loss.tobytes()
    assert not seen
    exact = sampled(objective, None, path=path)
    assert len(seen) == SIZE**2 - coarse.num_measured
    assert np.all(exact.status == Status.MEASURED)
    assert not exact.error.any()
    assert exact.provenance.accuracy.tolerance == 0
    assert sampled(objective, TOLERANCE, path=path).loss.tobytes() == exact.loss.tobytes()


@pytest.mark.parametrize("tolerance", [-0.1, 1.0, float("nan")])
def test_a_tolerance_that_is_no_share_is_refused(tolerance: float) -> None:
    with pytest.raises(InputError, match="tolerance"):
        sampled(bowl(), tolerance)
