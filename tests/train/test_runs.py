import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from landscape.errors import FileError, InputError, RunError
from landscape.train import runs as runs_module
from landscape.train.networks import NetworkConfig, count_parameters
from landscape.train.recipe import Recipe
from landscape.train.runs import Run, RunConfig, ensure_run, find_or_train, models_of, open_run, preset, presets

SMALL = RunConfig(
    NetworkConfig("mlp", 3), {"name": "digits", "num_train": 60}, Recipe(steps=12, batch_size=20, checkpoints=5), 2
)


def trained(folder: Path, config: RunConfig = SMALL, **options: bool) -> Run:
    return ensure_run("small", config, runs=folder, progress=False, **options)


def test_a_run_is_a_folder_of_config_weights_path_and_curves(tmp_path: Path) -> None:
    run = trained(tmp_path)
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "config.json",
        "curves.csv",
        "path.safetensors",
        "weights.safetensors",
    ]
    config = json.loads((run.folder / "config.json").read_text())
    assert (config["P"], config["N"], config["K"], config["regime"]) == (
        count_parameters(run.model()),
        60,
        10,
        "critical",
    )
    assert config["steps"][0] == 0
    assert config["steps"][-1] == 12
    assert [path.name for path in tmp_path.iterdir()] == ["small"]


def test_weights_are_the_end_of_the_path_of_the_same_member(tmp_path: Path) -> None:
    run = trained(tmp_path)
    for member in (0, 1):
        steps, path, buffers = run.path(member)
        assert len(steps) == 5
        assert buffers == {}
        for name, parameter in run.model(member).named_parameters():
            assert torch.equal(path[name][-1], parameter)
    assert not torch.equal(run.model(0)[1].weight, run.model(1)[1].weight)  # type: ignore[index]
    assert not run.model(0).training


def test_the_curves_hold_a_row_per_member_and_checkpoint(tmp_path: Path) -> None:
    run = trained(tmp_path)
    with (run.folder / "curves.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 5
    last = [float(row["train_loss"]) for row in rows if row["step"] == "12"]
    assert last == run.final()["train_loss"]


def test_the_same_configuration_reuses_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = trained(tmp_path)
    monkeypatch.setattr(runs_module, "train", None)
    assert trained(tmp_path).config == first.config
    assert find_or_train("small", runs=tmp_path).config == first.config


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"recipe": replace(SMALL.recipe, steps=13)}, "recipe.steps is 12, asked 13"),
        ({"members": 3}, "members is 2, asked 3"),
        ({"seed": 5}, "seed is 0, asked 5"),
        ({"network": NetworkConfig("mlp", 4)}, "network.width is 3, asked 4"),
        ({"data": {"name": "digits", "num_train": 61}}, "data.num_train is 60, asked 61"),
    ],
)
def test_a_run_of_another_configuration_is_refused_and_kept(
    change: dict[str, object], named: str, tmp_path: Path
) -> None:
    before = trained(tmp_path).config
    other = replace(SMALL, **change)  # type: ignore[arg-type]
    with pytest.raises(RunError, match=named):
        trained(tmp_path, other)
    assert open_run("small", tmp_path).config == before
    assert trained(tmp_path, other, force=True).config["fingerprint"] != before["fingerprint"]


class KilledError(BaseException):
    pass


@pytest.mark.parametrize("existing", [False, True])
def test_a_killed_training_leaves_no_half_run(existing: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = trained(tmp_path).config if existing else None

    def killed(*args: object) -> None:
        raise KilledError

    monkeypatch.setattr(runs_module, "_write_history", killed)
    with pytest.raises(KilledError):
        trained(tmp_path, force=True)
    assert [path.name for path in tmp_path.iterdir()] == (["small"] if existing else [])
    if existing:
        assert open_run("small", tmp_path).config == before


def test_a_full_disk_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runs_module, "save_file", full)
    with pytest.raises(FileError, match="No space left on device; free some space"):
        trained(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_two_trainings_give_the_same_numbers(tmp_path: Path) -> None:
    first, second = trained(tmp_path / "a"), trained(tmp_path / "b")
    assert first.final() == second.final()
    for name, parameter in first.model(1).named_parameters():
        assert torch.equal(parameter, dict(second.model(1).named_parameters())[name])


def test_a_member_that_diverged_is_refused_by_name(tmp_path: Path) -> None:
    recipe = Recipe(steps=20, batch_size=20, learning_rate=1e18, optimizer="sgd", schedule="constant")
    run = trained(tmp_path, replace(SMALL, recipe=recipe))
    assert run.diverged == (0, 1)
    with pytest.raises(RunError, match="member 1 of run 'small' diverged"):
        run.model(1)


def test_a_member_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="members 0 to 1, got 2"):
        trained(tmp_path).model(2)


def test_changed_data_are_noticed(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=np.eye(8).repeat(4, 0), y=np.arange(32) % 2)
    config = replace(SMALL, data={"name": str(tmp_path / "d.npz")})
    run = trained(tmp_path / "runs", config)
    np.savez(tmp_path / "d.npz", x=2 + np.eye(8).repeat(4, 0)[::-1], y=np.arange(32) % 2)
    with pytest.raises(RunError, match="data of run 'small' have changed"):
        _ = open_run("small", tmp_path / "runs").dataset
    assert run.config["N"] > 0


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": "other"}', '{"format": "landscape run", "schema": 99}'])
def test_a_folder_that_is_no_run_is_refused(damage: str, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    if damage:
        (tmp_path / "broken" / "config.json").write_text(damage)
    with pytest.raises(RunError, match="broken"):
        open_run("broken", tmp_path)


def test_truncated_weights_are_one_clear_line(tmp_path: Path) -> None:
    run = trained(tmp_path)
    weights = run.folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(RunError, match=r"cannot read .*weights\.safetensors"):
        run.model()


def test_a_run_that_does_not_exist_names_those_that_do(tmp_path: Path) -> None:
    trained(tmp_path)
    with pytest.raises(RunError, match="there are small"):
        open_run("large", tmp_path)
    with pytest.raises(InputError, match="unknown model 'large'; expected narrow, wide, pair"):
        find_or_train("large", runs=tmp_path)


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "a:b", " x", "..", "a\\b"])
def test_names_that_are_no_folder_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one folder name"):
        ensure_run(name, SMALL, runs=tmp_path, progress=False)


def test_models_are_named_with_members() -> None:
    assert models_of("wide") == [("wide", 0)]
    assert models_of("wide:3") == [("wide", 3)]
    assert models_of("pair:2") == [("narrow", 2), ("wide", 2)]
    for wrong in ("wide:x", "wide:-1", ":1"):
        with pytest.raises(InputError):
            models_of(wrong)


def test_presets_are_a_pair_that_differs_in_width_alone() -> None:
    narrow, wide = preset("narrow"), preset("wide")
    assert replace(narrow, network=wide.network) == wide
    assert (narrow.network.width, wide.network.width) == (4, 512)


def test_a_pair_stands_for_two_presets() -> None:
    assert presets("pair") == {"narrow": preset("narrow"), "wide": preset("wide")}
    assert presets("wide") == {"wide": preset("wide")}
    with pytest.raises(InputError, match="unknown model 'nobody'"):
        presets("nobody")


def test_no_members_are_refused() -> None:
    with pytest.raises(InputError, match="members must be at least 1"):
        replace(SMALL, members=0)
