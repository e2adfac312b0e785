"""Files and folders of weights: what is read, what is skipped without being run, what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from landscape.errors import FileError
from landscape.train.state_files import read_checkpoint

STATE = {"w": torch.arange(6.0).reshape(2, 3), "b": torch.tensor([1.0, 2.0])}


def same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in second)


@pytest.mark.parametrize("suffix", ["safetensors", "bin"])
def test_shards_are_put_together_by_their_index(tmp_path: Path, suffix: str) -> None:
    stem = "model" if suffix == "safetensors" else "pytorch_model"
    places = {"w": f"{stem}-00001-of-00002.{suffix}", "b": f"{stem}-00002-of-00002.{suffix}"}
    for name, file in places.items():
        (save_file if suffix == "safetensors" else torch.save)({name: STATE[name]}, tmp_path / file)
    (tmp_path / f"{stem}.{suffix}.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    (tmp_path / "trainer_state.json").write_text(json.dumps({"global_step": 500, "epoch": 2.5}))
    checkpoint = read_checkpoint(tmp_path)
    assert same(checkpoint.state, STATE)
    assert checkpoint.steps == {"global_step": 500.0, "epoch": 2.5}
    (tmp_path / places["b"]).unlink()
    with pytest.raises(FileError, match=f"there is no file .*{places['b']}"):
        read_checkpoint(tmp_path)


def test_an_index_must_name_files_beside_it_that_hold_its_tensors(tmp_path: Path) -> None:
    index = tmp_path / "model.safetensors.index.json"
    save_file({"w": STATE["w"]}, tmp_path / "one.safetensors")
    for content, message in (
        ({"weight_map": {"w": "../one.safetensors"}}, "expected one beside it"),
        ({"weight_map": {"w": "one.safetensors", "b": "one.safetensors"}}, "lack b"),
        ({}, "lists no weights"),
        ([1], "holds list"),
    ):
        index.write_text(json.dumps(content))
        with pytest.raises(FileError, match=message):
            read_checkpoint(tmp_path)
    index.write_text("{")
    with pytest.raises(FileError, match="cannot be read"):
        read_checkpoint(tmp_path)


def test_a_folder_without_weights_lists_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(FileError, match=r"holds no weights but notes\.txt; expected one of model\.safetensors"):
        read_checkpoint(tmp_path)


def test_steps_are_read_beside_the_weights_whatever_number_they_are(tmp_path: Path) -> None:
    torch.save({"net": STATE, "epoch": 3, "step": torch.tensor(70), "iter": "unknown", "lr": 0.1}, tmp_path / "a.pt")
    assert read_checkpoint(tmp_path / "a.pt").steps == {"epoch": 3.0, "step": 70.0}


class Counter:
    """An object whose making would be noticed."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1

    def __setstate__(self, state: object) -> None:
        type(self).made += 1


def _make() -> int:
    Counter.made += 1
    return 0


class Call:
    def __reduce__(self) -> Any:
        return _make, ()


def test_objects_beside_the_weights_are_neither_made_nor_called(tmp_path: Path) -> None:
    torch.save({"net": STATE, "object": Counter(), "call": Call()}, tmp_path / "a.pt")
    Counter.made = 0
    checkpoint = read_checkpoint(tmp_path / "a.pt")
    assert same(checkpoint.state, STATE)
    assert Counter.made == 0
    assert "object (an object of class Counter)" in checkpoint.contents
    # nothing stays allowed for the next file that torch reads
    with pytest.raises(Exception, match="Unsupported global"):
        torch.load(tmp_path / "a.pt", weights_only=True)


def test_what_holds_no_weights_says_what_it_holds(tmp_path: Path) -> None:
    for content, message in (
        (torch.nn.Linear(2, 2), "an object of class Linear, which is not opened"),
        (3, "more than tensors: int"),
        ({"model": torch.nn.Linear(2, 2), "epoch": 3}, r"model \(an object of class Linear\), epoch; expected"),
        ({}, "dict with nothing in it"),
        ({"optimizer": torch.optim.SGD([torch.ones(2)], 0.1).state_dict()}, "dict with optimizer; expected"),
    ):
        torch.save(content, tmp_path / "a.pt")
        with pytest.raises(FileError, match=message):
            read_checkpoint(tmp_path / "a.pt").state  # noqa: B018


def test_files_from_before_2020_are_read(tmp_path: Path) -> None:
    torch.save({"net": STATE}, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    assert same(read_checkpoint(tmp_path / "old.pt").state, STATE)
