import pytest
import torch
from problems import examples, quadratic, small_cnn, small_mlp
from torch import nn
from torch.func import functional_call, jacrev

from landscape.errors import InputError
from landscape.measures.matrix import CurvatureMatrix, gauss_newton, hessian
from landscape.objective.objective import Objective


def ways(objective: Objective) -> list[CurvatureMatrix]:
    """Every way to compute the same Hessian products."""
    names = tuple(objective.centre)
    passes = [
        CurvatureMatrix(objective, names, block=block, stores_graph=stores_graph)
        for block in (1, 3)
        for stores_graph in (False, True)
    ]
    return [*passes, CurvatureMatrix(objective, names, block=3, dense=True)]


def test_the_matrix_is_formed_only_where_that_takes_fewer_products_and_fits() -> None:
    objective, _ = quadratic([1.0, 2.0, 5.0, 100.0])
    assert [hessian(objective).tune(products=count).dense for count in (0, 7, 8)] == [False, False, True]
    assert not hessian(objective, memory=100).tune(products=8).dense


def test_every_way_gives_the_hessian_of_a_quadratic() -> None:
    objective, dense = quadratic([1.0, 2.0, 5.0, 100.0])
    vectors = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for product in ways(objective):
        torch.testing.assert_close(product(vectors), vectors @ dense, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(product(vectors[0]), dense @ vectors[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("network", ["mlp", "cnn"])
def test_every_way_agrees_on_ragged_batches(network: str) -> None:
    model, shape = (small_mlp(), (6,)) if network == "mlp" else (small_cnn(), (1, 6, 6))
    inputs, targets = examples(25, shape)
    batches = list(zip(inputs.split(10), targets.split(10), strict=True))
    plain, *others = ways(Objective(model, batches))
    vectors = torch.randn(4, plain.size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = plain(vectors)
    assert expected.abs().max() > 1e-3
    for product in others:
        torch.testing.assert_close(product(vectors), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")
def test_the_gauss_newton_matrix_is_that_of_the_dense_jacobian() -> None:
    model, (inputs, targets) = small_mlp(), examples(20)
    objective = Objective(model, (inputs, targets))
    jacobian = jacrev(lambda point: functional_call(model, point, (inputs,)))(dict(objective.centre))
    flat = torch.cat([part.flatten(2) for part in jacobian.values()], dim=2)
    share = torch.softmax(model(inputs), dim=1).detach()
    curved = torch.diag_embed(share) - share[:, :, None] * share[:, None, :]
    expected = torch.einsum("nip,nij,njq->pq", flat, curved, flat) / len(inputs)
    product = gauss_newton(objective).tune(vectors=objective.P)
    torch.testing.assert_close(product(torch.eye(objective.P, dtype=torch.float64)), expected, rtol=1e-10, atol=1e-14)


def test_a_layer_gives_the_diagonal_block_of_the_whole() -> None:
    objective = Objective(small_mlp(), examples(20))
    whole = hessian(objective)(torch.eye(objective.P, dtype=torch.float64))
    layer = hessian(objective, parameters="3.*")
    start = sum(objective.centre[name].numel() for name in ("1.weight", "1.bias"))
    block = whole[start : start + layer.size, start : start + layer.size]
    torch.testing.assert_close(layer(torch.eye(layer.size, dtype=torch.float64)), block, rtol=1e-10, atol=1e-14)


def test_a_graph_beyond_the_memory_is_not_kept() -> None:
    objective = Objective(small_mlp(64), examples(500))
    assert not hessian(objective, memory=10_000).tune().stores_graph


def test_a_linear_loss_has_no_curvature() -> None:
    model = nn.Linear(3, 1).double()
    x = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    objective = Objective(model, (x, x[:, :1]), loss=lambda outputs, _: outputs.mean())
    for product in ways(objective):
        assert not product(torch.ones(2, 4)).any()


def test_refuses_unknown_names_and_vectors_of_another_length() -> None:
    objective, _ = quadratic([1.0, 2.0])
    with pytest.raises(InputError, match=r"no parameter is named 'head\.\*'; there are 0\.weight"):
        hessian(objective, parameters="head.*")
    with pytest.raises(InputError, match=r"length 2, got shape \(3,\)"):
        hessian(objective)(torch.ones(3))


@pytest.mark.parametrize("make", [small_mlp, small_cnn])
def test_the_product_is_linear_and_symmetric(make: type[nn.Module]) -> None:
    objective = Objective(make(), examples(20, (6,) if make is small_mlp else (1, 6, 6)))
    product = hessian(objective)
    first, second = torch.randn(2, objective.P, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert (first @ product(second)).item() == pytest.approx((second @ product(first)).item(), rel=1e-10)
    torch.testing.assert_close(product(2 * first - second), 2 * product(first) - product(second))


def test_ragged_batches_and_chunks_give_the_same_product(monkeypatch: pytest.MonkeyPatch) -> None:
    model, (inputs, targets) = small_mlp(), examples(50)
    whole = hessian(Objective(model, (inputs, targets)))
    ragged = hessian(Objective(model, list(zip(inputs.split(17), targets.split(17), strict=True))))
    vector = torch.linspace(-1, 1, Objective(model, (inputs, targets)).P, dtype=torch.float64)
    expected = whole(vector)
    torch.testing.assert_close(ragged(vector), expected, rtol=1e-10, atol=1e-14)
    monkeypatch.setattr("landscape.measures.products.CHUNK", 7)
    chunked = hessian(Objective(model, (inputs, targets)))
    torch.testing.assert_close(chunked(vector), expected, rtol=1e-10, atol=1e-14)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")
def test_agrees_with_curvlinops_on_a_network_with_convolutions() -> None:
    curvlinops = pytest.importorskip("curvlinops")
    model, (inputs, targets) = small_cnn(), examples(40, (1, 6, 6))
    objective = Objective(model, (inputs, targets))
    parameters = [p for p in model.parameters() if p.requires_grad]
    loss = torch.nn.CrossEntropyLoss(reduction="mean")
    vectors = torch.randn(objective.P, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for matrix, name in ((hessian, "HessianLinearOperator"), (gauss_newton, "GGNLinearOperator")):
        theirs = getattr(curvlinops, name)(model, loss, parameters, [(inputs, targets)]) @ vectors
        ours = matrix(objective).tune(vectors=3)(vectors.T).T
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


class Scaled(torch.nn.Module):
    """A linear map times a learned number, a parameter without dimensions."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = torch.nn.Linear(6, 3).double()
        self.scale = torch.nn.Parameter(torch.tensor(0.5, dtype=torch.float64))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.linear(inputs) * self.scale.exp()


def test_a_parameter_without_dimensions_has_its_row_and_column() -> None:
    inputs, targets = examples(20)
    model = Scaled().eval()
    matrix = hessian(Objective(model, (inputs, targets)))
    dense = matrix(torch.eye(matrix.size, dtype=torch.float64))
    names = [name for name, _ in model.named_parameters()]

    def loss(*parts: torch.Tensor) -> torch.Tensor:
        outputs = torch.func.functional_call(model, dict(zip(names, parts, strict=True)), (inputs,))
        return torch.nn.functional.cross_entropy(outputs, targets)

    blocks = torch.autograd.functional.hessian(loss, tuple(p.detach() for p in model.parameters()))
    sizes = [parameter.numel() for parameter in model.parameters()]
    rows = [torch.cat([block.reshape(size, -1) for block in row], 1) for size, row in zip(sizes, blocks, strict=True)]
    torch.testing.assert_close(dense, torch.cat(rows), rtol=0, atol=1e-10)


@pytest.mark.parametrize("stores_graph", [False, True])
def test_attention_has_second_derivatives_on_a_cpu(stores_graph: bool) -> None:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 8, batch_first=True, dtype=torch.float64)
    model = nn.Sequential(layer, nn.Flatten(), nn.Linear(24, 2, dtype=torch.float64)).eval()
    objective = Objective(model, (torch.randn(6, 3, 8, dtype=torch.float64), torch.arange(6) % 2))
    matrix = CurvatureMatrix(objective, tuple(objective.centre), block=2, stores_graph=stores_graph)
    first, second = torch.randn(2, matrix.size, dtype=torch.float64)
    assert float(first @ matrix(second)) == pytest.approx(float(second @ matrix(first)), rel=1e-9)
