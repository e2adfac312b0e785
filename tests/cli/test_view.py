"""``landscape view``: a window where there is a screen, else a page."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from problems import bowl

from cli import main


def test_without_a_screen_a_page_is_written_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    bowl(points=5).save("bowl.h5")
    result = CliRunner().invoke(main, ["view", "bowl.h5"], prog_name="landscape")
    assert result.exit_code == 0, result.output
    assert result.stdout == "bowl.html\n"
    assert "no screen here" in result.stderr
    assert "ls-surface" in Path("bowl.html").read_text()
