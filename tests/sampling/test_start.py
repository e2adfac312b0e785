"""A sampling starts from what its file holds of the very same record, and from nothing else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from problems import examples, quadratic, small_mlp

from landscape.engine.precision import PRECISION_POINTS
from landscape.errors import FileError
from landscape.files import surfaces as store
from landscape.objective.objective import Objective
from landscape.records.base import Status
from landscape.records.recipe import RandomRecipe
from landscape.records.sampled import Surface
from landscape.sampling.grid import sample
from landscape.sampling.sampler import Sampler
from landscape.space.affine import random_plane

QUIET = {"progress": False, "rays": 0}


def surface_of(objective: Objective, **options: object) -> Surface:
    surface = sample(objective, random_plane(objective, seed=0), **{"points": 7, **QUIET, **options})  # type: ignore[arg-type]
    assert isinstance(surface, Surface)
    return surface


def test_a_complete_file_is_returned_without_measuring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    objective = Objective(small_mlp(), examples(10))
    first = surface_of(objective, path=tmp_path / "s.h5")
    monkeypatch.setattr(Sampler, "run", lambda *args: pytest.fail("something was measured"))
    again = surface_of(objective, path=tmp_path / "s.h5")
    assert again.loss.tobytes() == first.loss.tobytes()
    assert again.provenance.making.created == first.provenance.making.created


@pytest.mark.parametrize("change", ["seed", "weights", "data", "grid"])
def test_a_file_of_something_else_is_refused_and_kept(change: str, tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    objective = Objective(small_mlp(), examples(10))
    surface_of(objective, path=path)
    before = path.read_bytes()
    other = Objective(small_mlp(seed=int(change == "weights")), examples(10, seed=2 if change == "data" else 1))
    plane, points = random_plane(other, seed=int(change == "seed")), 9 if change == "grid" else 7
    with pytest.raises(FileError, match="holds another record"):
        sample(other, plane, points=points, path=path, **QUIET)  # type: ignore[arg-type]
    assert path.read_bytes() == before
    replaced = sample(other, plane, points=points, path=path, overwrite=True, **QUIET)  # type: ignore[arg-type]
    assert replaced.complete


def test_a_failed_write_is_found_before_anything_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sampler, "run", lambda *args: pytest.fail("something was measured"))
    with pytest.raises(FileError):
        surface_of(Objective(small_mlp(), examples(10)), path=tmp_path / "missing" / "s.h5")


def test_provenance_says_what_was_measured_and_how_exactly() -> None:
    objective = Objective(small_mlp(dtype=torch.float32), examples(10, dtype=torch.float32), name="mine")
    provenance = surface_of(objective, command="landscape sample").provenance
    assert (
        provenance.identity.model,
        provenance.identity.P,
        provenance.identity.N,
        provenance.identity.K,
        provenance.identity.regime,
    ) == ("mine", objective.P, 10, 3, "over")
    assert provenance.identity.dtype == "float32"
    assert 0 <= provenance.accuracy.precision_error < 1e-5
    assert provenance.accuracy.precision_points == PRECISION_POINTS
    assert isinstance(recipe := provenance.identity.subspace, RandomRecipe)
    assert (recipe.kind, recipe.seed) == ("plane", 0)
    assert set(provenance.making.versions) >= {"landscape", "torch"}


def test_the_file_holds_the_record(tmp_path: Path) -> None:
    objective = Objective(small_mlp(), examples(10))
    surface = surface_of(objective, path=tmp_path / "s.h5", rays=4)
    loaded = store.load(tmp_path / "s.h5")
    assert isinstance(loaded, Surface)
    assert loaded.loss.tobytes() == surface.loss.tobytes()
    made, read = surface.provenance.making, loaded.provenance.making
    assert replace(loaded.provenance, making=replace(read, wall_time=made.wall_time)) == surface.provenance
    assert loaded.rays is not None
    assert loaded.rays.loss.shape[0] == 4
    assert np.all(loaded.status == Status.MEASURED)


def test_an_unfinished_file_keeps_its_further_metrics(tmp_path: Path) -> None:
    objective, _ = quadratic([1.0, 2.0])
    plane = random_plane(objective, seed=0, ignore="nothing")
    path = tmp_path / "more.h5"
    whole = sample(objective, plane, points=4, extent=1.0, rays=0, path=path, progress=False)
    status = whole.status.copy()
    status[0] = Status.PENDING
    more = {**whole.metrics, "mine": np.arange(16.0).reshape(4, 4)}
    store.save(replace(whole, metrics=more, status=status), path)
    again = sample(objective, plane, points=4, extent=1.0, rays=0, path=path, tolerance=0.01, progress=False)
    assert again.complete
    np.testing.assert_array_equal(again.metrics["mine"], more["mine"])
    np.testing.assert_array_equal(again.loss, whole.loss)
