"""Options from annotations: their types, flags and defaults, and groups of them."""

from dataclasses import dataclass
from typing import Annotated, Literal

import click
import pytest
from click.testing import CliRunner

from cli.options import Option, options, was_given


@dataclass(frozen=True)
class Place:
    """A group."""

    width: Annotated[int, Option("Columns.", 3)]
    names: Annotated[tuple[str, ...], Option("Names.", flags=("--name", "-n"))]
    ratio: Annotated[float | None, Option("A number.")]


@click.command()
@click.argument("file")
@options
def show(
    file: str,
    place: Place,
    loud: Annotated[bool, Option("Shout.")],
    skip: Annotated[bool | None, Option("Leave out.", flags=("--skip/--no-skip",))],
    how_far: Annotated[Literal["near", "far"], Option("Distance.", "near")],
) -> None:
    click.echo(repr((file, place, loud, skip, how_far, was_given("how_far"))))


def shown(*words: str) -> object:
    result = CliRunner().invoke(show, ["file", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return eval(result.stdout)


def test_a_command_gets_one_object_for_a_group() -> None:
    assert shown() == ("file", Place(3, (), None), False, None, "near", False)
    words = ("--width", "5", "-n", "a", "--name", "b", "--ratio", "0.5", "--loud", "--no-skip", "--how-far", "near")
    assert shown(*words) == ("file", Place(5, ("a", "b"), 0.5), True, False, "near", True)


def test_values_have_the_type_of_their_annotation() -> None:
    assert "is not a valid integer" in CliRunner().invoke(show, ["file", "--width", "x"]).stderr
    assert "is not a valid float" in CliRunner().invoke(show, ["file", "--ratio", "x"]).stderr


def test_the_help_lists_options_in_the_order_of_the_signature_with_their_defaults() -> None:
    text = CliRunner().invoke(show, ["--help"]).stdout
    flags = ("--width INTEGER", "-n, --name TEXT", "--ratio FLOAT", "--loud ", "--skip / --no-skip", "--how-far TEXT")
    places = [text.index(flag) for flag in flags]
    assert places == sorted(places)
    assert "Columns.  [default: 3]" in text
    assert text.count("[default:") == 2


def test_further_settings_are_those_of_click() -> None:
    @click.command()
    @options
    def count(number: Annotated[int | None, Option("How many.", metavar="N", type=click.IntRange(1))]) -> None:
        click.echo(number)

    assert "--number N" in CliRunner().invoke(count, ["--help"]).stdout
    assert CliRunner().invoke(count, ["--number", "0"]).exit_code == 2
    assert CliRunner().invoke(count, ["--number", "2"]).stdout == "2\n"


def test_a_parameter_without_an_option_is_left_to_others() -> None:
    @options
    def plain(number: int) -> None:
        raise AssertionError

    assert not hasattr(plain, "__click_params__")
    with pytest.raises(AssertionError):
        plain(number=1)
