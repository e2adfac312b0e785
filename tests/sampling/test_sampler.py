"""A sampling that is interrupted goes on, and one that runs out of memory takes less at a time."""

from pathlib import Path

import numpy as np
import pytest
import torch
from problems import examples, small_mlp
from torch import Tensor

from landscape.engine import plans
from landscape.engine.strategies import STRATEGIES
from landscape.files import surfaces as store
from landscape.objective.objective import Objective
from landscape.records.sampled import Surface
from landscape.sampling import sampler
from landscape.sampling.grid import sample
from landscape.space.affine import random_plane

QUIET = {"progress": False, "rays": 0}


def surface_of(objective: Objective, **options: object) -> Surface:
    surface = sample(objective, random_plane(objective, seed=0), **{"points": 7, **QUIET, **options})  # type: ignore[arg-type]
    assert isinstance(surface, Surface)
    return surface


class KilledError(Exception):
    pass


def killed_after(blocks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    done = 0
    original = sampler.Sampler._store

    def store_some(self: object, block: object, measured: object) -> None:
        nonlocal done
        if done == blocks:
            raise KilledError
        done += 1
        original(self, block, measured)  # type: ignore[arg-type]

    monkeypatch.setattr(sampler.Sampler, "_store", store_some)


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_interrupted_and_resumed_equals_uninterrupted(
    strategy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objective = Objective(small_mlp(dtype=torch.float32), examples(30, dtype=torch.float32))
    monkeypatch.setattr(plans, "CHAIN_BLOCK", 50)
    whole = surface_of(objective, path=tmp_path / "whole.h5", points=13, strategy=strategy)
    plan = plans.Plan(*_plan_of(whole))
    monkeypatch.setattr(sampler, "choose", lambda *args, **kwargs: plan)
    with monkeypatch.context() as context:
        killed_after(2, context)
        with pytest.raises(KilledError):
            surface_of(objective, path=tmp_path / "part.h5", points=13, strategy=strategy)
    part = store.load(tmp_path / "part.h5")
    assert 0 < part.num_measured < 169
    resumed = surface_of(objective, path=tmp_path / "part.h5", points=13)
    assert resumed.complete
    assert resumed.loss.tobytes() == whole.loss.tobytes()
    assert store.load(tmp_path / "part.h5").loss.tobytes() == whole.loss.tobytes()


def _plan_of(surface: Surface) -> tuple[str, int, int, int]:
    plan = plans.Plan.parse(surface.provenance.making.strategy, surface.provenance.making.block_size)
    return plan.name, plan.block, plan.examples, plan.workers


def test_out_of_memory_halves_the_block_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    objective = Objective(small_mlp(), examples(10))
    expected = surface_of(objective, strategy="loop")

    def greedy(objective: Objective, subspace: object, chunk: int) -> object:
        plain = STRATEGIES["loop"](objective, subspace, chunk)  # type: ignore[arg-type]

        def evaluate(coordinates: Tensor) -> Tensor:
            if len(coordinates) > 5:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return plain(coordinates)

        return evaluate

    monkeypatch.setitem(STRATEGIES, "stacked", greedy)  # type: ignore[arg-type]
    monkeypatch.setattr(sampler, "choose", lambda *args, **kwargs: plans.Plan("stacked", 16, 10))
    monkeypatch.setattr(sampler, "precision_error", lambda *args: (0.0, ""))
    surface = surface_of(objective)
    np.testing.assert_allclose(surface.loss, expected.loss, rtol=1e-13)
    assert surface.provenance.making.block_size == 4
    lines = [line for line in capsys.readouterr().out.splitlines() if "out of memory" in line]
    assert lines == [
        "out of memory: going on with 8 points, 10 examples at a time",
        "out of memory: going on with 4 points, 10 examples at a time",
    ]


def test_an_error_that_is_not_memory_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> object:
        def evaluate(coordinates: Tensor) -> Tensor:
            raise RuntimeError("shape mismatch")

        return evaluate

    monkeypatch.setitem(STRATEGIES, "stacked", broken)  # type: ignore[arg-type]
    monkeypatch.setattr(sampler, "choose", lambda *args, **kwargs: plans.Plan("stacked", 16, 10))
    monkeypatch.setattr(sampler, "precision_error", lambda *args: (0.0, ""))
    with pytest.raises(RuntimeError, match="shape mismatch"):
        surface_of(Objective(small_mlp(), examples(10)))


def test_the_progress_line_names_network_strategy_points_and_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    objective = Objective(small_mlp(), examples(10), name="mine")
    surface_of(objective, path=tmp_path / "s.h5", strategy="loop", progress=True)
    line = capsys.readouterr().err
    assert "mine plane, loop float64 -> s.h5" in line
    assert "49/49" in line
