"""Records to HDF5 and back, schema 1: the only module that knows the file format.

The root holds ``alpha`` and ``beta`` as dimension scales, one dataset per metric, ``status`` and ``error``, all indexed
``[i, j] = (alpha[i], beta[j])``; the groups ``trajectory``, ``rays``, ``marks`` and ``directions`` are there when the
record has them. Root attributes are the fields of `Provenance`: text and numbers as they are, everything else as JSON.
Files of Li et al. are read too (`landscape.files.li`), and grids in npz, csv and npy (`landscape.files.grids`).
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from math import prod
from typing import Any, Literal, TypedDict, cast, get_args

import h5py
import numpy as np
from numpy.typing import NDArray

from landscape.errors import FileError, InputError
from landscape.files import li as foreign
from landscape.files.grids import is_grid, read_grid
from landscape.files.hdf5 import (
    attribute,
    encode,
    has,
    length,
    member,
    open_file,
    read,
    read_numbers,
    write,
    write_attributes,
)
from landscape.files.replace import FilePath, check_target, file_errors, replace_file, scratch
from landscape.records.base import AXES, Axis, Scale, Status, names_metric
from landscape.records.companions import Marks, Rays, Trajectory
from landscape.records.loss_scale import LossScale
from landscape.records.provenance import OPTIONAL, Provenance
from landscape.records.sampled import Profile, Sampled, Surface

FORMAT = "landscape"
SCHEMA = 1

_TRAJECTORY = ("step", "alpha", "beta", "loss", "length")
_GROUPS = ("trajectory", "rays", "marks", "directions")
_MARKS = ("alpha", "beta", "loss")


class Summary(TypedDict):
    """What `summarize` returns, plain text and numbers: ``axes`` are the ends, ``status`` the counts of grid points."""

    schema: int
    record: Literal["surface", "profile"]
    shape: list[int]
    axes: dict[str, list[float]]
    units: dict[str, str]
    metrics: list[str]
    status: dict[str, int]
    trajectory: bool
    rays: bool
    marks: bool
    directions: bool
    provenance: dict[str, Any]


def save(record: Sampled, path: FilePath, *, overwrite: bool = True) -> None:
    """Write a record to an HDF5 file, all of it or nothing.

    The file is written beside its name, flushed to the disk and moved into place: whoever reads ``path`` meanwhile
    sees the old file or the new one.

    Args:
        record: a `Surface` or `Profile`. The same record gives the same bytes.
        path: where to; a symbolic link is followed. The folder must exist.
        overwrite: whether an existing file may be replaced, default yes.

    Raises:
        InputError: if a metric has a name that HDF5 or the schema cannot hold.
        FileError: if the file cannot be written; what existed is untouched.
    """
    check_target(path, force=overwrite)
    replace_file(path, encode(lambda file: _write_file(file, record)))


def load(path: FilePath) -> Surface | Profile:
    """The record in an HDF5 file, bit for bit as it was saved: a `Surface`, or a `Profile` where there is no beta.

    Nothing in the file is trusted: layout, types, shapes and sizes are checked before values are read, links and
    values kept in other files are refused.

    A surface file of Li et al.'s code is read as well, see `landscape.files.li.read_li`, and a grid that was computed
    elsewhere, in npz, csv or npy, see `landscape.files.grids`.

    Args:
        path: of the file.

    Returns:
        The record; values are indexed ``[i, j] = (alpha[i], beta[j])``, losses in the unit that the provenance
        says.

    Raises:
        FileError: if the file is missing, not a surface file, of a newer schema, truncated or damaged.
    """
    if is_grid(path):
        return read_grid(path)
    with open_file(path) as file:
        if foreign.is_li(file):
            return foreign.read_li(file, path)
        _check_format(file, path)
        return read_record(file)


def read_record(group: h5py.Group) -> Surface | Profile:
    """The record that a file's root or a group of a file holds."""
    axes = _read_axes(group)
    shape = tuple(len(axis) for axis in axes)
    metrics = _read_metrics(group, shape)
    status = read(group, "status", shape, np.uint8)
    error = read(group, "error", shape)
    provenance = _read_provenance(group)
    directions = _read_directions(group, axes)
    if len(axes) == 1:
        return Profile(axes, metrics, status, error, provenance, directions=directions)
    groups = _read_trajectory(group), _read_rays(group), _read_marks(group)
    return Surface(axes, metrics, status, error, provenance, *groups, directions=directions)


def summarize(path: FilePath) -> Summary:
    """What is in an HDF5 file: its provenance, shape and how many points are done. The metrics are not read.

    Args:
        path: of a surface file, one by Li et al.'s code, or a grid in npz, csv or npy.

    Returns:
        Plain values by name: axes, units, metrics, how many points have which status, the provenance.

    Raises:
        FileError: as `load` does.
    """
    if is_grid(path):
        return _summary_of(read_grid(path))
    with open_file(path) as file:
        if foreign.is_li(file):
            return _summary_of(foreign.read_li(file, path))
        _check_format(file, path)
        axes = _read_axes(file)
        status = read(file, "status", tuple(len(axis) for axis in axes), np.uint8)
        metrics = _check_metrics(attribute(file, "metrics", list))
        provenance, schema = _read_provenance(file), attribute(file, "schema", int)
        groups = [name for name in _GROUPS if has(file, name)]
        return _summary(axes, metrics, status, provenance, schema, groups)


def _summary_of(record: Sampled) -> Summary:
    """The summary of what another program's file holds."""
    groups = [name for name in _GROUPS if getattr(record, name, None)]
    return _summary(record.axes, list(record.metrics), record.status, record.provenance, 0, groups)


def _summary(
    axes: tuple[Axis, ...],
    metrics: list[str],
    status: NDArray[np.uint8],
    provenance: Provenance,
    schema: int,
    groups: Sequence[str] = (),
) -> Summary:
    return Summary(
        schema=schema,
        record="surface" if len(axes) == 2 else "profile",
        shape=[len(axis) for axis in axes],
        axes={axis.name: [float(axis.values[0]), float(axis.values[-1])] for axis in axes},
        units={axis.name: axis.unit for axis in axes},
        metrics=metrics,
        status={kind.name.lower(): int(np.count_nonzero(status == kind)) for kind in Status},
        trajectory="trajectory" in groups,
        rays="rays" in groups,
        marks="marks" in groups,
        directions="directions" in groups,
        provenance=provenance.to_dict(),
    )


def check_writable(path: FilePath, *, force: bool) -> None:
    """Refuse a path that `save` could not write, before hours are spent on what should go there.

    A file is created beside ``path`` and removed again: permissions alone do not tell of read-only disks and quotas.

    Args:
        path: of the file that is planned.
        force: whether an existing file may be replaced.

    Raises:
        FileError: if it is a folder, exists and ``force`` is off, or nothing can be written there.
    """
    check_target(path, force=force)
    with file_errors(path), scratch(path) as temporary:
        temporary.touch(exist_ok=False)
        with suppress(FileNotFoundError):
            os.stat(path)  # fails where the name is too long


def unit_of(name: str, loss: str = "") -> str:
    """The unit of a dataset, from its last word: what a loss counts depends on which ``loss`` it is.

    The band of a mean over repeats (``_low``, ``_high``, ``_std``) has the unit of the mean.

    >>> unit_of("train_loss"), unit_of("test_loss", "mse"), unit_of("test_accuracy"), unit_of("length")
    ('loss', 'squared error per example', 'fraction', 'L2')
    """
    name = name.removesuffix("_low").removesuffix("_high").removesuffix("_std")
    unit = LossScale(loss).unit
    words = {"loss": unit, "accuracy": "fraction"} | ({"error": unit} if name == "error" else {})
    words |= {"length": "L2", "step": "step", "radius": "filter norm"}
    return words.get(name.rpartition("_")[2], "1")


def _write_file(file: h5py.File, record: Sampled) -> None:
    write_attributes(file, {"format": FORMAT, "schema": SCHEMA})
    write_record(file, record)


def write_record(group: h5py.Group, record: Sampled) -> None:
    """Put a record into a file's root or a group of a file."""
    _check_record(record)
    write_attributes(group, {"metrics": list(record.metrics)})
    write_attributes(group, record.provenance.to_dict())
    _write_grid(group, record)
    if isinstance(record, Surface) and record.trajectory is not None:
        _write_trajectory(group, record.trajectory, record)
    if isinstance(record, Surface) and record.rays is not None:
        _write_rays(group, record.rays, record.provenance.identity.loss)
    if isinstance(record, Surface) and record.marks is not None:
        _write_marks(group, record.marks, record)
    if record.directions:
        _write_directions(group, record)


def _check_record(record: Sampled) -> None:
    for axis, name in zip(record.axes, AXES, strict=False):
        if axis.name != name or len(axis) == 0:
            raise InputError(f"axis {axis.name!r} has {len(axis)} values; expected {name!r} with at least one")
    _check_metrics(list(record.metrics))


def _check_metrics(names: list[str]) -> list[str]:
    for name in names:
        if not names_metric(name):
            raise InputError(f"{name!r:.60} cannot name a metric; expected a word such as 'test_loss'")
    return names


def _write_grid(file: h5py.File, record: Sampled) -> None:
    scales = []
    for axis in record.axes:
        scale = write(file, axis.name, axis.values, units=axis.unit, long_name=axis.label, scale=axis.scale)
        scale.make_scale(axis.name)
        scales.append(scale)
    foreign_loss = record.kind == "grid" and not record.provenance.identity.loss
    for name, values in {**record.metrics, "error": record.error}.items():
        unit = "unknown" if foreign_loss else unit_of(name, record.provenance.identity.loss)
        write(file, name, values, scales, units=unit, long_name=name.replace("_", " "))
    meanings = " ".join(kind.name.lower() for kind in Status)
    status = write(file, "status", record.status, scales, units="1", flag_meanings=meanings)
    status.attrs["flag_values"] = np.array(list(Status), dtype=np.uint8)


def _write_trajectory(file: h5py.File, path: Trajectory, record: Sampled) -> None:
    group = file.create_group("trajectory")
    write_attributes(group, {"explained": path.explained})
    units = {axis.name: axis.unit for axis in record.axes}
    scale = write(group, "step", path.step, units=unit_of("step"))
    scale.make_scale("step")
    for name in _TRAJECTORY[1:]:
        unit = units.get(name, unit_of(name, record.provenance.identity.loss))
        write(group, name, getattr(path, name), [scale], units=unit)
    if path.on_plane is not None:
        write(group, "on_plane", path.on_plane, [scale], units=unit_of("loss", record.provenance.identity.loss))


def _write_marks(file: h5py.File, marks: Marks, record: Sampled) -> None:
    group = file.create_group("marks")
    write_attributes(group, {"names": list(marks.names)})
    units = {axis.name: axis.unit for axis in record.axes} | {"loss": unit_of("loss", record.provenance.identity.loss)}
    for name in _MARKS:
        write(group, name, getattr(marks, name), units=units[name])


def _write_directions(file: h5py.File, record: Sampled) -> None:
    """A group for each axis, with datasets "0", "1", ... in parameter order, as in Li et al.'s files, and names."""
    for axis, direction in zip(record.axes, record.directions, strict=True):
        group = file.create_group(f"directions/{axis.name}")
        write_attributes(group, {"names": list(direction)})
        for index, values in enumerate(direction.values()):
            write(group, str(index), values)


def _write_rays(file: h5py.File, rays: Rays, loss: str) -> None:
    group = file.create_group("rays")
    write_attributes(group, {"seed": rays.seed})
    direction = write(group, "direction", np.arange(len(rays.length)), units="1", long_name="seed minus first seed")
    radius = write(group, "radius", rays.radius, units=unit_of("radius"))
    direction.make_scale("direction")
    radius.make_scale("radius")
    write(group, "loss", rays.loss, [direction, radius], units=unit_of("loss", loss))
    write(group, "length", rays.length, [direction], units=unit_of("length"))


def _check_format(file: h5py.File, path: FilePath) -> None:
    if "format" not in file.attrs or attribute(file, "format", str) != FORMAT:
        raise FileError(f"{path} is HDF5, but not a surface file; expected one made by `landscape sample`")
    schema = attribute(file, "schema", int)
    if schema > SCHEMA:
        raise FileError(f"{path} has schema {schema}, this version reads {SCHEMA}; upgrade: pip install -U landscape")
    if schema < SCHEMA:
        raise ValueError(f"schema is {schema}, expected {SCHEMA}")


def _read_axes(file: h5py.File) -> tuple[Axis, ...]:
    return tuple(_read_axis(file, name) for name in AXES if name == AXES[0] or has(file, name))


def _read_axis(file: h5py.File, name: str) -> Axis:
    values = read(file, name, (length(file, name),))
    scale = attribute(file[name], "scale", str)
    if len(values) == 0 or scale not in get_args(Scale):
        raise ValueError(f"{name} has {len(values)} values and the scale {scale!r}")
    return Axis(
        name, values, attribute(file[name], "units", str), attribute(file[name], "long_name", str), cast(Scale, scale)
    )


def _read_metrics(file: h5py.File, shape: tuple[int, ...]) -> dict[str, NDArray[Any]]:
    names = _check_metrics(attribute(file, "metrics", list))
    # Links to one dataset under many names could otherwise ask for far more memory than the file has bytes.
    if len(names) * prod(shape) * np.float64().nbytes > file.file.id.get_filesize():
        raise ValueError(f"{len(names)} metrics of shape {shape} are more than the file holds")
    return {name: read(file, name, shape) for name in names}


def _read_provenance(file: h5py.File) -> Provenance:
    defaults = {**OPTIONAL, **Provenance().to_dict()}
    names = [name for name in defaults if name in file.attrs]
    return Provenance.parse({name: attribute(file, name, type(defaults[name])) for name in names})


def _read_trajectory(file: h5py.File) -> Trajectory | None:
    if not has(file, "trajectory"):
        return None
    group = member(file, "trajectory", h5py.Group)
    names = [*_TRAJECTORY, *(["on_plane"] if has(group, "on_plane") else [])]
    values = {name: read(group, name, (length(group, "step"),)) for name in names}
    return Trajectory(**values, explained=attribute(group, "explained", float))


def _read_rays(file: h5py.File) -> Rays | None:
    if not has(file, "rays"):
        return None
    group = member(file, "rays", h5py.Group)
    lengths = read(group, "length", (length(group, "length"),))
    radius = read(group, "radius", (length(group, "radius"),))
    loss = read(group, "loss", (len(lengths), len(radius)))
    return Rays(radius, loss, lengths, attribute(group, "seed", int))


def _read_marks(file: h5py.File) -> Marks | None:
    if not has(file, "marks"):
        return None
    group = member(file, "marks", h5py.Group)
    names = attribute(group, "names", list)
    return Marks(tuple(map(str, names)), *(read(group, name, (len(names),)) for name in _MARKS))


def _read_directions(file: h5py.File, axes: tuple[Axis, ...]) -> tuple[Mapping[str, NDArray[Any]], ...]:
    if not has(file, "directions"):
        return ()
    outer = member(file, "directions", h5py.Group)
    groups = [member(outer, axis.name, h5py.Group) for axis in axes]
    sizes = [group[name].nbytes for group in groups for name in group if isinstance(group.get(name), h5py.Dataset)]
    if sum(sizes) > file.file.id.get_filesize():
        raise ValueError("the directions are more than the file holds")
    listings = [(group, attribute(group, "names", list)) for group in groups]
    return tuple({str(name): read_numbers(group, str(k)) for k, name in enumerate(names)} for group, names in listings)
