"""Records to HDF5 and back, schema 1: the only module that knows the file format.

The root holds ``alpha`` and ``beta`` as dimension scales, one dataset per metric, ``status`` and ``error``, all indexed
``[i, j] = (alpha[i], beta[j])``; the groups ``trajectory`` and ``rays`` are there when the record has them. Root
attributes are the fields of `Provenance`: text and numbers as they are, everything else as JSON text.

Bytes pass through memory both ways. A write that fails is then an ordinary `OSError` with nothing half-written, and
HDF5's own file locks, which outlive killed writers on some network disks, are never taken.
"""

import errno
import io
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from math import prod
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypedDict, get_args

import h5py
import numpy as np
from numpy.typing import NDArray

from landscape.errors import FileError, InputError
from landscape.records import Axis, Profile, Provenance, Rays, Sampled, Scale, Status, Surface, Trajectory

FORMAT = "landscape"
SCHEMA = 1
AXES = ("alpha", "beta")
RESERVED = frozenset({*AXES, "status", "error", "trajectory", "rays", "directions"})

FilePath: TypeAlias = str | PathLike[str]

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_TRAJECTORY = ("step", "alpha", "beta", "loss", "length")
_WHOLE = (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)
_DAMAGED = "; it is damaged or was changed by another program: restore a copy, or sample it again"
_ADVICE: dict[int | None, str] = {
    errno.ENOENT: "create the folder first, or choose another",
    errno.ENOTDIR: "a part of its path is a file; choose another folder",
    errno.EISDIR: "it is a folder; name a file in it",
    errno.ENOSPC: "free some space, or choose a folder on another disk",
    errno.EDQUOT: "free some of your quota, or choose a folder on another disk",
}


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
    _check_target(path, force=overwrite)
    image = _encode(record)
    with _beside(path) as (temporary, target):
        with temporary.open("xb") as stream:
            stream.write(image)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, target)


def load(path: FilePath) -> Surface | Profile:
    """The record in an HDF5 file, bit for bit as it was saved: a `Surface`, or a `Profile` where there is no beta.

    Nothing in the file is trusted: layout, types, shapes and sizes are checked before values are read, links and
    values kept in other files are refused.

    Raises:
        FileError: if the file is missing, not a surface file, of a newer schema, truncated or damaged.
    """
    with _opened(path) as file:
        axes = _read_axes(file)
        shape = tuple(len(axis) for axis in axes)
        metrics = _read_metrics(file, shape)
        status = _read(file, "status", shape, np.uint8)
        error = _read(file, "error", shape)
        provenance = _read_provenance(file)
        if len(axes) == 1:
            return Profile(axes, metrics, status, error, provenance)
        return Surface(axes, metrics, status, error, provenance, _read_trajectory(file), _read_rays(file))


def summarize(path: FilePath) -> Summary:
    """What is in an HDF5 file: its provenance, shape and how many points are done. The metrics are not read.

    Raises:
        FileError: as `load` does.
    """
    with _opened(path) as file:
        axes = _read_axes(file)
        shape = tuple(len(axis) for axis in axes)
        status = _read(file, "status", shape, np.uint8)
        return Summary(
            schema=_attribute(file, "schema", int),
            record="surface" if len(axes) == 2 else "profile",
            shape=list(shape),
            axes={axis.name: [float(axis.values[0]), float(axis.values[-1])] for axis in axes},
            units={axis.name: axis.unit for axis in axes},
            metrics=_check_metrics(_attribute(file, "metrics", list)),
            status={kind.name.lower(): int(np.count_nonzero(status == kind)) for kind in Status},
            trajectory=_has(file, "trajectory"),
            rays=_has(file, "rays"),
            provenance=_read_provenance(file).to_dict(),
        )


def check_writable(path: FilePath, *, force: bool) -> None:
    """Refuse a path that `save` could not write, before hours are spent on what should go there.

    A file is created beside ``path`` and removed again: permissions alone do not tell of read-only disks and quotas.

    Raises:
        FileError: if it is a folder, exists and ``force`` is off, or nothing can be written there.
    """
    _check_target(path, force=force)
    with _beside(path) as (temporary, target):
        temporary.touch(exist_ok=False)
        with suppress(FileNotFoundError):
            target.lstat()  # fails where the name is too long


def unit_of(name: str, loss: str = "") -> str:
    """The unit of a dataset, from its last word: what a loss counts depends on which ``loss`` it is.

    >>> unit_of("train_loss"), unit_of("test_loss", "mse"), unit_of("test_accuracy"), unit_of("length")
    ('nats per example', 'squared error per example', 'fraction', 'L2')
    >>> unit_of("train_loss", "GPT2LMHeadModel.loss per next token"), unit_of("train_loss", "physics")
    ('loss per next token', 'loss per example')
    """
    kind = loss.lower()
    known = {"mse": "squared error per example", "entropy": "nats per example"}
    per_example = next((unit for word, unit in known.items() if word in kind), "loss per example")
    if " per " in loss:
        per_example = f"loss per {loss.rpartition(' per ')[2]}"
    elif not loss:
        per_example = "nats per example"
    words = {"loss": per_example, "error": per_example, "accuracy": "fraction"}
    words |= {"length": "L2", "step": "step", "radius": "filter norm"}
    return words.get(name.rpartition("_")[2], "1")


def _encode(record: Sampled) -> bytes:
    _check_record(record)
    buffer = io.BytesIO()
    # Files of HDF5 1.8 carry checksums of all but the values, and attributes of more than 64 KB.
    with h5py.File(buffer, "w", libver=("v108", "v108")) as file:
        _write_attributes(file, {"format": FORMAT, "schema": SCHEMA, "metrics": list(record.metrics)})
        _write_attributes(file, record.provenance.to_dict())
        _write_grid(file, record)
        if isinstance(record, Surface) and record.trajectory is not None:
            _write_trajectory(file, record.trajectory, record)
        if isinstance(record, Surface) and record.rays is not None:
            _write_rays(file, record.rays, record.provenance.loss)
    return buffer.getvalue()


def _check_record(record: Sampled) -> None:
    for axis, name in zip(record.axes, AXES, strict=False):
        if axis.name != name or len(axis) == 0:
            raise InputError(f"axis {axis.name!r} has {len(axis)} values; expected {name!r} with at least one")
    _check_metrics(list(record.metrics))


def _check_metrics(names: list[str]) -> list[str]:
    for name in names:
        if not isinstance(name, str) or not name.isidentifier() or name in RESERVED:
            raise InputError(f"{name!r:.60} cannot name a metric; expected a word such as 'test_loss'")
    return names


def _write_grid(file: h5py.File, record: Sampled) -> None:
    scales = []
    for axis in record.axes:
        scale = _write(file, axis.name, axis.values, units=axis.unit, long_name=axis.label, scale=axis.scale)
        scale.make_scale(axis.name)
        scales.append(scale)
    for name, values in {**record.metrics, "error": record.error}.items():
        unit = unit_of(name, record.provenance.loss)
        _write(file, name, values, scales, units=unit, long_name=name.replace("_", " "))
    meanings = " ".join(kind.name.lower() for kind in Status)
    status = _write(file, "status", record.status, scales, units="1", flag_meanings=meanings)
    status.attrs["flag_values"] = np.array(list(Status), dtype=np.uint8)


def _write_trajectory(file: h5py.File, path: Trajectory, record: Sampled) -> None:
    group = file.create_group("trajectory")
    _write_attributes(group, {"explained": path.explained})
    units = {axis.name: axis.unit for axis in record.axes}
    scale = _write(group, "step", path.step, units=unit_of("step"))
    scale.make_scale("step")
    for name in _TRAJECTORY[1:]:
        unit = units.get(name, unit_of(name, record.provenance.loss))
        _write(group, name, getattr(path, name), [scale], units=unit)


def _write_rays(file: h5py.File, rays: Rays, loss: str) -> None:
    group = file.create_group("rays")
    _write_attributes(group, {"seed": rays.seed})
    direction = _write(group, "direction", np.arange(len(rays.length)), units="1", long_name="seed minus first seed")
    radius = _write(group, "radius", rays.radius, units=unit_of("radius"))
    direction.make_scale("direction")
    radius.make_scale("radius")
    _write(group, "loss", rays.loss, [direction, radius], units=unit_of("loss", loss))
    _write(group, "length", rays.length, [direction], units=unit_of("length"))


def _write(
    group: h5py.Group, name: str, values: NDArray[Any], scales: Iterable[h5py.Dataset] = (), **attributes: object
) -> h5py.Dataset:
    dataset = group.create_dataset(name, data=values, track_times=False)
    for dimension, scale in zip(dataset.dims, scales, strict=False):
        dimension.attach_scale(scale)
    _write_attributes(dataset, attributes)
    return dataset


def _write_attributes(owner: h5py.HLObject, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        try:
            text = _as_text(value)
            dtype = None if text is None else h5py.string_dtype("utf-8", len(text) or 1)
            owner.attrs.create(name, value if text is None else text, dtype=dtype)
        except (AttributeError, OverflowError, TypeError, ValueError) as error:
            raise InputError(f"{name} cannot be stored, expected text or a number: {value!r:.60}") from error


def _as_text(value: object) -> bytes | None:
    if isinstance(value, Mapping | list):
        value = json.dumps(value, default=lambda scalar: scalar.item())
    if not isinstance(value, str):
        return None
    # A command line may hold bytes that are not text: HDF5 refuses NUL, a terminal lone surrogates.
    return value.replace("\0", "\\0").encode("utf-8", "backslashreplace")


def _check_target(path: FilePath, *, force: bool) -> None:
    if os.path.isdir(path):
        raise FileError(f"{path} is a folder; name a file in it")
    if not force and os.path.lexists(path):
        raise FileError(f"{path} exists already; pass --force (overwrite=True in Python) or choose another name")


@contextmanager
def _beside(path: FilePath) -> Iterator[tuple[Path, Path]]:
    """A name beside the file that `path` stands for, and that file; whatever is left under the name is removed."""
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:40]}.{secrets.token_hex(8)}.tmp")
    try:
        try:
            yield temporary, target
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        advice = _ADVICE.get(getattr(error, "errno", None), "choose a folder you can write to")
        raise FileError(f"cannot write {path}: {reason}; {advice}") from error


@contextmanager
def _opened(path: FilePath) -> Iterator[h5py.File]:
    if not os.path.isfile(path):
        raise FileError(f"there is no file {path}; check the name, or make it with `landscape sample`")
    try:
        with open(path, "rb") as stream:
            if stream.read(len(_SIGNATURE)) != _SIGNATURE:
                raise FileError(f"{path} is not an HDF5 file; expected one made by `landscape sample`")
            with h5py.File(stream, "r") as file:
                _check_format(file, path)
                yield file
    except FileError:
        raise
    except PermissionError as error:
        raise FileError(f"cannot read {path}: {error.strerror}; ask its owner, or read a copy") from error
    except Exception as error:  # HDF5 reports damage as nearly any exception there is
        raise FileError(f"{path} cannot be read: {' '.join(str(error).split())}{_DAMAGED}") from error


def _check_format(file: h5py.File, path: FilePath) -> None:
    if "format" not in file.attrs or _attribute(file, "format", str) != FORMAT:
        raise FileError(f"{path} is HDF5, but not a surface file; expected one made by `landscape sample`")
    schema = _attribute(file, "schema", int)
    if schema > SCHEMA:
        raise FileError(f"{path} has schema {schema}, this version reads {SCHEMA}; upgrade: pip install -U landscape")
    if schema < SCHEMA:
        raise ValueError(f"schema is {schema}, expected {SCHEMA}")


def _read_axes(file: h5py.File) -> tuple[Axis, ...]:
    return tuple(_read_axis(file, name) for name in AXES if name == AXES[0] or _has(file, name))


def _read_axis(file: h5py.File, name: str) -> Axis:
    values = _read(file, name, (_length(file, name),))
    scale = _attribute(file[name], "scale", str)
    if len(values) == 0 or scale not in get_args(Scale):
        raise ValueError(f"{name} has {len(values)} values and the scale {scale!r}")
    return Axis(name, values, _attribute(file[name], "units", str), _attribute(file[name], "long_name", str), scale)


def _read_metrics(file: h5py.File, shape: tuple[int, ...]) -> dict[str, NDArray[Any]]:
    names = _check_metrics(_attribute(file, "metrics", list))
    # Links to one dataset under many names could otherwise ask for far more memory than the file has bytes.
    if len(names) * prod(shape) * np.float64().nbytes > file.id.get_filesize():
        raise ValueError(f"{len(names)} metrics of shape {shape} are more than the file holds")
    return {name: _read(file, name, shape) for name in names}


def _read_provenance(file: h5py.File) -> Provenance:
    defaults = Provenance().to_dict()
    names = [name for name in defaults if name in file.attrs]
    return Provenance(**{name: _attribute(file, name, type(defaults[name])) for name in names})


def _read_trajectory(file: h5py.File) -> Trajectory | None:
    if not _has(file, "trajectory"):
        return None
    group = _member(file, "trajectory", h5py.Group)
    values = {name: _read(group, name, (_length(group, "step"),)) for name in _TRAJECTORY}
    return Trajectory(**values, explained=_attribute(group, "explained", float))


def _read_rays(file: h5py.File) -> Rays | None:
    if not _has(file, "rays"):
        return None
    group = _member(file, "rays", h5py.Group)
    length = _read(group, "length", (_length(group, "length"),))
    radius = _read(group, "radius", (_length(group, "radius"),))
    loss = _read(group, "loss", (len(length), len(radius)))
    return Rays(radius, loss, length, _attribute(group, "seed", int))


def _has(group: h5py.Group, name: str) -> bool:
    return group.get(name, getlink=True) is not None


def _member(group: h5py.Group, name: str, kind: type) -> Any:
    if not _has(group, name):
        raise ValueError(f"{name} is missing")
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise ValueError(f"{name} is a link to elsewhere, expected the values themselves")
    member = group[name]
    if not isinstance(member, kind):
        raise ValueError(f"{name} is a {type(member).__name__.lower()}, expected a {kind.__name__.lower()}")
    return member


def _length(group: h5py.Group, name: str) -> int:
    shape = _member(group, name, h5py.Dataset).shape
    if shape is None or len(shape) != 1:
        raise ValueError(f"{name} has shape {shape}, expected one dimension")
    return int(shape[0])


def _read(group: h5py.Group, name: str, shape: tuple[int, ...], dtype: type = np.float64) -> NDArray[Any]:
    dataset = _member(group, name, h5py.Dataset)
    if dataset.dtype.newbyteorder("=") != dtype or dataset.shape != shape:
        raise ValueError(f"{name} is {dataset.dtype} {dataset.shape}, expected {np.dtype(dtype)} {shape}")
    layout, stored = dataset.id.get_create_plist(), dataset.id.get_storage_size()
    # HDF5 makes up values that were never stored, so that a few bytes could fill all memory, and follows other files.
    if layout.get_layout() not in _WHOLE or layout.get_external_count() or stored != dataset.nbytes:
        raise ValueError(f"{name} stores {stored} bytes here, expected all {dataset.nbytes} in one piece")
    return np.asarray(dataset[()])


def _attribute(owner: h5py.HLObject, name: str, kind: type) -> Any:
    entry = owner.attrs.get_id(name) if name in owner.attrs else None
    # Text of variable length lies in a heap that sends HDF5 into an endless loop when it is damaged: never looked at.
    if entry is None or entry.shape not in ((), (1,)) or entry.dtype.kind not in "Sif":
        raise ValueError(f"the attribute {name} is missing, or not one number or text of fixed length")
    value = np.asarray(owner.attrs[name]).reshape(-1)[0].item()
    value = value.decode() if isinstance(value, bytes) else value
    if kind in (dict, list):
        value = json.loads(value)
    value = float(value) if kind is float and type(value) is int else value
    flat = not isinstance(value, dict) or all(isinstance(entry, str | int | float) for entry in value.values())
    if type(value) is not kind or not flat:
        raise ValueError(f"the attribute {name} holds {value!r:.60}, expected {kind.__name__}")
    return value
