from pathlib import Path

import numpy as np
import pytest
import torch
from problems import examples, quadratic, small_cnn, small_mlp

from landscape.files import surfaces as store
from landscape.objective.objective import Objective
from landscape.records.sampled import Surface
from landscape.sampling.grid import sample
from landscape.space.affine import plane_along
from landscape.space.planes import path_plane, plane_through


def descent(rows: int, *, spectrum: tuple[float, ...]) -> tuple[Objective, list[dict[str, torch.Tensor]]]:
    """Gradient descent on a quadratic, ending at the objective's centre."""
    objective, hessian = quadratic(spectrum, centre=[0.0] * len(spectrum))
    point = torch.ones(len(spectrum), dtype=torch.float64)
    path = []
    for _ in range(rows - 1):
        path.append({"0.weight": point[None].clone()})
        point = point - 0.2 * hessian @ point
    return objective, [*path, {"0.weight": torch.zeros(1, len(spectrum), dtype=torch.float64)}]


def surface_of(objective: Objective, path: list[dict[str, torch.Tensor]]) -> Surface:
    found = sample(objective, path_plane(path, range(len(path))), points=7, rays=0, progress=False)
    assert isinstance(found, Surface)
    return found


def test_a_path_in_two_dimensions_has_no_gap() -> None:
    objective, path = descent(6, spectrum=(3.0, 0.5))
    trajectory = surface_of(objective, path).trajectory
    assert trajectory is not None
    assert trajectory.gap is not None
    assert trajectory.explained == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(trajectory.gap, 0, atol=1e-13)
    own = [float(objective.evaluate({"0.weight": p["0.weight"][None]})["train_loss"]) for p in path]
    np.testing.assert_allclose(trajectory.loss, own, rtol=1e-14)


def test_the_gap_is_the_loss_of_what_the_plane_leaves_out() -> None:
    objective, path = descent(8, spectrum=(4.0, 2.0, 1.0, 0.3))
    plane = path_plane(path, range(8))
    trajectory = surface_of(objective, path).trajectory
    assert trajectory is not None
    assert trajectory.gap is not None
    for k, place in enumerate(plane.places):
        projected = sum(c * d["0.weight"] for c, d in zip(place, plane.directions, strict=True))
        expected = objective.evaluate({"0.weight": projected[None]})["train_loss"].item()  # type: ignore[index]
        assert trajectory.gap[k] == pytest.approx(expected - trajectory.loss[k], abs=1e-12)
    assert abs(trajectory.gap).max() > 1e-4
    rows = np.stack([point["0.weight"][0].numpy() for point in path])
    np.testing.assert_allclose(trajectory.length[-1], np.linalg.norm(np.diff(rows, axis=0), axis=1).sum(), rtol=1e-12)


def test_each_checkpoint_is_measured_with_its_own_batchnorm_statistics() -> None:
    data = examples(12, (1, 6, 6))
    models = [small_cnn(seed=seed) for seed in range(3)]
    for index, model in enumerate(models):
        model[1].running_mean.fill_(0.3 * index)  # type: ignore[index]
    objectives = [Objective(model, data) for model in models]
    buffers = [
        {"1.running_mean": o.buffers["1.running_mean"], "1.running_var": o.buffers["1.running_var"]} for o in objectives
    ]
    plane = path_plane([o.centre for o in objectives], [0, 1, 2], buffers=buffers)
    found = sample(objectives[-1], plane, points=3, rays=0, progress=False)
    assert isinstance(found, Surface)
    assert found.trajectory is not None
    own = [o.at_centre()["train_loss"] for o in objectives]
    np.testing.assert_allclose(found.trajectory.loss, own, rtol=1e-13)


def test_path_marks_and_directions_survive_the_file(tmp_path: Path) -> None:
    networks = [Objective(small_mlp(seed=seed), examples(9)) for seed in range(3)]
    plane = plane_through(*networks, names=("a", "b", "c"))
    record = sample(networks[0], plane, points=4, rays=0, path=tmp_path / "three.h5", progress=False)
    found = store.load(tmp_path / "three.h5")
    assert isinstance(record, Surface)
    assert isinstance(found, Surface)
    assert found.marks is not None
    assert found.marks.names == ("a", "b", "c")
    np.testing.assert_allclose(found.marks.loss, [n.at_centre()["train_loss"] for n in networks], rtol=1e-13)

    objective, path = descent(5, spectrum=(3.0, 1.0, 0.5))
    plane2 = path_plane(path, range(5))
    kept = plane_along(objective.centre, *plane2.directions, keep=True)
    sample(objective, kept, points=3, rays=0, path=tmp_path / "kept.h5", progress=False)
    again = store.load(tmp_path / "kept.h5")
    for ours, theirs in zip(plane2.directions, again.directions, strict=True):
        np.testing.assert_array_equal(ours["0.weight"], theirs["0.weight"])
    surface_of(objective, path).save(tmp_path / "path.h5")
    reread = store.load(tmp_path / "path.h5")
    assert isinstance(reread, Surface)
    assert reread.trajectory is not None
    np.testing.assert_array_equal(reread.trajectory.gap, surface_of(objective, path).trajectory.gap)  # type: ignore[union-attr, arg-type]
