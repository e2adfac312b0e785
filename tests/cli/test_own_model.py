"""A model of the user's own from the shell, and what is said when it cannot be."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from cli import main
from landscape.files.surfaces import load
from landscape.records.sampled import Surface
from landscape.sampling.factories import make_model
from landscape.sampling.solutions import open_solution
from landscape.train.recorder import PathRecorder

MODULE = """
import torch
from torch import nn

def make():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 3))

def data():
    generator = torch.Generator().manual_seed(1)
    return torch.randn(40, 4, generator=generator), torch.randint(0, 3, (40,), generator=generator)

def both():
    x, y = data()
    return (x[:30], y[:30]), (x[30:], y[30:])

def options():
    return {"data": data(), "loss": nn.functional.cross_entropy, "terms": {"l2": lambda p: p["0.weight"].norm()}}

def shuffled():
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*data()), batch_size=7, shuffle=True)

def wrong():
    return {"data": data(), "losss": 3}

def broken():
    raise KeyError("three\\nlines")

seven = 7
def returns_seven():
    return 7
def nothing():
    return None
model = make()
"""
GRID = ["--points", "3", "--rays", "2", "--quiet"]


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with a module and weights; the folder is on the path only because the command puts it there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "own_nets.py").write_text(MODULE)
    (tmp_path / "own_failing.py").write_text("import no_such_package")
    yield
    for name in ("own_nets", "own_failing"):
        sys.modules.pop(name, None)


def landscape(*args: str) -> Result:
    return CliRunner().invoke(main, list(args), prog_name="landscape")


def own(*args: str) -> Result:
    return landscape("sample", "--model", "own_nets:make", *args, *GRID)


def test_a_model_of_ones_own_is_sampled_kept_and_measured(tmp_path: Path) -> None:
    result = own("--data", "own_nets:both")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("make.h5: plane of own_nets:make, measured 9 of 9 points")
    surface = load("make.h5")
    assert set(surface.metrics) == {"train_loss", "train_accuracy", "test_loss", "test_accuracy"}
    assert surface.provenance.identity.batchnorm == "frozen"
    assert json.loads(landscape("measure", "make.h5", "--json").stdout)["P"] == 4 * 5 + 5 + 10 + 18


def test_weights_options_and_subsets_reach_the_file() -> None:
    sys.path.insert(0, ".")
    source = make_model("own_nets:make").eval()
    with torch.no_grad():
        source[0].weight.mul_(2)  # type: ignore[operator, index, union-attr]
    torch.save({"state_dict": {f"module.{name}": t for name, t in source.state_dict().items()}}, "net.pt")
    arguments = ("--data", "own_nets:options", "--weights", "net.pt", "-o", "a.h5", "--batchnorm", "reestimate")
    result = own(*arguments, "--num-examples", "20")
    assert result.exit_code == 0, result.output
    assert "on 20 of 40 training examples: standard error of the loss at the centre" in result.stdout
    surface = load("a.h5")
    assert isinstance(surface, Surface)
    provenance = surface.provenance
    assert (
        provenance.identity.N,
        provenance.identity.drawn_from,
        provenance.identity.batchnorm,
        provenance.accuracy.standard_error > 0,
    ) == (20, 40, "reestimate", True)
    assert surface.metrics["l2"][1, 1] == pytest.approx(source[0].weight.norm().item(), rel=1e-6)  # type: ignore[operator, index, union-attr]


def test_a_line_of_ones_own_is_a_profile() -> None:
    assert own("--data", "own_nets:data", "--view", "line", "-o", "line.h5").exit_code == 0
    assert load("line.h5").kind == "line"


def path_of_checkpoints(folder: str) -> list[dict[str, torch.Tensor]]:
    """Three recorded states on a line that bends, the last one trained no further."""
    sys.path.insert(0, ".")
    model = make_model("own_nets:make").eval()
    recorder = PathRecorder(model, steps=[0, 5, 9], folder=folder)
    states = []
    for step in range(10):
        with torch.no_grad():
            model[0].weight[step % 5].add_(0.1 * step)  # type: ignore[operator, index, union-attr]
            model[1].running_mean.add_(0.01)  # type: ignore[operator, index, union-attr]
        recorder.record(step)
        states.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
    return [states[step] for step in (0, 5, 9)]


@pytest.mark.parametrize("view", ["corridor", "path-plane"])
def test_recorded_checkpoints_of_ones_own_are_measured_each_with_its_own_statistics(view: str) -> None:
    states = path_of_checkpoints("path")
    result = own("--data", "own_nets:data", "--checkpoints", "path", "--view", view, "-o", "path.h5", "--extent", "1")
    assert result.exit_code == 0, result.output
    surface = load("path.h5")
    assert isinstance(surface, Surface)
    assert surface.trajectory is not None
    assert surface.trajectory.step.tolist() == [0, 5, 9]
    for state, loss in zip(states, surface.trajectory.loss, strict=True):
        torch.save(state, "one.pt")
        alone = open_solution("own_nets:make", data="own_nets:data", weights="one.pt").objective.at_centre()[
            "train_loss"
        ]
        assert loss == pytest.approx(alone, rel=1e-6)


def test_repeats_of_a_plane_of_ones_own_hold_a_band() -> None:
    assert own("--data", "own_nets:data", "--repeats", "2", "--extent", "1", "-o", "band.h5").exit_code == 0
    surface = load("band.h5")
    assert isinstance(surface, Surface)
    assert (surface.metrics["train_loss_low"] <= surface.metrics["train_loss_high"]).all()


def test_a_picture_of_ones_own_keeps_what_was_measured_beside_it(tmp_path: Path) -> None:
    arguments = ["render", "--model", "own_nets:make", "--data", "own_nets:data", "-o", "mine.pdf", *GRID]
    result = landscape(*arguments)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == ["mine.h5", "mine.pdf"]
    made = (tmp_path / "mine.h5").stat().st_mtime_ns
    assert landscape(*arguments).exit_code == 0
    assert (tmp_path / "mine.h5").stat().st_mtime_ns == made


def test_two_files_of_weights_are_connected(tmp_path: Path) -> None:
    first, *_, last = path_of_checkpoints("path")
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


NONSENSE: list[tuple[list[str], int, str]] = [
    (["--model", "no_nets:make", "--data", "own_nets:data"], 2, "there is no module 'no_nets' here"),
    (["--model", "own_nets:mak", "--data", "own_nets:data"], 2, "own_nets has no 'mak'; it has make, data"),
    (["--model", "own_failing:make", "--data", "own_nets:data"], 1, "importing own_failing raised ModuleNotFoundError"),
    (["--model", "own_nets:seven", "--data", "own_nets:data"], 2, "is int, expected a function without arguments"),
    (["--model", "own_nets:model", "--data", "own_nets:data"], 2, "is Sequential, expected a function without"),
    (["--model", "own_nets:returns_seven", "--data", "own_nets:data"], 2, "returned int, expected a torch.nn.Module"),
    (["--model", "own_nets:broken", "--data", "own_nets:data"], 1, "own_nets:broken() raised KeyError: 'three"),
    (["--model", "own_nets:make", "--data", "own_nets:broken"], 1, "(own_nets.py, line 27)"),
    (["--model", "own_nets:make", "--data", "own_nets:nothing"], 2, "returned None, expected training data"),
    (["--model", "own_nets:make", "--data", "own_nets:wrong"], 2, "unknown arguments ['losss']; expected data, loss"),
    (["--model", "own_nets:make", "--data", "data"], 2, "expected package.module:factory, got 'data'"),
    (["--model", "own_nets:make"], 2, "say which data: --data package.module:factory"),
    (["--model", "own_nets:make", "--data", "own_nets:data", "--weights", "no.pt"], 1, "there is no file no.pt"),
    (
        ["--model", "own_nets:make", "--data", "own_nets:data", "--view", "corridor"],
        2,
        "give a folder of its checkpoint",
    ),
    (["--model", "own_nets:make", "--data", "own_nets:data", "--checkpoints", "none"], 1, "there is no folder none"),
    (["--model", "own_nets:make", "--data", "own_nets:data", "--repeats", "0"], 2, "repeats are 1 or more"),
    (["--model", "own_nets:make", "--data", "own_nets:data", "--batchnorm", "new"], 2, "expected frozen or reestimate"),
    (["--model", "own_nets:make", "--data", "own_nets:shuffled", "--stream"], 2, "shuffle=False"),
    (["--model", "wide", "--data", "own_nets:data"], 2, "go with --model package.module:factory, not with 'wide'"),
]


@pytest.mark.parametrize(("arguments", "status", "message"), NONSENSE)
def test_what_cannot_be_is_said_in_one_line(arguments: list[str], status: int, message: str, tmp_path: Path) -> None:
    result = landscape("sample", *arguments, "-o", "new.h5", *GRID)
    assert result.exit_code == status, result.output
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert len([line for line in result.stderr.splitlines() if line.startswith("Error:")]) == 1
    assert not (tmp_path / "new.h5").exists()
