"""Records: what they refuse, and that nobody can change them afterwards."""

import subprocess
import sys
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.records.base import Axis
from landscape.records.companions import Rays, Trajectory
from landscape.records.estimates import Estimate
from landscape.records.provenance import Identity, Provenance
from landscape.records.recipe import parse_recipe
from landscape.records.sampled import Profile, Surface

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


def test_an_axis_is_finite_and_increasing() -> None:
    for values in ([0.0, 0.0], [1.0, 0.0], [0.0, np.nan], [0.0, np.inf], [[0.0, 1.0]]):
        with pytest.raises(InputError, match="'alpha': expected finite, strictly increasing"):
            Axis("alpha", np.array(values))


def test_an_axis_is_drawn_on_its_scale() -> None:
    steps = np.array([0.0, 9.0, 99.0])
    np.testing.assert_array_equal(Axis("alpha", steps).positions, steps)
    np.testing.assert_allclose(Axis("alpha", steps, scale="log1p").positions, np.log([1, 10, 100]))
    assert len(Axis("alpha", steps)) == 3


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


def test_provenance_becomes_plain_values() -> None:
    values = Provenance(Identity(model="wide:0", subspace=parse_recipe({"kind": "plane"}))).to_dict()
    assert values["model"] == "wide:0"
    assert type(values["subspace"]) is dict
    assert list(values)[:3] == ["model", "network", "P"]


def test_a_trajectory_has_one_value_per_checkpoint_of_each_kind() -> None:
    three, two = np.zeros(3), np.zeros(2)
    assert Trajectory(three, three, three, three, three).explained == 1.0
    with pytest.raises(InputError, match=r"one shape \(k,\)"):
        Trajectory(three, three, two, three, three)


def test_rays_start_at_the_centre() -> None:
    radius = np.array([0.0, 1.0, 2.0])
    assert Rays(radius, np.zeros((4, 3)), np.ones(4)).seed == 0
    with pytest.raises(InputError, match=r"loss has shape \(3, 4\), expected \(4, 3\)"):
        Rays(radius, np.zeros((3, 4)), np.ones(4))
    for wrong in (radius + 1, radius[::-1]):
        with pytest.raises(InputError, match="start at 0 and increase"):
            Rays(wrong, np.zeros((4, 3)), np.ones(4))
    with pytest.raises(InputError, match="start at 0"):
        Rays(radius[:0], np.zeros((4, 0)), np.ones(4))


def test_an_estimate_prints_its_interval_and_unit() -> None:
    assert str(Estimate(1.4321, 1.2, 1.61, "filter norm")) == "1.43 [1.2, 1.61] filter norm"


def test_records_are_made_without_hdf5_or_torch() -> None:
    check = "import sys, landscape.records.sampled; print({'h5py', 'torch', 'pyvista'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert loaded.stdout == "set()\n"
