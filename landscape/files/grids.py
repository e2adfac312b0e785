"""Grids in files of other programs: ``.npz``, ``.csv`` and ``.npy``, those of `landscape.export` among them.

An npz holds ``alpha``, ``beta`` and one array for each metric; without coordinates a point stands at its index. A csv
has columns alpha, beta and one for each metric, a row for each point in any order, or is a bare table of numbers. An
npy is one array. Nothing in a file is trusted, and no object in it is made.
"""

import csv
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.errors import FileError, LandscapeError
from landscape.files.replace import FilePath
from landscape.records.base import AXES, LOSS
from landscape.records.companions import Marks, Rays, Trajectory
from landscape.records.provenance import Provenance
from landscape.records.sampled import Profile, Surface

SUFFIXES = (".npz", ".csv", ".npy")
ALIASES = {"x": "alpha", "y": "beta", "loss": LOSS}
COMPANIONS: dict[str, Any] = {"trajectory": Trajectory, "rays": Rays, "marks": Marks}


def is_grid(path: FilePath) -> bool:
    """Whether a file is a grid of another program, by its suffix."""
    return Path(path).suffix.lower() in SUFFIXES


def read_grid(path: FilePath) -> Surface | Profile:
    """The record in a grid of another program; `landscape.files.surfaces.load` calls it.

    Raises:
        FileError: the file is missing, damaged, or holds no grid.
    """
    if not os.path.isfile(path):
        raise FileError(f"there is no file {path}; check the name")
    readers = {".npz": _read_npz, ".csv": _read_csv, ".npy": _read_npy}
    try:
        return readers[Path(path).suffix.lower()](Path(path))
    except (LandscapeError, OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        raise FileError(f"cannot read a grid from {path}: {str(error).partition(chr(10))[0]}") from error


def _read_npy(path: Path) -> Surface | Profile:
    values = np.load(path, allow_pickle=False)
    if not isinstance(values, np.ndarray):
        raise ValueError("it is no .npy file, but an archive: name it .npz")
    return _record({LOSS: values}, path.stem)


def _read_npz(path: Path) -> Surface | Profile:
    with np.load(path, allow_pickle=False) as archive:
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("it is no .npz file, but one array: name it .npy")
        arrays = {ALIASES.get(name, name): archive[name] for name in archive.files}
    if "provenance" in arrays and arrays["provenance"].dtype.kind == "U":
        return _restore(arrays)
    return _record(arrays, path.stem)


def _read_csv(path: Path) -> Surface | Profile:
    lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    if not lines:
        raise ValueError("it is empty")
    delimiter = next((mark for mark in ",;\t" if mark in lines[0]), None)
    split = (lambda rows: list(csv.reader(rows, delimiter=delimiter))) if delimiter else _words
    header = [ALIASES.get(name.strip(), name.strip()) for name in split([lines[0].lstrip("# ")])[0]]
    if all(_is_number(cell) for cell in header):
        return _record({LOSS: _table(split(lines), len(header))}, path.stem)
    if header[0] != AXES[0]:
        raise ValueError(
            f"its first column is {header[0]!r:.40}, expected alpha (or x), then beta (or y) and the metrics"
        )
    if len(set(header)) < len(header):
        raise ValueError(f"two columns have one name: {', '.join(header)}")
    table = _table(split(lines[1:]), len(header), first=2)
    columns = dict(zip(header, table.T, strict=True))
    columns.pop("status", None)
    return _gridded(columns, path.stem)


def _words(rows: Sequence[str]) -> list[list[str]]:
    return [row.split() for row in rows]


def _is_number(cell: str) -> bool:
    try:
        float(cell or "nan")
    except ValueError:
        return False
    return True


def _table(rows: Sequence[Sequence[str]], width: int, first: int = 1) -> NDArray[np.float64]:
    """Rows of cells as numbers; an empty cell is NaN."""
    for number, row in enumerate(rows, start=first):
        if len(row) != width:
            raise ValueError(f"row {number} has {len(row)} cells, the first one {width}")
        for cell in row:
            if not _is_number(cell.strip()):
                raise ValueError(f"row {number} holds {cell!r:.40}, expected a number")
    return np.array([[float(cell.strip() or "nan") for cell in row] for row in rows]).reshape(-1, width)


def _gridded(columns: Mapping[str, NDArray[np.float64]], name: str) -> Surface | Profile:
    """Columns with a row for each point, in any order, as a grid."""
    names = [axis for axis in AXES if axis in columns]
    axes, places = zip(*(np.unique(columns[axis], return_inverse=True) for axis in names), strict=True)
    shape = tuple(len(axis) for axis in axes)
    counts = np.zeros(shape, dtype=np.int64)
    np.add.at(counts, places, 1)
    for what, odd in (("missing", counts == 0), ("given twice", counts > 1)):
        if odd.any():
            point = np.argwhere(odd)[0]
            words = ", ".join(f"{axis} = {values[k]:g}" for axis, values, k in zip(names, axes, point, strict=True))
            raise ValueError(
                f"{np.count_nonzero(odd)} of the {' x '.join(map(str, shape))} points are {what}, first {words}"
            )
    metrics = {}
    for metric, column in columns.items():
        if metric not in names:
            metrics[metric] = np.empty(shape)
            metrics[metric][places] = column
    return _record({**dict(zip(names, axes, strict=True)), **metrics}, name)


def _record(arrays: Mapping[str, NDArray[Any]], name: str) -> Surface | Profile:
    """Coordinates and metrics as a record; a point of values without coordinates stands at its index."""
    metrics = {key: values for key, values in arrays.items() if key not in (*AXES, "status", "error")}
    if not metrics:
        raise ValueError("it holds no values, only coordinates")
    shape = next(iter(metrics.values())).shape
    if len(shape) not in (1, 2):
        raise ValueError(f"{next(iter(metrics))} has shape {shape}, expected (n, m), or (n,) for a line")
    axes = [arrays.get(axis, np.arange(size)) for axis, size in zip(AXES, shape, strict=False)]
    if len(shape) == 1 and AXES[1] in arrays:
        raise ValueError(f"{next(iter(metrics))} has shape {shape}, but there are two axes; expected (n, m)")
    if len(axes) == 2:
        return Surface.from_grid(axes[0], axes[1], metrics, name=name)
    return Profile.from_grid(axes[0], metrics, name=name)


def _restore(arrays: dict[str, NDArray[Any]]) -> Surface | Profile:
    """The record that `landscape.export` wrote, with all that it knows of itself."""
    try:
        facts = json.loads(str(arrays.pop("provenance")))
        titles = facts.pop("axes")
        parts = {group: _take(arrays, f"{group}_") for group in COMPANIONS}
        directions = tuple(_take(arrays, f"direction_{axis}_") for axis in AXES if axis in titles)
        record = _record(arrays, "")
        return replace(
            record,
            axes=tuple(replace(axis, **titles[axis.name]) for axis in record.axes),
            status=arrays["status"],
            error=arrays["error"],
            provenance=Provenance.parse({name: _typed(name, value) for name, value in facts.items()}),
            directions=directions if any(directions) else (),
            **{group: COMPANIONS[group](**_plain(part)) for group, part in parts.items() if part},
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"it was changed since it was exported: {error}") from error


def _take(arrays: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    """The arrays whose names begin so, taken out, by the rest of their names."""
    return {name.removeprefix(prefix): arrays.pop(name) for name in list(arrays) if name.startswith(prefix)}


def _plain(part: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Single values as numbers, names as text."""
    return {
        name: tuple(values.tolist()) if values.dtype.kind == "U" else values if values.ndim else values.item()
        for name, values in part.items()
    }


def _typed(name: str, value: Any) -> Any:
    """A fact of the type it has in a provenance; numbers that JSON does not have were written as text."""
    default = Provenance().to_dict().get(name)
    if isinstance(default, float):
        return float(value)
    if default is not None and not isinstance(value, type(default)):
        raise ValueError(f"its provenance has {value!r:.40} for {name}, expected {type(default).__name__}")
    return value
