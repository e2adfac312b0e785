"""``landscape connect`` on small runs: the barrier in words and as JSON, the file, and one line for nonsense."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main
from landscape.measure.barriers import barrier
from landscape.records import Profile
from landscape.store import load

SMALL = ["--num-train", "60", "--steps", "15", "--members", "2", "--checkpoints", "3", "--quiet"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs ``a``, ``wider``, ``other`` (other data) and ``normed`` (BatchNorm)."""
    folder = tmp_path_factory.mktemp("runs")
    for name, family, width, *more in (
        ("a", "mlp", "6"),
        ("wider", "mlp", "7"),
        ("other", "mlp", "6", "--num-train", "50"),
        ("normed", "resnet", "2", "--depth", "8"),
    ):
        given = ["--family", family, "--width", width, "--name", name, *SMALL, *more]
        result = CliRunner().invoke(main, ["train", "--runs", str(folder), *given])
        assert result.exit_code == 0, result.output
    return folder


def connect(runs: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["connect", "--runs", str(runs), "--quiet", *args], prog_name="landscape")


def values(runs: Path, *args: str) -> dict[str, object]:
    result = connect(runs, *args, "--json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_connect_prints_one_json_object_with_fixed_keys(runs: Path) -> None:
    found = values(runs, "a:0", "a:1")
    assert {"barrier", "barrier_accuracy", "aligned", "curve", "where", "points", "start", "end"} <= set(found)
    assert (found["curve"], found["aligned"], found["points"]) == ("line", False, 25)
    assert (found["start"], found["end"]) == ("a:0", "a:1")


def test_alignment_keeps_the_ends_and_lowers_the_barrier(runs: Path) -> None:
    plain, aligned = (values(runs, "a:0", "a:1", *more, "--dtype", "float64") for more in ([], ["--align"]))
    assert aligned["aligned"]
    for end in (0, -1):
        losses = [found["metrics"]["train_loss"][end] for found in (plain, aligned)]  # type: ignore[index]
        assert losses[1] == pytest.approx(losses[0], rel=1e-12)
    assert aligned["barrier"] <= plain["barrier"]  # type: ignore[operator]


def test_a_network_and_itself_have_no_barrier(runs: Path) -> None:
    assert values(runs, "a:1", "a:1", "--points", "3")["barrier"] == pytest.approx(0, abs=1e-7)


def test_the_file_holds_what_was_printed(runs: Path, tmp_path: Path) -> None:
    target = str(tmp_path / "line.h5")
    found = values(runs, "a:0", "a:1", "-o", target)
    profile = load(target)
    assert isinstance(profile, Profile)
    assert barrier(profile).loss == found["barrier"]
    assert "differs" in connect(runs, "a:1", "a:0", "-o", target).stderr
    assert connect(runs, "a:1", "a:0", "-o", target, "--force").exit_code == 0


def test_connect_says_what_a_barrier_is(runs: Path) -> None:
    text = connect(runs, "a:0", "a:1", "--align").stdout
    assert "a:0 to a:1, aligned: mlp, width 6" in text
    assert "highest rise of the loss along the path above the straight line between its ends" in text


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["a", "wider"], 2, "a is mlp, width 6, wider is mlp, width 7"),
        (["a", "other"], 2, "different data"),
        (["normed:0", "normed:1"], 2, "BatchNorm"),
        (["a", "a:2"], 1, "members 0 to 1, got 2"),
        (["a", "pair"], 2, "two networks of different width"),
        (["a", "nobody"], 2, "unknown model 'nobody'"),
        (["a", "a:1", "--points", "1"], 2, "at least 2 points"),
        (["a"], 2, "Missing argument 'B'"),
    ],
)
def test_nonsense_gets_one_clear_line(runs: Path, args: list[str], status: int, message: str) -> None:
    result = connect(runs, *args)
    assert result.exit_code == status, result.output
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1
    assert message in lines[0]
