"""The exceptions a caller may catch. Each message says what was given, what was expected, and what to do."""

import traceback
from pathlib import Path

MOST_CHARACTERS = 200


class LandscapeError(Exception):
    """Something failed that the caller can understand and mend; the root of all errors raised on purpose."""


class InputError(LandscapeError, ValueError):
    """An argument that cannot be used: unknown name, wrong shape, value out of range."""


class FileError(LandscapeError, OSError):
    """A file or folder that is missing, truncated, foreign, newer, or cannot be written."""


class ObjectiveError(LandscapeError):
    """A model, data set or loss whose landscape cannot be measured as given (random, in train mode, not finite)."""


class RunError(LandscapeError):
    """A run that does not exist, holds another configuration, or did not finish."""


class DisplayError(LandscapeError):
    """A picture that cannot be drawn: nothing finite in it, too few points, or no way to draw on this machine."""


def reason(error: BaseException) -> str:
    """An error in one line, with the place that it came from: the innermost line of code of the user's own."""
    text = " ".join(str(error).split()) or type(error).__name__
    if len(text) > MOST_CHARACTERS:
        text = f"{text[: MOST_CHARACTERS - 3]}..."
    return f"{text} ({place})" if (place := place_of(error)) else text


def place_of(error: BaseException) -> str:
    """Name of a file and line that an error came from, ``"net.py:12"``: of the user's own code, or of this library."""
    lines = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    library = [(path, line) for path, line in lines if Path(__file__).parent in path.parents]
    user = [(path, line) for path, line in lines if "site-packages" not in path.parts and (path, line) not in library]
    for path, line in reversed([*library[-1:], *user[-1:]]):
        return f"{path.name}:{line}"
    return ""
