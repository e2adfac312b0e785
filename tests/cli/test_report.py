"""``landscape report``: a page from nothing, and from what is kept; one line for nonsense."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main

SMALL = ["--quick", "--widths", "2,24", "--members", "2", "--steps", "30", "--num-train", "60", "--quiet"]


def report(runs: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["report", "--runs", str(runs), *args, *SMALL], prog_name="landscape")


def test_a_report_is_made_and_made_again_from_what_is_kept(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    shown = report(tmp_path, "--only", "memorization,fit", "-o", str(page))
    assert shown.exit_code == 0, shown.output
    assert [line.split(":")[0] for line in shown.stdout.splitlines()] == ["fit", "memorization", str(page)]
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "studies").iterdir()}
    before = page.read_text()
    assert report(tmp_path, "--only", "fit", "-o", str(page)).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "studies").iterdir()} == kept
    assert page.read_text().count("<section") == before.count("<section") - 1


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["--only", "scaling"], 2, "at least 5 widths"),
        (["--only", "nothing"], 2, "unknown study 'nothing'"),
        (["-o", "report.pdf"], 2, ".html"),
        (["-o", "nowhere/report.html"], 1, "folder"),
        (["--only", "fit", "--dataset", "mnist"], 2, "--data-dir"),
    ],
)
def test_nonsense_gets_one_clear_line(tmp_path: Path, args: list[str], status: int, message: str) -> None:
    shown = report(tmp_path, *args)
    assert shown.exit_code == status, shown.output
    lines = [line for line in shown.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1
    assert message in lines[0]
    assert not (tmp_path / "studies").exists()


def test_a_page_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("mine")
    shown = report(tmp_path, "--only", "fit", "-o", str(page))
    assert shown.exit_code == 1
    assert page.read_text() == "mine"
