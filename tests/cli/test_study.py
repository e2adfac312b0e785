"""``landscape study`` on small sweeps: words, JSON, tables, files; one line for nonsense."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main
from landscape.files.findings import load_result

SMALL = ["--quick", "--widths", "2,24", "--members", "2", "--steps", "40", "--num-train", "60", "--quiet"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


def study(runs: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["study", "--runs", str(runs), *args], prog_name="landscape")


def test_a_study_prints_claim_verdict_numbers_and_the_command(runs: Path) -> None:
    shown = study(runs, "fit", *SMALL)
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith("fit: ")
    assert "training error, width 2" in shown.stdout
    assert "landscape study fit --members 2 --steps 40 --num-train 60 --widths 2,24 --quick --seed 0" in shown.stdout


def test_json_holds_what_the_file_holds(runs: Path, tmp_path: Path) -> None:
    target = tmp_path / "fit.h5"
    shown = study(runs, "fit", *SMALL, "--format", "json", "-o", str(target))
    assert shown.exit_code == 0, shown.output
    values = json.loads(shown.stdout)
    kept = load_result(target)
    assert [number["mean"] for number in values["numbers"] if number["mean"] != "nan"] == [
        number.mean for number in kept.numbers if number.mean == number.mean
    ]
    assert values["plots"][0]["series"][0]["label"] == "training error"
    again = study(runs, "fit", *SMALL, "-o", str(target))
    assert again.exit_code == 1
    assert "exists" in again.stderr


def test_a_study_is_drawn(runs: Path, tmp_path: Path) -> None:
    shown = study(runs, "fit", *SMALL, "-o", str(tmp_path / "fit.png"))
    assert shown.exit_code == 0, shown.output
    assert (tmp_path / "fit.png").stat().st_size > 10_000


def test_every_study_repeats_bit_for_bit(tmp_path: Path) -> None:
    tiny = ["--quick", "--widths", "2,5", "--members", "2", "--steps", "3", "--num-train", "20", "--format", "json"]
    found = [study(tmp_path / name, "all", *tiny, "--quiet") for name in ("first", "second")]
    assert found[0].exit_code == 0, found[0].output
    assert found[0].stderr == "scaling: left out, scaling needs at least 5 widths, got 2; give more with --widths\n"
    first, second = (json.loads(each.stdout)["studies"] for each in found)
    assert len(first) == 9
    for one in (*first, *second):
        for changing in ("created", "wall_time", "called_as"):
            del one["provenance"][changing]
    # as text, where every digit counts
    assert json.dumps(first) == json.dumps(second)


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["nothing"], 2, "unknown study 'nothing'"),
        (["fit", "--widths", "4,x"], 2, "not a list of widths"),
        (["fit", "--widths", "4"], 2, "at least two widths"),
        (["fit", "--widths", "0,4"], 2, "from 1 to 65,536"),
        (["fit", "--widths", "4,99999999999"], 2, "from 1 to 65,536"),
        (["fit", "--members", "1"], 2, "at least 2"),
        (["fit", "--num-train", "0"], 2, "num_train must be at least 1"),
        (["fit", "--seed", "-1"], 2, "seed must not be negative"),
        (["fit", "--dataset", "mnist", "--data-dir", "/nowhere"], 1, "no folder /nowhere"),
        (["fit", *SMALL, "-o", "/nowhere/fit.h5"], 1, "cannot write /nowhere/fit.h5"),
        (["fit", "--format", "html"], 2, "unknown format 'html'"),
        (["all", "-o", "all.png"], 2, "one study"),
        (["fit", "-o", "fit.bmp"], 2, "suffix"),
        (["fit", "-o", "fit.gif"], 2, "only the study morph"),
        (["portrait", "--image", "no.png"], 2, "no.png"),
        (["fit", "--dataset", "mnist"], 2, "--data-dir"),
    ],
)
def test_nonsense_gets_one_clear_line(runs: Path, args: list[str], status: int, message: str) -> None:
    result = study(runs, *args, "--quiet")
    assert result.exit_code == status, result.output
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1
    assert message in lines[0]
