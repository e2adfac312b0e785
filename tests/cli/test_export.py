"""``landscape export`` as a user types it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from problems import bowl

from cli import main


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bowl(points=5).save("bowl.h5")


def export(*args: str) -> Result:
    return CliRunner().invoke(main, ["export", *args], prog_name="landscape")


def test_export_says_what_was_lost_and_where_the_file_is() -> None:
    result = export("bowl.h5", "-o", "bowl.ply")
    assert result.exit_code == 0, result.output
    assert result.stdout == "bowl.ply\n"
    assert result.stderr == "ply keeps the shape and its colours, not the values\n"
    assert Path("bowl.ply").stat().st_size


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["bowl.h5", "-o", "bowl.bmp"], 2, "the suffix must be one of .vts"),
        (["bowl.h5", "-o", "bowl.vts", "--scale", "cubic"], 2, "unknown scale 'cubic'"),
        (["bowl.h5", "-o", "bowl.stl", "--ceiling", "-1"], 2, "below every value"),
        (["bowl.h5", "-o", "nowhere/bowl.stl"], 1, "choose a folder that exists"),
        (["bowl.h5", "-o", "bowl.h5/bowl.stl"], 1, "cannot write"),
        (["nowhere.h5", "-o", "bowl.stl"], 1, "nowhere.h5"),
    ],
)
def test_nonsense_gets_one_clear_line(args: list[str], status: int, message: str) -> None:
    result = export(*args)
    assert result.exit_code == status, result.output
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    assert message in lines[0]
    assert [entry.name for entry in Path().iterdir()] == ["bowl.h5"]


def test_an_existing_file_is_replaced_only_with_force() -> None:
    Path("bowl.csv").write_text("mine")
    refused = export("bowl.h5", "-o", "bowl.csv")
    assert refused.exit_code == 1
    assert "--force" in refused.stderr
    assert Path("bowl.csv").read_text() == "mine"
    assert export("bowl.h5", "-o", "bowl.csv", "--force").exit_code == 0
    assert len(Path("bowl.csv").read_text().splitlines()) == 26


def test_zeros_stand_at_the_smallest_value_above_zero_on_a_log_scale() -> None:
    result = export("bowl.h5", "-o", "bowl.vts", "--scale", "log")
    assert result.exit_code == 0, result.output
    assert "1 of 25 points stand at" in result.output
    assert "holes" not in result.output
