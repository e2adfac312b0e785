"""``landscape connect`` on small runs: the barrier in words and as JSON, the file, and one line for nonsense."""

import json
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from shell import landscape, recorded_path

from cli import main
from landscape.files.surfaces import load
from landscape.measures.barriers import barrier
from landscape.records.sampled import Profile

SMALL = ["--num-train", "60", "--steps", "15", "--members", "3", "--checkpoints", "3", "--quiet"]


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


@pytest.mark.parametrize("curve", ["bezier", "polygon"])
def test_a_curve_with_batchnorm_and_alignment_in_json(runs: Path, curve: str) -> None:
    found = values(runs, "normed:0", "normed:1", "--align", "--curve", curve, "--curve-steps", "2", "--points", "3")
    assert (found["curve"], found["aligned"], found["batchnorm"]) == (curve, True, "reestimate")
    assert found["alignment"]["converged"] is True  # type: ignore[index]


def test_all_pairs_plain_and_aligned_are_one_command(runs: Path) -> None:
    given = ("a", "--members", "3", "--align", "--points", "5")
    found = values(runs, *given)
    for kind in ("plain", "aligned"):
        one = found[kind]
        assert len(one["pairs"]) == 3  # type: ignore[index]
        losses = [pair["barrier"] for pair in one["pairs"]]  # type: ignore[index]
        assert one["barrier"]["mean"] == pytest.approx(sum(losses) / 3)  # type: ignore[index]
    text = connect(runs, *given).stdout
    assert "a, 3 pairs of 3 members: mlp, width 6" in text
    assert "barrier, aligned" in text
    assert values(runs, "a", "--members", "3", "--points", "3")["aligned"] is None


def test_pictures_are_drawn_and_foreign_files_left_alone(runs: Path, tmp_path: Path) -> None:
    line, band, mine = (tmp_path / name for name in ("line.png", "band.svg", "mine.png"))
    kept = connect(runs, "a:0", "a:1", "--align", "-o", str(line), "-o", str(tmp_path / "line.h5"), "--points", "5")
    assert f"kept in {line}" in kept.stdout
    assert line.stat().st_size > 5000
    assert (tmp_path / "line.h5").exists()
    assert connect(runs, "a", "--members", "3", "--align", "-o", str(band), "--points", "5").exit_code == 0
    assert "band from lowest to highest, up to" in band.read_text()
    mine.write_bytes(b"holiday")
    result = connect(runs, "a:0", "a:1", "-o", str(mine))
    assert result.exit_code == 1
    assert mine.read_bytes() == b"holiday"


def test_connect_says_what_a_barrier_is(runs: Path) -> None:
    text = connect(runs, "a:0", "a:1", "--align").stdout
    assert "a:0 to a:1, aligned (2 sweeps): mlp, width 6" in text
    assert "highest rise of the loss along the path above the straight line between its ends" in text


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["a", "wider"], 2, "a:0 is mlp, width 6 with P ="),
        (["a", "other"], 2, "different data"),
        (["a", "a:3"], 1, "members 0 to 2, got 3"),
        (["a", "pair"], 2, "two networks of different width"),
        (["a", "nobody"], 2, "unknown model 'nobody'"),
        (["a", "a:1", "--points", "1"], 2, "at least 2 points"),
        (["a"], 2, "Missing argument 'B'"),
        (["a", "a:1", "--members", "3"], 2, "or one with --members"),
        (["a", "--members", "2"], 2, "--members"),
        (["a", "--members", "4"], 2, "has 3 members"),
        (["a:0", "--members", "3"], 2, "name a run without a member"),
        (["a", "--members", "3", "-o", "all.h5"], 2, "keeps one profile"),
        (["a", "a:1", "--curve", "spline"], 2, "unknown curve 'spline'"),
        (["a", "a:1", "-o", "line.txt"], 2, "one .h5 and pictures"),
        (["a", "a:1", "-o", "/nowhere/line.png"], 1, "/nowhere/line.png"),
    ],
)
def test_nonsense_gets_one_clear_line(runs: Path, args: list[str], status: int, message: str) -> None:
    result = connect(runs, *args)
    assert result.exit_code == status, result.output
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1
    assert message in lines[0]


@pytest.mark.usefixtures("nets")
def test_two_files_of_weights_are_connected() -> None:
    first, *_, last = recorded_path("path")
    torch.save(first, "a.pt")
    torch.save({f"module.{name}": tensor for name, tensor in last.items()}, "b.pt")
    chosen = ["--model", "own_nets:make", "--data", "own_nets:both", "--points", "5", "--quiet"]
    result = landscape("connect", "a.pt", "b.pt", *chosen, "-o", "line.h5", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["start"], found["end"], found["batchnorm"]) == ("a.pt", "b.pt", "reestimate")
    x, y = sys.modules["own_nets"].data()
    model = sys.modules["own_nets"].make()
    for state, loss in ((first, found["metrics"]["train_loss"][0]), (last, found["metrics"]["train_loss"][-1])):
        model.load_state_dict(state)
        torch.optim.swa_utils.update_bn([x[:30]], model)
        assert loss == pytest.approx(torch.nn.functional.cross_entropy(model.eval()(x[:30]), y[:30]).item(), rel=1e-5)


@pytest.mark.usefixtures("nets")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.pt", "b.pt", "--data", "own_nets:data"], "--data and --num-examples go with --model"),
        (
            ["a.pt", "b.pt", "--model", "wide", "--data", "own_nets:data"],
            "--data go with --model package.module:factory, not with 'wide'",
        ),
        (["a.pt", "b.pt", "--model", "own_nets:make"], "say which data"),
        (["a.pt", "b.pt", "--model", "own_nets:make", "--data", "own_nets:data"], "there is no file a.pt"),
        (["a.pt", "--members", "3", "--model", "own_nets:make"], "--members counts members of a run"),
    ],
)
def test_what_cannot_be_connected_is_said_in_one_line(arguments: list[str], message: str) -> None:
    result = landscape("connect", *arguments, "--quiet")
    assert result.exit_code in (1, 2)
    assert message in result.stderr
    assert "Traceback" not in result.output
