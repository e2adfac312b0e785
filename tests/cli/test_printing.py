"""JSON that every reader accepts, and the command line as it was typed."""

import json
import math

import pytest

from cli.printing import command_line, print_json


def test_json_has_no_numbers_that_json_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"low": -math.inf, "values": (1.5, math.nan), 3: None, "whole": 10**400})
    values = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(name))
    assert values == {"low": "-inf", "values": [1.5, "nan"], "3": None, "whole": 10**400}


def test_the_command_line_can_be_pasted_into_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/usr/bin/landscape", "render", "my file.h5", "--title", "a 'b'"])
    assert command_line() == """landscape render 'my file.h5' --title 'a '"'"'b'"'"''"""
