"""Errors in one line, with the place that they came from."""

from pathlib import Path

import torch

from landscape.errors import place_of, reason


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
