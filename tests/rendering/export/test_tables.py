"""Tables hold every value of a record, bit for bit."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from problems import bowl

from landscape.records.base import Axis
from landscape.records.sampled import Profile, Surface
from landscape.rendering.export.mesh import export
from landscape.rendering.export.tables import columns_of, variables_of


def with_holes() -> Surface:
    surface = bowl(points=5)
    loss = surface.loss.copy()
    loss[0, 0], loss[1, 2], loss[3, 3] = np.inf, np.nan, 1e-300
    return replace(surface, metrics={"train_loss": loss})


def profile() -> Profile:
    axis = np.linspace(0, 1, 5)
    return Profile((Axis("alpha", axis),), {"train_loss": axis**2}, np.ones(5, dtype=np.uint8), np.zeros(5))


def test_csv_reads_back_bit_for_bit(tmp_path: Path) -> None:
    surface = with_holes()
    export(surface, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open() as stream:
        header, *rows = csv.reader(stream)
    assert header == ["alpha", "beta", "train_loss", "status"]
    table = np.array(rows, dtype=np.float64)
    assert np.array_equal(table[:, 2], surface.loss.ravel(), equal_nan=True)
    assert np.array_equal(table[:, 0], np.repeat(surface.alpha.values, 5)), "alpha runs slowest"
    assert np.array_equal(table[:, 1], np.tile(surface.beta.values, 5))


def test_npz_reads_back_bit_for_bit_with_rays_and_provenance(tmp_path: Path) -> None:
    surface = with_holes()
    export(surface, tmp_path / "a.npz")
    assert surface.rays is not None
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        assert file["train_loss"].tobytes() == surface.loss.tobytes()
        assert np.array_equal(file["beta"], surface.beta.values)
        assert file["status"].dtype == np.uint8
        assert np.array_equal(file["rays_loss"], surface.rays.loss)
        provenance = json.loads(str(file["provenance"]))
    assert provenance["loss"] == "cross_entropy"
    assert provenance["axes"]["alpha"]["unit"] == "filter norm"


@pytest.mark.parametrize("record", [with_holes(), profile()], ids=["surface", "profile"])
def test_netcdf_read_by_xarray_is_the_record_bit_for_bit(record: Surface | Profile, tmp_path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    lines = export(record, tmp_path / "x.nc")
    assert "stored directions" in lines[0]
    with xarray.open_dataset(tmp_path / "x.nc", engine="scipy") as read:
        assert read["train_loss"].values.tobytes() == record.loss.tobytes()
        assert read["status"].values.tolist() == record.status.tolist()
        assert read["alpha"].values.tobytes() == record.axes[0].values.tobytes()
        assert read["alpha"].attrs["units"] == "filter norm"
        if isinstance(record, Surface) and record.rays is not None:
            assert read["rays_loss"].values.tobytes() == record.rays.loss.tobytes()
        assert set(record.provenance.to_dict()) <= set(read.attrs)


def test_columns_have_the_shape_of_the_grid() -> None:
    columns = columns_of(bowl(points=5))
    assert list(columns) == ["train_loss", "status"]
    assert {values.shape for values in columns.values()} == {(5, 5)}


def test_parts_beside_the_grid_have_dimensions_of_their_own() -> None:
    variables, attributes = variables_of(bowl(points=5, directions=3))
    assert variables["train_loss"][0] == ("alpha", "beta")
    assert variables["rays_loss"][0] == ("ray", "radius")
    assert variables["rays_loss"][1].shape == (3, 33)
    assert json.loads(attributes["subspace"])["kind"] == "plane"
