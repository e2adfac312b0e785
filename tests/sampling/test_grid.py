import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from problems import examples, quadratic, small_cnn, small_mlp
from torch import Tensor, nn

from landscape.engine import plans
from landscape.engine.strategies import STRATEGIES
from landscape.errors import FileError, InputError, ObjectiveError
from landscape.files import surfaces as store
from landscape.objective.objective import Objective
from landscape.records.base import Status
from landscape.records.sampled import Profile, Surface
from landscape.sampling import grid as sampling
from landscape.sampling.grid import sample
from landscape.space.subspaces import Affine, Plane, corridor_along, line_between, random_line, random_plane

QUIET = {"progress": False, "rays": 0}


def plane_of(objective: Objective, seed: int = 0) -> Plane:
    return random_plane(objective, seed=seed)


def surface_of(objective: Objective, **options: object) -> Surface:
    surface = sample(objective, plane_of(objective), **{"points": 7, **QUIET, **options})  # type: ignore[arg-type]
    assert isinstance(surface, Surface)
    return surface


@pytest.mark.parametrize("strategy", ["auto", *STRATEGIES])
def test_sample_is_exact_on_a_quadratic(strategy: str) -> None:
    objective, hessian = quadratic([100.0, 3.0, 1.0, 0.01, 0.0])
    plane = random_plane(objective, seed=1, normalize="none")
    surface = sample(objective, plane, points=(9, 6), extent=2.0, strategy=strategy, **QUIET)  # type: ignore[arg-type]
    assert isinstance(surface, Surface)
    first, second = (direction["0.weight"][0] for direction in plane.directions)
    for i, a in enumerate(surface.alpha.values):
        for j, b in enumerate(surface.beta.values):
            point = objective.centre["0.weight"][0] + a * first + b * second
            assert surface.loss[i, j] == pytest.approx(float(0.5 * point @ hessian @ point), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("model", [small_mlp(dtype=torch.float32), small_cnn(dtype=torch.float32)])
def test_the_centre_of_a_surface_is_the_plain_loss(model: nn.Module) -> None:
    shape = (6,) if isinstance(model[0], nn.Flatten) else (1, 6, 6)  # type: ignore[index]
    objective = Objective(
        model, examples(20, shape, dtype=torch.float32), test=examples(5, shape, seed=4, dtype=torch.float32)
    )
    surface = surface_of(objective)
    for name, value in objective.at_centre().items():
        assert surface.metrics[name][3, 3] == pytest.approx(value, abs=1e-6)


def test_rows_are_alpha_and_columns_are_beta() -> None:
    objective, hessian = quadratic([1.0, 1.0], centre=[0.0, 0.0])
    along_alpha, along_beta = torch.tensor([[1.0, 0.0]]).double(), torch.tensor([[0.0, 10.0]]).double()
    plane = Plane(objective.centre, ({"0.weight": along_alpha}, {"0.weight": along_beta}))
    surface = sample(objective, plane, points=(3, 5), extent=1.0, **QUIET)  # type: ignore[arg-type]
    torch.testing.assert_close(hessian, torch.eye(2, dtype=torch.float64))
    assert surface.loss.shape == (3, 5)
    assert surface.loss[2, 2] == pytest.approx(0.5)
    assert surface.loss[1, 4] == pytest.approx(50.0)


def test_transposing_the_directions_transposes_the_surface() -> None:
    objective = Objective(small_mlp(), examples(12))
    plane = plane_of(objective)
    swapped = Plane(plane.centre, plane.directions[::-1])
    ours, theirs = (sample(objective, p, points=5, strategy="loop", **QUIET) for p in (plane, swapped))  # type: ignore[arg-type]
    np.testing.assert_allclose(ours.loss, theirs.loss.T, rtol=1e-13, atol=1e-14)


def test_zero_and_negative_losses_are_measured_values() -> None:
    model = nn.Linear(6, 1).double()
    x, _ = examples(5)
    with torch.no_grad():
        model.weight.zero_()
        model.bias.zero_()
    objective = Objective(model, (x, torch.zeros(5, 1).double()), loss=lambda outputs, _: outputs.mean())
    direction = {"weight": torch.ones(1, 6, dtype=torch.float64)}
    profile = sample(
        objective,
        Affine(objective.centre, (direction,)) and random_line(objective, normalize="none"),
        points=5,
        **QUIET,
    )  # type: ignore[arg-type]
    assert profile.complete
    assert profile.loss[2] == 0
    assert profile.loss.min() < 0


def test_a_line_gives_a_profile_with_both_ends() -> None:
    start, end = (Objective(small_mlp(seed=seed), examples(15)) for seed in (0, 1))
    profile = sample(start, line_between(start, end), points=5, **QUIET)  # type: ignore[arg-type]
    assert isinstance(profile, Profile)
    assert profile.loss[0] == pytest.approx(start.at_centre()["train_loss"], abs=1e-13)
    assert profile.loss[-1] == pytest.approx(end.at_centre()["train_loss"], abs=1e-13)


def test_a_corridor_follows_the_path_with_the_networks_own_loss() -> None:
    objectives = [Objective(small_mlp(seed=seed), examples(15)) for seed in range(3)]
    path = {name: torch.stack([o.centre[name] for o in objectives]) for name in objectives[0].centre}
    corridor = corridor_along(path, np.array([0.0, 1.0, 10.0]))
    surface = sample(objectives[-1], corridor, points=(3, 5), **QUIET)  # type: ignore[arg-type]
    assert isinstance(surface, Surface)
    assert surface.trajectory is not None
    own = [objective.at_centre()["train_loss"] for objective in objectives]
    np.testing.assert_allclose(surface.loss[:, 2], own, atol=1e-13)
    np.testing.assert_allclose(surface.trajectory.loss, own, atol=1e-13)
    chord = sum(float((path[name][1] - path[name][0]).square().sum()) for name in path) ** 0.5
    assert surface.trajectory.length[1] == pytest.approx(chord)


def test_where_the_loss_is_no_number_it_has_diverged() -> None:
    objective = Objective(small_mlp(dtype=torch.float32), examples(10, dtype=torch.float32))
    surface = surface_of(objective, extent=1e30, points=3)
    assert np.isinf(surface.loss[0, 0])
    assert np.isfinite(surface.loss[1, 1])
    assert surface.complete


def test_the_model_is_untouched_by_sampling() -> None:
    model = small_cnn()
    twin = copy.deepcopy(model)
    surface_of(Objective(model, examples(6, (1, 6, 6))))
    for (name, ours), (_, theirs) in zip(model.state_dict().items(), twin.state_dict().items(), strict=True):
        assert torch.equal(ours, theirs), name
    assert all(not module._forward_pre_hooks and not module._forward_hooks for module in model.modules())


class KilledError(Exception):
    pass


def killed_after(blocks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    done = 0
    original = sampling._Sampler._store

    def store_some(self: object, block: object, measured: object) -> None:
        nonlocal done
        if done == blocks:
            raise KilledError
        done += 1
        original(self, block, measured)  # type: ignore[arg-type]

    monkeypatch.setattr(sampling._Sampler, "_store", store_some)


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_interrupted_and_resumed_equals_uninterrupted(
    strategy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objective = Objective(small_mlp(dtype=torch.float32), examples(30, dtype=torch.float32))
    monkeypatch.setattr(plans, "CHAIN_BLOCK", 50)
    whole = surface_of(objective, path=tmp_path / "whole.h5", points=13, strategy=strategy)
    plan = plans.Plan(*_plan_of(whole))
    monkeypatch.setattr(sampling, "choose", lambda *args, **kwargs: plan)
    with monkeypatch.context() as context:
        killed_after(2, context)
        with pytest.raises(KilledError):
            surface_of(objective, path=tmp_path / "part.h5", points=13, strategy=strategy)
    part = store.load(tmp_path / "part.h5")
    assert 0 < part.num_measured < 169
    resumed = surface_of(objective, path=tmp_path / "part.h5", points=13)
    assert resumed.complete
    assert resumed.loss.tobytes() == whole.loss.tobytes()
    assert store.load(tmp_path / "part.h5").loss.tobytes() == whole.loss.tobytes()


def _plan_of(surface: Surface) -> tuple[str, int, int, int]:
    plan = plans.Plan.parse(surface.provenance.making.strategy, surface.provenance.making.block_size)
    return plan.name, plan.block, plan.examples, plan.workers


def test_a_complete_file_is_returned_without_measuring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    objective = Objective(small_mlp(), examples(10))
    first = surface_of(objective, path=tmp_path / "s.h5")
    killed_after(0, monkeypatch)
    again = surface_of(objective, path=tmp_path / "s.h5")
    assert again.loss.tobytes() == first.loss.tobytes()
    assert again.provenance.making.created == first.provenance.making.created


@pytest.mark.parametrize("change", ["seed", "weights", "data", "grid"])
def test_a_file_of_something_else_is_refused_and_kept(change: str, tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    objective = Objective(small_mlp(), examples(10))
    surface_of(objective, path=path)
    before = path.read_bytes()
    other = Objective(small_mlp(seed=int(change == "weights")), examples(10, seed=2 if change == "data" else 1))
    plane, points = random_plane(other, seed=int(change == "seed")), 9 if change == "grid" else 7
    with pytest.raises(FileError, match="holds another record"):
        sample(other, plane, points=points, path=path, **QUIET)  # type: ignore[arg-type]
    assert path.read_bytes() == before
    replaced = sample(other, plane, points=points, path=path, overwrite=True, **QUIET)  # type: ignore[arg-type]
    assert replaced.complete


def test_a_failed_write_is_found_before_anything_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed_after(0, monkeypatch)
    with pytest.raises(FileError):
        surface_of(Objective(small_mlp(), examples(10)), path=tmp_path / "missing" / "s.h5")


def test_out_of_memory_halves_the_block_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    objective = Objective(small_mlp(), examples(10))
    expected = surface_of(objective, strategy="loop")

    def greedy(objective: Objective, subspace: object, chunk: int) -> object:
        plain = STRATEGIES["loop"](objective, subspace, chunk)  # type: ignore[arg-type]

        def evaluate(coordinates: Tensor) -> Tensor:
            if len(coordinates) > 5:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return plain(coordinates)

        return evaluate

    monkeypatch.setitem(STRATEGIES, "stacked", greedy)  # type: ignore[arg-type]
    monkeypatch.setattr(sampling, "choose", lambda *args, **kwargs: plans.Plan("stacked", 16, 10))
    monkeypatch.setattr(sampling, "precision_error", lambda *args: 0.0)
    surface = surface_of(objective)
    np.testing.assert_allclose(surface.loss, expected.loss, rtol=1e-13)
    assert surface.provenance.making.block_size == 4
    lines = [line for line in capsys.readouterr().out.splitlines() if "out of memory" in line]
    assert lines == [
        "out of memory: going on with 8 points, 10 examples at a time",
        "out of memory: going on with 4 points, 10 examples at a time",
    ]


def test_an_error_that_is_not_memory_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> object:
        def evaluate(coordinates: Tensor) -> Tensor:
            raise RuntimeError("shape mismatch")

        return evaluate

    monkeypatch.setitem(STRATEGIES, "stacked", broken)  # type: ignore[arg-type]
    monkeypatch.setattr(sampling, "choose", lambda *args, **kwargs: plans.Plan("stacked", 16, 10))
    monkeypatch.setattr(sampling, "precision_error", lambda *args: 0.0)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        surface_of(Objective(small_mlp(), examples(10)))


def test_a_plan_that_cannot_shrink_says_so() -> None:
    with pytest.raises(ObjectiveError, match="out of memory"):
        plans.Plan("loop", 1, 1).half()


def test_provenance_says_what_was_measured_and_how_exactly() -> None:
    objective = Objective(small_mlp(dtype=torch.float32), examples(10, dtype=torch.float32), name="mine")
    provenance = surface_of(objective, command="landscape sample").provenance
    assert (
        provenance.identity.model,
        provenance.identity.P,
        provenance.identity.N,
        provenance.identity.K,
        provenance.identity.regime,
    ) == ("mine", objective.P, 10, 3, "over")
    assert provenance.identity.dtype == "float32"
    assert 0 <= provenance.accuracy.precision_error < 1e-5
    assert provenance.accuracy.precision_points == sampling.PRECISION_POINTS
    assert provenance.identity.subspace["kind"] == "plane"
    assert provenance.identity.subspace["seed"] == 0
    assert set(provenance.making.versions) >= {"landscape", "torch"}


def test_the_file_holds_the_record(tmp_path: Path) -> None:
    objective = Objective(small_mlp(), examples(10))
    surface = surface_of(objective, path=tmp_path / "s.h5", rays=4)
    loaded = store.load(tmp_path / "s.h5")
    assert isinstance(loaded, Surface)
    assert loaded.loss.tobytes() == surface.loss.tobytes()
    made, read = surface.provenance.making, loaded.provenance.making
    assert replace(loaded.provenance, making=replace(read, wall_time=made.wall_time)) == surface.provenance
    assert loaded.rays is not None
    assert loaded.rays.loss.shape[0] == 4
    assert np.all(loaded.status == Status.MEASURED)


def test_the_progress_line_names_network_strategy_points_and_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    objective = Objective(small_mlp(), examples(10), name="mine")
    surface_of(objective, path=tmp_path / "s.h5", strategy="loop", progress=True)
    line = capsys.readouterr().err
    assert "mine plane, loop float64 -> s.h5" in line
    assert "49/49" in line


@pytest.mark.parametrize("points", [1, 0, -3, (5, 1), ()])
def test_too_few_points_are_refused(points: int) -> None:
    objective = Objective(small_mlp(), examples(10))
    with pytest.raises(InputError, match="at least 2 points a side"):
        sample(objective, plane_of(objective), points=points, **QUIET)  # type: ignore[arg-type]


def test_the_values_equal_another_librarys_on_the_same_directions() -> None:
    pytest.importorskip("loss_landscape_3d", reason="cross-check only where loss-landscape-3d is installed")
    from loss_landscape_3d import LossLandscapeCalculator

    objective = Objective(small_cnn(dtype=torch.float32), examples(23, (1, 6, 6), dtype=torch.float32))
    plane = plane_of(objective)
    surface = sample(objective, plane, points=(7, 5), extent=1.5, **QUIET)  # type: ignore[arg-type]
    assert isinstance(surface, Surface)
    inputs, targets = examples(23, (1, 6, 6), dtype=torch.float32)
    peer = LossLandscapeCalculator(
        small_cnn(dtype=torch.float32),
        [(inputs[:10], targets[:10]), (inputs[10:20], targets[10:20]), (inputs[20:], targets[20:])],
        nn.functional.cross_entropy,
    )
    theirs = peer.calculate(
        surface.alpha.values, surface.beta.values, *plane.directions, small_cnn(dtype=torch.float32).state_dict()
    )
    np.testing.assert_allclose(surface.loss, theirs, rtol=1e-5, atol=1e-5)
    assert np.ptp(surface.loss) > 0.1


def test_an_unfinished_file_keeps_its_further_metrics(tmp_path: Path) -> None:
    objective, _ = quadratic([1.0, 2.0])
    plane = random_plane(objective, seed=0, ignore="nothing")
    path = tmp_path / "more.h5"
    whole = sample(objective, plane, points=4, extent=1.0, rays=0, path=path, progress=False)
    status = whole.status.copy()
    status[0] = Status.PENDING
    more = {**whole.metrics, "mine": np.arange(16.0).reshape(4, 4)}
    store.save(replace(whole, metrics=more, status=status), path)
    again = sample(objective, plane, points=4, extent=1.0, rays=0, path=path, tolerance=0.01, progress=False)
    assert again.complete
    np.testing.assert_array_equal(again.metrics["mine"], more["mine"])
    np.testing.assert_array_equal(again.loss, whole.loss)
