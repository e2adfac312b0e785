"""Which layer is the first to see the raw input, and what it sees."""

import pytest
import torch
from problems import SUBSPACES, Tied, Twice, coordinates_in, examples, small_cnn, small_mlp
from torch import Tensor, nn

from landscape.engine.first_layer import by_affine_parts, first_layer, has_affine_rows, layer_input
from landscape.engine.trial import choose
from landscape.errors import InputError
from landscape.objective.objective import Objective
from landscape.space.affine import random_plane
from landscape.space.curves import Curve


class Scaled(nn.Module):
    """The first linear layer does not see the raw input: a parameter stands before it."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(6, 6).double())
        self.layer = nn.Linear(6, 3).double()

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.layer(inputs @ self.scale)
        return outputs


@pytest.mark.parametrize("model", [Scaled(), Twice(), Tied()])
def test_affine_is_not_used_where_the_first_layer_is_not_free_to_combine(model: nn.Module) -> None:
    objective = Objective(model, examples(5))
    assert first_layer(objective) is None
    plane = random_plane(objective)
    points = coordinates_in(plane, 40, 1)
    with pytest.raises(InputError, match="'affine' cannot be used here"):
        choose(objective, plane, points, strategy="affine")
    plan = choose(objective, plane, points)
    expected = objective.evaluate(plane.at(points))["train_loss"]
    torch.testing.assert_close(plan.build(objective, plane)(points)[:, 0], expected, rtol=1e-12, atol=1e-13)


def test_the_first_layer_is_found_behind_a_flatten() -> None:
    assert first_layer(Objective(small_mlp(), examples(5))) == "1"
    assert first_layer(Objective(small_cnn(), examples(5, (1, 6, 6)))) == "0"


def test_a_layer_sees_what_the_modules_before_it_make_of_a_batch_and_nothing_after_it_runs() -> None:
    objective = Objective(small_mlp(), examples(5))
    later: list[nn.Module] = []
    objective.model[3].register_forward_hook(lambda module, *_: later.append(module))  # type: ignore[index]
    batch = torch.arange(12.0, dtype=torch.float64).reshape(2, 2, 3)
    assert torch.equal(layer_input(objective, "1", batch), batch.flatten(1))
    assert not later


def test_a_corridor_is_affine_along_its_rows_a_plane_as_a_whole_a_curve_nowhere() -> None:
    objective = Objective(small_mlp(), examples(5))
    theta = objective.centre
    curve = Curve(theta, {name: 2 * tensor for name, tensor in theta.items()}, theta)
    assert [has_affine_rows(SUBSPACES[kind](objective, 0)) for kind in sorted(SUBSPACES)] == [True] * 4
    assert not has_affine_rows(curve)
    with pytest.raises(ValueError, match="a curve is not affine"):
        by_affine_parts(objective, curve, lambda part: part.at)  # type: ignore[arg-type, return-value]


def test_the_rows_of_a_corridor_are_put_together_in_the_order_of_the_points() -> None:
    objective = Objective(small_mlp(), examples(5), accuracy=False)
    corridor = SUBSPACES["corridor"](objective, 0)
    points = torch.tensor([[10.0, 1.0], [0.0, 2.0], [10.0, 3.0], [0.5, 4.0]], dtype=torch.float64)
    evaluate = by_affine_parts(objective, corridor, lambda row: lambda coordinates: coordinates)
    assert torch.equal(evaluate(points), points[:, 1:])
