from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from interruptions import StoppedError, stop_after
from problems import examples, quadratic, small_cnn, small_mlp
from scipy.special import ndtr

from landscape.errors import InputError
from landscape.files.ledger import Pieces
from landscape.measures.matrix import gauss_newton, hessian
from landscape.measures.spectrum import spectral_density
from landscape.objective.objective import Objective
from landscape.records.base import FloatArray

# forward mode warns of itself
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")


def eigenvalues(objective: Objective) -> FloatArray:
    return np.asarray(torch.linalg.eigvalsh(hessian(objective).form()).numpy())


def test_an_exhausted_krylov_space_stops_without_harm() -> None:
    objective, _ = quadratic([2.0] * 6)
    found = spectral_density(hessian(objective), num_probes=4, steps=6)
    np.testing.assert_allclose(found.moment(1), (12.0, 0.0), atol=1e-9)
    np.testing.assert_allclose(found.cumulative([1.0, 3.0], sigma=1e-3), [0.0, 1.0], atol=1e-9)


@pytest.mark.parametrize("network", ["mlp", "cnn"])
def test_the_density_agrees_with_the_dense_spectrum_within_its_error(network: str) -> None:
    model, shape = (small_mlp(8), (6,)) if network == "mlp" else (small_cnn(), (1, 6, 6))
    objective = Objective(model, examples(60, shape))
    exact = eigenvalues(objective)
    found = spectral_density(hessian(objective), error=0.02, steps=60)
    assert found.error <= 0.02
    grid = found.grid(200)
    expected = ndtr((grid[:, None] - exact) / found.sigma).mean(axis=1)
    # the largest of many points: four standard errors
    assert np.abs(found.cumulative(grid) - expected).max() < 4 * found.error
    assert np.trapezoid(found.density(grid), grid) == pytest.approx(1, abs=1e-3)
    for order, value in ((1, exact.sum()), (2, (exact**2).sum())):
        mean, error = found.moment(order)
        assert abs(mean - value) < 4 * error


def test_more_exactness_takes_more_probes() -> None:
    objective = Objective(small_mlp(8), examples(60))
    rough, fine = (spectral_density(hessian(objective), error=error, steps=20) for error in (0.05, 0.015))
    assert len(rough.nodes) < len(fine.nodes)
    assert fine.error <= 0.015


def test_the_gauss_newton_spectrum_has_nothing_below_zero() -> None:
    objective = Objective(small_mlp(), examples(50))
    assert eigenvalues(objective).min() < -1e-3
    found = spectral_density(gauss_newton(objective), num_probes=3, steps=30)
    assert found.nodes[found.weights > 1e-12].min() > -1e-9


def test_refuses_what_gives_no_error() -> None:
    objective, _ = quadratic([1.0, 2.0])
    for wrong in ({"error": 0.0}, {"num_probes": 1}, {"steps": 1}):
        with pytest.raises(InputError, match="2 probes and 2 steps"):
            spectral_density(hessian(objective), **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(("choice", "products"), [({"num_probes": 12}, 15), ({"error": 0.02}, 25)])
def test_a_stopped_density_goes_on_and_ends_as_if_it_had_not_stopped(
    choice: dict[str, Any], products: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = hessian(Objective(small_mlp(), examples(50)))
    monkeypatch.setattr("landscape.measures.matrix._fastest", lambda matrix, vectors: matrix)
    whole = spectral_density(matrix, steps=10, **choice)
    with monkeypatch.context() as patch:
        stop_after(products, patch)
        with pytest.raises(StoppedError):
            spectral_density(matrix, steps=10, **choice, pieces=Pieces(tmp_path / "part", "key"))
    assert 0 < len(Pieces(tmp_path / "part", "key").load()["nodes"]) < len(whole.nodes)
    resumed = spectral_density(matrix, steps=10, **choice, pieces=Pieces(tmp_path / "part", "key"))
    np.testing.assert_allclose(resumed.nodes, whole.nodes, rtol=1e-6, atol=1e-9)
