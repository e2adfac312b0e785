"""A member of a run and a model of the user's own open alike, and are alike once they are open."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import landscape as ls
from landscape.errors import InputError, RunError
from landscape.objective.objective import Objective
from landscape.sampling.solutions import Solution, member_of, open_members, open_solution, open_solutions, survivors
from landscape.train.networks import NetworkConfig
from landscape.train.runs import Run, RunConfig, ensure_run
from landscape.train.training import Recipe

# the run "small" and its data once more, as a user would write them
MODULE = """
import torch
from landscape.train.datasets import load_dataset
from landscape.train.networks import NetworkConfig, build

digits = load_dataset("digits", num_train=40)

def make():
    return build(NetworkConfig("mlp", 3), digits.in_shape, digits.K, seed=0)

def data():
    arrays = (digits.x_train, digits.y_train), (digits.x_test, digits.y_test)
    return tuple(tuple(torch.from_numpy(array) for array in part) for part in arrays)
"""
QUIET: dict[str, Any] = {"points": 5, "rays": 0, "progress": False, "strategy": "loop"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    config = RunConfig(
        NetworkConfig("mlp", 3), {"name": "digits", "num_train": 40}, Recipe(steps=8, checkpoints=4), members=3
    )
    return ensure_run("small", config, runs=tmp_path_factory.mktemp("runs"), progress=False)


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "solution_nets.py").write_text(MODULE)
    yield
    sys.modules.pop("solution_nets", None)


def save_path(run: Run, member: int, folder: Path) -> list[float]:
    """The path of a member as files; the losses of its checkpoints."""
    steps, points, _ = run.path(member)
    folder.mkdir()
    for row, step in enumerate(steps):
        save_file(
            {name: tensor[row].contiguous() for name, tensor in points.items()}, folder / f"step-{step:.0f}.safetensors"
        )
    path = member_of(run, member).path
    assert path is not None
    objective = member_of(run, member).objective
    return [objective.evaluate({n: t[None] for n, t in point.items()})["train_loss"].item() for point in path.points]


def test_a_member_and_a_model_of_ones_own_give_the_same_surface_bit_for_bit(run: Run, tmp_path: Path) -> None:
    save_file(dict(run.model(1).state_dict()), tmp_path / "net.safetensors")
    member = open_solution("small:1", runs=run.folder.parent)
    own = open_solution("solution_nets:make", data="solution_nets:data", weights="net.safetensors")
    assert own.objective.fingerprint == member.objective.fingerprint
    for view in ("plane", "line"):
        first = ls.sample_view(member, view, seed=2, extent=1.0, path=f"member-{view}.h5", **QUIET)
        second = ls.sample_view(own, view, seed=2, extent=1.0, path=f"own-{view}.h5", **QUIET)
        assert first.loss.tobytes() == second.loss.tobytes()
        assert first.metrics.keys() == second.metrics.keys()


def test_both_follow_the_same_checkpoints_to_the_last_of_them(run: Run, tmp_path: Path) -> None:
    losses = save_path(run, 2, tmp_path / "saved")
    member = open_solution("small", checkpoints="saved", runs=run.folder.parent)
    own = open_solution("solution_nets:make", data="solution_nets:data", checkpoints="saved")
    for solution in (member, own):
        assert solution.path is not None
        assert solution.path.source == "saved"
        assert solution.path.steps.tolist() == run.path(2)[0].tolist()
        assert solution.objective.at_centre()["train_loss"] == losses[-1]
    assert (member.folder, own.folder) == (run.folder, None)


def test_the_path_of_a_member_is_read_when_it_is_asked_for_and_ends_at_the_solution(run: Run) -> None:
    reads = []
    solution = open_solution("small:1", runs=run.folder.parent)
    assert solution.read_path is not None
    read = solution.read_path
    lazy = Solution(solution.objective, read_path=lambda: reads.append(1) or read())
    assert not reads
    assert lazy.path is lazy.path
    assert len(reads) == 1
    assert lazy.path is not None
    for name, tensor in lazy.path.points[-1].items():
        assert torch.equal(tensor, solution.objective.centre[name])


def test_a_model_at_hand_is_a_solution_that_is_kept_nowhere_and_has_no_path() -> None:
    x = torch.randn(6, 2, generator=torch.Generator().manual_seed(0))
    solution = Solution(Objective(torch.nn.Linear(2, 2), (x, torch.zeros(6, dtype=torch.long)), name="mine"))
    assert (solution.name, solution.folder, solution.path) == ("mine", None, None)
    assert solution.surface_path("plane", {}) is None
    assert solution.loss_only().objective.metric_names == ("train_loss",)


def test_weights_of_a_file_are_looked_at_without_the_member_s_path_or_folder(run: Run, tmp_path: Path) -> None:
    save_file(dict(run.model(2).state_dict()), tmp_path / "other.safetensors")
    solution = open_solution("small:0", weights="other.safetensors", runs=run.folder.parent)
    expected = member_of(run, 2).objective.at_centre()
    assert solution.objective.at_centre() == expected
    assert (solution.folder, solution.path) == (None, None)


def test_files_of_views_keep_the_names_they_had_before_solutions(run: Run) -> None:
    choices = {"normalize": "filter", "ignore": "1d", "seed": 0, "points": 9, "extent": 0.5}
    plain = member_of(run, 2, dtype=torch.float32)

    def name(solution: Solution, **more: int) -> str:
        path = solution.surface_path("plane", {**choices, **more})
        return "" if path is None else path.name

    assert name(plain) == "plane-2-7265cba1.h5"
    assert name(plain, repeats=3) == "plane-2-888f8d26.h5"
    assert name(replace(plain, variant={"checkpoints": "saved"})) == "plane-2-0985f938.h5"
    assert name(replace(plain, variant={"num_examples": 50})) == "plane-2-471c53d0.h5"
    assert member_of(run, batchnorm="reestimate", num_examples=30).variant == {
        "batchnorm": "reestimate",
        "num_examples": 30,
    }
    assert plain.surface_path("plane", choices).parent == run.folder / "surfaces"


def test_pair_opens_both_and_one_name_opens_one(run: Run, tmp_path: Path) -> None:
    for name, width in (("narrow", 2), ("wide", 6)):
        recipe, data = Recipe(steps=3), {"name": "digits", "num_train": 40}
        ensure_run(name, RunConfig(NetworkConfig("mlp", width), data, recipe, members=2), runs=tmp_path, progress=False)
    assert [solution.name for solution in open_solutions("pair:1", runs=tmp_path)] == ["narrow:1", "wide:1"]
    assert [solution.name for solution in open_solutions("wide", runs=tmp_path)] == ["wide:0"]
    with pytest.raises(InputError, match="pair is two networks of different width; name one, such as narrow:0"):
        open_solution("pair", runs=tmp_path)


def test_members_that_diverged_are_left_out(run: Run) -> None:
    thinned = Run(run.folder, {**run.config, "diverged": [1]})
    assert survivors(thinned) == [0, 2]
    assert survivors(thinned, 1) == [0]
    with pytest.raises(InputError, match="has 2 members that did not diverge, asked for 3"):
        survivors(thinned, 3)
    with pytest.raises(RunError, match="all 3 members of run 'small' diverged"):
        survivors(Run(run.folder, {**run.config, "diverged": [0, 1, 2]}))


def test_all_members_open_at_once_with_one_set_of_options(run: Run) -> None:
    members = open_members("small", runs=run.folder.parent, dtype=torch.float64)
    assert [(solution.name, solution.member) for solution in members] == [
        ("small:0", 0),
        ("small:1", 1),
        ("small:2", 2),
    ]
    losses = [solution.objective.at_centre()["train_loss"] for solution in members]
    np.testing.assert_allclose(losses, run.final()["train_loss"], rtol=1e-5)


@pytest.mark.parametrize(
    ("spec", "options", "message"),
    [
        ("solution_nets:make", {}, "say which data"),
        ("small", {"data": "solution_nets:data"}, "--data go with --model package.module:factory, not with 'small'"),
        ("small", {"weights": "a.pt", "checkpoints": "b"}, "the last of the --checkpoints is the solution"),
        ("small:x y", {}, "NAME or NAME:member with a number"),
        ("nobody", {}, "unknown model 'nobody'"),
    ],
)
def test_names_and_options_that_do_not_fit_are_refused(
    spec: str, options: dict[str, str], message: str, run: Run
) -> None:
    with pytest.raises(InputError, match=message):
        open_solution(spec, runs=run.folder.parent, **options)
