"""What is read as a plain stack, and what is not."""

import pytest
import torch
from problems import Tied, Twice, Written, examples, small_cnn, small_mlp
from torch import Tensor, nn

from landscape.engine.stack import plain_stack
from landscape.engine.trial import choose
from landscape.errors import InputError
from landscape.objective.objective import Objective
from landscape.space.affine import random_plane


class Residual(nn.Module):
    """A hidden layer whose input is added to its output."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(6, 6).double(), nn.Linear(6, 6).double()

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.first(inputs)
        return hidden + self.second(hidden).relu()  # type: ignore[no-any-return]


def test_a_plain_stack_is_recognized_however_it_is_written() -> None:
    stack = plain_stack(Objective(Written().eval(), examples(5)))
    assert stack is not None
    assert (stack.first, stack.linear) == ("first", ("second", "third"))
    features = torch.tensor([-1.0, 0.5])
    relu, tanh, second, gelu, third = stack.steps
    assert (second, third) == ("second", "third")
    assert torch.equal(relu(features.clone()), features.relu())  # type: ignore[operator]
    assert torch.equal(tanh(features), features.tanh())  # type: ignore[operator]
    expected = nn.functional.gelu(features, approximate="tanh")
    assert torch.equal(gelu(features), expected)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("model", "shape"), [(Residual(), (6,)), (Twice(), (6,)), (Tied(), (6,)), (small_cnn(), (1, 6, 6))]
)
def test_what_is_no_plain_stack_is_not_taken_for_one(model: nn.Module, shape: tuple[int, ...]) -> None:
    objective = Objective(model.eval(), examples(5, shape))
    assert plain_stack(objective) is None
    with pytest.raises(InputError, match="'chain' cannot be used here: the network is no plain stack"):
        choose(objective, random_plane(objective), torch.zeros(3, 2, dtype=torch.float64), strategy="chain")


def test_a_softmax_between_layers_mixes_features_and_is_refused() -> None:
    model = nn.Sequential(nn.Linear(6, 4), nn.Softmax(dim=1), nn.Linear(4, 3)).double().eval()
    assert plain_stack(Objective(model, examples(5))) is None


def test_a_user_hook_may_do_anything_and_is_no_plain_stack() -> None:
    model = small_mlp()
    assert plain_stack(Objective(model, examples(5))) is not None
    model[2].register_forward_hook(lambda *_: None)  # type: ignore[index]
    assert plain_stack(Objective(model, examples(5))) is None
