from pathlib import Path

import numpy as np
import pytest
import torch
from interruptions import StoppedError, stop_after
from problems import dense_hessian, examples, half_square, quadratic, small_mlp
from scipy.special import ndtr
from torch import Tensor, nn

from landscape.errors import InputError
from landscape.files.ledger import Pieces
from landscape.measures.eigenvalues import End, eigenpairs, extreme_eigenpairs
from landscape.measures.matrix import CurvatureMatrix, gauss_newton, hessian
from landscape.measures.spectrum import spectral_density
from landscape.measures.trace import trace
from landscape.objective.objective import Objective
from landscape.space.parameters import digest

SPECTRUM = (0.0, 0.0, 0.01, 0.5, 0.9, 1.0, 1.0, 2.0, 4.0, 30.0, 100.0, 1000.0)

# forward mode warns of itself
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")


@pytest.fixture(params=["dense", "lanczos"])
def method(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "lanczos":
        monkeypatch.setattr("landscape.measures.eigenvalues.DENSE_LIMIT", 0)


@pytest.mark.usefixtures("method")
@pytest.mark.parametrize("k", [1, 4, 12])
@pytest.mark.parametrize("which", ["top", "bottom"])
def test_the_prescribed_spectrum_is_found(k: int, which: End) -> None:
    found = eigenpairs(hessian(quadratic(SPECTRUM)[0]), k, which=which)
    expected = torch.tensor(sorted(SPECTRUM, reverse=which == "top")[:k], dtype=torch.float64)
    # a residual of the tolerance times the largest eigenvalue, twice for the shift
    torch.testing.assert_close(found.values, expected, rtol=1e-10, atol=1e-9)
    assert found.vectors.shape == (k, 12)
    assert found.residuals.max() < 1e-8
    assert found.num_negative == 0


@pytest.mark.usefixtures("method")
@pytest.mark.parametrize("which", ["top", "bottom"])
def test_agrees_with_the_dense_hessian_of_a_network(which: End) -> None:
    model, data = small_mlp(), examples(50)
    expected = torch.linalg.eigvalsh(dense_hessian(model, *data))
    found = eigenpairs(hessian(Objective(model, data)), 5, which=which)
    wanted = expected.flip(0)[:5] if which == "top" else expected[:5]
    torch.testing.assert_close(found.values, wanted, rtol=1e-8, atol=0)
    assert found.residuals.max() < 1e-9
    # random weights are no minimum
    assert found.num_negative == (0 if which == "top" else 5)


@pytest.mark.usefixtures("method")
def test_both_ends_of_a_prescribed_spectrum_come_from_one_run() -> None:
    spectrum = [*(float(k) for k in range(-3, 1)), *(0.001 * k for k in range(1, 36)), 50.0, 70.0, 70.0]
    values = torch.tensor(spectrum, dtype=torch.float64)
    matrix, unit = torch.diag(values), torch.eye(42, dtype=torch.float64)
    saddle = Objective(nn.Linear(42, 1, bias=False).double(), (unit, 42 * values[:, None]), loss=weighted_square)
    top, bottom = extreme_eigenpairs(hessian(saddle), 3)
    torch.testing.assert_close(top.values, torch.tensor([70.0, 70.0, 50.0], dtype=torch.float64), atol=1e-6, rtol=0)
    torch.testing.assert_close(bottom.values, torch.tensor([-3.0, -2, -1], dtype=torch.float64), atol=1e-6, rtol=0)
    assert bottom.num_negative == 3
    for found in (top, bottom):
        error = (found.vectors @ matrix - found.values[:, None] * found.vectors).norm(dim=1)
        torch.testing.assert_close(found.residuals, error, rtol=1e-6, atol=1e-10)


def test_the_ends_are_within_their_residuals_in_a_fraction_of_the_products(monkeypatch: pytest.MonkeyPatch) -> None:
    spectrum = torch.cat([torch.linspace(0, 1, 795, dtype=torch.float64).square(), torch.tensor([2.0, 3, 5, 8, 13])])
    objective = quadratic(spectrum.tolist())[0]
    taken = []
    original = CurvatureMatrix.__call__
    monkeypatch.setattr(CurvatureMatrix, "__call__", lambda self, rows: taken.append(rows) or original(self, rows))
    top, bottom = extreme_eigenpairs(hessian(objective), 3)
    # with those that chose how to take them
    assert sum(rows.numel() for rows in taken) < 300 * objective.P
    expected = spectrum.sort().values
    assert ((top.values - expected.flip(0)[:3]).abs() <= top.residuals + 1e-12).all()
    assert top.residuals.max() <= 1.1e-8 * 13
    assert bottom.residuals.max() <= 1.1e-3 * 13
    assert (bottom.values[0] - expected[0]).abs() <= 1e-3 * 13


def weighted_square(outputs: Tensor, targets: Tensor) -> Tensor:
    return 0.5 * (outputs.square() * targets).sum(dim=1).mean()


def test_trained_weights_agree_with_the_dense_hessian() -> None:
    model, data = trained(small_mlp(12), examples(80))
    objective, exact = Objective(model, data), torch.linalg.eigvalsh(dense_hessian(model, *data))
    assert objective.P <= 500
    for found, wanted in zip(extreme_eigenpairs(hessian(objective), 5), (exact.flip(0)[:5], exact[:5]), strict=True):
        torch.testing.assert_close(found.values, wanted, rtol=1e-6, atol=0)
    total = trace(hessian(objective), num_probes=200)
    assert not total.exact
    assert abs(total.value - float(exact.sum())) < 3 * total.standard_error
    density = spectral_density(hessian(objective), num_probes=32)
    value, error = density.moment(1)
    assert abs(value - float(exact.sum())) < 3 * error
    # the share of eigenvalues below a level, smoothed alike, within the stated error everywhere
    grid = density.grid(200)
    shares = ndtr((grid[:, None] - exact.numpy()) / density.sigma).mean(axis=1)
    assert np.abs(density.cumulative(grid) - shares).max() < 3 * density.error


def trained(model: nn.Module, data: tuple[Tensor, Tensor]) -> tuple[nn.Module, tuple[Tensor, Tensor]]:
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    for _ in range(150):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(data[0]), data[1]).backward()
        optimizer.step()
    return model, data


def test_the_model_is_bit_identical_afterwards() -> None:
    model = small_mlp(dtype=torch.float32)
    before = digest(model.state_dict().items())
    objective = Objective(model, examples(20, dtype=torch.float32))
    assert eigenpairs(hessian(objective), 2).values.dtype == torch.float64
    trace(hessian(objective))
    assert digest(model.state_dict().items()) == before
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())


def test_a_stopped_iteration_goes_on_and_ends_as_if_it_had_not_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("landscape.measures.eigenvalues.DENSE_LIMIT", 0)
    matrix = hessian(quadratic([float(k) ** 2 for k in range(24)])[0])
    with monkeypatch.context() as patch:
        calls = stop_after(10**9, patch)
        whole = eigenpairs(matrix, 3)
    total = calls[0]
    with monkeypatch.context() as patch:
        stop_after(total // 2, patch)
        with pytest.raises(StoppedError):
            eigenpairs(matrix, 3, pieces=Pieces(tmp_path / "part", "a" * 64))
    with monkeypatch.context() as patch:
        calls = stop_after(10**9, patch)
        resumed = eigenpairs(matrix, 3, pieces=Pieces(tmp_path / "part", "a" * 64))
    assert calls[0] == total - total // 2
    torch.testing.assert_close(resumed.values, whole.values, rtol=1e-12, atol=0)


def test_without_memory_for_its_vectors_either_end_comes_from_a_restarted_iteration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("landscape.measures.eigenvalues.DENSE_LIMIT", 0)
    top, bottom = extreme_eigenpairs(hessian(quadratic(SPECTRUM)[0], memory=8 * 12 * 11), 2)
    torch.testing.assert_close(top.values, torch.tensor([1000.0, 100.0], dtype=torch.float64), rtol=1e-10, atol=0)
    torch.testing.assert_close(bottom.values, torch.zeros(2, dtype=torch.float64), rtol=0, atol=1e-9)


def test_the_gauss_newton_matrix_of_a_linear_model_has_the_eigenvalues_of_its_hessian() -> None:
    objective = quadratic(SPECTRUM)[0]
    assert objective.loss is half_square
    values = eigenpairs(gauss_newton(objective), 12).values
    torch.testing.assert_close(values, eigenpairs(hessian(objective), 12).values, rtol=1e-10, atol=1e-10)


def test_refuses_what_it_cannot_measure() -> None:
    matrix = hessian(quadratic(SPECTRUM)[0])
    for k in (0, 13):
        with pytest.raises(InputError, match=f"k must be from 1 to P = 12, got {k}"):
            eigenpairs(matrix, k)
        with pytest.raises(InputError, match=f"k must be from 1 to P = 12, got {k}"):
            extreme_eigenpairs(matrix, k)
    with pytest.raises(InputError, match="which must be"):
        eigenpairs(matrix, which="middle")  # type: ignore[arg-type]
