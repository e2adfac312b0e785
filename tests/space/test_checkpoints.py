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


def test_the_step_in_a_lightning_name_is_its_epoch(tmp_path: Path) -> None:
    for epoch, loss in enumerate((0.91, 0.52, 0.47, 0.49)):
        write(tmp_path / f"epoch={epoch}-val_loss={loss:.2f}.ckpt", {"w": torch.full((1,), float(epoch))})
    steps, states = read_path(tmp_path)
    assert steps.tolist() == [float(state["w"]) for state in states] == [0, 1, 2, 3]


def test_the_step_in_the_file_goes_before_its_name(tmp_path: Path) -> None:
    for epoch, step in ((0, 30), (1, 20), (2, 10)):
        content = {"state_dict": {"w": torch.full((1,), float(step))}, "global_step": step}
        torch.save(content, tmp_path / f"epoch={epoch}.ckpt")
    steps, states = read_path(tmp_path)
    assert steps.tolist() == [float(state["w"]) for state in states] == [10, 20, 30]


def test_the_same_step_twice_is_refused_with_the_order_that_was_read(tmp_path: Path) -> None:
    for run in "ab":
        write(tmp_path / f"step-5-{run}.pt", STATE)
    with pytest.raises(InputError, match=r"same step \(step-5-a\.pt is 5, step-5-b\.pt is 5\)"):
        read_path(tmp_path)


def test_folders_of_a_trainer_are_a_path(tmp_path: Path) -> None:
    for step in (1000, 500):
        (tmp_path / f"checkpoint-{step}").mkdir()
        write(tmp_path / f"checkpoint-{step}" / "model.safetensors", {"w": torch.full((1,), float(step))})
        torch.save({"lr": 0.1}, tmp_path / f"checkpoint-{step}" / "optimizer.pt")
    write(tmp_path / "model.safetensors", {"w": torch.zeros(1)})
    torch.save({"lr": 0.1}, tmp_path / "training_args.bin")
    steps, states = read_path(tmp_path)
    assert steps.tolist() == [float(state["w"]) for state in states] == [500, 1000]
    steps, states = read_path([tmp_path / "checkpoint-1000", tmp_path / "checkpoint-500"])
    assert steps.tolist() == [500, 1000]
    assert read_path(tmp_path / "checkpoint-500")[0].tolist() == [500]


def test_a_path_of_a_wrapper_gets_the_names_of_the_network(tmp_path: Path) -> None:
    network = torch.nn.Linear(3, 2)
    for step in (1, 2):
        state = {f"net.{name}": tensor for name, tensor in network.state_dict().items()}
        write(tmp_path / f"step-{step}.pt", state | {"criterion.weight": torch.ones(2)})
    _, states = read_path(tmp_path, model=network)
    assert all(state.keys() == {"weight", "bias"} for state in states)


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
