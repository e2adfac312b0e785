"""Which axes list hidden units, and which units move together."""

import pytest
import torch
from torch import Tensor, nn

from landscape.errors import InputError
from landscape.space.units import Slot, hidden_units
from landscape.train.networks import NetworkConfig, build


def test_a_hidden_layer_is_listed_by_its_weights_its_bias_and_the_columns_of_the_next_layer() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    structure = hidden_units(model)
    assert structure.sizes == (4,)
    assert set(structure.slots) == {
        Slot("0.weight", 0, ((0, 4),)),
        Slot("0.bias", 0, ((0, 4),)),
        Slot("2.weight", 1, ((0, 4),)),
    }


def test_a_flattened_image_repeats_each_channel_for_every_place() -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 9, 2))
    slots = {(slot.name, slot.axis): slot for slot in hidden_units(model).slots}
    assert slots["3.weight", 1] == Slot("3.weight", 1, ((0, 4),), repeat=9)


def test_the_outputs_of_a_network_are_nobodys_to_permute() -> None:
    assert hidden_units(nn.Sequential(nn.Linear(3, 4))).sizes == ()


def test_units_that_are_added_are_one_set() -> None:
    class Sum(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right, self.last = nn.Linear(3, 4), nn.Linear(3, 4), nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.last(self.left(x) + self.right(x))

    structure = hidden_units(Sum())
    assert structure.sizes == (4,)
    assert {slot.name for slot in structure.slots if slot.axis == 0} == {
        "left.weight",
        "left.bias",
        "right.weight",
        "right.bias",
    }


def test_units_of_a_residual_stream_share_one_permutation() -> None:
    """Channels that a padded shortcut appends are free; those it carries move as they did in the stage before."""
    model = build(NetworkConfig("resnet", 3, 8), (1, 8, 8), 10, seed=0)
    spans = {(slot.name, slot.axis): slot.spans for slot in hidden_units(model).slots}
    first, second, last = spans["0.weight", 0], spans["4.conv1.weight", 1], spans["8.weight", 1]
    assert [size for _, size in last] == [3, 3, 6]
    assert first == second == last[:1]


class Attending(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(4, 4)
        self.block = nn.Sequential(Softly())
        self.last = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.block(self.query(x)))


class Softly(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.softmax(1)


class Branching(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if x.sum() > 0 else x


class Loose(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner, self.scale = nn.Linear(2, 3), nn.Parameter(torch.ones(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x) * self.scale


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.Sequential(nn.Conv2d(2, 4, 3), nn.Conv2d(4, 4, 3, groups=2), nn.Conv2d(4, 2, 3)), "'1' is a grouped"),
        (nn.Sequential(nn.Linear(2, 4), nn.Softmax(1), nn.Linear(4, 2)), "layer '1' is a Softmax"),
        (nn.Sequential(nn.Linear(2, 4), nn.Sequential(nn.GroupNorm(2, 4)), nn.Linear(4, 2)), "layer '1.0' is a Group"),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.Linear(4, 2)), "'1' does not read"),
        (nn.Sequential(nn.Linear(2, 4), nn.LSTM(4, 3)), "layer '1' is a LSTM"),
        (Attending(), "softmax in 'block.0' cannot be followed"),
        (nn.Sequential(Branching(2, 2)), "cannot be traced"),
        (Loose(), "'scale' is used outside of a layer"),
    ],
)
def test_what_cannot_be_followed_is_refused_by_name(model: nn.Module, message: str) -> None:
    with pytest.raises(InputError, match=message):
        hidden_units(model)
