"""Exceptions: one root to catch them all, and the built-in kind that each one is as well."""

import pytest

from landscape import errors


@pytest.mark.parametrize("name", ["InputError", "FileError", "ObjectiveError", "RunError", "DisplayError"])
def test_one_root_catches_every_error_and_states_its_purpose(name: str) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, errors.LandscapeError)
    assert kind.__doc__.endswith(".")


def test_an_unusable_argument_is_a_value_error_and_a_bad_file_an_os_error() -> None:
    with pytest.raises(ValueError, match="3 points"):
        raise errors.InputError("3 points")
    with pytest.raises(OSError, match="no file"):
        raise errors.FileError("no file")
