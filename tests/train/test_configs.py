"""What a run's ``config.json`` must be to be read."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from landscape.errors import RunError
from landscape.train.configs import CONFIG, FORMAT, SCHEMA, read_config


def written(folder: Path, content: Any) -> Path:
    (folder / CONFIG).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return folder


def test_a_config_is_returned_as_it_stands(tmp_path: Path) -> None:
    config = {"format": FORMAT, "schema": SCHEMA, "P": 310}
    assert read_config(written(tmp_path, config)) == config


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read"),
        ([1], "was not written by landscape train"),
        ({"format": "another program's"}, "was not written by landscape train"),
        ({"format": FORMAT, "schema": 99}, "has schema 99, this version reads 1; use the version that made it"),
    ],
)
def test_what_is_no_config_of_this_version_is_refused(content: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=message):
        read_config(written(tmp_path, content))


def test_a_folder_without_a_config_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"is not a run: it holds no config\.json; train one with landscape train"):
        read_config(tmp_path)


def test_a_config_is_read_without_torch() -> None:
    script = "import sys, landscape.train.configs; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
