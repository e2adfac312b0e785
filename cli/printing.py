"""What commands print, and the command line that is stored with what they make."""

import json
import math
import shlex
import sys

import click


def print_json(values: object) -> None:
    """One JSON object on stdout; numbers that are not finite become strings, which JSON lacks."""
    click.echo(json.dumps(_plain(values), indent=2, allow_nan=False))


def command_line() -> str:
    """The command as it was typed, stored with what it makes."""
    return shlex.join(["landscape", *sys.argv[1:]])


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
