"""``landscape doctor``: a line for each finding, and the exit status."""

import json

import pytest
from shell import landscape, output_of

import cli.checks
from cli.checks import Check

pytestmark = pytest.mark.usefixtures("work")


def test_doctor_says_what_this_machine_can_do() -> None:
    text = output_of("doctor")
    assert all(line.startswith("ok  ") for line in text.splitlines())
    checks = json.loads(output_of("doctor", "--json"))
    assert checks["ok"]
    assert {check["name"] for check in checks["checks"]} >= {"python", "packages", "device", "data", "runs", "drawing"}


def test_doctor_fails_where_something_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.checks, "check_machine", lambda runs: [Check("data", False, "no digits")])
    result = landscape("doctor")
    assert result.exit_code == 1
    assert result.stdout == "FAIL data       no digits\n"
