"""From the options of ``landscape render`` to the keywords of `landscape.render`."""

import inspect
from typing import Any

import click
import pytest
from click.testing import CliRunner

from cli.drawing import Heights, Motion, Sheet, Viewpoint, keywords, level, num_pixels
from cli.options import options
from landscape.rendering.render import render


def drawn_with(*words: str) -> dict[str, Any]:
    """The keywords that a command line stands for."""
    seen: dict[str, Any] = {}

    @click.command()
    @options
    def command(heights: Heights, sheet: Sheet, viewpoint: Viewpoint, motion: Motion) -> None:
        seen.update(keywords(heights, sheet, viewpoint, motion))

    result = CliRunner().invoke(command, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return seen


def test_every_keyword_is_one_of_render() -> None:
    assert set(drawn_with()) <= set(inspect.signature(render).parameters)


def test_the_theme_is_left_to_the_medium_unless_it_is_named() -> None:
    assert drawn_with()["theme"] is None
    assert drawn_with("--theme", "paper")["theme"] == "paper"


def test_no_sublevel_and_no_titles_are_none() -> None:
    assert (drawn_with()["sublevel"], drawn_with()["titles"]) == ("auto", None)
    assert drawn_with("--sublevel", "0.2")["sublevel"] == 0.2
    with pytest.raises(click.BadParameter, match="a rise of the loss, 0 or auto, got 'high'"):
        level("high")
    values = drawn_with("--sublevel", "0", "--title", "a", "--title", "b")
    assert (values["sublevel"], values["titles"]) == (None, ("a", "b"))


def test_pixels_are_two_numbers() -> None:
    assert num_pixels("640X480") == (640, 480)
    for size in ("640", "640x", "axb", "-640x480"):
        with pytest.raises(click.BadParameter, match="written as 1280x720"):
            num_pixels(size)
