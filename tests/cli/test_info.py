"""``landscape info``: what is in a file or a run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from shell import mistake, output_of

pytestmark = pytest.mark.usefixtures("work")


def test_a_file_tells_what_made_it() -> None:
    values = json.loads(output_of("info", "plane.h5", "--json"))
    assert values["provenance"]["model"] == "mlp-3:0"
    assert values["provenance"]["P"] == 235
    assert values["status"] == {"pending": 0, "measured": 25, "interpolated": 0}
    text = output_of("info", "plane.h5")
    assert text.startswith("measured 25 of 25 points\n")
    assert "regime: critical" in text


def test_a_run_tells_how_it_was_trained_by_name_and_by_folder() -> None:
    assert json.loads(output_of("info", "mlp-3", "--json"))["recipe"]["steps"] == 15
    assert output_of("info", "runs/mlp-3") == output_of("info", "mlp-3")


def test_a_file_is_read_without_torch(work: Path) -> None:
    program = "import sys; from cli import main; main(['info', 'plane.h5'], standalone_mode=False)"
    program += "; print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=work)
    assert shown.stdout.endswith("False\n")


@pytest.mark.parametrize(("subject", "message"), [("nowhere.h5", "nowhere.h5"), ("nobody", "is not a run")])
def test_what_is_not_there_gets_one_clear_line(subject: str, message: str) -> None:
    assert message in mistake("info", subject, status=1)
