"""Whether a picture can be written, asked before the long work of measuring what it shows."""

from pathlib import Path

from landscape.rendering.film.movie import SUFFIXES as FILMS
from landscape.rendering.film.movie import check_film
from landscape.rendering.page.web import SUFFIXES as PAGES
from landscape.rendering.write import check_free, check_target


def check_picture(path: str | Path, *, force: bool = False, with_tex: bool = False) -> None:
    """Refuse a picture that could not be written, or that would replace a file landscape did not make.

    Args:
        path: of a figure, a page or a film, as the suffix says.
        force: whether a file that landscape did not make may be replaced.
        with_tex: whether a LaTeX file is written beside it.

    Raises:
        InputError: the suffix names no format, or films cannot be written here.
        FileError: the folder is missing or locked, or something else lies there and ``force`` is off.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix in FILMS:
        check_film(target)
    (check_free if suffix in FILMS + PAGES else check_target)(target, force=force)
    if with_tex:
        check_free(target.with_suffix(".tex"), force=force)
