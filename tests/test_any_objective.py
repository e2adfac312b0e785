"""Curvature, gradient and sharpness of a model's own loss and of callables, against the dense Hessian in float64."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, hessian

from landscape.errors import InputError
from landscape.measures.axes import gradient, named_direction
from landscape.measures.curvature_map import sample_curvature
from landscape.measures.freedom import free_directions
from landscape.measures.matrix import CurvatureMatrix, gauss_newton
from landscape.measures.sharpness import epsilon_sharpness, worst_rise
from landscape.objective.objective import Objective
from landscape.records.directions import direction_entries
from landscape.sampling.grid import sample
from landscape.space.affine import random_plane
from landscape.space.parameters import Parameters, unflatten

# forward mode, of which the dense Hessian is made, warns of itself
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")

SEQUENCES = 7


class Words(nn.Module):
    """A causal model of 5 words with tied embeddings and a frozen layer; its loss is the mean over the labels."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(5, 3)
        self.middle = nn.Linear(3, 3)
        self.head = nn.Linear(3, 5, bias=False)
        self.head.weight = self.embed.weight
        self.middle.bias.requires_grad_(False)

    def forward(self, input_ids: Tensor, labels: Tensor) -> SimpleNamespace:
        logits = self.head(torch.tanh(self.middle(self.embed(input_ids))))
        return SimpleNamespace(loss=nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten()))


def words(which: str = "all") -> tuple[Objective, Callable[[Tensor], Tensor]]:
    """Ragged batches with ignored labels, and the loss of all at once as a function of the flat parameters."""
    torch.manual_seed(0)
    model = Words().double().eval()
    ids = torch.randint(0, 5, (SEQUENCES, 6))
    labels = ids.clone()
    labels[2, 3:], labels[5, 1:] = -100, -100
    batches = [{"input_ids": ids[rows], "labels": labels[rows]} for rows in (slice(0, 5), slice(5, None))]
    decay = {"l2": lambda parameters: sum(tensor.square().sum() for tensor in parameters.values())}
    objective = Objective(model, batches, parameters=which, terms=decay)  # type: ignore[arg-type]
    return objective, dense(objective, lambda state: functional_call(model, state, (ids, labels)).loss)


def counted() -> tuple[Objective, Callable[[Tensor], Tensor]]:
    """A callable that returns (sum, count), the counts uneven over batches."""
    model, x, weight = network(), torch.linspace(-1, 1, 9).double()[:, None], torch.arange(9.0).double()[:, None]

    def loss(model: nn.Module, batch: Any) -> tuple[Tensor, Tensor]:
        return (batch[1] * (model(batch[0]) - batch[0] ** 2).square()).sum(), batch[1].sum()

    def whole(state: dict[str, Tensor]) -> Tensor:
        return (weight * (functional_call(model, state, (x,)) - x**2).square()).sum() / weight.sum()

    objective = Objective(model, [(x[:5], weight[:5]), (x[5:], weight[5:])], batch_loss=loss)
    return objective, dense(objective, whole)


def physics() -> tuple[Objective, Callable[[Tensor], Tensor]]:
    """The residual of u' + u = 0, which differentiates by its input."""
    model, x = network(), torch.linspace(-1, 1, 9).double()[:, None]

    def loss(model: nn.Module, points: Any) -> Tensor:
        moved = points.clone().requires_grad_()
        u = model(moved)
        slope = torch.autograd.grad(u.sum(), moved, create_graph=True)[0]
        return (slope + u).square().mean()

    def whole(state: dict[str, Tensor]) -> Tensor:
        hidden = torch.tanh(x @ state["0.weight"].T + state["0.bias"])
        u = hidden @ state["2.weight"].T + state["2.bias"]
        slope = ((1 - hidden**2) * state["0.weight"].T) @ state["2.weight"].T
        return (slope + u).square().mean()

    objective = Objective(model, [x[:6], x[6:]], batch_loss=loss)
    return objective, dense(objective, whole)


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1)).double()


def flatten(parameters: Parameters) -> Tensor:
    return torch.cat([tensor.flatten() for tensor in parameters.values()])


def dense(objective: Objective, loss: Callable[[dict[str, Tensor]], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda flat: loss({**objective.buffers, **unflatten(flat, objective.centre)})


PROBLEMS = {"words": words, "trainable": lambda: words("trainable"), "counted": counted, "physics": physics}


@pytest.fixture(params=PROBLEMS)
def problem(request: pytest.FixtureRequest) -> Any:
    return PROBLEMS[request.param]()  # type: ignore[operator]


def test_shares_of_batches_sum_to_the_loss_without_the_terms(problem: Any) -> None:
    objective, loss = problem
    shares = [objective.loss_share({}, batch) for batch in objective.splits[0].chunks(2)]
    assert sum(shares).item() == pytest.approx(loss(flatten(objective.centre)).item(), rel=1e-12)
    assert objective.at_centre()["train_loss"] == pytest.approx(sum(shares).item(), rel=1e-12)


def test_products_are_those_of_the_dense_hessian_in_every_way(problem: Any) -> None:
    objective, loss = problem
    expected = hessian(loss)(flatten(objective.centre))
    assert expected.abs().max() > 0.1
    unit = torch.eye(objective.P, dtype=torch.float64)
    for block in (1, 3):
        for stores_graph in (False, True):
            matrix = CurvatureMatrix(objective, tuple(objective.centre), block=block, stores_graph=stores_graph)
            found = matrix(unit)
            torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11)


def test_gradient_and_top_eigenvector_are_the_dense_ones(problem: Any) -> None:
    objective, loss = problem
    flat = flatten(objective.centre)
    expected = torch.func.grad(loss)(flat)
    torch.testing.assert_close(gradient(objective), expected, rtol=1e-9, atol=1e-12)
    top = torch.linalg.eigvalsh(hessian(loss)(flat))[-1].item()
    assert direction_entries(named_direction(objective, "top")[1])["eigenvalue"] == pytest.approx(top, rel=1e-9)


def test_sharpness_rises_as_the_gradient_says(problem: Any) -> None:
    objective, loss = problem
    flat = flatten(objective.centre)
    slope, radius = torch.func.grad(loss)(flat), 1e-5
    # the first order is all there is at so small a radius, up to its square times the curvature
    assert worst_rise(objective, radius).rise == pytest.approx(radius * slope.norm().item(), rel=1e-2)
    box = (slope.abs() * radius * (flat.abs() + 1)).sum().item()
    assert epsilon_sharpness(objective, epsilon=radius).rise == pytest.approx(box, rel=1e-2)


def test_the_curvature_of_a_plane_is_the_dense_one_at_each_point(problem: Any) -> None:
    objective, loss = problem
    plane = random_plane(objective, seed=0)
    surface = sample(objective, plane, points=2, extent=0.3, rays=0, progress=False)
    found = sample_curvature(objective, plane, surface, steps=objective.P, num_probes=2).metrics
    for place in ((0, 0), (1, 0)):
        at = torch.tensor([[axis.values[k] for axis, k in zip(surface.axes, place, strict=True)]])
        moved = {name: tensor[0] for name, tensor in plane.at(at).items()}
        flat = flatten({**objective.centre, **moved})
        values = torch.linalg.eigvalsh(hessian(loss)(flat))
        assert found["hessian_top"][place] == pytest.approx(values[-1].item(), rel=1e-6)
        assert found["hessian_bottom"][place] == pytest.approx(values[0].item(), rel=1e-6)
        assert found["gradient_norm"][place] == pytest.approx(torch.func.grad(loss)(flat).norm().item(), rel=1e-9)


def test_what_rests_on_outputs_is_refused_in_one_line(problem: Any) -> None:
    objective, _ = problem
    with pytest.raises(InputError, match="needs outputs and targets, pairs"):
        gauss_newton(objective)
    with pytest.raises(InputError, match="free directions are counted on outputs: give pairs"):
        free_directions(objective)
