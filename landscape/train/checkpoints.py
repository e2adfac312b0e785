"""Weights from files of others into a module: ``.safetensors``, or what ``torch.save(model.state_dict())`` wrote."""

import pickle
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from landscape.errors import FileError, RunError

SUFFIXES = (".pt", ".pth", ".bin", ".ckpt", ".safetensors")
WRAPPERS = ("state_dict", "model", "model_state_dict")
PREFIXES = ("module.", "_orig_mod.")
_SHOWN = 4


def load_weights(model: nn.Module, path: str | Path) -> nn.Module:
    """The model itself with the weights of a file; every key must fit, and nothing is loaded if one does not.

    Understood are checkpoints that nest under ``state_dict``, ``model`` or ``model_state_dict``, names with the
    ``module.`` of data-parallel and the ``_orig_mod.`` of compiled models, and files that hold tied weights once.
    Nothing in the file is executed: it is read with ``weights_only=True``.

    Raises:
        FileError: no such file, or one that cannot be read or holds more than tensors.
        RunError: names the model does not have, names the file does not have, or other shapes; all are counted.
    """
    stored = _renamed(read_weights(path), model)
    wanted = model.state_dict()
    missing = _missing(model, stored, wanted)
    unknown = [name for name in stored if name not in wanted]
    shapes = [
        f"{name} is {tuple(stored[name].shape)}, the model's {tuple(own.shape)}"
        for name, own in wanted.items()
        if name in stored and stored[name].shape != own.shape
    ]
    problems = [
        f"{len(found)} {what} ({_listed(found)})"
        for found, what in ((missing, "missing"), (unknown, "unknown"), (shapes, "of another shape"))
        if found
    ]
    if problems:
        raise RunError(f"{path} does not fit {type(model).__name__}: {'; '.join(problems)}")
    model.load_state_dict(stored, strict=False)
    return model


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, on the CPU.

    Raises:
        FileError: no such file, or one that cannot be read or holds no weights.
    """
    if not Path(path).is_file():
        raise FileError(f"there is no file {path} with weights; check the name")
    try:
        found: Any = (
            load_file(path)
            if Path(path).suffix == ".safetensors"
            else torch.load(path, map_location="cpu", weights_only=True)
        )
    except (pickle.UnpicklingError, AttributeError) as error:
        raise FileError(
            f"{path} holds more than tensors, or is no file of torch.save, and is not opened (weights_only=True); save "
            "model.state_dict(), or use .safetensors"
        ) from error
    except (OSError, RuntimeError, EOFError, ValueError, LookupError, SafetensorError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise FileError(
            f"cannot read weights from {path}, is it a whole file of torch.save or safetensors? ({reason})"
        ) from error
    return _state_dict(found, path)


def _state_dict(found: Any, path: str | Path) -> dict[str, Tensor]:
    for key in WRAPPERS:
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    if not isinstance(found, Mapping) or not found or not all(isinstance(t, Tensor) for t in found.values()):
        what = f"{type(found).__name__} with {_listed(map(str, found))}" if isinstance(found, Mapping) else type(found)
        raise FileError(
            f"{path} holds no weights by name but {what}; expected model.state_dict(), also under 'state_dict' or "
            "'model'"
        )
    return dict(found)


def _renamed(stored: dict[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """Without the prefixes of wrappers, unless the model has names that begin so itself."""
    wanted = model.state_dict()
    for _ in range(4):
        for prefix in PREFIXES:
            if all(name.startswith(prefix) for name in stored) and not any(n.startswith(prefix) for n in wanted):
                stored = {name.removeprefix(prefix): tensor for name, tensor in stored.items()}
    if not any("_orig_mod." in name for name in wanted):
        stored = {name.replace("_orig_mod.", ""): tensor for name, tensor in stored.items()}
    return stored


def _missing(model: nn.Module, stored: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> list[str]:
    """Names the file lacks, but for those tied to one that it has."""
    owners = {name: id(p) for name, p in model.named_parameters(remove_duplicate=False)}
    have = {owners[name] for name in stored if name in owners}
    return [name for name in wanted if name not in stored and owners.get(name) not in have]


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    return ", ".join(found[:_SHOWN]) + (f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")
