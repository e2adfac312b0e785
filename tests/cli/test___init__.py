"""The group of commands: they are loaded when asked for, and errors of the library become one line."""

import click
import pytest
from click.testing import CliRunner
from shell import landscape, output_of

from cli import COMMANDS, main
from landscape.errors import FileError, InputError


def test_commands_are_listed_in_the_order_of_use() -> None:
    assert tuple(main.list_commands(click.Context(main))) == COMMANDS
    text = output_of("--help")
    places = [text.index(f"\n  {name} ") for name in COMMANDS]
    assert places == sorted(places)


def test_an_unknown_command_is_refused() -> None:
    result = landscape("fly")
    assert result.exit_code == 2
    assert "No such command 'fly'" in result.stderr


@pytest.mark.parametrize(("error", "status"), [(InputError("no\nsuch   thing"), 2), (FileError("no\nsuch thing"), 1)])
def test_errors_of_the_library_become_one_line_and_a_status(
    error: Exception, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(runs: str) -> None:
        raise error

    monkeypatch.setattr("cli.checks.check_machine", fail)
    result = landscape("doctor")
    assert result.exit_code == status
    assert result.stderr == "Error: no such thing\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    for flag in ("-h", "--help"):
        text = output_of(name, flag)
        assert "Examples:" in text
        assert f"landscape {name}" in text


def test_an_unexpected_error_is_one_line_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("mat1 and mat2\nshapes cannot be multiplied")

    monkeypatch.setattr("landscape.train.runs.models_of", fail)
    monkeypatch.setattr("landscape.sampling.solutions.models_of", fail)
    shown = CliRunner().invoke(main, ["sample", "--model", "wide", "-o", "never.h5"])
    assert shown.exit_code == 1
    (line,) = shown.stderr.strip().splitlines()
    assert line.startswith("Error: RuntimeError: mat1 and mat2 shapes cannot be multiplied (")
    assert "--debug" in line
    with pytest.raises(RuntimeError, match="mat1"):
        CliRunner().invoke(main, ["--debug", "sample", "--model", "wide", "-o", "never.h5"], catch_exceptions=False)
