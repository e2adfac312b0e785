from pathlib import Path

import numpy as np
import pytest
import torch
from problems import examples, quadratic, small_mlp

from landscape.files.ledger import Ledger, Pieces
from landscape.measures.catalogue import Options, measure_network, missing
from landscape.measures.curvature import hessian_eigenpairs, hessian_trace
from landscape.measures.products import Product
from landscape.measures.spectrum import spectral_density
from landscape.objective.objective import Objective
from landscape.space.parameters import digest


class StoppedError(Exception):
    pass


@pytest.fixture(autouse=True)
def one_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """One vector at a time, so that products can be counted."""
    monkeypatch.setattr("landscape.measures.products._fastest", lambda plain, vectors: plain)


def stop_after(count: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Calls for products; the one after ``count`` fails."""
    taken, plain = [0], Product.__call__

    def call(product: Product, vectors: torch.Tensor) -> torch.Tensor:
        taken[0] += 1
        if taken[0] > count:
            raise StoppedError
        return plain(product, vectors)

    monkeypatch.setattr(Product, "__call__", call)
    return taken


def test_a_value_is_found_again_by_its_key_and_by_no_other(tmp_path: Path) -> None:
    Ledger(tmp_path).put({"measure": "trace", "seed": 0}, {"value": 3.0})
    again = Ledger(tmp_path)
    assert again.get({"seed": 0, "measure": "trace"}) == {"value": 3.0}
    assert again.get({"measure": "trace", "seed": 1}) is None
    assert [path.name for path in tmp_path.iterdir()] == ["measures.json"]


@pytest.mark.parametrize("content", ["", "[1, 2]", '{"a": 1}', '{"half'])
def test_a_file_that_cannot_be_read_is_measured_again(content: str, tmp_path: Path) -> None:
    (tmp_path / "measures.json").write_text(content)
    ledger = Ledger(tmp_path)
    assert "measured again" in ledger.problem
    ledger.put({"measure": "trace"}, 1.0)
    assert Ledger(tmp_path).get({"measure": "trace"}) == 1.0


def test_a_folder_that_cannot_be_written_is_said_and_no_error(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "gone")
    ledger.put({"measure": "trace"}, 1.0)
    assert "not kept" in ledger.problem
    assert ledger.get({"measure": "trace"}) == 1.0


def test_a_stopped_iteration_goes_on_and_ends_as_if_it_had_not_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("landscape.measures.curvature.DENSE_LIMIT", 0)
    objective = quadratic([float(k) ** 2 for k in range(24)])[0]
    whole = hessian_eigenpairs(objective, 3)
    with monkeypatch.context() as patch:
        total = stop_after(10**9, patch)
        hessian_eigenpairs(objective, 3)
    key = "a" * 64
    with monkeypatch.context() as patch:
        stop_after(total[0] // 2, patch)
        with pytest.raises(StoppedError):
            hessian_eigenpairs(objective, 3, pieces=Pieces(tmp_path / "part", key))
    with monkeypatch.context() as patch:
        taken = stop_after(10**9, patch)
        resumed = hessian_eigenpairs(objective, 3, pieces=Pieces(tmp_path / "part", key))
    assert taken[0] == total[0] - total[0] // 2
    torch.testing.assert_close(resumed.values, whole.values, rtol=1e-12, atol=0)


def test_stopped_probes_go_on_and_end_as_if_they_had_not_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objective = Objective(small_mlp(), examples(50))
    whole = hessian_trace(objective, num_probes=40)
    with monkeypatch.context() as patch:
        stop_after(20, patch)
        with pytest.raises(StoppedError):
            hessian_trace(objective, num_probes=40, pieces=Pieces(tmp_path / "part", "key"))
    kept = Pieces(tmp_path / "part", "key").load()["samples"]
    assert 0 < len(kept) < 40
    resumed = hessian_trace(objective, num_probes=40, pieces=Pieces(tmp_path / "part", "key"))
    assert resumed.value == pytest.approx(whole.value, rel=1e-10)
    assert Pieces(tmp_path / "part", "other").load() == {}


def test_a_stopped_density_goes_on_and_ends_as_if_it_had_not_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objective = Objective(small_mlp(), examples(50))
    whole = spectral_density(objective, num_probes=12, steps=10)
    with monkeypatch.context() as patch:
        stop_after(15, patch)
        with pytest.raises(StoppedError):
            spectral_density(objective, num_probes=12, steps=10, pieces=Pieces(tmp_path / "part", "key"))
    assert 0 < len(Pieces(tmp_path / "part", "key").load()["nodes"]) < 12
    resumed = spectral_density(objective, num_probes=12, steps=10, pieces=Pieces(tmp_path / "part", "key"))
    np.testing.assert_allclose(resumed.nodes, whole.nodes, rtol=1e-6, atol=1e-9)


def test_everything_is_measured_once_and_nothing_of_the_model_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = small_mlp(3)
    before = digest(model.state_dict().items())
    objective, options = Objective(model, examples(10)), Options(k=2, layers=True, directions=3)
    names = ("half_width", "curvature", "sharpness", "free_directions")
    first = measure_network(objective, names, options, ledger=Ledger(tmp_path))  # type: ignore[arg-type]
    assert missing(objective, names, options, Ledger(tmp_path)) == []  # type: ignore[arg-type]
    with monkeypatch.context() as patch:
        stop_after(0, patch)
        again = measure_network(objective, names, options, ledger=Ledger(tmp_path))  # type: ignore[arg-type]
    assert repr(again) == repr(first)
    assert not list(tmp_path.glob("measures/*"))
    assert list(first["curvature"]["layers"]) == ["1", "3", "5"]
    assert digest(model.state_dict().items()) == before
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())
