"""Grids computed elsewhere, as records: what is stored, what is refused, and that nothing is claimed."""

from typing import Any

import numpy as np
import pytest
import torch

from landscape.errors import InputError
from landscape.records.base import Status
from landscape.records.grids import Title, grid_of
from landscape.records.provenance import Identity
from landscape.records.recipe import GridRecipe
from landscape.records.sampled import Profile, Surface

ALPHA, BETA = np.array([0.0, 1.0, 4.0]), np.array([-1.0, 2.0])
VALUES = np.array([[1.0, np.inf], [3.0, np.nan], [5.0, 6.0]])


def test_a_point_is_pending_where_the_loss_is_nan_and_measured_elsewhere() -> None:
    surface = Surface.from_grid(ALPHA, BETA, VALUES)
    np.testing.assert_array_equal(surface.loss, VALUES)
    assert surface.status.tolist() == [[1, 1], [1, Status.PENDING], [1, 1]]
    masked = np.ma.masked_equal(VALUES, 5.0)
    assert Surface.from_grid(ALPHA, BETA, masked).status[2, 0] == Status.PENDING


def test_nothing_is_known_but_what_was_said() -> None:
    surface = Surface.from_grid(ALPHA, BETA, VALUES, name="mine", labels=("rate", "width"))
    assert surface.provenance.identity == Identity(model="mine", subspace=GridRecipe())
    assert [(axis.unit, axis.label) for axis in surface.axes] == [("", "rate"), ("", "width")]
    assert Surface.from_grid(ALPHA, BETA, VALUES, loss="mse", unit="filter norm").alpha.unit == "filter norm"


def test_metrics_have_names_and_the_loss_decides_what_is_pending() -> None:
    surface = Surface.from_grid(ALPHA, BETA, {"energy": VALUES, "train_loss": np.ones((3, 2))})
    assert list(surface.metrics) == ["energy", "train_loss"]
    assert surface.complete
    assert not Surface.from_grid(ALPHA, BETA, {"energy": VALUES}).complete


def test_lists_and_tensors_are_numbers_too() -> None:
    profile = Profile.from_grid([0, 1], torch.tensor([2.0, 3.0]), label="time")
    assert profile.loss.tolist() == [2.0, 3.0]
    assert (profile.kind, profile.alpha.label) == ("grid", "time")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((ALPHA, BETA, VALUES.T), r"train_loss has shape \(2, 3\), but the axes have \(3, 2\).*pass its transpose"),
        ((ALPHA[::-1], BETA, VALUES), r"alpha must rise, but alpha\[1\] = 1 follows 4: sort it"),
        ((ALPHA, [0, 0], VALUES), r"beta must rise, but beta\[1\] = 0 follows 0"),
        ((ALPHA, [0, np.nan], VALUES), "beta holds nan, expected finite coordinates"),
        ((VALUES, BETA, VALUES), r"alpha has shape \(3, 2\), expected its coordinates"),
        ((ALPHA, BETA, {}), "a grid needs values"),
        ((ALPHA, BETA, {"test loss": VALUES}), "'test loss' cannot name a metric"),
        ((ALPHA, BETA, -VALUES), "train_loss holds -inf"),
        ((ALPHA, BETA, [["a", "b"]] * 3), "train_loss must be an array of real numbers"),
        ((ALPHA, BETA, torch.ones(3, 2, requires_grad=True)), "train_loss must be an array of real numbers"),
    ],
)
def test_every_refusal_says_what_is_wrong_in_one_line(arguments: tuple[Any, ...], reason: str) -> None:
    with pytest.raises(InputError, match=reason) as refused:
        Surface.from_grid(*arguments)
    assert "\n" not in str(refused.value)


def test_labels_are_as_many_as_axes() -> None:
    with pytest.raises(InputError, match="1 labels, but 2 axes"):
        grid_of([ALPHA, BETA], VALUES, Title(labels=("rate",)))
