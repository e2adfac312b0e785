from pathlib import Path

import numpy as np
import pytest
import torch
from problems import examples, quadratic, small_mlp
from torch import Tensor, nn

from landscape import store
from landscape.errors import InputError
from landscape.evaluate import sampling
from landscape.evaluate.adaptive import levels
from landscape.evaluate.objective import Objective
from landscape.evaluate.sampling import Grid, sample
from landscape.records import LOSS, Profile, Status, describe_points
from landscape.space.subspaces import random_line, random_plane

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
    original = sampling._Sampler._store

    def store_and_count(self: object, block: np.ndarray, measured: np.ndarray) -> None:  # type: ignore[type-arg]
        if stop_after is not None and len(seen) >= stop_after:
            raise KeyboardInterrupt
        seen.extend(block.tolist())
        original(self, block, measured)  # type: ignore[arg-type]

    monkeypatch.setattr(sampling._Sampler, "_store", store_and_count)
    return seen


@pytest.mark.parametrize("shape", [(51, 51), (9, 40), (2, 100), (17,), (1000,), (33, 34)])
def test_levels_are_nested_and_hold_back_points_of_the_next(shape: tuple[int, ...]) -> None:
    before: set[int] = set()
    due: set[int] = set()
    for level in levels(shape):
        knots, held = set(level.knots.tolist()), set(level.held_back.tolist())
        assert before < knots
        assert due <= knots  # what was held back is not wasted
        assert held
        assert not held & knots
        assert all(rows[0] == 0 and rows[-1] == count - 1 for rows, count in zip(level.rows, shape, strict=True))
        before, due = knots, held


def test_a_quadratic_is_interpolated_within_its_stated_error() -> None:
    exact, coarse = sampled(bowl(), None), sampled(bowl(), TOLERANCE)
    made = coarse.provenance
    wrong = np.abs(coarse.loss - exact.loss)
    assert coarse.complete
    assert coarse.num_measured == 81 + 64
    assert wrong.max() <= TOLERANCE * np.ptp(exact.loss)
    assert np.all(wrong <= coarse.error + 1e-13)
    assert made.tolerance == TOLERANCE
    assert made.held_back_points == 64
    assert made.interpolation_error[LOSS] == coarse.error.max()
    assert "measured 145 of 1681 points, estimated interpolation error" in describe_points(145, 1681, made)


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
    assert not surface.provenance.held_back_points


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
    assert coarse.num_measured == 9 + 8 + 32
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
    assert store.load(path).provenance.interpolation_error == coarse.provenance.interpolation_error
    seen = count_measured(monkeypatch)
    assert sampled(objective, 0.1, path=path).loss.tobytes() == coarse.loss.tobytes()
    assert not seen
    exact = sampled(objective, None, path=path)
    assert len(seen) == SIZE**2 - coarse.num_measured
    assert np.all(exact.status == Status.MEASURED)
    assert not exact.error.any()
    assert exact.provenance.tolerance == 0
    assert sampled(objective, TOLERANCE, path=path).loss.tobytes() == exact.loss.tobytes()


@pytest.mark.parametrize("tolerance", [-0.1, 1.0, float("nan")])
def test_a_tolerance_that_is_no_share_is_refused(tolerance: float) -> None:
    with pytest.raises(InputError, match="tolerance"):
        sampled(bowl(), tolerance)
