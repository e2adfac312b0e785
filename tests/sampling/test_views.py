"""Views of a solution: each is the subspace its name says, and what was sampled is found again."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from problems import examples, small_cnn, small_mlp

from landscape.errors import FileError, InputError
from landscape.objective.objective import Objective
from landscape.records.limits import Limit, Rule
from landscape.records.sampled import Surface
from landscape.sampling.extent import choose_extent
from landscape.sampling.grid import sample
from landscape.sampling.solutions import Solution, member_of
from landscape.sampling.views import check_view, extent_of, sample_view, subspace_of, subspace_through
from landscape.space.affine import Plane, random_line, random_plane
from landscape.space.directions import cosine
from landscape.space.paths import TrainingPath
from landscape.train.networks import NetworkConfig
from landscape.train.runs import Run, RunConfig, ensure_run
from landscape.train.training import Recipe

QUIET: dict[str, Any] = {"rays": 0, "progress": False, "strategy": "loop"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    data = {"name": "digits", "num_train": 40}
    config = RunConfig(NetworkConfig("mlp", 3), data, Recipe(steps=8, checkpoints=4), members=2)
    return ensure_run("small", config, runs=tmp_path_factory.mktemp("runs"), progress=False)


def network(seed: int = 0) -> Solution:
    return Solution(Objective(small_mlp(seed=seed), examples(12), name=f"net-{seed}"))


def along_a_path() -> Solution:
    """Three networks as the checkpoints of a path."""
    objectives = [network(seed).objective for seed in (0, 1, 2)]
    path = TrainingPath(np.array([0.0, 1.0, 5.0]), [objective.centre for objective in objectives], [{}] * 3, "saved")
    return Solution(objectives[-1], read_path=lambda: path)


def test_planes_and_lines_are_the_random_ones_of_their_seed() -> None:
    solution = network()
    draw: dict[str, Any] = {"seed": 3, "normalize": "layer", "ignore": "nothing"}
    assert subspace_of(solution, "plane", **draw).recipe == random_plane(solution.objective, **draw).recipe
    assert subspace_of(solution, "line", **draw).recipe == random_line(solution.objective, **draw).recipe


def test_an_orthogonal_plane_has_axes_at_right_angles_and_keeps_its_directions_if_asked() -> None:
    plane = subspace_of(network(), "plane", orthogonal=True, keep=True)
    assert isinstance(plane, Plane)
    assert cosine(*plane.directions) == pytest.approx(0, abs=1e-12)
    assert len(plane.arrays) == 2


def test_views_of_the_path_start_where_training_started_and_end_at_the_solution() -> None:
    solution = along_a_path()
    line = subspace_of(solution, "path-line")
    start, end = (line.at(torch.tensor([[place]], dtype=torch.float64)) for place in (0.0, 1.0))
    for name, tensor in solution.path.points[0].items():
        torch.testing.assert_close(start[name][0], tensor)
        torch.testing.assert_close(end[name][0], solution.objective.centre[name])
    assert line.recipe.to_dict()["checkpoints"] == "saved"
    corridor = subspace_of(solution, "corridor", seed=4)
    assert corridor.recipe.to_dict()["seed"] == 4
    assert corridor.trail is not None
    assert subspace_of(solution, "path-plane").trail.explained == pytest.approx(1)


@pytest.mark.parametrize("view", ["corridor", "path-plane", "path-line"])
def test_a_path_is_asked_for_where_there_is_none(view: str) -> None:
    with pytest.raises(InputError, match=f"a {view} follows a training path"):
        subspace_of(network(), view)


def test_a_corridor_has_a_row_for_every_checkpoint_whatever_the_points() -> None:
    surface = sample_view(along_a_path(), "corridor", points=5, extent=1.0, **QUIET)
    assert surface.loss.shape == (3, 5)
    assert surface.axes[0].values.tolist() == [0.0, 1.0, 5.0]


def test_a_view_is_what_sample_gives_on_its_subspace() -> None:
    solution = network()
    view = sample_view(solution, "plane", seed=1, points=5, extent=0.5, **QUIET)
    subspace = random_plane(solution.objective, seed=1)
    assert view.loss.tobytes() == sample(solution.objective, subspace, points=5, extent=0.5, **QUIET).loss.tobytes()


def test_a_member_s_view_is_kept_in_the_run_and_found_again(run: Run) -> None:
    solution = member_of(run, 1)
    first = sample_view(solution, "plane", points=5, **QUIET)
    (file,) = (run.folder / "surfaces").glob("plane-1-*.h5")
    stamp = file.stat().st_mtime_ns
    again = sample_view(member_of(run, 1), "plane", points=5, **QUIET)
    assert file.stat().st_mtime_ns == stamp
    assert again.loss.tobytes() == first.loss.tobytes()
    assert first.provenance.extent == Limit(Rule.RISE, 1.0)
    straight = sample_view(solution, "plane", orthogonal=True, points=5, **QUIET)
    assert len(list((run.folder / "surfaces").glob("plane-1-*.h5"))) == 2
    assert not np.array_equal(straight.loss, first.loss)


def test_a_folder_that_cannot_be_written_names_the_option(run: Run, tmp_path: Path) -> None:
    (tmp_path / "surfaces").write_text("a file in its place")
    solution = Solution(network().objective, folder=tmp_path)
    with pytest.raises(FileError, match="give another --runs"):
        sample_view(solution, "plane", points=3, extent=1.0, **QUIET)


def test_repeats_hold_the_band_of_the_seeds_from_the_first_up() -> None:
    solution = network()
    band = sample_view(solution, "line", seed=2, repeats=2, points=5, extent=0.5, **QUIET)
    singles = [sample_view(solution, "line", seed=seed, points=5, extent=0.5, **QUIET).loss for seed in (2, 3)]
    np.testing.assert_array_equal(band.metrics["train_loss_low"], np.min(singles, axis=0))
    np.testing.assert_array_equal(band.metrics["train_loss_high"], np.max(singles, axis=0))


def test_the_extent_of_a_view_is_the_one_that_is_chosen_for_its_subspace() -> None:
    solution = network()
    assert extent_of(solution, "plane", seed=5) == choose_extent(
        solution.objective, subspace_of(solution, "plane", seed=5)
    )
    assert extent_of(along_a_path(), "path-plane").limit == Limit(Rule.NETWORKS)


def test_a_line_runs_through_two_solutions_and_a_plane_through_three() -> None:
    solutions = [network(seed) for seed in (0, 1, 2)]
    plane = subspace_through(solutions)
    surface = sample(solutions[0].objective, plane, points=3, **QUIET)
    assert isinstance(surface, Surface)
    assert surface.marks is not None
    assert surface.marks.names == ("net-0", "net-1", "net-2")
    losses = [solution.objective.at_centre()["train_loss"] for solution in solutions]
    np.testing.assert_allclose(surface.marks.loss, losses, rtol=1e-12)
    line = sample(solutions[0].objective, subspace_through(solutions[:2]), points=2, **QUIET)
    np.testing.assert_allclose(line.loss, losses[:2], rtol=1e-12)


def test_solutions_that_cannot_share_a_subspace_are_refused() -> None:
    other = Solution(Objective(small_mlp(seed=1), examples(12, seed=9)))
    with pytest.raises(InputError, match="have different data: their losses cannot be compared"):
        subspace_through([network(), other])
    with pytest.raises(InputError, match="through 2 networks and a plane through 3, got 1"):
        subspace_through([network()])
    frozen = [Solution(Objective(small_cnn(seed=seed), examples(12, (1, 6, 6)))) for seed in (0, 1)]
    with pytest.raises(InputError, match=r"batchnorm='reestimate'"):
        subspace_through(frozen)


@pytest.mark.parametrize(
    ("view", "options", "message"),
    [
        ("cube", {}, "unknown view 'cube'; expected one of plane, corridor, line, path-plane, path-line"),
        ("line", {"orthogonal": True}, "no two random directions to make orthogonal"),
        ("plane", {"checkpoints": True}, "a plane needs no checkpoints"),
        ("path-line", {"repeats": 2}, "which a path-line has not; got 2"),
        ("plane", {"repeats": 0}, "repeats are 1 or more"),
    ],
)
def test_choices_that_do_not_go_together_are_refused(view: str, options: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_view(view, **options)
