"""Layer by layer: every weight at its point for as long as its layer runs."""

import pytest
import torch
from memory import growth
from problems import SUBSPACES, Tied, coordinates_in, examples, small_cnn, small_mlp
from torch import Tensor, nn

from landscape.engine.streamed import streamed
from landscape.engine.trial import choose
from landscape.errors import InputError
from landscape.objective.objective import Objective
from landscape.space.affine import random_plane


class Borrowed(nn.Module):
    """The second use of a weight is outside the layer that owns it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 6).double()

    def forward(self, inputs: Tensor) -> Tensor:
        return nn.functional.linear(self.layer(inputs).relu(), self.layer.weight)


def test_streaming_refuses_a_weight_used_outside_its_layer() -> None:
    objective = Objective(Borrowed().eval(), examples(5))
    with pytest.raises(InputError, match=r"'layer\.weight' is used outside the layer that owns it"):
        choose(objective, random_plane(objective), torch.zeros(3, 2, dtype=torch.float64), strategy="streamed")


def test_streaming_moves_tied_weights_together() -> None:
    objective = Objective(Tied().eval(), examples(5))
    plane = random_plane(objective, stored=False)
    points = coordinates_in(plane, 4, 1)
    plan = choose(objective, plane, points)
    assert plan.name == "streamed"
    found = plan.build(objective, plane)(points)[:, 0]
    torch.testing.assert_close(found, objective.evaluate(plane.at(points))["train_loss"], rtol=1e-12, atol=1e-13)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in objective.model.modules())


def test_a_direction_drawn_again_is_the_stored_one_bit_for_bit() -> None:
    objective = Objective(small_cnn(), examples(5, (1, 6, 6)))
    stored, again = (random_plane(objective, seed=4, ignore="nothing", stored=s) for s in (True, False))
    assert stored.recipe == again.recipe


def test_another_precision_starts_from_the_weights_of_the_model_not_from_rounded_ones() -> None:
    exact = Objective(small_mlp(), examples(9))
    rounded = Objective(small_mlp(), examples(9), dtype=torch.bfloat16)
    plane = random_plane(rounded)
    centre = torch.zeros(1, 2, dtype=torch.float64)
    found = streamed(rounded, plane, 9, dtype=torch.float64)(centre)[0, 0].item()
    converted = Objective(small_mlp().bfloat16(), examples(9), dtype=torch.float64).at_centre()["train_loss"]
    assert abs(found - exact.at_centre()["train_loss"]) < abs(found - converted)


def test_a_subspace_that_is_not_affine_cannot_be_streamed() -> None:
    objective = Objective(small_mlp(), examples(5))
    with pytest.raises(ValueError, match="a corridor is not affine"):
        streamed(objective, SUBSPACES["corridor"](objective, 0), 5)


def test_streaming_needs_the_memory_of_two_models_and_a_few_layers() -> None:
    grown = growth(
        """
        before = resident()
        layers = [layer for _ in range(40) for layer in (nn.Linear(300, 300), nn.Tanh())]
        model = nn.Sequential(*layers)
        size = sum(4 * parameter.numel() for parameter in model.parameters())
        measured(model, torch.randn(8, 300), torch.zeros(8, dtype=torch.long), points=2, strategy="streamed")
        print((peak() - before) / size)
        """
    )
    assert 1.9 <= grown <= 2.5
