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
_NUM_NAMES = 4


def load_weights(model: nn.Module, path: str | Path) -> nn.Module:
    """The model itself with the weights of a file; every key must fit, and nothing is loaded if one does not.

    Understood are checkpoints that nest under ``state_dict``, ``model`` or ``model_state_dict``, names with the
    ``module.`` of data-parallel and the ``_orig_mod.`` of compiled models, and files that hold tied weights once.
    Nothing in the file is executed: it is read with ``weights_only=True``.

    Args:
        model: gets the weights.
        path: of the file, ``.safetensors`` or of ``torch.save``.

    Returns:
        The model.

    Raises:
        FileError: no such file, or one that cannot be read or holds more than tensors.
        RunError: names the model does not have, names the file does not have, or other shapes; all are counted.
    """
    weights = _without_prefixes(read_weights(path), model)
    state = model.state_dict()
    missing = _missing(model, weights, state)
    unknown = [name for name in weights if name not in state]
    shapes = [
        f"{name} is {tuple(weights[name].shape)}, the model's {tuple(tensor.shape)}"
        for name, tensor in state.items()
        if name in weights and weights[name].shape != tensor.shape
    ]
    problems = [
        f"{len(names)} {problem} ({_first(names)})"
        for names, problem in ((missing, "missing"), (unknown, "unknown"), (shapes, "of another shape"))
        if names
    ]
    if problems:
        raise RunError(f"{path} does not fit {type(model).__name__}: {'; '.join(problems)}")
    model.load_state_dict(weights, strict=False)
    return model


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, on the CPU.

    Raises:
        FileError: no such file, or one that cannot be read or holds no weights.
    """
    if not Path(path).is_file():
        raise FileError(f"there is no file {path} with weights; check the name")
    try:
        content: Any = (
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
    return _state_dict(content, path)


def _state_dict(content: Any, path: str | Path) -> dict[str, Tensor]:
    for key in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping) or not content or not all(isinstance(t, Tensor) for t in content.values()):
        kind: object = type(content)
        if isinstance(content, Mapping):
            kind = f"{type(content).__name__} with {_first(map(str, content))}"
        raise FileError(
            f"{path} holds no weights by name but {kind}; expected model.state_dict(), also under 'state_dict' or "
            "'model'"
        )
    return dict(content)


def _without_prefixes(weights: dict[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """The weights without the prefixes of wrappers, unless the model has names that begin so itself."""
    names = model.state_dict().keys()
    for _ in range(4):  # wrappers nest: compiled, then data-parallel, in either order
        for prefix in PREFIXES:
            if all(key.startswith(prefix) for key in weights) and not any(name.startswith(prefix) for name in names):
                weights = {key.removeprefix(prefix): tensor for key, tensor in weights.items()}
    if not any("_orig_mod." in name for name in names):
        weights = {key.replace("_orig_mod.", ""): tensor for key, tensor in weights.items()}
    return weights


def _missing(model: nn.Module, weights: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> list[str]:
    """Names the file lacks, but for those tied to one that it has."""
    owners = {name: id(p) for name, p in model.named_parameters(remove_duplicate=False)}
    have = {owners[name] for name in weights if name in owners}
    return [name for name in state if name not in weights and owners.get(name) not in have]


def _first(names: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    whole = list(names)
    return ", ".join(whole[:_NUM_NAMES]) + (f", and {len(whole) - _NUM_NAMES} more" if len(whole) > _NUM_NAMES else "")
