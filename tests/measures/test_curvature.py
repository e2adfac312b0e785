import numpy as np
import pytest
import torch
from problems import examples, quadratic, small_cnn, small_mlp
from scipy.special import ndtr
from torch import Tensor, nn
from torch.func import functional_call, hessian

from landscape.errors import InputError
from landscape.measures.curvature import End, hessian_eigenpairs, hessian_extremes, hessian_trace
from landscape.measures.products import Product, hessian_product
from landscape.measures.spectrum import spectral_density
from landscape.objective.objective import Objective
from landscape.space.parameters import digest

SPECTRUM = (0.0, 0.0, 0.01, 0.5, 0.9, 1.0, 1.0, 2.0, 4.0, 30.0, 100.0, 1000.0)


def dense(model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
    names = [name for name, _ in model.named_parameters()]
    shapes = [tensor.shape for tensor in model.parameters()]

    def loss(flat: Tensor) -> Tensor:
        parts = flat.split([shape.numel() for shape in shapes])
        state = {name: part.view(shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
        return nn.functional.cross_entropy(functional_call(model, state, (inputs,)), targets)

    return hessian(loss)(nn.utils.parameters_to_vector(model.parameters()).detach())


@pytest.fixture(params=["dense", "lanczos"])
def method(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "lanczos":
        monkeypatch.setattr("landscape.measures.curvature.DENSE_LIMIT", 0)


@pytest.mark.usefixtures("method")
@pytest.mark.parametrize("k", [1, 4, 12])
@pytest.mark.parametrize("which", ["top", "bottom"])
def test_the_prescribed_spectrum_is_found(k: int, which: End) -> None:
    found = hessian_eigenpairs(quadratic(SPECTRUM)[0], k, which=which)
    expected = torch.tensor(sorted(SPECTRUM, reverse=which == "top")[:k], dtype=torch.float64)
    # a residual of the tolerance times the largest eigenvalue, twice for the shift
    torch.testing.assert_close(found.values, expected, rtol=1e-10, atol=1e-9)
    assert found.vectors.shape == (k, 12)
    assert found.residuals.max() < 1e-8
    assert found.num_negative == 0


@pytest.mark.usefixtures("method")
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")
@pytest.mark.parametrize("which", ["top", "bottom"])
def test_agrees_with_the_dense_hessian_of_a_network(which: End) -> None:
    model, data = small_mlp(), examples(50)
    expected = torch.linalg.eigvalsh(dense(model, *data))
    found = hessian_eigenpairs(Objective(model, data), 5, which=which)
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
    top, bottom = hessian_extremes(saddle, 3)
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
    original = Product.__call__
    monkeypatch.setattr(Product, "__call__", lambda self, rows: taken.append(rows) or original(self, rows))
    top, bottom = hessian_extremes(objective, 3)
    # with those that chose how to take them
    assert sum(rows.numel() for rows in taken) < 300 * objective.P
    expected = spectrum.sort().values
    assert ((top.values - expected.flip(0)[:3]).abs() <= top.residuals + 1e-12).all()
    assert top.residuals.max() <= 1.1e-8 * 13
    assert bottom.residuals.max() <= 1.1e-3 * 13
    assert (bottom.values[0] - expected[0]).abs() <= 1e-3 * 13


def weighted_square(outputs: Tensor, targets: Tensor) -> Tensor:
    return 0.5 * (outputs.square() * targets).sum(dim=1).mean()


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")
def test_the_trace_is_exact_or_within_its_error() -> None:
    model, data = small_mlp(), examples(50)
    objective = Objective(model, data)
    expected = dense(model, *data).trace().item()
    exact = hessian_trace(objective, num_probes=objective.P)
    assert exact.value == pytest.approx(expected, rel=1e-10)
    assert (exact.exact, exact.standard_error, exact.num_probes) == (True, 0.0, objective.P)
    sampled = hessian_trace(objective, num_probes=objective.P - 1)
    assert not sampled.exact
    assert 0 < sampled.standard_error < 0.2 * expected
    assert abs(sampled.value - expected) < 3 * sampled.standard_error


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")
def test_trained_weights_agree_with_the_dense_hessian() -> None:
    model, data = trained(small_mlp(12), examples(80))
    objective, exact = Objective(model, data), torch.linalg.eigvalsh(dense(model, *data))
    assert objective.P <= 500
    for found, wanted in zip(hessian_extremes(objective, 5), (exact.flip(0)[:5], exact[:5]), strict=True):
        torch.testing.assert_close(found.values, wanted, rtol=1e-6, atol=0)
    trace = hessian_trace(objective, num_probes=200)
    assert not trace.exact
    assert abs(trace.value - float(exact.sum())) < 3 * trace.standard_error
    density = spectral_density(objective, num_probes=32)
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


def test_the_trace_takes_as_many_probes_as_its_error_needs() -> None:
    objective, matrix = quadratic([1.0 + 0.1 * k for k in range(300)])
    rough, fine = (hessian_trace(objective, relative_error=error) for error in (0.05, 0.004))
    for found, error in ((rough, 0.05), (fine, 0.004)):
        assert found.standard_error <= error * found.value
        assert abs(found.value - matrix.trace().item()) < 3 * found.standard_error
    assert rough.num_probes < fine.num_probes < objective.P
    assert hessian_trace(objective, relative_error=1e-9).exact


def test_the_standard_error_is_that_of_repeated_estimates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landscape.measures.products.TUNING_SECONDS", 0.0)
    monkeypatch.setattr("landscape.measures.products.LONG_ENOUGH", 0.0)
    objective, matrix = quadratic([float(k) for k in range(40)])
    found = [hessian_trace(objective, num_probes=20, seed=seed) for seed in range(60)]
    spread = torch.tensor([each.value for each in found]).std().item()
    stated = torch.tensor([each.standard_error for each in found]).square().mean().sqrt().item()
    # a spread of 60 values is known to about 9 %
    assert spread == pytest.approx(stated, rel=0.3)
    covered = sum(each.estimate.low < matrix.trace().item() < each.estimate.high for each in found)
    # 95 % of 60 is 57 with a standard deviation of 1.7
    assert covered >= 52


def test_the_trace_ends_at_the_cap_where_curvatures_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landscape.measures.curvature.MAX_PROBES", 20)
    found = hessian_trace(Objective(small_mlp(), examples(50)), relative_error=1e-6)
    assert (found.num_probes, found.exact) == (20, False)


@pytest.mark.parametrize("make", [small_mlp, small_cnn])
def test_the_product_is_linear_and_symmetric(make: type[nn.Module]) -> None:
    objective = Objective(make(), examples(20, (6,) if make is small_mlp else (1, 6, 6)))
    product = hessian_product(objective)
    first, second = torch.randn(2, objective.P, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert (first @ product(second)).item() == pytest.approx((second @ product(first)).item(), rel=1e-10)
    torch.testing.assert_close(product(2 * first - second), 2 * product(first) - product(second))


def test_ragged_batches_and_chunks_give_the_same_product(monkeypatch: pytest.MonkeyPatch) -> None:
    model, (inputs, targets) = small_mlp(), examples(50)
    whole = hessian_product(Objective(model, (inputs, targets)))
    ragged = hessian_product(Objective(model, list(zip(inputs.split(17), targets.split(17), strict=True))))
    vector = torch.linspace(-1, 1, Objective(model, (inputs, targets)).P, dtype=torch.float64)
    expected = whole(vector)
    torch.testing.assert_close(ragged(vector), expected, rtol=1e-10, atol=1e-14)
    monkeypatch.setattr("landscape.measures.products.CHUNK", 7)
    chunked = hessian_product(Objective(model, (inputs, targets)))
    torch.testing.assert_close(chunked(vector), expected, rtol=1e-10, atol=1e-14)


def test_the_model_is_bit_identical_afterwards() -> None:
    model = small_mlp(dtype=torch.float32)
    before = digest(model.state_dict().items())
    objective = Objective(model, examples(20, dtype=torch.float32))
    assert hessian_eigenpairs(objective, 2).values.dtype == torch.float64
    hessian_trace(objective)
    assert digest(model.state_dict().items()) == before
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())


def test_refuses_what_it_cannot_measure() -> None:
    objective, _ = quadratic(SPECTRUM)
    with pytest.raises(InputError, match="k must be from 1 to P = 12"):
        hessian_eigenpairs(objective, 13)
    with pytest.raises(InputError, match="which must be"):
        hessian_eigenpairs(objective, which="middle")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="relative_error must be above 0"):
        hessian_trace(objective, relative_error=0)
    with pytest.raises(InputError, match="num_probes must be at least 2"):
        hessian_trace(objective, num_probes=1)
    with pytest.raises(InputError, match="length 12"):
        hessian_product(objective)(torch.ones(3))
