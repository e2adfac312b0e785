"""Files written all or nothing: beside their name, flushed to the disk, moved into place."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    """Writes bytes beside the name, flushes them to the disk and moves them into place.

    Raises:
        FileError: the file cannot be written; what existed is untouched.
    """
    with file_errors(path), replacement(path) as temporary, temporary.open("xb") as stream:
        stream.write(image)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def scratch(path: FilePath, suffix: str = ".tmp") -> Iterator[Path]:
    """A new name beside the file that a path stands for, links followed; whatever lies under it is removed at the end.

    Args:
        path: of the file; its folder must exist.
        suffix: of the name, for writers that go by it.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:40]}.{secrets.token_hex(8)}{suffix}")
    try:
        yield temporary
    finally:
        with suppress(OSError):  # a part of the path is a file: there is nothing to remove
            temporary.unlink(missing_ok=True)


@contextmanager
def replacement(path: FilePath, suffix: str = ".tmp") -> Iterator[Path]:
    """The same name; what lies under it takes the place of the file when the block ends without an error."""
    with scratch(path, suffix) as temporary:
        yield temporary
        os.replace(temporary, os.path.realpath(path))


@contextmanager
def file_errors(path: FilePath) -> Iterator[None]:
    """A block in which whatever the system refuses becomes a `FileError` that says what to do."""
    try:
        yield
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        advice = _ADVICE.get(getattr(error, "errno", None), "choose a folder you can write to")
        raise FileError(f"cannot write {path}: {reason}; {advice}") from error
