"""Files to raw arrays: IDX (MNIST, Fashion-MNIST), CIFAR-10's binary version, NumPy archives.

Nothing is trusted: magic numbers, declared against real sizes, counts, label ranges, and published checksums. What a
file declares is compared with its length before memory is taken for it.
"""

import gzip
import hashlib
import math
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from landscape.errors import FileError

Bytes: TypeAlias = NDArray[np.uint8]

MAX_BYTES = 2**31
_GZIP_MAGIC = b"\x1f\x8b"
# DEFLATE cannot shrink by more than this (RFC 1951: 258 bytes for 2 bits); a header that claims more is lying.
_MAX_RATIO = 1032
_SWITCH = "a variant is read with checksum=False"

CIFAR10_FILES = (*(f"data_batch_{k}.bin" for k in range(1, 6)), "test_batch.bin")
_CIFAR10_SHAPE = (3, 32, 32)
_CIFAR10_MOST = 300_000_000

# Of the decompressed bytes, so that plain and gzip agree, each from two published sources or the real file: MD5 of the
# extracted IDX files; SHA-1 of the members of cifar-10-binary.tar.gz (Apache MXNet, gluon.data.vision.CIFAR10).
CHECKSUMS: Mapping[str, Mapping[str, str]] = {
    "mnist": {
        "train-images-idx3-ubyte": "md5:6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "md5:a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "md5:2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "md5:27ae3e4e09519cfbb04c329615203637",
    },
    "fashion-mnist": {
        "train-images-idx3-ubyte": "md5:f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "train-labels-idx1-ubyte": "md5:9018921c3c673c538a1fc5bad174d6f9",
        "t10k-images-idx3-ubyte": "md5:8181f5470baa50b63fa0f6fddb340f0a",
        "t10k-labels-idx1-ubyte": "md5:15d484375f8d13e6eb1aabb0c3f46965",
    },
    "cifar10": {
        "data_batch_1.bin": "sha1:aadd24acce27caa71bf4b10992e9e7b2d74c2540",
        "data_batch_2.bin": "sha1:c0ba65cce70568cd57b4e03e9ac8d2a5367c1795",
        "data_batch_3.bin": "sha1:1dd00a74ab1d17a6e7d73e185b69dbf31242f295",
        "data_batch_4.bin": "sha1:aab85764eb3584312d3c7f65fd2fd016e36a258e",
        "data_batch_5.bin": "sha1:26e2849e66a845b7f1e4614ae70f4889ae604628",
        "test_batch.bin": "sha1:67eb016db431130d61cd03c7ad570b013799c88c",
    },
}


def find_files(folder: Path, names: Sequence[str], *, inside: Sequence[str] = ()) -> dict[str, Path]:
    """Where each file lies: in ``folder`` or the first of its subfolders ``inside`` that has it, plain or ``.gz``.

    Raises:
        FileError: if the folder or a file is missing; lists what was expected and where.
    """
    if not folder.is_dir():
        raise FileError(f"no folder {folder}; expected one that holds {', '.join(names)}")
    places = [folder, *(folder / sub for sub in inside)]
    paths = {}
    for name in names:
        candidates = [place / (name + suffix) for place in places for suffix in ("", ".gz")]
        path = next((path for path in candidates if path.is_file()), None)
        if path is not None:
            paths[name] = path
    if missing := [name for name in names if name not in paths]:
        where = " or ".join(map(str, places))
        raise FileError(f"not found in {where}: {', '.join(missing)} (plain or .gz)")
    return paths


def read_idx(path: Path, *, dims: int, checksum: str | None = None) -> Bytes:
    """Array of unsigned bytes in an IDX file, in the shape that its header declares.

    The header is big-endian: two zero bytes, the type (0x08 for unsigned bytes), the number of dimensions, then one
    32-bit size per dimension; the values follow, last dimension fastest (LeCun et al., "The MNIST database").

    Args:
        path: plain or gzip; told apart by content, not by name.
        dims: dimensions expected: 3 for images, 1 for labels.
        checksum: ``"md5:..."``, ``"sha1:..."`` or ``"sha256:..."`` of the decompressed bytes; ``None`` checks nothing.

    Raises:
        FileError: if the file cannot be read, is not IDX, is shorter or longer than declared, or differs from the
            checksum.
    """
    with _open(path) as (stream, size_limit):
        header = stream.read(4 + 4 * dims)
        magic = 0x0800 + dims
        if header[:4] != magic.to_bytes(4, "big"):
            raise FileError(
                f"{path}: magic number 0x{header[:4].hex()}, expected 0x{magic:08x} (IDX, unsigned bytes, {dims}-D)"
            )
        if len(header) < 4 + 4 * dims:
            raise FileError(f"{path}: truncated inside its header; fetch it again")
        shape = tuple(np.frombuffer(header, ">u4", offset=4).tolist())
        size = math.prod(shape)
        _refuse_size(path, size + len(header), size_limit)
        values = _read_exactly(stream, size, path)
    _verify(path, (header, values), checksum)
    return np.frombuffer(values, np.uint8).reshape(shape)


def read_cifar10(path: Path, *, checksum: str | None = None) -> tuple[Bytes, Bytes]:
    """Images (n, 3, 32, 32) and labels (n,) of one batch of CIFAR-10's binary version.

    Records of 3073 bytes without a header: the label, then 1024 red, 1024 green, 1024 blue values, row by row
    (Krizhevsky 2009, "Learning multiple layers of features from tiny images").

    Args:
        path: plain or gzip; told apart by content.
        checksum: as for `read_idx`.

    Raises:
        FileError: if the file cannot be read, does not hold whole records, has a label beyond 9, or differs from the
            checksum.
    """
    record = 1 + math.prod(_CIFAR10_SHAPE)
    with _open(path) as (stream, _):
        values = stream.read(_CIFAR10_MOST + 1)
    if len(values) > _CIFAR10_MOST:
        raise FileError(f"{path}: more than {_CIFAR10_MOST} bytes when unpacked; a batch of CIFAR-10 has 30730000")
    if not values or len(values) % record:
        raise FileError(f"{path}: {len(values)} bytes; expected a multiple of {record} (label and 3x32x32 image)")
    _verify(path, (values,), checksum)
    records = np.frombuffer(values, np.uint8).reshape(-1, record)
    check_labels(records[:, 0], 10, path)
    return records[:, 1:].reshape(-1, *_CIFAR10_SHAPE), records[:, 0]


def read_npz(path: Path, *, checksum: str | None = None) -> dict[str, NDArray[Any]]:
    """Arrays of a NumPy archive by name; nothing in it is ever unpickled.

    Raises:
        FileError: if the file cannot be read, is no archive, declares more than it holds or more than `MAX_BYTES`,
            holds Python objects, or differs from the checksum.
    """
    try:
        if checksum is not None:
            _verify(path, (path.read_bytes(),), checksum)
        with zipfile.ZipFile(path) as archive:
            _refuse_size(path, sum(entry.file_size for entry in archive.infolist()), MAX_BYTES)
            for entry in archive.infolist():
                _check_member(archive, entry, path)
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise FileError(f"{path}: not a readable .npz archive ({error})") from error


def check_labels(labels: NDArray[Any], num_classes: int, path: Path) -> None:
    """Refuse labels beyond 0 .. num_classes - 1.

    Raises:
        FileError: names the first label that is out of range and its row.
    """
    wrong = np.flatnonzero(labels >= num_classes)
    if wrong.size:
        raise FileError(f"{path}: label {labels[wrong[0]]} at row {wrong[0]}; expected 0 to {num_classes - 1}")


def _check_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    """Compare what an array declares with what is stored: a forged shape would take the memory before the data end."""
    with archive.open(entry) as stream:
        version = npy.read_magic(stream)
        read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
        if read_header is None:
            raise FileError(f"{path}: {entry.filename} is in .npy format {version}; expected (1, 0) or (2, 0)")
        shape, _, dtype = read_header(stream)
        header = stream.tell()
    if dtype.hasobject:
        raise FileError(f"{path}: {entry.filename} holds Python objects; expected numbers")
    if header + math.prod(shape) * dtype.itemsize != entry.file_size:
        raise FileError(f"{path}: {entry.filename} declares shape {shape}, but holds {entry.file_size - header} bytes")


@contextmanager
def _open(path: Path) -> Iterator[tuple[BufferedIOBase, int]]:
    """The decompressed stream, and the most bytes it can yield."""
    try:
        with path.open("rb") as raw:
            size = path.stat().st_size
            is_gzip = raw.read(2) == _GZIP_MAGIC
            raw.seek(0)
            if is_gzip:
                with gzip.GzipFile(fileobj=raw) as stream:
                    yield stream, size * _MAX_RATIO
            else:
                yield raw, size
    except FileError:
        raise
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FileError(f"{path}: damaged or truncated gzip file ({error}); fetch it again") from error
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error


def _read_exactly(stream: BufferedIOBase, size: int, path: Path) -> bytes:
    values = stream.read(size + 1)
    if len(values) != size:
        count = f"only {len(values)}" if len(values) < size else "more"
        raise FileError(f"{path}: declares {size} values, but holds {count}; fetch it again")
    return values


def _refuse_size(path: Path, size: int, limit: int) -> None:
    if size > MAX_BYTES:
        raise FileError(f"{path}: {size} bytes or more when unpacked; at most {MAX_BYTES} are read")
    if size > limit:
        raise FileError(f"{path}: declares {size} bytes, but its length allows at most {limit}; fetch it again")


def _verify(path: Path, parts: Sequence[bytes], checksum: str | None) -> None:
    if checksum is None:
        return
    kind, _, value = checksum.partition(":")
    digest = hashlib.new(kind, usedforsecurity=False)
    for part in parts:
        digest.update(part)
    if digest.hexdigest() != value:
        raise FileError(f"{path}: {kind} {digest.hexdigest()}, expected {value}: not the published file; {_SWITCH}")
