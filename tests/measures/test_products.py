import pytest
import torch
from problems import examples, quadratic, small_cnn, small_mlp
from torch import nn
from torch.func import functional_call, jacrev

from landscape.errors import InputError
from landscape.measures.products import Product, hessian_product
from landscape.objective.objective import Objective


def ways(objective: Objective) -> list[Product]:
    """Every way to compute the same Hessian products."""
    names = tuple(objective.centre)
    passes = [Product(objective, names, block=block, retained=kept) for block in (1, 3) for kept in (False, True)]
    return [*passes, Product(objective, names, block=3, formed=True)]


def test_the_matrix_is_formed_only_where_that_takes_fewer_products_and_fits() -> None:
    objective, _ = quadratic([1.0, 2.0, 5.0, 100.0])
    assert [hessian_product(objective, products=count).formed for count in (0, 7, 8)] == [False, False, True]
    assert not hessian_product(objective, products=8, memory=100).formed


def test_every_way_gives_the_hessian_of_a_quadratic() -> None:
    objective, hessian = quadratic([1.0, 2.0, 5.0, 100.0])
    vectors = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for product in ways(objective):
        torch.testing.assert_close(product(vectors), vectors @ hessian, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(product(vectors[0]), hessian @ vectors[0], rtol=1e-12, atol=1e-12)


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
    product = hessian_product(objective, matrix="gauss-newton", vectors=objective.P)
    torch.testing.assert_close(product(torch.eye(objective.P, dtype=torch.float64)), expected, rtol=1e-10, atol=1e-14)


def test_a_layer_gives_the_diagonal_block_of_the_whole() -> None:
    objective = Objective(small_mlp(), examples(20))
    whole = hessian_product(objective)(torch.eye(objective.P, dtype=torch.float64))
    layer = hessian_product(objective, parameters="3.*")
    start = sum(objective.centre[name].numel() for name in ("1.weight", "1.bias"))
    block = whole[start : start + layer.size, start : start + layer.size]
    torch.testing.assert_close(layer(torch.eye(layer.size, dtype=torch.float64)), block, rtol=1e-10, atol=1e-14)


def test_a_graph_beyond_the_memory_is_not_kept() -> None:
    objective = Objective(small_mlp(64), examples(500))
    assert not hessian_product(objective, memory=10_000).retained


def test_a_linear_loss_has_no_curvature() -> None:
    model = nn.Linear(3, 1).double()
    x = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    objective = Objective(model, (x, x[:, :1]), loss=lambda outputs, _: outputs.mean())
    for product in ways(objective):
        assert not product(torch.ones(2, 4)).any()


def test_refuses_unknown_matrices_and_names() -> None:
    objective, _ = quadratic([1.0, 2.0])
    with pytest.raises(InputError, match="expected hessian or gauss-newton"):
        hessian_product(objective, matrix="fisher")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"no parameter is named 'head\.\*'; there are 0\.weight"):
        hessian_product(objective, parameters="head.*")
    with pytest.raises(InputError, match=r"length 2, got shape \(3,\)"):
        hessian_product(objective)(torch.ones(3))
