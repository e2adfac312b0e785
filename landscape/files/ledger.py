"""What was measured, kept as it comes: finished measures of each member in a JSON file, unfinished ones beside it."""

import hashlib
import json
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from landscape.files.replace import replacement
from landscape.records.base import FloatArray

FILE = "measures.json"
FOLDER = "measures"
SAVE_SECONDS = 5.0
TAPE_LIMIT = 2**31


class Ledger:
    """Measures of a run's members, kept in its folder and used again.

    An entry is found by everything that fixes it: the measure, its options, and the digests of weights, data and loss.
    A folder that cannot be written, or a file that cannot be read, is no error: ``problem`` says so in one line, and
    what is measured is kept until the program ends.

    Args:
        folder: of the run; None keeps nothing on disk.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.problem = ""
        self.entries: dict[str, Any] = {}
        if folder is not None and (folder / FILE).exists():
            self.entries = self._read(folder / FILE)

    def get(self, key: Mapping[str, Any]) -> Any | None:
        """The value under that key, None if it was not measured yet."""
        entry = self.entries.get(_digest(key))
        return None if entry is None else entry["value"]

    def put(self, key: Mapping[str, Any], value: Any) -> None:
        """Keep a value; the file is replaced when the new one is complete."""
        self.entries[_digest(key)] = {"key": dict(key), "value": value}
        if self.folder is None:
            return
        try:
            with replacement(self.folder / FILE) as temporary:
                temporary.write_text(json.dumps(self.entries), encoding="utf-8")
        except OSError as error:
            self.problem = f"measures are not kept in {self.folder} ({error.strerror}); they will be measured again"

    def pieces(self, key: Mapping[str, Any]) -> "Pieces":
        """Where an unfinished measure of that key keeps what it has."""
        name = None if self.folder is None else self.folder / FOLDER / _digest(key)[:16]
        return Pieces(name, _digest(key))

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
            return {key: entry for key, entry in entries.items() if {"key", "value"} <= set(entry)}
        except (OSError, ValueError, AttributeError, TypeError):
            self.problem = f"{path} cannot be read and is measured again"
            return {}


class Pieces:
    """What an unfinished measure has so far: arrays that grow, or the products of an iteration.

    Args:
        path: without suffix; None keeps nothing.
        key: digest of everything that fixes the measure; pieces of another one are not used.
    """

    def __init__(self, path: Path | None, key: str) -> None:
        self.path, self.key = path, key
        self.last_save = time.perf_counter()

    def load(self) -> dict[str, FloatArray]:
        """The arrays kept last, none where there are none of this key that can be read."""
        if self.path is None:
            return {}
        try:
            with np.load(self.path.with_suffix(".npz"), allow_pickle=False) as archive:
                if str(archive["key"]) != self.key:
                    return {}
                return {name: np.array(archive[name]) for name in archive.files if name != "key"}
        except (OSError, ValueError, KeyError, EOFError, zlib.error):
            return {}

    def save(self, *, force: bool = False, **arrays: FloatArray) -> None:
        """Keep the arrays, every 5 s at most unless forced; a folder that cannot be written is passed over."""
        if self.path is None or not (force or time.perf_counter() - self.last_save > SAVE_SECONDS):
            return
        self.last_save = time.perf_counter()
        target = self.path.with_suffix(".npz")
        with suppress(OSError):
            target.parent.mkdir(exist_ok=True)
            with replacement(target) as temporary, temporary.open("xb") as stream:
                np.savez(stream, key=np.array(self.key), **arrays)  # type: ignore[arg-type]

    def tape(self, size: int) -> "Tape":
        """Products of an iteration with vectors of that length."""
        return Tape(None if self.path is None else self.path.with_suffix(".tape"), self.key, size)

    def finish(self) -> None:
        """Remove what the finished measure needs no more."""
        for suffix in (".npz", ".tape"):
            if self.path is not None and self.path.with_suffix(suffix).exists():
                self.path.with_suffix(suffix).unlink()


class Tape:
    """The products an iteration has taken, written down, so that the same iteration runs through them again at once.

    A restarted Lanczos iteration from one start vector asks for the same products in the same order. Each is written
    with a checksum of the vector it belongs to; from the first that does not fit, products are taken anew. At most
    2 GiB are written: the rest of a longer iteration is not kept.

    Args:
        path: of the file; None writes nothing.
        key: of the measure, the file's first 64 bytes.
        size: length of the vectors.
    """

    def __init__(self, path: Path | None, key: str, size: int) -> None:
        self.path, self.key, self.size = path, key.encode()[:64].ljust(64), size
        self.record = 8 * (size + 1)
        self.place = self.length = 0
        self.fresh: list[bytes] = []
        self.last_write = time.perf_counter()
        if path is not None and path.exists():
            self._open(path)

    def __call__(self, multiply: Callable[[FloatArray], FloatArray], vector: FloatArray) -> FloatArray:
        """The product, from the tape as far as that goes."""
        check = zlib.crc32(np.ascontiguousarray(vector).tobytes())
        if self.place < self.length:
            product = self._at(self.place)
            if int(product[0]) == check:
                self.place += 1
                return product[1:]
            self.length = self.place
        image = np.asarray(multiply(vector), dtype=np.float64)
        if self.path is not None and (self.length + len(self.fresh)) * self.record < TAPE_LIMIT:
            self.fresh.append(np.concatenate([[float(check)], image.ravel()]).tobytes())
            if time.perf_counter() - self.last_write > SAVE_SECONDS:
                self.flush()
        return image

    def flush(self) -> None:
        """Write what is not on disk yet; a folder that cannot be written is passed over."""
        self.last_write = time.perf_counter()
        if self.path is None or not self.fresh:
            return
        try:
            self.path.parent.mkdir(exist_ok=True)
            with self.path.open("r+b" if self.path.exists() else "w+b") as file:
                file.write(self.key)
                file.seek(64 + self.length * self.record)
                file.writelines(self.fresh)
                file.truncate()
        except OSError:
            self.path, self.fresh = None, []
            return
        self.length += len(self.fresh)
        self.place = self.length
        self.fresh = []

    def _open(self, path: Path) -> None:
        with path.open("rb") as file:
            if file.read(64) == self.key:
                self.length = (path.stat().st_size - 64) // self.record

    def _at(self, index: int) -> FloatArray:
        assert self.path is not None
        return np.fromfile(self.path, dtype=np.float64, count=self.size + 1, offset=64 + index * self.record)


def _digest(key: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()
