"""The exceptions a caller may catch. Each message says what was given, what was expected, and what to do."""


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
