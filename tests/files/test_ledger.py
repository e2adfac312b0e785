from pathlib import Path

import pytest

from landscape.files.ledger import Ledger


def test_a_value_is_found_again_by_its_key_and_by_no_other(tmp_path: Path) -> None:
    Ledger(tmp_path).put({"measure": "trace", "seed": 0}, {"value": 3.0})
    again = Ledger(tmp_path)
    assert again.get({"seed": 0, "measure": "trace"}) == {"value": 3.0}
    assert again.get({"measure": "trace", "seed": 1}) is None
    assert [path.name for path in tmp_path.iterdir()] == ["measures.json"]


@pytest.mark.parametrize("content", ["", "[1, 2]", '{"a": 1}', '{"half'])
def test_a_file_that_cannot_be_read_is_measured_again(content: str, tmp_path: Path) -> None:
    (tmp_path / "measures.json").write_text(content)
    ledger = Ledger(tmp_path)
    assert "measured again" in ledger.problem
    ledger.put({"measure": "trace"}, 1.0)
    assert Ledger(tmp_path).get({"measure": "trace"}) == 1.0


def test_a_folder_that_cannot_be_written_is_said_and_no_error(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "gone")
    ledger.put({"measure": "trace"}, 1.0)
    assert "not kept" in ledger.problem
    assert ledger.get({"measure": "trace"}) == 1.0
