"""What records show in a notebook and become in other libraries."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from problems import bowl

from landscape.errors import InputError
from landscape.records.base import Axis
from landscape.records.provenance import Identity, Provenance
from landscape.records.sampled import Profile


def profile() -> Profile:
    axis = np.linspace(0, 1, 5)
    return Profile((Axis("alpha", axis),), {"train_loss": axis**2}, np.ones(5, dtype=np.uint8), np.zeros(5))


def test_a_record_shows_itself_as_a_table_with_a_picture() -> None:
    for record in (bowl(points=5), profile()):
        shown = record._repr_html_()
        assert "<table>" in shown
        assert "data:image/png;base64," in shown


def test_a_record_without_a_finite_value_shows_the_table_alone() -> None:
    surface = bowl(points=5)
    empty = replace(surface, metrics={"train_loss": np.full((5, 5), np.nan)})
    assert empty._repr_html_().startswith("<table>")
    assert "<img" not in empty._repr_html_()


def test_text_of_a_record_is_escaped() -> None:
    surface = bowl(points=5)
    named = replace(surface, provenance=Provenance(Identity(model="<script>x</script>")))
    assert "<script>" not in named._repr_html_()


def test_plot_gives_axes_to_go_on_with() -> None:
    own = Figure().add_subplot()
    assert bowl(points=5).plot(own) is own
    assert profile().plot(own) is own
    assert profile().plot().get_lines()[0].get_ydata().tolist() == profile().loss.tolist()
    with pytest.raises(InputError, match="no accuracy"):
        profile().plot(metric="accuracy")


def test_xarray_holds_the_values_bit_for_bit_with_units_and_provenance() -> None:
    pytest.importorskip("xarray")
    surface = bowl(points=5)
    held = surface.to_xarray()
    assert held["train_loss"].dims == ("alpha", "beta")
    assert np.array_equal(held["train_loss"].values, surface.loss)
    assert held["alpha"].attrs["units"] == "filter norm"
    assert json.loads(held.attrs["subspace"]) == {"kind": "plane"}


def test_pyvista_points_are_the_arrays_exactly() -> None:
    surface = bowl(points=5)
    grid = surface.to_pyvista()
    assert np.array_equal(grid["train_loss"].reshape((5, 5), order="F"), surface.loss)
    assert np.array_equal(grid.points[:, 2].reshape((5, 5), order="F"), surface.loss.astype(grid.points.dtype))


def test_records_survive_pickling_read_only() -> None:
    made = bowl(points=5)
    copy = pickle.loads(pickle.dumps(made))
    assert np.array_equal(copy.loss, made.loss)
    assert copy.provenance.identity.subspace == made.provenance.identity.subspace
    with pytest.raises(TypeError):
        copy.metrics["train_loss"] = made.loss
