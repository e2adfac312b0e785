"""Weights, paths and directions that others wrote: state dictionaries and arrays in files, by parameter name."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from landscape.errors import FileError, InputError
from landscape.records.base import FloatArray
from landscape.space.parameters import Parameters

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".npz")
_WRAPPERS = ("state_dict", "model_state_dict", "model")


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """The tensors in a file by name; memory-mapped where the format allows (safetensors, PyTorch's own).

    PyTorch files are read with ``weights_only=True``, and NumPy's without pickles: no code runs. A dictionary under
    ``state_dict``, ``model_state_dict`` or ``model`` is looked into, and the ``module.`` of data-parallel training is
    taken off.

    Args:
        path: ``.safetensors``, ``.pt``, ``.pth``, ``.bin``, ``.ckpt`` or ``.npz``.

    Raises:
        FileError: the file is missing, of another kind, damaged, or holds something else.
    """
    place = Path(path)
    if place.suffix not in SUFFIXES:
        raise FileError(f"cannot read tensors from {place}: expected a file named {', '.join(SUFFIXES)}")
    if not place.is_file():
        raise FileError(f"there is no file {place}; check the name")
    try:
        tensors = _read(place)
    except (OSError, SafetensorError, RuntimeError, ValueError, EOFError, KeyError) as error:
        raise FileError(f"{place} cannot be read: {str(error).splitlines()[0]:.120}") from error
    except Exception as error:  # the unpickler's own error for anything but weights
        raise FileError(f"{place} holds more than tensors; save a state_dict") from error
    if not tensors:
        raise FileError(f"{place} holds no tensors; save a state_dict")
    prefix = "module." if all(name.startswith("module.") for name in tensors) else ""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}


def read_path(source: str | Path | Sequence[str | Path]) -> tuple[FloatArray, list[dict[str, Tensor]]]:
    """Steps (T,) and state dictionaries of the checkpoints in a folder, or in the files listed.

    The step is the last number in a file's name, and the order is that of the steps; where names hold no numbers, or
    the same one twice, the files listed are numbered from 0 in their order.

    Args:
        source: a folder, or the files themselves.

    Returns:
        Training steps (T,), and the state dictionary of each checkpoint, name -> tensor.

    Raises:
        FileError: nothing to read.
        InputError: a folder whose files cannot be put in order.
    """
    if isinstance(source, str | Path):
        folder = Path(source)
        if not folder.is_dir():
            raise FileError(f"there is no folder {folder}; expected one of checkpoints ({', '.join(SUFFIXES)})")
        files = sorted(file for file in folder.iterdir() if file.suffix in SUFFIXES)
    else:
        files = [Path(file) for file in source]
    if not files:
        raise FileError(f"no checkpoints in {source}; expected files named {', '.join(SUFFIXES)}")
    numbers = [re.findall(r"\d+", file.stem) for file in files]
    steps = [float(digits[-1]) if digits else -1.0 for digits in numbers]
    if len(set(steps)) < len(steps) or -1.0 in steps:
        if isinstance(source, str | Path):
            names = ", ".join(file.name for file in files[:3])
            raise InputError(
                f"cannot order the checkpoints in {source} ({names}): name them by their step, step-100.pt"
            )
        steps = [float(index) for index in range(len(files))]
    order = np.argsort(steps)
    return np.array(steps)[order], [read_tensors(files[index]) for index in order]


def split_state(state: Mapping[str, Tensor], theta: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters of a state dictionary as ``theta`` names them, and its other floating-point tensors.

    Both on the device and in the dtype of ``theta``; what has them already is not copied.

    Raises:
        InputError: a parameter that is missing or of another shape.
    """
    missing = [name for name in theta if name not in state]
    if missing:
        raise InputError(f"the checkpoint lacks {', '.join(missing[:5])}; expected the parameters of this network")
    like = next(iter(theta.values()))
    for name, tensor in theta.items():
        if state[name].shape != tensor.shape:
            shapes = f"{tuple(state[name].shape)}, expected {tuple(tensor.shape)}"
            raise InputError(f"{name!r} of the checkpoint has shape {shapes}: it belongs to another network")
    parameters = {name: state[name].to(like.device, like.dtype) for name in theta}
    buffers = {
        name: t.to(like.device, like.dtype) for name, t in state.items() if name not in theta and t.is_floating_point()
    }
    return parameters, buffers


def read_direction(path: str | Path, theta: Parameters) -> dict[str, Tensor]:
    """A direction from a file of tensors by parameter name; parameters it does not name stay.

    Args:
        path: of the file, see `read_tensors`.
        theta: the point it starts from; gives names, shapes, device and dtype.

    Returns:
        One tensor per parameter that the file names, of the parameter's shape.

    Raises:
        FileError: as `read_tensors` does.
        InputError: a name or a shape that the network does not have, or values that are zero or not finite.
    """
    return placed_direction(read_tensors(path), theta, str(path))


def placed_direction(direction: Mapping[str, Any], theta: Parameters, source: str) -> dict[str, Tensor]:
    """The direction on the device and in the dtype of ``theta``, checked against it."""
    unknown = sorted(direction.keys() - theta.keys())
    if unknown:
        names = ", ".join(list(theta)[:3])
        raise InputError(f"{source} names {', '.join(unknown[:5])}, which the network lacks; it has {names}, ...")
    tensors = {name: torch.as_tensor(direction[name]).to(theta[name]) for name in theta if name in direction}
    for name, tensor in tensors.items():
        if tensor.shape != theta[name].shape:
            shapes = f"{tuple(tensor.shape)}, expected {tuple(theta[name].shape)}"
            raise InputError(f"{name!r} in {source} has shape {shapes}")
    total = sum(float(tensor.double().square().sum()) for tensor in tensors.values())
    if not (np.isfinite(total) and total > 0):
        raise InputError(f"{source} is no direction: its values are all zero, or not all finite")
    return tensors


def _read(place: Path) -> dict[str, Tensor]:
    if place.suffix == ".safetensors":
        with safe_open(place, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    if place.suffix == ".npz":
        with np.load(place, allow_pickle=False) as arrays:
            return {name: torch.from_numpy(np.array(arrays[name])) for name in arrays}
    content = torch.load(place, map_location="cpu", weights_only=True, mmap=True)
    for key in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping):
        raise ValueError(f"it holds a {type(content).__name__}, expected a state_dict")
    return {str(name): tensor for name, tensor in content.items() if isinstance(tensor, Tensor)}
