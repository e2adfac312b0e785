"""Measures that are kept as they come."""

from pathlib import Path

import numpy as np
import pytest

from landscape.files.ledger import Ledger, Tape


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


def test_pieces_come_back_under_their_key_until_the_measure_is_finished(tmp_path: Path) -> None:
    ledger, key = Ledger(tmp_path), {"measure": "trace", "seed": 0}
    ledger.pieces(key).save(force=True, sums=np.arange(3.0))
    assert ledger.pieces(key).load()["sums"].tolist() == [0, 1, 2]
    assert ledger.pieces({**key, "seed": 1}).load() == {}
    assert [path.suffix for path in (tmp_path / "measures").iterdir()] == [".npz"]
    ledger.pieces(key).finish()
    assert list((tmp_path / "measures").iterdir()) == []


def test_a_tape_gives_back_the_products_of_the_same_vectors_and_takes_others_anew(tmp_path: Path) -> None:
    calls: list[float] = []

    def double(vector: np.ndarray) -> np.ndarray:
        calls.append(float(vector[0]))
        return 2 * vector

    def run(*starts: float) -> list[list[float]]:
        tape = Tape(tmp_path / "p.tape", "key", 2)
        products = [tape(double, np.array([start, 1.0])).tolist() for start in starts]
        tape.flush()
        return products

    assert run(1.0, 2.0, 3.0) == [[2, 2], [4, 2], [6, 2]]
    assert run(1.0, 2.0, 5.0) == [[2, 2], [4, 2], [10, 2]]
    assert run(1.0, 2.0, 5.0) == [[2, 2], [4, 2], [10, 2]]
    assert calls == [1, 2, 3, 5], "the third run takes no product"
