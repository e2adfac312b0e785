from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from landscape.errors import FileError, InputError
from landscape.space.checkpoints import read_direction, read_path, read_tensors, split_state

STATE = {"w": torch.arange(6.0).reshape(2, 3), "b": torch.tensor([1.0, 2.0])}


def write(path: Path, state: dict[str, torch.Tensor]) -> Path:
    if path.suffix == ".safetensors":
        save_file(state, path)
    elif path.suffix == ".npz":
        np.savez(path, **{name: tensor.numpy() for name, tensor in state.items()})
    else:
        torch.save(state, path)
    return path


@pytest.mark.parametrize("suffix", [".safetensors", ".npz", ".pt", ".ckpt"])
def test_tensors_come_back_as_written(tmp_path: Path, suffix: str) -> None:
    found = read_tensors(write(tmp_path / f"state{suffix}", STATE))
    assert found.keys() == STATE.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in STATE.items())


def test_nested_and_data_parallel_dictionaries_are_understood(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "state_dict": {f"module.{k}": v for k, v in STATE.items()}}, tmp_path / "a.pt")
    assert read_tensors(tmp_path / "a.pt").keys() == STATE.keys()


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "model.pt")
    with pytest.raises(FileError, match="more than tensors"):
        read_tensors(tmp_path / "model.pt")


@pytest.mark.parametrize("suffix", [".safetensors", ".npz", ".pt"])
def test_damage_is_one_clear_error(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"bad{suffix}").write_bytes(b"nothing of the kind")
    with pytest.raises(FileError, match="bad"):
        read_tensors(tmp_path / f"bad{suffix}")
    with pytest.raises(FileError, match="no file"):
        read_tensors(tmp_path / f"missing{suffix}")
    with pytest.raises(FileError, match="expected a file named"):
        read_tensors(tmp_path / "weights.txt")


def test_a_folder_is_read_in_the_order_of_its_steps(tmp_path: Path) -> None:
    for step in (100, 9, 20):
        write(tmp_path / f"epoch-{step}.pt", {"w": torch.full((1,), float(step))})
    (tmp_path / "notes.txt").write_text("not a checkpoint")
    steps, states = read_path(tmp_path)
    assert steps.tolist() == [9, 20, 100]
    assert [float(state["w"]) for state in states] == [9, 20, 100]


def test_listed_files_without_steps_keep_their_order(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{name}.safetensors", STATE) for name in ("start", "end")]
    assert read_path(files)[0].tolist() == [0, 1]
    with pytest.raises(InputError, match="cannot order"):
        read_path(tmp_path)
    with pytest.raises(FileError, match="no folder"):
        read_path(tmp_path / "nowhere")


def test_a_state_splits_into_parameters_and_buffers() -> None:
    state = {**STATE, "mean": torch.ones(2), "count": torch.tensor(3)}
    placed, others = split_state(state, {name: tensor.double() for name, tensor in STATE.items()})
    assert placed["w"].dtype == torch.float64
    assert others.keys() == {"mean"}
    with pytest.raises(InputError, match="lacks b"):
        split_state({"w": STATE["w"]}, STATE)
    with pytest.raises(InputError, match="another network"):
        split_state({**STATE, "b": torch.zeros(3)}, STATE)


def test_a_direction_must_fit_the_network(tmp_path: Path) -> None:
    file = write(tmp_path / "d.npz", {"w": STATE["w"]})
    assert torch.equal(read_direction(file, STATE)["w"], STATE["w"])
    for given, message in (
        ({"v": STATE["w"]}, "which the network lacks"),
        ({"w": STATE["b"]}, "has shape"),
        ({"w": 0 * STATE["w"]}, "all zero"),
    ):
        with pytest.raises(InputError, match=message):
            read_direction(write(tmp_path / "d.npz", given), STATE)
