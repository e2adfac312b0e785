"""The options that commands share: what stands in the help is what the library does."""

import inspect
from collections.abc import Callable
from typing import Any

import click
import pytest
from shell import mistake

import landscape as ls
from cli import COMMANDS, main
from cli.machine import num_bytes
from cli.params import Widths
from landscape.rendering.render import render

# where an option has another name than the parameter it is passed to
NAMES = {"seed": "direction_seed", "aligned": "align"}
# options that the help shows in words or with another unit
WORDS = {"memory": num_bytes, "size": lambda text: tuple(map(int, text.split("x")))}


def defaults(command: str) -> dict[str, Any]:
    """The default of every option of a command, by the name of its parameter."""
    found = main.get_command(click.Context(main), command)
    assert found is not None
    return {str(option.name): option.default for option in found.params if isinstance(option, click.Option)}


@pytest.mark.parametrize(
    ("command", "function", "others"),
    [
        ("sample", ls.sample_view, {"progress", "keep", "path", "command", "overwrite"}),
        ("sample", ls.sample, {"progress", "path", "command", "overwrite", "tf32", "tolerance"}),
        ("sample", ls.subspace_of, {"stored", "keep"}),
        ("sample", ls.open_solution, {"progress", "name", "device", "dtype"}),
        ("render", render, {"theme", "titles", "draw", "view", "backend", "title", "start", "fixed", "processes"}),
        ("connect", ls.sample_between, {"path"}),
        ("export", ls.export, set()),
        ("view", ls.show, set()),
        ("train", ls.Recipe, set()),
        ("train", ls.ensure_run, {"progress"}),
        ("train", ls.load_dataset, {"seed", "checksum"}),
        ("study", ls.Settings, {"progress", "command"}),
    ],
)
def test_defaults_are_those_of_the_library(command: str, function: Callable[..., Any], others: set[str]) -> None:
    options = defaults(command)
    compared = 0
    for parameter in inspect.signature(function).parameters.values():
        name = parameter.name if parameter.name in options else NAMES.get(parameter.name, "")
        if name not in options or parameter.default is parameter.empty or parameter.name in others:
            continue
        shown = options[name]
        value = WORDS.get(name, lambda text: text)(shown) if isinstance(shown, str) else shown
        if value is click.core.UNSET or value is None:  # the library decides
            assert parameter.default in (None, False, "", ()), parameter.name
            continue
        assert value == parameter.default, parameter.name
        compared += 1
    assert compared


@pytest.mark.parametrize("name", ["runs", "device", "dtype", "quiet", "force", "as_json", "data", "dataset", "metric"])
def test_a_shared_option_has_one_text(name: str) -> None:
    commands = [main.get_command(click.Context(main), command) for command in COMMANDS]
    texts = [
        option.help
        for command in commands
        if command is not None
        for option in command.params
        if isinstance(option, click.Option) and option.name == name
    ]
    assert len(texts) > 1
    assert len(set(texts)) == 1


def test_widths_are_whole_numbers_with_commas_between_them() -> None:
    assert Widths().convert("4,64,512", None, None) == (4, 64, 512)
    assert "'4,x' is not a list of widths such as 4,64,512" in mistake("study", "fit", "--widths", "4,x", status=2)
