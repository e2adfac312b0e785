"""Pictures are written to files whole or not at all, and never over a file that another program made."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from landscape.errors import FileError, InputError
from landscape.files.replace import replacement, scratch
from landscape.version import __version__

SUFFIXES = (".png", ".pdf", ".svg")
MAKER = "landscape"
# A TeX file carries the mark as its first line, a page as its last, a film as its comment; a PDF drawn through TeX as
# that of its creator.
MARKS = (
    b"Software\x00landscape ",
    b"/Creator (landscape ",
    b"<dc:title>landscape ",
    b">landscape ",
    b"Drawn by landscape ",
)


def picture_path(path: str | Path) -> Path:
    """The path, if its suffix names a format.

    Raises:
        InputError: it does not.
    """
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        raise InputError(f"cannot draw to {target.name!r}: the suffix must be one of {', '.join(SUFFIXES)}")
    return target


def check_target(path: str | Path, *, force: bool = False) -> None:
    """Refuse a picture that could not be written, or that would replace a file landscape did not make.

    Args:
        path: of the picture that is planned.
        force: whether a file that landscape did not make may be replaced.

    Raises:
        InputError: the suffix names no format.
        FileError: the folder is missing or locked, or something else lies there and ``force`` is off.
    """
    check_free(picture_path(path), force=force)


def check_free(target: Path, *, force: bool = False) -> None:
    """Refuse a file that cannot be written or that landscape did not make.

    Raises:
        FileError: the folder is missing or locked, or something else lies there and ``force`` is off.
    """
    if target.exists() and not force and not _is_ours(target):
        raise FileError(
            f"{target} exists and was not drawn by landscape; choose another name, or replace it with --force"
        )
    with picture_errors(target), scratch(target) as temporary:
        temporary.touch()


def write_figure(figure: Figure, target: Path, dpi: int) -> None:
    """Save a matplotlib figure with its maker's name in it; an existing file is replaced by the complete picture."""
    maker = f"{MAKER} {__version__}"
    suffix = target.suffix.lower()
    metadata: Any = {
        ".png": {"Software": maker},
        ".pdf": {"Creator": maker, "CreationDate": None},
        ".svg": {"Creator": [maker], "Date": None},
    }[suffix]
    with picture_errors(target), replacement(target) as temporary:
        figure.savefig(temporary, format=suffix[1:], dpi=dpi, metadata=metadata)


def write_text(text: str, target: Path) -> None:
    """Save a text, all of it or nothing."""
    with picture_errors(target), replacement(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def picture_errors(target: Path) -> Iterator[None]:
    """A block in which whatever the system refuses becomes a `FileError` that says what to do."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError(
            f"cannot write {target} ({reason}); choose a folder that exists, may be written and has room"
        ) from error


def _is_ours(target: Path) -> bool:
    """Whether the picture carries our name as its maker."""
    if not target.is_file():
        return False
    content = target.read_bytes()
    return any(mark in content for mark in MARKS)
