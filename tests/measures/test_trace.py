from pathlib import Path

import pytest
import torch
from interruptions import StoppedError, stop_after
from problems import dense_hessian, examples, quadratic, small_mlp

from landscape.errors import InputError
from landscape.files.ledger import Pieces
from landscape.measures.matrix import hessian
from landscape.measures.trace import frobenius_norm, trace
from landscape.objective.objective import Objective

# forward mode warns of itself
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")


def test_the_trace_is_exact_or_within_its_error() -> None:
    model, data = small_mlp(), examples(50)
    objective = Objective(model, data)
    expected = dense_hessian(model, *data).trace().item()
    exact = trace(hessian(objective), num_probes=objective.P)
    assert exact.value == pytest.approx(expected, rel=1e-10)
    assert (exact.exact, exact.standard_error, exact.num_probes) == (True, 0.0, objective.P)
    sampled = trace(hessian(objective), num_probes=objective.P - 1)
    assert not sampled.exact
    assert 0 < sampled.standard_error < 0.2 * expected
    assert abs(sampled.value - expected) < 3 * sampled.standard_error


def test_the_trace_takes_as_many_probes_as_its_error_needs() -> None:
    objective, matrix = quadratic([1.0 + 0.1 * k for k in range(300)])
    rough, fine = (trace(hessian(objective), relative_error=error) for error in (0.05, 0.004))
    for estimate, error in ((rough, 0.05), (fine, 0.004)):
        assert estimate.standard_error <= error * estimate.value
        assert abs(estimate.value - matrix.trace().item()) < 3 * estimate.standard_error
    assert rough.num_probes < fine.num_probes < objective.P
    assert trace(hessian(objective), relative_error=1e-9).exact


def test_the_standard_error_is_that_of_repeated_estimates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landscape.measures.matrix.TUNING_SECONDS", 0.0)
    monkeypatch.setattr("landscape.measures.matrix.LONG_ENOUGH", 0.0)
    objective, matrix = quadratic([float(k) for k in range(40)])
    estimates = [trace(hessian(objective), num_probes=20, seed=seed) for seed in range(60)]
    spread = torch.tensor([estimate.value for estimate in estimates]).std().item()
    stated = torch.tensor([estimate.standard_error for estimate in estimates]).square().mean().sqrt().item()
    # a spread of 60 values is known to about 9 %
    assert spread == pytest.approx(stated, rel=0.3)
    covered = sum(estimate.estimate.low < matrix.trace().item() < estimate.estimate.high for estimate in estimates)
    # 95 % of 60 is 57 with a standard deviation of 1.7
    assert covered >= 52


def test_the_trace_ends_at_the_cap_where_curvatures_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landscape.measures.trace.MAX_PROBES", 20)
    estimate = trace(hessian(Objective(small_mlp(), examples(50))), relative_error=1e-6)
    assert (estimate.num_probes, estimate.exact) == (20, False)


def test_the_frobenius_norm_is_exact_or_within_its_error() -> None:
    model, data = small_mlp(), examples(50)
    objective = Objective(model, data)
    expected = float(dense_hessian(model, *data).norm())
    assert frobenius_norm(hessian(objective), num_probes=objective.P).value == pytest.approx(expected, rel=1e-12)
    sampled = frobenius_norm(hessian(objective), num_probes=40)
    assert 0 < sampled.standard_error < 0.3 * expected
    assert abs(sampled.value - expected) < 3 * sampled.standard_error


def test_the_trace_of_a_layer_is_its_share_of_the_whole() -> None:
    objective = Objective(small_mlp(), examples(50))
    parts = [trace(hessian(objective, parameters=f"{k}.*"), num_probes=objective.P).value for k in (1, 3, 5)]
    assert sum(parts) == pytest.approx(trace(hessian(objective), num_probes=objective.P).value, rel=1e-10)


def test_stopped_probes_go_on_and_end_as_if_they_had_not_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = hessian(Objective(small_mlp(), examples(50)))
    monkeypatch.setattr("landscape.measures.matrix._fastest", lambda matrix, vectors: matrix)
    whole = trace(matrix, num_probes=40)
    with monkeypatch.context() as patch:
        stop_after(20, patch)
        with pytest.raises(StoppedError):
            trace(matrix, num_probes=40, pieces=Pieces(tmp_path / "part", "key"))
    assert 0 < len(Pieces(tmp_path / "part", "key").load()["samples"]) < 40
    resumed = trace(matrix, num_probes=40, pieces=Pieces(tmp_path / "part", "key"))
    assert resumed.value == pytest.approx(whole.value, rel=1e-10)
    assert Pieces(tmp_path / "part", "other").load() == {}


def test_a_stopped_trace_reaches_the_error_that_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("landscape.measures.matrix._fastest", lambda matrix, vectors: matrix)
    matrix = hessian(quadratic([1.0 + 0.1 * k for k in range(300)])[0])
    whole = trace(matrix, relative_error=0.005)
    with monkeypatch.context() as patch:
        stop_after(20, patch)  # past the 16 that tell how many it takes
        with pytest.raises(StoppedError):
            trace(matrix, relative_error=0.005, pieces=Pieces(tmp_path / "part", "key"))
    resumed = trace(matrix, relative_error=0.005, pieces=Pieces(tmp_path / "part", "key"))
    assert (resumed.num_probes, resumed.value) == (whole.num_probes, pytest.approx(whole.value, rel=1e-10))


def test_refuses_what_gives_no_error() -> None:
    matrix = hessian(quadratic([1.0, 2.0])[0])
    for estimate in (trace, frobenius_norm):
        with pytest.raises(InputError, match="relative_error must be above 0"):
            estimate(matrix, relative_error=0)
        with pytest.raises(InputError, match="num_probes must be at least 2"):
            estimate(matrix, num_probes=1)
