import numpy as np
import pytest
import torch
from problems import examples, quadratic, small_cnn, small_mlp
from scipy.special import ndtr

from landscape.errors import InputError
from landscape.measures.curvature import hessian_norm, hessian_trace
from landscape.measures.lanczos import lanczos
from landscape.measures.products import hessian_product
from landscape.measures.spectrum import spectral_density
from landscape.objective.objective import Objective
from landscape.records.base import FloatArray


def eigenvalues(objective: Objective) -> FloatArray:
    dense = hessian_product(objective)(torch.eye(objective.P, dtype=torch.float64))
    return np.asarray(torch.linalg.eigvalsh((dense + dense.T) / 2).numpy())


def test_as_many_steps_as_dimensions_reproduce_the_matrix() -> None:
    _, hessian = quadratic([0.5, 1.0, 3.0, 7.0, 20.0])
    start = torch.randn(3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    values, weights, residuals = lanczos(lambda rows: rows @ hessian, start, 5).ritz()
    torch.testing.assert_close(values, torch.tensor([[0.5, 1.0, 3.0, 7.0, 20.0]] * 3, dtype=torch.float64))
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(3, dtype=torch.float64))
    assert residuals.max() < 1e-10


def test_an_exhausted_krylov_space_stops_without_harm() -> None:
    objective, _ = quadratic([2.0] * 6)
    found = spectral_density(objective, num_probes=4, steps=6)
    np.testing.assert_allclose(found.moment(1), (12.0, 0.0), atol=1e-9)
    np.testing.assert_allclose(found.cumulative([1.0, 3.0], sigma=1e-3), [0.0, 1.0], atol=1e-9)


@pytest.mark.parametrize("network", ["mlp", "cnn"])
def test_the_density_agrees_with_the_dense_spectrum_within_its_error(network: str) -> None:
    model, shape = (small_mlp(8), (6,)) if network == "mlp" else (small_cnn(), (1, 6, 6))
    objective = Objective(model, examples(60, shape))
    exact = eigenvalues(objective)
    found = spectral_density(objective, error=0.02, steps=60)
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
    rough, fine = (spectral_density(objective, error=error, steps=20) for error in (0.05, 0.015))
    assert len(rough.nodes) < len(fine.nodes)
    assert fine.error <= 0.015


def test_the_frobenius_norm_is_exact_or_within_its_error() -> None:
    objective = Objective(small_mlp(), examples(50))
    expected = float(np.sqrt((eigenvalues(objective) ** 2).sum()))
    assert hessian_norm(objective, num_probes=objective.P).value == pytest.approx(expected, rel=1e-12)
    sampled = hessian_norm(objective, num_probes=40)
    assert 0 < sampled.standard_error < 0.3 * expected
    assert abs(sampled.value - expected) < 3 * sampled.standard_error


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")
def test_the_gauss_newton_spectrum_has_nothing_below_zero() -> None:
    objective = Objective(small_mlp(), examples(50))
    assert eigenvalues(objective).min() < -1e-3
    found = spectral_density(objective, matrix="gauss-newton", num_probes=3, steps=30)
    assert found.nodes[found.weights > 1e-12].min() > -1e-9


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")
def test_agrees_with_curvlinops_on_a_network_with_convolutions() -> None:
    curvlinops = pytest.importorskip("curvlinops")
    model, (inputs, targets) = small_cnn(), examples(40, (1, 6, 6))
    objective = Objective(model, (inputs, targets))
    parameters = [p for p in model.parameters() if p.requires_grad]
    loss = torch.nn.CrossEntropyLoss(reduction="mean")
    vectors = torch.randn(objective.P, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for matrix, name in (("hessian", "HessianLinearOperator"), ("gauss-newton", "GGNLinearOperator")):
        theirs = getattr(curvlinops, name)(model, loss, parameters, [(inputs, targets)]) @ vectors
        ours = hessian_product(objective, matrix=matrix, vectors=3)(vectors.T).T  # type: ignore[arg-type]
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def test_the_trace_of_a_layer_is_its_share_of_the_whole() -> None:
    objective = Objective(small_mlp(), examples(50))
    parts = [hessian_trace(objective, parameters=f"{k}.*", num_probes=objective.P).value for k in (1, 3, 5)]
    assert sum(parts) == pytest.approx(hessian_trace(objective, num_probes=objective.P).value, rel=1e-10)


def test_refuses_what_gives_no_error() -> None:
    objective, _ = quadratic([1.0, 2.0])
    for wrong in ({"error": 0.0}, {"num_probes": 1}, {"steps": 1}):
        with pytest.raises(InputError, match="2 probes and 2 steps"):
            spectral_density(objective, **wrong)  # type: ignore[arg-type]
