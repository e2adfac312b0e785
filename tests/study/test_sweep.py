"""The sweep engine: interrupted and gone on with equals uninterrupted; the file says what made it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from landscape.errors import FileError, InputError
from landscape.files.findings import load_sweep
from landscape.study import sweep as engine
from landscape.study.sweep import Condition, SweepPlan, run_of, run_sweep
from landscape.train.networks import NetworkConfig
from landscape.train.recipe import Recipe
from landscape.train.runs import RunConfig, ensure_run

PLAN = SweepPlan(
    {"name": "digits", "num_train": 40},
    (2, 3),
    2,
    Recipe(steps=6, batch_size=20, checkpoints=3),
    (Condition("true"), Condition("random", {"labels": "random"}, {"learning_rate": 0.1})),
)


def test_a_killed_sweep_goes_on_and_ends_with_the_same_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run_sweep(PLAN, tmp_path / "whole", progress=False)
    real, trained = engine.train, []

    def killed(*args: object, **options: object) -> object:
        if len(trained) == 2:
            raise KeyboardInterrupt
        trained.append(args)
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "train", killed)
    with pytest.raises(KeyboardInterrupt):
        run_sweep(PLAN, tmp_path / "killed", progress=False)
    monkeypatch.setattr(engine, "train", real)
    (path,) = (tmp_path / "killed" / "studies").glob("sweep-*.h5")
    assert load_sweep(path).done.sum() == 2
    resumed = run_sweep(PLAN, tmp_path / "killed", progress=False)
    assert whole.complete
    assert resumed.complete
    for name, values in whole.values.items():
        np.testing.assert_array_equal(resumed.values[name], values)


def test_a_finished_sweep_trains_nothing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run_sweep(PLAN, tmp_path, progress=False)
    monkeypatch.setattr(engine, "train", None)
    again = run_sweep(PLAN, tmp_path, progress=False)
    assert again.plan == first.plan
    for name, values in first.values.items():
        np.testing.assert_array_equal(again.values[name], values)


def test_a_cell_holds_the_numbers_of_the_run_it_stands_for(tmp_path: Path) -> None:
    found = run_sweep(PLAN, tmp_path, progress=False)
    recipe = replace(PLAN.recipe, learning_rate=0.1)
    config = RunConfig(NetworkConfig("mlp", 3), {**PLAN.data, "labels": "random"}, recipe, 2)
    run = ensure_run("one", config, runs=tmp_path, progress=False)
    assert found.final("train_loss", "random")[1].tolist() == run.final()["train_loss"]
    assert found.P == (160, 235)
    assert (found.N, found.K, found.seeds) == (40, 10, (0, 1))


def test_a_sweep_that_keeps_its_networks_leaves_runs_with_the_same_curves(tmp_path: Path) -> None:
    plain = run_sweep(PLAN, tmp_path, progress=False)
    kept = run_sweep(replace(PLAN, keep=True), tmp_path, progress=False)
    run = run_of(replace(PLAN, keep=True), tmp_path, 3, "random")
    for name, values in run.history.values.items():
        np.testing.assert_array_equal(kept.values[name][1, 1], values)
        np.testing.assert_array_equal(plain.values[name][1, 1], values)
    assert run.path(1)[1]["1.weight"].shape == (3, 3, 64)


def test_time_left_is_the_cost_of_what_waits_at_the_speed_of_what_is_done() -> None:
    clock = engine._Clock([1.0, 1.0, 8.0])
    assert clock.left() == "10 s"
    clock.add(2.0)
    assert clock.left() == "18 s"
    clock.add(120.0)
    assert clock.left() == "8 min"


def test_nonsense_is_refused() -> None:
    with pytest.raises(InputError, match="names of their own"):
        replace(PLAN, conditions=(Condition("a"), Condition("a")))
    with pytest.raises(InputError, match="must increase"):
        replace(PLAN, widths=(4, 2))


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="another --runs"):
        run_sweep(PLAN, tmp_path / "file", progress=False)
