"""Files of other programs that hold landscapes: those of Li et al. (github.com/tomgoldstein/loss-landscape).

A surface file has ``xcoordinates``, ``ycoordinates``, ``dir_file`` (text) and arrays ``train_loss``, ``train_acc``,
``test_loss``, ``test_acc``; accuracies in percent, -1 where nothing is done yet. A direction file has groups
``xdirection`` and ``ydirection`` with datasets "0", "1", ..., one per tensor in the network's order, zeros included.

**The order of the axes.** Their arrays are made with shape (nx, ny), but their scheduler fills entry ``k`` of the
flattened array with the value at ``x = xcoordinates[k % nx]``, ``y = ycoordinates[k // nx]``: the order of NumPy's
``meshgrid(x, y)``, x running fastest. So rows are y and columns x, and where nx and ny differ, rows and columns of the
array as shaped mean nothing: their own plots fail, and only the flat order tells. Reading and writing here go by the
flat order, which is right for square and other grids, and for arrays that someone shaped (ny, nx).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from landscape.errors import FileError, InputError
from landscape.files.hdf5 import encode, has, member, open_file, read_numbers
from landscape.files.replace import FilePath, check_target, replace_file
from landscape.records.base import AXES, LOSS, Axis, FloatArray, Status
from landscape.records.provenance import Identity, Provenance
from landscape.records.recipe import LiRecipe
from landscape.records.sampled import Profile, Sampled, Surface

NOT_DONE = -1.0
ACCURACIES = {"train_acc": "train_accuracy", "test_acc": "test_accuracy"}
COORDINATES = ("xcoordinates", "ycoordinates")
DIRECTIONS = ("xdirection", "ydirection")
_NO_METRICS = frozenset({*COORDINATES, *DIRECTIONS, "dir_file"})


def is_li(file: h5py.File) -> bool:
    """Whether an open HDF5 file is a surface file of Li et al."""
    return "format" not in file.attrs and has(file, COORDINATES[0])


def read_li(file: h5py.File, path: FilePath) -> Surface | Profile:
    """The record in an open surface file of Li et al.; `landscape.files.surfaces.load` calls it.

    ``[i, j]`` is at ``(x[i], y[j])``, whatever the file's order. Accuracies become shares; -1 in a loss or an accuracy
    is pending (a point is measured where its ``train_loss`` is), NaN in a loss has diverged. Exact zeros are values.
    What such a file does not say stays unknown: network, weights, data, normalization, precision.
    """
    axes = tuple(_axis(file, name) for name in COORDINATES if name == COORDINATES[0] or has(file, name))
    shape = tuple(len(axis) for axis in axes)
    columns = {name: read_numbers(file, name) for name in file if name not in _NO_METRICS and _fits(file, name, shape)}
    metrics = {ACCURACIES.get(name, name): _metric(name, values, shape) for name, values in columns.items()}
    if not metrics:
        raise ValueError(f"no values for a grid of {' x '.join(map(str, shape))} points; expected {LOSS}")
    pending = np.isnan(metrics[LOSS] if LOSS in metrics else next(iter(metrics.values())))
    status = np.where(pending, np.uint8(Status.PENDING), np.uint8(Status.MEASURED))
    kind = "plane" if len(axes) == 2 else "line"
    recipe = LiRecipe(kind, dir_file=_text(file, "dir_file"))
    provenance = Provenance(Identity(model=Path(path).stem, subspace=recipe))
    record = Surface if len(axes) == 2 else Profile
    return record(axes, metrics, status, np.zeros(shape), provenance)


def save_li(record: Sampled, path: FilePath, *, overwrite: bool = False) -> tuple[str, ...]:
    """Write a record as a surface file of Li et al., and its directions, if it holds them, as a file beside it.

    Args:
        record: a `Surface` or a `Profile` with a linear first axis.
        path: of the surface file; the directions go to ``NAME-directions.h5``, which ``dir_file`` names.
        overwrite: whether existing files may be replaced.

    Returns:
        Lines for people: what the format loses, and what their code will do with the file.

    Raises:
        FileError: a file exists and ``overwrite`` is off, or cannot be written.
    """
    target = Path(path)
    beside = target.with_name(f"{target.name.split('.')[0]}-directions.h5")
    for file in (target, beside) if record.directions else (target,):
        check_target(file, force=overwrite)
    if record.directions:
        replace_file(beside, encode(lambda file: _write_directions(file, record.directions), version=None))
    dir_file = beside.name if record.directions else ""
    replace_file(target, encode(lambda file: _write_surface(file, record, dir_file), version=None))
    lines = [
        "li keeps losses and accuracies on the grid, not the provenance, the path, the rays and what was interpolated"
    ]
    if record.directions:
        lines.append(f"directions in {beside}, for the network's parameters in their order")
    redone = int(np.count_nonzero((record.status != Status.PENDING) & (record.metrics.get(LOSS, np.ones(1)) <= 0)))
    if redone:
        lines.append(f"{redone} points have a loss of 0 or less, which their code takes for not done")
    if len(set(record.status.shape)) > 1 and record.status.ndim == 2:
        lines.append("the grid is not square: their plots fail on it, as on their own")
    return tuple(lines)


def read_li_directions(path: FilePath) -> tuple[tuple[NDArray[Any], ...], ...]:
    """The one or two directions in a direction file of Li et al., each an array per tensor in the network's order.

    Raises:
        FileError: the file is missing, of another kind or damaged.
    """
    with open_file(path) as file:
        if not has(file, DIRECTIONS[0]):
            raise FileError(f"{path} is no direction file of Li et al.: it has no group {DIRECTIONS[0]}")
        groups = [member(file, name, h5py.Group) for name in DIRECTIONS if has(file, name)]
        return tuple(tuple(read_numbers(group, str(k)) for k in range(len(group))) for group in groups)


def name_directions(
    directions: Sequence[Sequence[NDArray[Any]]], shapes: Mapping[str, tuple[int, ...]]
) -> tuple[dict[str, NDArray[Any]], ...]:
    """Directions of Li et al. by parameter name.

    Args:
        directions: as `read_li_directions` returns them, of their type ``weights``.
        shapes: of the network's parameters in their order.

    Raises:
        InputError: other numbers or shapes of tensors; their type ``states`` also moves BatchNorm statistics.
    """
    for direction in directions:
        sizes = [values.shape for values in direction]
        if sizes != list(shapes.values()):
            raise InputError(
                f"the direction has {len(sizes)} tensors, the network {len(shapes)} parameters, or shapes differ; "
                "expected a file of dir_type 'weights' for this very network"
            )
    return tuple(dict(zip(shapes, direction, strict=True)) for direction in directions)


def _axis(file: h5py.File, name: str) -> Axis:
    values = read_numbers(file, name)
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(f"{name} has shape {values.shape}, expected one dimension")
    return Axis(AXES[COORDINATES.index(name)], values.astype(np.float64), "direction length", f"step along {name[0]}")


def _fits(file: h5py.File, name: str, shape: tuple[int, ...]) -> bool:
    dataset = file[name] if isinstance(file.get(name, getlink=True), h5py.HardLink) else None
    if not isinstance(dataset, h5py.Dataset) or dataset.shape is None or not name.isidentifier():
        return False
    return dataset.dtype.kind in "iuf" and sorted(dataset.shape) == sorted(shape)


def _metric(name: str, values: NDArray[Any], shape: tuple[int, ...]) -> FloatArray:
    """Their flat order, x fastest, as [x, y]."""
    grid = values.astype(np.float64).reshape(shape[::-1]).T
    if name in ACCURACIES:
        return np.asarray(np.where(grid == NOT_DONE, np.nan, grid / 100.0))
    if name.endswith("_loss"):
        grid = np.where(np.isnan(grid), np.inf, grid)
    return np.asarray(np.where(grid == NOT_DONE, np.nan, grid))


def _write_surface(file: h5py.File, record: Sampled, dir_file: str) -> None:
    file["dir_file"] = dir_file
    for axis, name in zip(record.axes, COORDINATES, strict=False):
        file[name] = axis.values
    theirs = {ours: name for name, ours in ACCURACIES.items()}
    for name, values in record.metrics.items():
        percent = 100.0 * values if name in theirs else values
        column = np.where(np.isnan(percent), NOT_DONE, percent)
        file[theirs.get(name, name)] = np.ascontiguousarray(column.T).reshape(record.status.shape)


def _write_directions(file: h5py.File, directions: Sequence[Mapping[str, NDArray[Any]]]) -> None:
    for name, direction in zip(DIRECTIONS, directions, strict=False):
        group = file.create_group(name)
        for index, values in enumerate(direction.values()):
            group.create_dataset(str(index), data=values)


def _text(file: h5py.File, name: str) -> str:
    """Text of fixed or variable length; nothing where it is something else."""
    dataset = file.get(name)
    value = dataset[()] if isinstance(dataset, h5py.Dataset) and dataset.shape == () else ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value if isinstance(value, str) else ""
