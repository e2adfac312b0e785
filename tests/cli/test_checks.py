"""What ``landscape doctor`` looks at."""

import importlib.metadata
import os
from pathlib import Path

import pytest

from cli.checks import PACKAGES, check_machine


def finding(name: str, runs: str = "runs") -> tuple[bool, str]:
    (check,) = [check for check in check_machine(runs) if check.name == name]
    return check.ok, check.detail


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    version = importlib.metadata.version

    def without_scipy(name: str) -> str:
        if name == "scipy":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", without_scipy)
    assert finding("packages") == (False, "missing scipy: pip install scipy")


def test_every_package_that_commands_load_is_looked_for() -> None:
    found, detail = finding("packages")
    assert found
    assert [word.split()[0] for word in detail.split(", ")] == list(PACKAGES)


def test_the_runs_of_a_folder_are_listed(tmp_path: Path) -> None:
    assert finding("runs", str(tmp_path / "none"))[1].endswith("no run yet")
    for name in ("wide", "narrow"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
    assert finding("runs", str(tmp_path))[1].endswith(": narrow, wide")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_reported(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert not finding("runs", str(locked))[0]
