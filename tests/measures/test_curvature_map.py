from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from problems import examples, quadratic, small_mlp

from landscape.files import surfaces as store
from landscape.measures import curvature_map
from landscape.measures.curvature_map import METRICS, sample_curvature
from landscape.measures.matrix import hessian
from landscape.objective.objective import Objective
from landscape.records.sampled import Surface
from landscape.sampling.grid import sample
from landscape.space.affine import Plane, random_plane


def sampled(objective: Objective, plane: Plane) -> Surface:
    found = sample(objective, plane, points=(3, 4), extent=0.5, rays=0, progress=False)
    assert isinstance(found, Surface)
    return found


def test_a_quadratic_has_one_curvature_everywhere() -> None:
    objective, hessian = quadratic([1.0, 2.0, 4.0, 10.0])
    plane = random_plane(objective, seed=0, ignore="nothing")
    found = sample_curvature(objective, plane, sampled(objective, plane), num_probes=64)
    np.testing.assert_allclose(found.metrics["hessian_top"], 10.0, rtol=1e-9)
    np.testing.assert_allclose(found.metrics["hessian_bottom"], 1.0, rtol=1e-9)
    np.testing.assert_allclose(found.metrics["curvature_ratio"], 0.1, rtol=1e-9)
    trace, error = found.metrics["hessian_trace"], found.metrics["hessian_trace_error"]
    assert np.all(np.abs(trace - 17.0) < 4 * error)
    for i, a in enumerate(found.alpha.values):
        for j, b in enumerate(found.beta.values):
            point = plane.at(torch.tensor([[a, b]]))["0.weight"].flatten()
            expected = float((hessian @ point).norm())
            assert found.metrics["gradient_norm"][i, j] == pytest.approx(expected, rel=1e-9)


def test_each_point_has_the_extremes_of_its_own_dense_hessian() -> None:
    model = small_mlp()
    objective = Objective(model, examples(30))
    plane = random_plane(objective, seed=3)
    found = sample_curvature(objective, plane, sampled(objective, plane), steps=60)
    theta = plane.at(torch.tensor([[found.alpha.values[2], found.beta.values[1]]]))
    moved = small_mlp()
    moved.load_state_dict({**dict(objective.centre), **{name: value[0] for name, value in theta.items()}})
    dense = hessian(Objective(moved, examples(30)))(torch.eye(objective.P, dtype=torch.float64))
    exact = torch.linalg.eigvalsh((dense + dense.T) / 2)
    assert found.metrics["hessian_top"][2, 1] == pytest.approx(exact[-1].item(), rel=1e-6)
    assert found.metrics["hessian_bottom"][2, 1] == pytest.approx(exact[0].item(), rel=1e-6)
    assert found.metrics["curvature_residual"].max() < 1e-4


def test_a_stopped_map_goes_on_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    objective = Objective(small_mlp(), examples(30))
    plane = random_plane(objective, seed=0)
    surface = sampled(objective, plane)
    whole = sample_curvature(objective, plane, surface)
    monkeypatch.setattr(curvature_map, "FIRST", 5)
    monkeypatch.setattr(curvature_map, "BLOCK", 5)
    calls: list[int] = []
    original = curvature_map._Mapper.__call__

    def stopping(self: object, coordinates: torch.Tensor) -> object:
        calls.append(len(coordinates))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(self, coordinates)  # type: ignore[arg-type]

    monkeypatch.setattr(curvature_map._Mapper, "__call__", stopping)
    with pytest.raises(KeyboardInterrupt):
        sample_curvature(objective, plane, surface, path=tmp_path / "map.h5")
    half = store.load(tmp_path / "map.h5")
    assert isinstance(half, Surface)
    assert np.isfinite(half.metrics["hessian_top"]).sum() == 5
    ended = sample_curvature(objective, plane, half, path=tmp_path / "map.h5")
    assert sum(calls) - 5 == surface.loss.size
    for name in METRICS:
        # blocks of other sizes round differently
        np.testing.assert_allclose(ended.metrics[name], whole.metrics[name], rtol=1e-6, atol=1e-10)


def test_where_the_loss_diverged_the_curvature_is_inf() -> None:
    objective = Objective(small_mlp(dtype=torch.float32), examples(30, dtype=torch.float32))
    plane = random_plane(objective, seed=0)
    surface = sample(objective, plane, points=3, extent=1e30, rays=0, progress=False)
    assert isinstance(surface, Surface)
    found = sample_curvature(objective, plane, replace(surface), steps=3)
    assert np.isinf(found.metrics["hessian_top"][0, 0])
    assert np.isfinite(found.metrics["hessian_top"][1, 1])
