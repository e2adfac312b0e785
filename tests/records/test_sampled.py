"""Records: what they refuse, and that nobody can change them afterwards."""

import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.records.base import Axis
from landscape.records.provenance import Accuracy, Identity, Provenance
from landscape.records.recipe_keys import parse_recipe
from landscape.records.sampled import Profile, Surface, describe_points

ALPHA = Axis("alpha", np.array([-1.0, 0.0, 1.0]))
BETA = Axis("beta", np.array([0.0, 1.0]))


def surface(**changes: Any) -> Surface:
    values: dict[str, Any] = {
        "axes": (ALPHA, BETA),
        "metrics": {"train_loss": np.arange(6.0).reshape(3, 2)},
        "status": np.array([[1, 1], [2, 0], [1, 2]]),
        "error": np.zeros((3, 2)),
    }
    return Surface(**{**values, **changes})


def test_arrays_are_copies_that_nobody_can_write() -> None:
    loss = np.zeros((3, 2))
    record = surface(metrics={"train_loss": loss})
    loss[0, 0] = 5
    assert record.loss[0, 0] == 0
    for array in (record.loss, record.status, record.error, record.alpha.values):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(TypeError):
        record.metrics["test_loss"] = loss  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        record.error = loss  # type: ignore[misc]


@pytest.mark.parametrize("name", ["metrics", "status", "error"])
def test_every_grid_has_the_shape_of_the_axes(name: str) -> None:
    transposed = np.zeros((2, 3))
    with pytest.raises(InputError, match=r"has shape \(2, 3\), but the axes have \(3, 2\)"):
        surface(**{name: {"train_loss": transposed} if name == "metrics" else transposed})


def test_the_number_of_axes_tells_profile_from_surface() -> None:
    line = np.zeros(3)
    assert Profile((ALPHA,), {"train_loss": line}, line, line).alpha is ALPHA
    with pytest.raises(InputError, match="two axes, got 1"):
        Surface((ALPHA,), {"train_loss": line}, line, line)
    with pytest.raises(InputError, match="one axis, got 2"):
        Profile((ALPHA, BETA), {}, np.zeros((3, 2)), np.zeros((3, 2)))


def test_status_counts_what_was_measured() -> None:
    assert surface().num_measured == 3
    assert not surface().complete
    assert surface(status=np.full((3, 2), 2)).complete
    with pytest.raises(InputError, match="status holds 3"):
        surface(status=np.full((3, 2), 3))


def test_the_loss_is_the_training_loss_or_an_error_that_lists_what_there_is() -> None:
    np.testing.assert_array_equal(surface().loss, np.arange(6.0).reshape(3, 2))
    with pytest.raises(InputError, match="no train_loss in this record; it holds test_loss"):
        _ = surface(metrics={"test_loss": np.zeros((3, 2))}).loss
    with pytest.raises(InputError, match="it holds nothing"):
        _ = surface(metrics={}).loss


def test_a_record_knows_its_subspace_and_axes() -> None:
    record = surface(provenance=Provenance(Identity(subspace=parse_recipe({"kind": "corridor"}))))
    assert (record.kind, surface().kind) == ("corridor", "")
    assert (record.alpha, record.beta) == (ALPHA, BETA)


def test_the_points_are_told_with_their_error_where_some_were_filled_in() -> None:
    accuracy = Accuracy(held_back_points=7, interpolation_error={"test_loss": 0.25})
    assert describe_points(3, 1000, accuracy) == ["measured 3 of 1,000 points"]
    assert describe_points(3, 9, accuracy, "test_loss")[1:] == [
        "estimated interpolation error 0.25 (7 held-back points)"
    ]


def test_a_record_survives_pickling() -> None:
    copy = pickle.loads(pickle.dumps(surface(provenance=Provenance(Identity("wide:0")))))
    assert (type(copy), copy.provenance.identity.model) == (Surface, "wide:0")
    np.testing.assert_array_equal(copy.loss, surface().loss)
