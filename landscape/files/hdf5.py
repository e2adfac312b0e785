"""HDF5 as every file of records is read and written: all or nothing, and nothing in a file is trusted.

Bytes pass through memory both ways. A write that fails is then an ordinary `OSError` with nothing half-written, and
HDF5's own file locks, which outlive killed writers on some network disks, are never taken. What a reader finds wrong is
a `ValueError`; `open_file` turns it into one clear `FileError`.
"""

import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import h5py
import numpy as np
from numpy.typing import NDArray

from landscape.errors import FileError, InputError
from landscape.files.replace import FilePath

Value = TypeVar("Value")

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_WHOLE = (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)
_DAMAGE_ADVICE = "; it is damaged or was changed by another program: restore a copy, or sample it again"


# Files of HDF5 1.8 carry checksums of all but the values, and attributes of more than 64 KB.
VERSION_1_8 = ("v108", "v108")


def encode(fill: Callable[[h5py.File], None], *, version: tuple[str, str] | None = VERSION_1_8) -> bytes:
    """The bytes of a new HDF5 file.

    Args:
        fill: puts attributes and values into the file.
        version: the oldest and newest version of HDF5 whose layout may be used; None leaves it to the library.
    """
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver=version) as file:
        fill(file)
    return buffer.getvalue()


def write(
    group: h5py.Group, name: str, values: NDArray[Any], scales: Iterable[h5py.Dataset] = (), **attributes: object
) -> h5py.Dataset:
    """A dataset with its dimension scales and attributes; the same values give the same bytes."""
    dataset = group.create_dataset(name, data=values, track_times=False)
    for dimension, scale in zip(dataset.dims, scales, strict=False):
        dimension.attach_scale(scale)
    write_attributes(dataset, attributes)
    return dataset


def write_attributes(owner: h5py.HLObject, values: Mapping[str, Any]) -> None:
    """Text and numbers as attributes; mappings and lists as JSON text."""
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


@contextmanager
def open_file(path: FilePath) -> Iterator[h5py.File]:
    """An HDF5 file to read; whatever goes wrong in the block is one `FileError`."""
    if not os.path.isfile(path):
        raise FileError(f"there is no file {path}; check the name, or make it with `landscape sample`")
    try:
        with open(path, "rb") as stream:
            if stream.read(len(_SIGNATURE)) != _SIGNATURE:
                raise FileError(f"{path} is not an HDF5 file; expected one made by `landscape sample`")
            with h5py.File(stream, "r") as file:
                yield file
    except FileError:
        raise
    except PermissionError as error:
        raise FileError(f"cannot read {path}: {error.strerror}; ask its owner, or read a copy") from error
    except Exception as error:  # HDF5 reports damage as nearly any exception there is
        raise FileError(f"{path} cannot be read: {' '.join(str(error).split())}{_DAMAGE_ADVICE}") from error


def has(group: h5py.Group, name: str) -> bool:
    """Whether there is a member of that name, of whatever kind."""
    return group.get(name, getlink=True) is not None


def member(group: h5py.Group, name: str, kind: type) -> Any:
    """A dataset or group that lies in the file itself."""
    if not has(group, name):
        raise ValueError(f"{name} is missing")
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise ValueError(f"{name} is a link to elsewhere, expected the values themselves")
    member = group[name]
    if not isinstance(member, kind):
        raise ValueError(f"{name} is a {type(member).__name__.lower()}, expected a {kind.__name__.lower()}")
    return member


def length(group: h5py.Group, name: str) -> int:
    """Number of values of a dataset of one dimension."""
    shape = member(group, name, h5py.Dataset).shape
    if shape is None or len(shape) != 1:
        raise ValueError(f"{name} has shape {shape}, expected one dimension")
    return int(shape[0])


def read(group: h5py.Group, name: str, shape: tuple[int, ...], dtype: type = np.float64) -> NDArray[Any]:
    """All values of a dataset of that very shape and type, stored whole."""
    dataset = member(group, name, h5py.Dataset)
    if dataset.dtype.newbyteorder("=") != dtype or dataset.shape != shape:
        raise ValueError(f"{name} is {dataset.dtype} {dataset.shape}, expected {np.dtype(dtype)} {shape}")
    refuse_partial(dataset, name)
    return np.asarray(dataset[()])


def read_numbers(group: h5py.Group, name: str) -> NDArray[Any]:
    """All values of a dataset of real numbers, of whatever shape, in their own precision."""
    dataset = member(group, name, h5py.Dataset)
    if dataset.dtype.kind not in "iuf" or dataset.shape is None:
        raise ValueError(f"{name} is {dataset.dtype} {dataset.shape}, expected real numbers")
    refuse_partial(dataset, name)
    return np.asarray(dataset[()])


def refuse_partial(dataset: h5py.Dataset, name: str) -> None:
    """Refuses values that are not stored in this file, in one piece."""
    layout, num_bytes = dataset.id.get_create_plist(), dataset.id.get_storage_size()
    # HDF5 makes up values that were never stored, so that a few bytes could fill all memory, and follows other files.
    if layout.get_layout() not in _WHOLE or layout.get_external_count() or num_bytes != dataset.nbytes:
        raise ValueError(f"{name} stores {num_bytes} bytes here, expected all {dataset.nbytes} in one piece")


def attribute(owner: h5py.HLObject, name: str, kind: type[Value]) -> Value:
    """An attribute of one text or number, or of JSON text (``dict``, ``list``)."""
    entry = owner.attrs.get_id(name) if name in owner.attrs else None
    # Text of variable length lies in a heap that sends HDF5 into an endless loop when it is damaged: never looked at.
    if entry is None or entry.shape not in ((), (1,)) or entry.dtype.kind not in "Sif":
        raise ValueError(f"the attribute {name} is missing, or not one number or text of fixed length")
    value: Any = np.asarray(owner.attrs[name]).reshape(-1)[0].item()
    value = value.decode() if isinstance(value, bytes) else value
    if kind in (dict, list):
        value = json.loads(value)
    value = float(value) if kind is float and type(value) is int else value
    flat = not isinstance(value, dict) or all(isinstance(entry, str | int | float) for entry in value.values())
    if type(value) is not kind or not flat:
        raise ValueError(f"the attribute {name} holds {value!r:.60}, expected {kind.__name__}")
    return value
