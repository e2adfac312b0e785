"""The commands as a user types them, on small runs; nonsense gets one line and exit status 1 or 2."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import COMMANDS, main
from landscape.files.surfaces import load

TRAIN = [
    "train",
    "--family",
    "mlp",
    "--width",
    "3",
    "--num-train",
    "60",
    "--steps",
    "15",
    "--members",
    "2",
    "--checkpoints",
    "4",
]
GRID = ["--points", "5", "--rays", "4", "--quiet"]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trained run ``mlp-3``, its plane and its corridor."""
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert landscape(*TRAIN, "--quiet").exit_code == 0
        assert landscape("sample", "--model", "mlp-3", "-o", "plane.h5", *GRID).exit_code == 0
        assert (
            landscape("sample", "--model", "mlp-3:1", "--view", "corridor", "-o", "corridor.h5", *GRID).exit_code == 0
        )
    return folder


@pytest.fixture(autouse=True)
def _inside(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(work)


def landscape(*args: str) -> Result:
    return CliRunner().invoke(main, list(args), prog_name="landscape")


def out(*args: str) -> str:
    result = landscape(*args)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*args: str, status: int) -> str:
    """The one line that a mistake gets."""
    result = landscape(*args)
    assert result.exit_code == status, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, result.stderr
    return lines[0]


def test_train_says_what_was_trained_and_reuses_it(work: Path) -> None:
    first = out(*TRAIN, "--quiet")
    assert "mlp-3: P = 235, N = 60, K = 10, critically parameterized" in first
    assert out(*TRAIN, "--quiet") == first
    described = json.loads(out(*TRAIN, "--quiet", "--json"))["runs"][0]
    assert described["P"] == 235
    assert len(described["final"]["train_loss"]) == 2


def test_sample_keeps_a_complete_file(work: Path) -> None:
    before = (work / "plane.h5").read_bytes()
    assert "measured 25 of 25 points" in out("sample", "--model", "mlp-3", "-o", "plane.h5", *GRID)
    assert (work / "plane.h5").read_bytes() == before


def test_sample_refuses_a_file_of_another_recipe(work: Path) -> None:
    before = (work / "plane.h5").read_bytes()
    message = refused("sample", "--model", "mlp-3:1", "-o", "plane.h5", *GRID, status=1)
    assert "differs in weights" in message
    assert "--force" in message
    assert (work / "plane.h5").read_bytes() == before


def test_sample_measures_a_line_too(work: Path) -> None:
    assert "line of mlp-3:0" in out("sample", "--model", "mlp-3", "--view", "line", *GRID)
    assert load(work / "mlp-3-line.h5").kind == "line"


def test_measure_prints_one_json_object_with_fixed_keys() -> None:
    values = json.loads(out("measure", "plane.h5", "--json"))
    assert {"mean", "low", "high", "unit", "directions", "rise"} <= set(values["half_width"])
    assert values["half_width"]["directions"] == 4
    assert values["half_width"]["unit"] == "filter norm"
    assert values["half_width_l2"]["unit"] == "L2"
    assert json.loads(out("measure", "corridor.h5", "--json"))["corridor_width"]["unit"] == "filter norm"
    assert values["topology"]["minima"] == len(values["topology"]["birth"]) >= 1
    assert 0 <= values["topology"]["roughness"] <= 1
    assert json.loads(out("measure", "corridor.h5", "--json"))["topology"] is None


def test_measure_counts_the_free_directions_of_a_run() -> None:
    measure = ("measure", "mlp-3", "--directions", "2", "--quiet", "--free", "--examples", "5")
    free = json.loads(out(*measure, "--json"))["free_directions"]
    assert (free["member"], free["N"]) == (0, 5)
    assert free["free"] == free["P"] - free["rank"] == free["explained"] + free["open"]
    assert f"free directions   {free['free']} of {free['P']} on 5 examples, member 0" in out(*measure)


@pytest.mark.parametrize("options", [[], ["--free"]])
def test_measuring_a_run_that_diverged_as_a_whole_says_so(options: list[str], tmp_path: Path) -> None:
    place = ("--runs", str(tmp_path), "--quiet")
    assert landscape(*TRAIN, "--name", "boom", "--optimizer", "sgd", "--learning-rate", "1e20", *place).exit_code == 0
    result = landscape("measure", "boom", *options, *place)
    assert result.exit_code == 1
    assert "all 2 members of run 'boom' diverged" in result.stderr


def test_measure_covers_all_members_of_a_run() -> None:
    values = json.loads(out("measure", "mlp-3", "--json", "--directions", "3", "--quiet"))
    assert values["half_width"]["members"] == 2
    assert values["half_width"]["directions"] == 6


def test_measure_prints_text_with_units_and_intervals() -> None:
    text = out("measure", "plane.h5", "corridor.h5", "--rise", "0.2")
    assert text.count("half-width  ") == 3  # once for each, once to compare
    assert "filter norm (+0.2 nat, 4 directions, 95 % interval)" in text
    assert "corridor width" in text
    assert "sublevel area" in text
    assert text.count("in the plane") == 1


def test_info_prints_the_provenance_of_files_and_runs() -> None:
    values = json.loads(out("info", "plane.h5", "--json"))
    assert values["provenance"]["model"] == "mlp-3:0"
    assert values["provenance"]["P"] == 235
    assert values["status"] == {"pending": 0, "measured": 25, "interpolated": 0}
    assert "regime: critical" in out("info", "plane.h5")
    assert json.loads(out("info", "mlp-3", "--json"))["recipe"]["steps"] == 15


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_render_draws_files_side_by_side(suffix: str, work: Path) -> None:
    target = work / f"both.{suffix}"
    assert out("render", "plane.h5", "plane.h5", "-o", str(target)).splitlines()[-1] == str(target)
    assert target.stat().st_size > 5000


def test_render_trains_and_samples_what_is_missing(work: Path) -> None:
    out("render", "--model", "mlp-3", "--view", "corridor", *GRID, "-o", "made.png")
    assert (work / "made.png").stat().st_size > 5000
    kept = list((work / "runs" / "mlp-3" / "surfaces").glob("corridor-0-*.h5"))
    assert len(kept) == 1
    changed = kept[0].stat().st_mtime_ns
    out("render", "--model", "mlp-3", "--view", "corridor", *GRID, "-o", "made.png")
    assert kept[0].stat().st_mtime_ns == changed


def test_render_does_not_replace_what_it_did_not_make(work: Path) -> None:
    (work / "mine.png").write_bytes(b"my own picture")
    assert "--force" in refused("render", "plane.h5", "-o", "mine.png", status=1)
    assert (work / "mine.png").read_bytes() == b"my own picture"
    out("render", "plane.h5", "-o", "mine.png", "--force")
    assert (work / "mine.png").read_bytes() != b"my own picture"
    out("render", "plane.h5", "-o", "mine.png")


def test_doctor_says_what_this_machine_can_do() -> None:
    text = out("doctor")
    assert all(line.startswith("ok  ") for line in text.splitlines())
    checks = json.loads(out("doctor", "--json"))
    assert checks["ok"]
    assert {check["name"] for check in checks["checks"]} >= {"python", "packages", "device", "data", "runs", "drawing"}


NONSENSE: list[tuple[list[str], int, str]] = [
    (["sample", "--model", "nobody"], 2, "unknown model 'nobody'; expected narrow, wide, pair, or the name of a run"),
    (["sample", "--model", "mlp-3:9", *GRID], 1, "members 0 to 1, got 9"),
    (["sample", "--model", "mlp-3:x"], 2, "NAME:member"),
    (["sample"], 2, "say which model"),
    (["sample", "--model", "pair", "-o", "one.h5"], 2, "-o names one file"),
    (["sample", "--model", "mlp-3", "--view", "sphere", *GRID], 2, "expected one of plane, corridor, line"),
    (["sample", "--model", "mlp-3", "-o", "new.h5", "--points", "1"], 2, "at least 2 points a side"),
    (["sample", "--model", "mlp-3", "-o", "new.h5", "--extent", "0"], 2, "the extent must be above 0"),
    (["sample", "--model", "mlp-3", "-o", "new.h5", "--extent", "-1"], 2, "the extent must be above 0"),
    (["sample", "--model", "mlp-3", "-o", "new.h5", "--extent", "nan"], 2, "the extent must be above 0"),
    (["sample", "--model", "mlp-3", "-o", "new.h5", "--strategy", "magic"], 2, "unknown strategy 'magic'"),
    (
        ["sample", "--model", "mlp-3", "-o", "new.h5", "--normalize", "filters"],
        2,
        "expected one of filter, layer, none",
    ),
    (["sample", "--model", "mlp-3", "-o", "new.h5", "--ignore", "2d"], 2, "expected 1d, nothing"),
    (["sample", "--model", "mlp-3", "-o", "new.h5", "--memory", "lots"], 2, "such as 512MiB"),
    (["sample", "--model", "mlp-3", "-o", "new.h5", "--memory", "0"], 2, "at least one byte"),
    (["sample", "--model", "mlp-3", "-o", "new.h5", "--dtype", "int8"], 2, "expected float32, float64, bfloat16"),
    (["sample", "--model", "mlp-3", "-o", "new.h5", "--device", "toaster"], 2, "'toaster' is not available"),
    (["sample", "--model", "mlp-3", "-o", "new.h5", "--rays", "1"], 2, "rays are 0 (none) or at least 2 directions"),
    (["sample", "--model", "mlp-3", "-o", "new.h5", "--direction-seed", "-1"], 2, "must be 0 or more"),
    (["sample", "--model", "mlp-3", "-o", "missing/new.h5"], 1, "create the folder first"),
    (["train", "--model", "nobody"], 2, "unknown model 'nobody'"),
    (["train"], 2, "say what to train"),
    (["train", "--family", "gru", "--width", "4"], 2, "unknown family 'gru'; expected mlp, cnn, resnet"),
    (["train", "--family", "mlp", "--width", "0"], 2, "whole numbers from 1"),
    (["train", "--model", "narrow", "--dataset", "imagenet"], 2, "imagenet"),
    (["train", "--model", "narrow", "--dataset", "mnist", "--name", "m"], 2, "--data-dir"),
    (["train", "--model", "narrow", "--dataset", "mnist", "--data-dir", "nowhere", "--name", "m"], 1, "nowhere"),
    (["train", "--model", "narrow", "--dataset", "missing.npz", "--name", "m"], 1, "missing.npz"),
    (["train", "--family", "mlp", "--width", "3", "--steps", "9"], 1, "recipe.steps is 15, asked 9"),
    (["train", "--model", "wide", "--steps", "0"], 2, "steps must be at least 1"),
    (["train", "--model", "wide", "--name", "a/b"], 2, "one folder name"),
    (["measure", "nowhere.h5"], 1, "nowhere.h5"),
    (["measure", "plane.h5", "--free"], 2, "name a run"),
    (["measure", "mlp-3", "--examples", "5"], 2, "add --free"),
    (["measure", "plane.h5", "--rise", "0"], 2, "rise must be above 0"),
    (["info", "nowhere.h5"], 1, "nowhere.h5"),
    (["info", "nobody"], 1, "is not a run"),
    (["render"], 2, "give surface files, or --model"),
    (["render", "plane.h5", "--model", "mlp-3"], 2, "one of the two"),
    (["render", "plane.h5", "-o", "picture.bmp"], 2, ".bmp"),
    (["render", "plane.h5", "-o", "nowhere/picture.png"], 1, "nowhere"),
    (["render", "plane.h5", "--scale", "cubic"], 2, "cubic"),
    (["render", "plane.h5", "--colormap", "rainbowish"], 2, "rainbowish"),
    (["render", "--model", "mlp-3", "--view", "sphere"], 2, "expected one of plane, corridor, line"),
    (["render", "nowhere.h5"], 1, "nowhere.h5"),
]


@pytest.mark.parametrize(
    ("args", "status", "message"), NONSENSE, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_nonsense_gets_one_clear_line(args: list[str], status: int, message: str, work: Path) -> None:
    assert message in refused(*args, status=status)
    assert not (work / "new.h5").exists()


@pytest.mark.parametrize("kind", ["truncated", "foreign", "empty", "text"])
def test_files_that_are_no_surfaces_get_one_clear_line(kind: str, work: Path) -> None:
    whole = (work / "plane.h5").read_bytes()
    content = {"truncated": whole[: len(whole) // 2], "foreign": b"\x89PNG" + whole[4:], "empty": b"", "text": b"hello"}
    (work / "bad.h5").write_bytes(content[kind])
    for command in ("info", "measure", "render"):
        assert "bad.h5" in refused(command, "bad.h5", *(["-o", "bad.png"] if command == "render" else []), status=1)
    assert not (work / "bad.png").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_gets_one_clear_line(work: Path) -> None:
    locked = work / "locked"
    locked.mkdir(mode=0o500)
    refused("sample", "--model", "mlp-3", "-o", "locked/new.h5", *GRID, status=1)
    refused("render", "plane.h5", "-o", "locked/new.png", status=1)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    for flag in ("-h", "--help"):
        text: Any = out(name, flag)
        assert "Examples:" in text
        assert f"landscape {name}" in text
