"""Files written all or nothing: beside their name, flushed to the disk, moved into place."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import TypeAlias

from landscape.errors import FileError

FilePath: TypeAlias = str | PathLike[str]
_ADVICE: dict[int | None, str] = {
    errno.ENOENT: "create the folder first, or choose another",
    errno.ENOTDIR: "a part of its path is a file; choose another folder",
    errno.EISDIR: "it is a folder; name a file in it",
    errno.ENOSPC: "free some space, or choose a folder on another disk",
    errno.EDQUOT: "free some of your quota, or choose a folder on another disk",
}


def check_target(path: FilePath, *, force: bool) -> None:
    """Refuses a folder, and an existing file unless forced."""
    if os.path.isdir(path):
        raise FileError(f"{path} is a folder; name a file in it")
    if not force and os.path.lexists(path):
        raise FileError(f"{path} exists already; pass --force (overwrite=True in Python) or choose another name")


def replace_file(path: FilePath, image: bytes) -> None:
    """Write bytes beside the name, flush them to the disk and move them into place."""
    with beside(path) as (temporary, target):
        with temporary.open("xb") as stream:
            stream.write(image)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, target)


@contextmanager
def beside(path: FilePath) -> Iterator[tuple[Path, Path]]:
    """A name beside the file that `path` stands for, and that file; whatever is left under the name is removed.

    The name has the suffix of the file, by which some writers choose a format.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.stem[:40]}.{secrets.token_hex(8)}{target.suffix.lower()}")
    try:
        try:
            yield temporary, target
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        advice = _ADVICE.get(getattr(error, "errno", None), "choose a folder you can write to")
        raise FileError(f"cannot write {path}: {reason}; {advice}") from error
