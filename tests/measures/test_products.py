import pytest
import torch
from problems import dense_hessian, examples, quadratic, small_mlp
from torch import nn

from landscape.errors import InputError
from landscape.measures.products import (
    by_fresh_graph,
    by_stored_graph,
    by_transforms,
    graph_bytes,
    refuse_reestimated,
)
from landscape.objective.objective import Objective

# forward mode warns of itself
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")

ROWS = torch.randn(3, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_every_way_multiplies_by_the_dense_hessian() -> None:
    model, data = small_mlp(2), examples(20)
    objective = Objective(model, data)
    names, rows = tuple(objective.centre), torch.eye(objective.P, dtype=torch.float64)
    expected = dense_hessian(model, *data)
    for way in (by_stored_graph(objective, names), by_fresh_graph(objective, names)):
        torch.testing.assert_close(way(rows), expected, rtol=1e-9, atol=1e-12)
    transforms = by_transforms(objective, names, "hessian")
    torch.testing.assert_close(transforms(rows), expected, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(transforms(rows[:1]), expected[:1], rtol=1e-9, atol=1e-12)


def test_a_model_linear_in_its_parameters_has_its_hessian_as_gauss_newton_matrix() -> None:
    model = nn.Linear(3, 2).double()
    inputs, targets = examples(10, (3,))[0], examples(10, (2,), seed=2)[0]
    objective = Objective(model, (inputs, targets), loss=nn.functional.mse_loss)
    names, rows = tuple(objective.centre), torch.eye(objective.P, dtype=torch.float64)
    hessian, gauss_newton = (by_transforms(objective, names, kind)(rows) for kind in ("hessian", "gauss-newton"))
    torch.testing.assert_close(gauss_newton, hessian, rtol=1e-10, atol=1e-12)


def test_chunks_of_examples_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    objective, matrix = quadratic([float(k) for k in range(12)])
    monkeypatch.setattr("landscape.measures.products.CHUNK", 5)
    for way in (by_stored_graph, by_fresh_graph):
        product = way(objective, tuple(objective.centre))(ROWS)
        torch.testing.assert_close(product, ROWS @ matrix, rtol=1e-10, atol=1e-12)


def test_the_graph_grows_with_examples_and_width() -> None:
    def size(width: int, count: int) -> int:
        objective = Objective(small_mlp(width), examples(count))
        return graph_bytes(objective, tuple(objective.centre))

    # at least the hidden layers of every example, 8 bytes a unit
    assert size(64, 500) > 500 * 2 * 64 * 8
    assert size(64, 500) > size(64, 50)
    assert size(64, 500) > size(4, 500)


def test_statistics_that_follow_the_parameters_are_refused() -> None:
    objective, _ = quadratic([1.0, 2.0])
    refuse_reestimated(objective)
    objective.batchnorm = "reestimate"
    with pytest.raises(InputError, match="fixed BatchNorm statistics"):
        refuse_reestimated(objective)
