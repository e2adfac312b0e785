"""Weights of others: what is understood, and what is refused in one line that lists it."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from problems import small_cnn
from safetensors.torch import save_file
from torch import Tensor, nn

from landscape.errors import FileError, RunError
from landscape.train.checkpoints import load_weights, read_weights

State = dict[str, Tensor]


class Settings(dict[str, Any]):
    """A dictionary as Lightning keeps hyperparameters in one."""


class Curve(list[float]):
    """A list of a class of its own."""


class Trap:
    """What a hostile file would run when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("sprung"),))


Adam = torch.optim.Adam([torch.ones(2, 2)]).state_dict() | {"state": {0: {"exp_avg": torch.ones(2, 2)}}}

NESTED: dict[str, Callable[[State], Any]] = {
    "plain": lambda state: state,
    "under state_dict": lambda state: {"state_dict": state, "epoch": 3},
    "under model": lambda state: {"model": state, "optimizer": {"lr": 0.1}},
    "under model_state_dict": lambda state: {"model_state_dict": state},
    "under net": lambda state: {"net": state, "acc": 71.2, "epoch": 3},
    "under model_state": lambda state: {"model_state": state, "optimizer_state": Adam},
    "two levels down": lambda state: {"checkpoint": {"weights": state}, "step": torch.tensor(3)},
    "beside a configuration": lambda state: {"model": {"name": "resnet"}, "params": state},
    "beside objects": lambda state: {"state_dict": state, "cfg": Namespace(lr=0.1), "at": Path("runs")},
    "beside arrays": lambda state: {"net": state, "best": np.float64(0.5), "curve": np.arange(3.0)},
    "in a dictionary of a class of its own": lambda state: {"net": Settings(state), "hparams": Settings(lr=0.1)},
    "beside a list of a class of its own": lambda state: {"net": state, "curve": Curve([1.0, 2.0])},
    "averaged": lambda state: {"n_averaged": torch.tensor(5)} | {f"module.{k}": value for k, value in state.items()},
    "a Lightning module": lambda state: {
        "state_dict": {f"model.{key}": value for key, value in state.items()} | {"criterion.weight": torch.ones(3)},
        "global_step": 30,
        "callbacks": {"ModelCheckpoint": {"best_model_score": torch.tensor(0.5)}},
    },
    "a compiled network in a Lightning module": lambda state: {
        "state_dict": {f"net._orig_mod.{key}": value for key, value in state.items()}
    },
    "an attribute of any name": lambda state: {f"classifier.cnn.{key}": value for key, value in state.items()},
    "generator and discriminator": lambda state: {"D": {"fc.weight": torch.ones(2, 2)}, "G": state},
    "data-parallel": lambda state: {f"module.{key}": value for key, value in state.items()},
    "compiled": lambda state: {f"_orig_mod.{key}": value for key, value in state.items()},
    "compiled, then data-parallel": lambda state: {f"module._orig_mod.{key}": value for key, value in state.items()},
    "data-parallel, then compiled": lambda state: {
        "state_dict": {f"_orig_mod.module.{key}": value for key, value in state.items()}
    },
}


@pytest.mark.parametrize("form", NESTED)
def test_checkpoints_load_whatever_wraps_them(form: str, tmp_path: Path) -> None:
    source = small_cnn(seed=3)
    torch.save(NESTED[form](source.state_dict()), tmp_path / "net.pt")
    model = load_weights(small_cnn(), tmp_path / "net.pt")
    assert all(torch.equal(tensor, source.state_dict()[name]) for name, tensor in model.state_dict().items())


def test_two_networks_that_both_fit_are_refused_and_listed(tmp_path: Path) -> None:
    state = small_cnn().state_dict()
    torch.save({"student": state, "teacher": state}, tmp_path / "two.pt")
    with pytest.raises(RunError, match=r"several .* that fit Sequential \(student, teacher\), expected one"):
        load_weights(small_cnn(), tmp_path / "two.pt")
    both = {f"{prefix}.{key}": value for prefix in ("net", "backbone") for key, value in state.items()}
    torch.save(both, tmp_path / "both.pt")
    with pytest.raises(RunError, match=r"fit Sequential \(backbone, net\)"):
        load_weights(small_cnn(), tmp_path / "both.pt")
    torch.save({"a": {"x": torch.ones(2)}, "b": {"y": torch.ones(2)}}, tmp_path / "none.pt")
    with pytest.raises(FileError, match=r"several state dictionaries \(a, b\), expected one"):
        load_weights(small_cnn(), tmp_path / "none.pt")


def test_safetensors_load(tmp_path: Path) -> None:
    source = small_cnn(seed=3)
    save_file({f"module.{key}": value for key, value in source.state_dict().items()}, tmp_path / "net.safetensors")
    model = load_weights(small_cnn(), tmp_path / "net.safetensors")
    assert torch.equal(model.state_dict()["0.weight"], source.state_dict()["0.weight"])


def test_a_module_of_that_name_keeps_its_prefix(tmp_path: Path) -> None:
    holder = nn.Module()
    holder.module = nn.Linear(2, 1)
    torch.save(holder.state_dict(), tmp_path / "net.pt")
    load_weights(holder, tmp_path / "net.pt")


def test_tied_weights_may_be_stored_once_and_no_other_may_be_missing(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    stored = {"0.weight": torch.ones(3, 3), "0.bias": torch.zeros(3), "1.bias": torch.zeros(3)}
    save_file(stored, tmp_path / "tied.safetensors")
    load_weights(model, tmp_path / "tied.safetensors")
    assert torch.equal(model[1].weight, torch.ones(3, 3))
    del stored["1.bias"]
    save_file(stored, tmp_path / "less.safetensors")
    with pytest.raises(RunError, match=r"1 missing \(1\.bias\)"):
        load_weights(model, tmp_path / "less.safetensors")


def test_keys_that_do_not_fit_are_listed_and_counted_and_nothing_is_loaded(tmp_path: Path) -> None:
    model = small_cnn()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state = {name: tensor + 1 for name, tensor in before.items() if name != "5.bias"}
    state |= {f"head.{k}": torch.zeros(1) for k in range(6)}
    state["5.weight"] = torch.zeros(3, 13)
    torch.save(state, tmp_path / "other.pt")
    with pytest.raises(RunError) as caught:
        load_weights(model, tmp_path / "other.pt")
    assert str(caught.value).endswith(
        "other.pt does not fit Sequential: 1 missing (5.bias); "
        "6 unknown (head.0, head.1, head.2, head.3, and 2 more); "
        "1 of another shape (5.weight is (3, 13), the model's (3, 12))"
    )
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize("content", [Trap(), small_cnn(), {"net": small_cnn().state_dict(), "trap": Trap()}])
def test_a_file_that_holds_more_than_tensors_is_not_opened(
    content: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(content, "object.pt")
    with pytest.raises(FileError, match=r"weights_only=True.*state_dict"):
        read_weights("object.pt")
    assert not Path("sprung").exists()


@pytest.mark.parametrize("name", ["junk.pt", "junk.safetensors"])
@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 cut off"])
def test_files_that_are_no_checkpoints_are_refused_in_one_line(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileError, match=r"cannot read weights|holds more than tensors") as caught:
        read_weights(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_one_without_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no file"):
        read_weights(tmp_path / "none.pt")
    torch.save({"epoch": 3}, tmp_path / "epoch.pt")
    with pytest.raises(FileError, match="no weights by name but dict with epoch"):
        read_weights(tmp_path / "epoch.pt")
