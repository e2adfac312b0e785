"""Weights, paths and directions that others wrote: state dictionaries and arrays in files, by parameter name."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from landscape.errors import FileError, InputError
from landscape.records.base import FloatArray
from landscape.space.parameters import Parameters
from landscape.train.checkpoint_steps import steps_of
from landscape.train.checkpoints import fitted_state, without_prefixes
from landscape.train.state_files import SUFFIXES, is_checkpoint, read_checkpoint

# What tools write beside the weights, with the suffixes of weights.
NO_WEIGHTS = ("training_args.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt", "rng_state.pth")


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """The tensors in a file by name; memory-mapped where the format allows (safetensors, PyTorch's own).

    PyTorch files are read with ``weights_only=True``, and NumPy's without pickles: no code runs. A nested state
    dictionary is looked into, and the ``module.`` of data-parallel training is taken off.

    Args:
        path: ``.safetensors``, ``.pt``, ``.pth``, ``.bin``, ``.ckpt`` or ``.npz``, or a folder of
            ``transformers.Trainer``.

    Raises:
        FileError: the file is missing, of another kind, damaged, or holds something else.
    """
    return without_prefixes(read_checkpoint(path).state)


def read_path(
    source: str | Path | Sequence[str | Path], *, model: nn.Module | None = None
) -> tuple[FloatArray, list[dict[str, Tensor]]]:
    """Steps (T,) and state dictionaries of the checkpoints in a folder, or in the files listed.

    The step of a checkpoint is the one that stands in the file (``global_step``, ``step``, ``iter`` or ``epoch`` beside
    the weights, or in the ``trainer_state.json`` of a folder ``checkpoint-500``); else that field of its name
    (``epoch=2-val_loss=0.47.ckpt`` is 2); else the only number of its name that differs from file to file. The order is
    that of the steps. Where there are no steps, the files listed are numbered from 0 in their order.

    Args:
        source: a folder, or the files (or folders) of single checkpoints themselves.
        model: the network that they belong to, which need not have their weights: finds its names among several state
            dictionaries in one file, and behind the prefixes of a wrapper.

    Returns:
        Training steps (T,), and the state dictionary of each checkpoint, name -> tensor.

    Raises:
        FileError: nothing to read.
        InputError: a folder whose files cannot be put in order.
    """
    places = _places(source)
    checkpoints = [read_checkpoint(place) for place in places]
    try:
        steps = steps_of([place.name for place in places], [checkpoint.steps for checkpoint in checkpoints])
    except InputError as error:
        if isinstance(source, str | Path):
            raise InputError(f"cannot order the checkpoints in {source}: {error}") from error
        steps = [float(index) for index in range(len(places))]
    states = [
        without_prefixes(checkpoint.state) if model is None else fitted_state(checkpoint, model)
        for checkpoint in checkpoints
    ]
    order = np.argsort(steps)
    return np.array(steps)[order], [states[index] for index in order]


def split_state(state: Mapping[str, Tensor], theta: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters of a state dictionary as ``theta`` names them, and its other floating-point tensors.

    Both on the device and in the dtypes of ``theta``, whose tensors may differ in theirs: then the others keep their
    own. What has them already is not copied.

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
    parameters = {name: state[name].to(tensor.device, tensor.dtype) for name, tensor in theta.items()}
    mixed = len({tensor.dtype for tensor in theta.values()}) > 1
    buffers = {
        name: tensor.to(like.device, tensor.dtype if mixed else like.dtype)
        for name, tensor in state.items()
        if name not in theta and tensor.is_floating_point()
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
    """The direction on the device and in the dtypes of ``theta``, checked against it."""
    direction = named_as(direction, theta, source)
    tensors = {name: torch.as_tensor(direction[name]).to(theta[name]) for name in theta if name in direction}
    total = sum(float(tensor.double().square().sum()) for tensor in tensors.values())
    if not (np.isfinite(total) and total > 0):
        raise InputError(f"{source} is no direction: its values are all zero, or not all finite")
    return tensors


def named_as(direction: Mapping[str, Any], theta: Parameters, source: str) -> Mapping[str, Any]:
    """The direction with the names of ``theta``: without the prefixes of a data-parallel or compiled network.

    Raises:
        InputError: a name or a shape that ``theta`` does not have.
    """
    if direction.keys() - theta.keys():
        direction = without_prefixes(direction, theta.keys())
    unknown = sorted(direction.keys() - theta.keys())
    if unknown:
        names = ", ".join(list(theta)[:3])
        raise InputError(f"{source} names {', '.join(unknown[:5])}, which the network lacks; it has {names}, ...")
    if isinstance(direction, dict):  # what is drawn again each time has the shapes it is drawn for
        for name, tensor in direction.items():
            if tuple(tensor.shape) != tuple(theta[name].shape):
                shapes = f"{tuple(tensor.shape)}, expected {tuple(theta[name].shape)}"
                raise InputError(f"{name!r} in {source} has shape {shapes}")
    return direction


def _places(source: str | Path | Sequence[str | Path]) -> list[Path]:
    """The checkpoints in a folder, or those listed."""
    if not isinstance(source, str | Path):
        places = [Path(file) for file in source]
    else:
        folder = Path(source)
        if not folder.is_dir():
            raise FileError(f"there is no folder {folder}; expected one of checkpoints ({', '.join(SUFFIXES)})")
        entries = [entry for entry in sorted(folder.iterdir()) if is_checkpoint(entry)]
        # beside its checkpoints a Trainer keeps the last model again, and the state of the training
        inner = [entry for entry in entries if entry.is_dir()]
        places = inner or ([folder] if is_checkpoint(folder) else [e for e in entries if e.name not in NO_WEIGHTS])
    if not places:
        raise FileError(f"no checkpoints in {source}; expected files named {', '.join(SUFFIXES)}")
    return places
