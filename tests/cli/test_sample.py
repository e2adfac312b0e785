"""``landscape sample``: where to look, as a user says it."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import Result
from safetensors.torch import save_file
from shell import TRAIN, landscape, mistake, output_of, recorded_path

from landscape.files.surfaces import load
from landscape.records.sampled import Profile, Surface
from landscape.sampling.factories import make_model
from landscape.sampling.solutions import open_solution
from landscape.train.runs import open_run

GRID = ["--points", "5", "--rays", "0", "--dtype", "float64", "--quiet"]


@pytest.fixture(scope="module")
def _trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("three")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        output_of(*TRAIN, "--members", "3", "--checkpoints", "5", "--quiet")
    return folder


def sample(*words: str) -> Result:
    return landscape("sample", *words, *GRID)


def out(*words: str) -> str:
    return output_of("sample", *words, *GRID)


@pytest.mark.usefixtures("work")
def test_the_plane_of_the_path_tells_what_it_explains_and_misses() -> None:
    text = out("--model", "mlp-3", "--view", "path-plane", "-o", "path.h5")
    assert "% of the path's squared distance" in text
    steps = open_run("mlp-3", "runs").config["steps"]
    assert sum(line.strip().startswith(f"{step} ") for step in steps for line in text.splitlines()) == len(steps)
    found = json.loads(out("--model", "mlp-3", "--view", "path-plane", "-o", "path.h5", "--json"))
    record = load("path.h5")
    assert isinstance(record, Surface)
    assert record.trajectory is not None
    assert record.trajectory.gap is not None
    assert found["largest_gap"] == abs(record.trajectory.gap).max()
    assert found["explained"] == record.trajectory.explained
    assert found["path"]["gap"] == record.trajectory.gap.tolist()
    # the last checkpoint lies in the plane, up to the float32 in which paths are kept
    assert abs(found["path"]["gap"][-1]) < 1e-6


@pytest.mark.usefixtures("work")
def test_the_line_from_start_to_solution_ends_in_both() -> None:
    out("--model", "mlp-3:1", "--view", "path-line", "-o", "line.h5")
    line = load("line.h5")
    curves = np.genfromtxt("runs/mlp-3/curves.csv", delimiter=",", names=True)
    own = curves["train_loss"][curves["member"] == 1]
    np.testing.assert_allclose(line.loss[[0, -1]], own[[0, -1]], rtol=1e-5)


@pytest.mark.usefixtures("work")
def test_three_networks_are_marked_where_they_lie() -> None:
    names = [f"mlp-3:{member}" for member in range(3)]
    through = [word for name in names for word in ("--through", name)]
    found = json.loads(out(*through, "-o", "three.h5", "--json"))
    curves = np.genfromtxt("runs/mlp-3/curves.csv", delimiter=",", names=True)
    assert found["marks"]["names"] == names
    own = [curves["train_loss"][curves["member"] == member][-1] for member in range(3)]
    np.testing.assert_allclose(found["marks"]["loss"], own, rtol=1e-5)
    out(*through[:4], "-o", "two.h5")
    assert isinstance(load("two.h5"), Profile)


@pytest.mark.usefixtures("work")
def test_directions_are_stored_where_no_seed_draws_them_again() -> None:
    out("--model", "mlp-3", "--direction", "top", "--direction", "random", "-o", "mixed.h5")
    mixed = load("mixed.h5")
    assert [axis.unit for axis in mixed.axes] == ["L2", "filter norm"]
    assert sum(float((values**2).sum()) for values in mixed.directions[0].values()) == pytest.approx(1)
    out("--model", "mlp-3", "-o", "random.h5")
    assert load("random.h5").directions == ()
    text = ["--direction", "gradient", "--no-store-directions", "-o", "gradient.h5"]
    out("--model", "mlp-3", *text)
    assert load("gradient.h5").directions == ()


@pytest.mark.usefixtures("work")
def test_a_users_direction_and_its_way_through_li_et_als_format() -> None:
    weights = dict(open_run("mlp-3", "runs").model(0).named_parameters())
    name, tensor = next((name, tensor) for name, tensor in weights.items() if tensor.dim() > 1)
    save_file({name: torch.ones_like(tensor).detach()}, "mine.safetensors")
    out("--model", "mlp-3", "--direction", "mine.safetensors", "--direction", "mlp-3:1", "-o", "mine.h5")
    output_of("export", "mine.h5", "-o", "mine.li.h5")
    out("--model", "mlp-3", "--direction", "mine-directions.h5", "-o", "again.h5")
    first, again, li = load("mine.h5"), load("again.h5"), load("mine.li.h5")
    np.testing.assert_allclose(again.loss, first.loss, rtol=1e-12)
    np.testing.assert_array_equal(li.loss, first.loss)
    assert [axis.unit for axis in first.axes] == ["direction length"] * 2


@pytest.mark.usefixtures("work")
def test_a_corridor_along_checkpoints_in_a_folder_is_the_one_along_the_run() -> None:
    steps, path, buffers = open_run("mlp-3", "runs").path(0)
    Path("saved").mkdir(exist_ok=True)
    for index, step in enumerate(steps):
        state = {name: tensor[index].clone() for name, tensor in (path | buffers).items()}
        torch.save(state, f"saved/step-{step:.0f}.pt")
    out("--model", "mlp-3", "--view", "corridor", "-o", "own.h5")
    out("--model", "mlp-3", "--view", "corridor", "--checkpoints", "saved", "-o", "given.h5")
    np.testing.assert_array_equal(load("given.h5").loss, load("own.h5").loss)


@pytest.mark.usefixtures("work")
def test_repeats_give_a_mean_with_its_band() -> None:
    assert "mean of 2 repeats, seeds 4, 5" in out(
        "--model", "mlp-3", "--view", "corridor", "--repeats", "2", "--direction-seed", "4", "-o", "mean.h5"
    )
    mean = load("mean.h5")
    assert np.all(mean.metrics["train_loss_low"] <= mean.loss * (1 + 1e-12))
    assert np.all(mean.loss <= mean.metrics["train_loss_high"] * (1 + 1e-12))


@pytest.mark.usefixtures("work")
def test_orthogonal_directions_and_ignored_names_are_part_of_the_recipe() -> None:
    made = json.loads(out("--model", "mlp-3", "--orthogonalize", "--ignore", "*bias", "-o", "o.h5", "--json"))
    assert made["subspace"]["orthogonal"]
    assert 0 < made["subspace"]["length_kept"] <= 1
    assert made["subspace"]["ignore"] == "*bias"


NONSENSE: list[tuple[list[str], int, str]] = [
    (["--model", "nobody"], 2, "unknown model 'nobody'; expected narrow, wide, pair, or the name of a run"),
    (["--model", "mlp-3:9"], 1, "members 0 to 2, got 9"),
    (["--model", "mlp-3:x"], 2, "NAME:member"),
    ([], 2, "say which model"),
    (["--model", "pair"], 2, "-o names one file"),
    (["--model", "mlp-3", "--view", "sphere"], 2, "expected one of plane, corridor, line"),
    (["--model", "mlp-3", "--points", "1"], 2, "at least 2 points a side"),
    (["--model", "mlp-3", "--extent", "0"], 2, "the extent must be above 0"),
    (["--model", "mlp-3", "--extent", "-1"], 2, "the extent must be above 0"),
    (["--model", "mlp-3", "--extent", "nan"], 2, "the extent must be above 0"),
    (["--model", "mlp-3", "--strategy", "magic"], 2, "unknown strategy 'magic'"),
    (["--model", "mlp-3", "--normalize", "filters"], 2, "expected one of filter, layer, none"),
    (["--model", "mlp-3", "--ignore", "2d"], 2, "expected 1d, nothing"),
    (["--model", "mlp-3", "--memory", "lots"], 2, "such as 512MiB"),
    (["--model", "mlp-3", "--memory", "0"], 2, "at least one byte"),
    (["--model", "mlp-3", "--dtype", "int8"], 2, "expected float32, float64, bfloat16"),
    (["--model", "mlp-3", "--device", "toaster"], 2, "'toaster' is not available"),
    (["--model", "mlp-3", "--rays", "1"], 2, "rays are 0 (none) or at least 2 directions"),
    (["--model", "mlp-3", "--direction-seed", "-1"], 2, "must be 0 or more"),
    (["--through", "mlp-3:0"], 2, "2 networks and a plane through 3"),
    (["--through", "mlp-3:0", "--through", "pair"], 2, "pair is two networks of different width"),
    (["--through", "mlp-3:0", "--model", "mlp-3"], 2, "names all the networks"),
    (["--model", "mlp-3", "--direction", "top", "--view", "plane"], 2, "makes the view"),
    (["--model", "mlp-3", *["--direction", "random"] * 3], 2, "two directions"),
    (["--model", "mlp-3", "--direction", "missing.npz"], 1, "no file missing.npz"),
    (["--model", "mlp-3", "--direction", "random", "--orthogonalize"], 2, "for a plane"),
    (["--model", "mlp-3", "--view", "line", "--orthogonalize"], 2, "for a plane"),
    (["--model", "mlp-3", "--view", "path-plane", "--repeats", "3"], 2, "draw random directions"),
    (["--model", "mlp-3", "--repeats", "0"], 2, "1 or more"),
    (["--model", "mlp-3", "--repeats", "2", "--curvature"], 2, "leave out --repeats"),
    (["--model", "mlp-3", "--checkpoints", "saved"], 2, "needs no checkpoints"),
    (["--model", "mlp-3", "--view", "corridor", "--checkpoints", "nowhere"], 1, "no folder nowhere"),
    (["--model", "mlp-3", "--ignore", "1D"], 2, "no parameter has such a name"),
    (["--model", "mlp-3", "-o", "missing/new.h5"], 1, "create the folder first"),
]


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize(("words", "status", "message"), NONSENSE)
def test_nonsense_is_one_line(words: list[str], status: int, message: str) -> None:
    small = [word for k in range(0, len(GRID), 2) if GRID[k] not in words for word in GRID[k : k + 2]]
    place = [] if "-o" in words else ["-o", "nonsense.h5"]
    assert message in mistake("sample", *words, *place, *small, status=status)
    assert not Path("nonsense.h5").exists()


@pytest.mark.usefixtures("work")
def test_curvature_joins_the_surface_and_stays_when_it_is_sampled_again() -> None:
    out("--model", "mlp-3", "-o", "plain.h5")
    for _ in range(2):
        out("--model", "mlp-3", "--curvature", "-o", "plain.h5")
    curved = load("plain.h5")
    assert np.isfinite(curved.metrics["hessian_top"]).all()
    assert (curved.metrics["hessian_bottom"] <= curved.metrics["hessian_top"]).all()
    out("--model", "mlp-3", "-o", "plain.h5")
    again = load("plain.h5")
    assert list(again.metrics) == list(curved.metrics)
    np.testing.assert_array_equal(again.metrics["hessian_trace"], curved.metrics["hessian_trace"])
    out("--model", "mlp-3", "--direction", "gradient", "--curvature", "-o", "slope.h5")
    line = load("slope.h5")
    assert isinstance(line, Profile)
    np.testing.assert_allclose(line.metrics["hessian_top"][2], curved.metrics["hessian_top"][2, 2], rtol=1e-9)


@pytest.mark.usefixtures("work")
def test_a_complete_file_stays_as_it_is_and_one_of_another_recipe_is_refused() -> None:
    text = out("--model", "mlp-3", "-o", "stays.h5")
    assert "measured 25 of 25 points" in text
    before = Path("stays.h5").read_bytes()
    assert "measured 25 of 25 points" in out("--model", "mlp-3", "-o", "stays.h5")
    message = mistake("sample", "--model", "mlp-3:1", "-o", "stays.h5", *GRID, status=1)
    assert "differs in weights" in message
    assert "--force" in message
    assert Path("stays.h5").read_bytes() == before


@pytest.mark.usefixtures("work")
def test_files_are_named_after_the_run_and_the_view() -> None:
    assert out("--model", "mlp-3:1", "--view", "line").startswith("mlp-3-line.h5: line of mlp-3:1")
    assert load("mlp-3-line.h5").kind == "line"
    assert out("--model", "mlp-3", "--direction", "random").startswith("mlp-3-directions.h5: line of mlp-3:0")


@pytest.mark.usefixtures("work")
def test_directions_that_are_not_stored_are_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landscape.measures.along.STORED_BYTES", 1)
    result = sample("--model", "mlp-3", "--direction", "gradient", "-o", "large.h5")
    assert result.stderr == "directions not stored (0 MiB); --store-directions keeps them\n"
    assert load("large.h5").directions == ()


def sample_own(*words: str) -> str:
    return output_of("sample", "--model", "own_nets:make", *words, "--points", "3", "--rays", "2", "--quiet")


@pytest.mark.usefixtures("nets")
def test_a_users_model_is_sampled_kept_and_measured() -> None:
    text = sample_own("--data", "own_nets:both")
    assert text.startswith("make.h5: plane of own_nets:make, measured 9 of 9 points")
    surface = load("make.h5")
    assert set(surface.metrics) == {"train_loss", "train_accuracy", "test_loss", "test_accuracy"}
    assert surface.provenance.identity.batchnorm == "frozen"
    assert json.loads(output_of("measure", "make.h5", "--json"))["P"] == 4 * 5 + 5 + 10 + 18


@pytest.mark.usefixtures("nets")
def test_weights_options_and_subsets_reach_the_file() -> None:
    sys.path.insert(0, ".")
    source = make_model("own_nets:make").eval()
    with torch.no_grad():
        source[0].weight.mul_(2)  # type: ignore[operator, index, union-attr]
    torch.save({"state_dict": {f"module.{name}": t for name, t in source.state_dict().items()}}, "net.pt")
    arguments = ("--data", "own_nets:options", "--weights", "net.pt", "-o", "a.h5", "--batchnorm", "reestimate")
    text = sample_own(*arguments, "--num-examples", "20")
    assert "on 20 of 40 training examples: standard error of the loss at the centre" in text
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


@pytest.mark.usefixtures("nets")
def test_a_line_of_a_users_model_is_a_profile() -> None:
    sample_own("--data", "own_nets:data", "--view", "line", "-o", "line.h5")
    assert load("line.h5").kind == "line"


@pytest.mark.usefixtures("nets")
@pytest.mark.parametrize("view", ["corridor", "path-plane"])
def test_recorded_checkpoints_of_a_users_model_are_measured_each_with_its_own_statistics(view: str) -> None:
    states = recorded_path("path")
    sample_own("--data", "own_nets:data", "--checkpoints", "path", "--view", view, "-o", "path.h5", "--extent", "1")
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


@pytest.mark.usefixtures("nets")
def test_repeats_of_a_plane_of_a_users_model_hold_a_band() -> None:
    sample_own("--data", "own_nets:data", "--repeats", "2", "--extent", "1", "-o", "band.h5")
    surface = load("band.h5")
    assert isinstance(surface, Surface)
    assert (surface.metrics["train_loss_low"] <= surface.metrics["train_loss_high"]).all()


PATH = ["--view", "corridor", "--checkpoints", "none"]
OWN_NONSENSE: list[tuple[list[str], int, str]] = [
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
    (["--model", "own_nets:make", "--data", "own_nets:data", *PATH], 1, "there is no folder none"),
    (["--model", "own_nets:make", "--data", "own_nets:data", "--repeats", "0"], 2, "repeats are 1 or more"),
    (["--model", "own_nets:make", "--data", "own_nets:data", "--batchnorm", "new"], 2, "expected frozen or reestimate"),
    (["--model", "own_nets:make", "--data", "own_nets:shuffled", "--stream"], 2, "shuffle=False"),
    (["--model", "wide", "--data", "own_nets:data"], 2, "go with --model package.module:factory, not with 'wide'"),
]


@pytest.mark.usefixtures("nets")
@pytest.mark.parametrize(("words", "status", "message"), OWN_NONSENSE)
def test_what_a_users_model_cannot_be_is_said_in_one_line(words: list[str], status: int, message: str) -> None:
    small = ("-o", "new.h5", "--points", "3", "--rays", "2", "--quiet")
    assert message in mistake("sample", *words, *small, status=status)
    assert not Path("new.h5").exists()
