"""Exceptions: one root to catch them all, and the built-in kind that each one is as well."""

from pathlib import Path

import pytest
import torch

from landscape import errors
from landscape.errors import place_of, reason


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


def error_of(function) -> Exception:
    try:
        function()
    except Exception as error:
        return error
    raise AssertionError("nothing failed")


def test_the_place_is_a_line_of_the_users_own_code() -> None:
    error = error_of(lambda: torch.nn.functional.linear(torch.ones(2), torch.ones(3, 3)))
    name, line = place_of(error).split(":")
    assert name == Path(__file__).name
    assert "functional.linear" in Path(__file__).read_text().splitlines()[int(line) - 1]


def test_a_reason_is_one_short_line() -> None:
    text = reason(error_of(lambda: int("a\nb" * 500)))
    assert "\n" not in text
    assert len(text) < 240
    assert "(test_errors.py:" in text


def test_an_error_without_words_is_named_by_its_kind() -> None:
    assert reason(KeyError()) == "KeyError"
