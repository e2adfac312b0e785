"""``landscape sample``: where to look, as a user says it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import save_file

from cli import main
from landscape.files.surfaces import load
from landscape.records.sampled import Profile, Surface
from landscape.train.runs import open_run

TRAIN = "train --family mlp --width 3 --num-train 60 --steps 15 --members 3 --checkpoints 5 --quiet"
GRID = ["--points", "5", "--rays", "0", "--quiet", "--dtype", "float64"]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trained run ``mlp-3``."""
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert CliRunner().invoke(main, TRAIN.split()).exit_code == 0
    return folder


@pytest.fixture(autouse=True)
def _inside(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(work)


def sample(*args: str) -> Result:
    return CliRunner().invoke(main, ["sample", *args, *GRID], prog_name="landscape")


def out(*args: str) -> str:
    result = sample(*args)
    assert result.exit_code == 0, result.output
    return result.stdout


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


def test_the_line_from_start_to_solution_ends_in_both() -> None:
    out("--model", "mlp-3:1", "--view", "path-line", "-o", "line.h5")
    line = load("line.h5")
    curves = np.genfromtxt("runs/mlp-3/curves.csv", delimiter=",", names=True)
    own = curves["train_loss"][curves["member"] == 1]
    np.testing.assert_allclose(line.loss[[0, -1]], own[[0, -1]], rtol=1e-5)


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


def test_a_direction_of_ones_own_and_its_way_through_li_et_als_format() -> None:
    weights = dict(open_run("mlp-3", "runs").model(0).named_parameters())
    name, tensor = next((name, tensor) for name, tensor in weights.items() if tensor.dim() > 1)
    save_file({name: torch.ones_like(tensor).detach()}, "mine.safetensors")
    out("--model", "mlp-3", "--direction", "mine.safetensors", "--direction", "mlp-3:1", "-o", "mine.h5")
    export = CliRunner().invoke(main, ["export", "mine.h5", "-o", "mine.li.h5"], prog_name="landscape")
    assert export.exit_code == 0, export.output
    out("--model", "mlp-3", "--direction", "mine-directions.h5", "-o", "again.h5")
    first, again, li = load("mine.h5"), load("again.h5"), load("mine.li.h5")
    np.testing.assert_allclose(again.loss, first.loss, rtol=1e-12)
    np.testing.assert_array_equal(li.loss, first.loss)
    assert [axis.unit for axis in first.axes] == ["direction length"] * 2


def test_a_corridor_along_checkpoints_in_a_folder_is_the_one_along_the_run() -> None:
    steps, path, buffers = open_run("mlp-3", "runs").path(0)
    Path("saved").mkdir(exist_ok=True)
    for index, step in enumerate(steps):
        state = {name: tensor[index].clone() for name, tensor in (path | buffers).items()}
        torch.save(state, f"saved/step-{step:.0f}.pt")
    out("--model", "mlp-3", "--view", "corridor", "-o", "own.h5")
    out("--model", "mlp-3", "--view", "corridor", "--checkpoints", "saved", "-o", "given.h5")
    np.testing.assert_array_equal(load("given.h5").loss, load("own.h5").loss)


def test_repeats_give_a_mean_with_its_band() -> None:
    assert "mean of 2 repeats, seeds 4, 5" in out(
        "--model", "mlp-3", "--view", "corridor", "--repeats", "2", "--direction-seed", "4", "-o", "mean.h5"
    )
    mean = load("mean.h5")
    assert np.all(mean.metrics["train_loss_low"] <= mean.loss * (1 + 1e-12))
    assert np.all(mean.loss <= mean.metrics["train_loss_high"] * (1 + 1e-12))


def test_orthogonal_directions_and_ignored_names_are_part_of_the_recipe() -> None:
    made = json.loads(out("--model", "mlp-3", "--orthogonalize", "--ignore", "*bias", "-o", "o.h5", "--json"))
    assert made["subspace"]["orthogonal"]
    assert 0 < made["subspace"]["length_kept"] <= 1
    assert made["subspace"]["ignore"] == "*bias"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--through", "mlp-3:0"], "2 networks and a plane through 3"),
        (["--through", "mlp-3:0", "--model", "mlp-3"], "names all the networks"),
        (["--model", "mlp-3", "--direction", "top", "--view", "plane"], "makes the view"),
        (["--model", "mlp-3", *["--direction", "random"] * 3], "two directions"),
        (["--model", "mlp-3", "--direction", "missing.npz"], "no file missing.npz"),
        (["--model", "mlp-3", "--direction", "random", "--orthogonalize"], "for a plane"),
        (["--model", "mlp-3", "--view", "line", "--orthogonalize"], "for a plane"),
        (["--model", "mlp-3", "--view", "path-plane", "--repeats", "3"], "draw random directions"),
        (["--model", "mlp-3", "--repeats", "0"], "1 or more"),
        (["--model", "mlp-3", "--checkpoints", "saved"], "needs no checkpoints"),
        (["--model", "mlp-3", "--view", "corridor", "--checkpoints", "nowhere"], "no folder nowhere"),
        (["--model", "mlp-3", "--ignore", "1D"], "no parameter has such a name"),
        (["--model", "mlp-3", "--view", "sphere"], "unknown view"),
    ],
)
def test_nonsense_is_one_line(words: list[str], message: str) -> None:
    result = sample(*words, "-o", "nonsense.h5")
    assert result.exit_code in (1, 2), result.output
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert not Path("nonsense.h5").exists()


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


def test_curvature_of_a_mean_over_repeats_is_refused() -> None:
    result = sample("--model", "mlp-3", "--repeats", "2", "--curvature")
    assert result.exit_code == 2
    assert "leave out --repeats" in result.output
