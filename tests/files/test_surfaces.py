"""The file format: exact, and open to other programs."""

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from record_files import OLD, PROVENANCE, axis, bits, example

from landscape.errors import InputError
from landscape.files import surfaces as store
from landscape.records.base import Axis, FloatArray
from landscape.records.companions import Rays, Trajectory
from landscape.records.provenance import Accuracy, Identity, Making, Provenance
from landscape.records.recipe import ConnectionRecipe, DirectionsRecipe, RandomRecipe, RepeatsRecipe
from landscape.records.recipe_keys import parse_recipe
from landscape.records.sampled import Profile, Surface

RECIPES = {
    "plane": RandomRecipe,
    "line": RandomRecipe,
    "repeats": RepeatsRecipe,
    "eigenvectors": DirectionsRecipe,
    "connection": ConnectionRecipe,
}


def any_floats(*shape: int) -> st.SearchStrategy[FloatArray]:
    """Every bit pattern a float64 can have: payloads of NaN, infinities, -0.0, denormals."""
    return arrays(np.uint64, shape).map(lambda bits: bits.view(np.float64))


@st.composite
def surfaces(draw: st.DrawFn) -> Surface:
    n, m, k, r = (draw(st.integers(1, 5)) for _ in range(4))
    path = Trajectory(*(draw(any_floats(k)) for _ in range(5)), explained=draw(st.floats(0, 1)))
    rays = Rays(np.arange(r), draw(any_floats(k, r)), draw(any_floats(k)), seed=draw(st.integers(0, 2**62)))
    return Surface(
        (Axis("alpha", np.arange(n), "step", "training step", "log1p"), axis("beta", m)),
        {name: draw(any_floats(n, m)) for name in draw(st.permutations(["train_loss", "test_loss", "test_accuracy"]))},
        draw(arrays(np.uint8, (n, m), elements=st.integers(0, 2))),
        draw(any_floats(n, m)),
        PROVENANCE,
        draw(st.sampled_from([None, path])),
        draw(st.sampled_from([None, rays])),
    )


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    n = draw(st.integers(1, 9))
    status = draw(arrays(np.uint8, n, elements=st.integers(0, 2)))
    return Profile((axis("alpha", n),), {"train_loss": draw(any_floats(n))}, status, draw(any_floats(n)), PROVENANCE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The example in a file of its own."""
    example().save(tmp_path / "wide.h5")
    return tmp_path / "wide.h5"


@given(record=st.one_of(surfaces(), profiles()))
def test_a_round_trip_keeps_every_bit(record: Surface | Profile, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("store") / "record.h5"
    record.save(path)
    assert bits(store.load(path)) == bits(record)


def test_the_same_record_gives_the_same_bytes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()
    monkeypatch.setattr("time.time", lambda: 2e9)
    store.load(path).save(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["plane", "line", "repeats", "eigenvectors", "connection"])
def test_a_file_of_the_first_edition_is_loaded_and_saved_to_the_same_bytes(tmp_path: Path, name: str) -> None:
    old = OLD / f"{name}.h5"
    record = store.load(old)
    assert record.provenance.identity.model == "narrow:0"
    assert type(record.provenance.identity.subspace) is RECIPES[name]
    record.save(tmp_path / "new.h5")
    assert (tmp_path / "new.h5").read_bytes() == old.read_bytes()


def test_a_file_of_today_has_the_attributes_of_the_first_edition(path: Path) -> None:
    with h5py.File(path) as new, h5py.File(OLD / "plane.h5") as old:
        kinds = [{name: file.attrs.get_id(name).dtype.kind for name in file.attrs} for file in (new, old)]
    assert kinds[0] == kinds[1]
    assert len(kinds[0]) == len(PROVENANCE.to_dict()) + len(("format", "schema", "metrics"))


def test_long_provenance_is_kept(tmp_path: Path) -> None:
    names = ",".join(f"layers.{k}.norm.weight" for k in range(10_000))
    provenance = Provenance(Identity(subspace=parse_recipe({"ignored": names})), making=Making(command="x" * 100_000))
    Profile((axis("alpha", 2),), {}, np.ones(2), np.zeros(2), provenance).save(tmp_path / "long.h5")
    assert bits(store.load(tmp_path / "long.h5").provenance) == bits(provenance)


def test_numbers_of_numpy_and_names_that_are_not_text_are_stored(tmp_path: Path) -> None:
    provenance = Provenance(
        Identity(P=np.int64(7), subspace=parse_recipe({"seed": np.int64(2)})),
        making=Making(wall_time=3, command="a\udce9 b\0"),
    )
    Profile((axis("alpha", 2),), {}, np.ones(2), np.zeros(2), provenance).save(tmp_path / "odd.h5")
    found = store.load(tmp_path / "odd.h5").provenance
    assert (found.identity.P, found.making.wall_time, found.identity.subspace.to_dict()) == (7, 3.0, {"seed": 2})
    assert found.making.command == r"a\udce9 b\0"


def test_a_metric_must_not_take_a_name_of_the_schema(tmp_path: Path) -> None:
    for name in ("status", "alpha", "rays", "a/b", "", "."):
        record = Profile((axis("alpha", 2),), {name: np.zeros(2)}, np.ones(2), np.zeros(2))
        with pytest.raises(InputError, match="cannot name a metric"):
            record.save(tmp_path / "odd.h5")
    assert list(tmp_path.iterdir()) == []


def test_an_axis_has_the_name_that_the_schema_gives_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected 'alpha'"):
        Profile((axis("gamma", 2),), {}, np.ones(2), np.zeros(2)).save(tmp_path / "odd.h5")


def test_plain_h5py_sees_the_schema(path: Path) -> None:
    record = example()
    with h5py.File(path, "r") as file:
        assert dict(file.attrs)["format"] == b"landscape"
        assert file.attrs["schema"] == 1
        assert file.attrs["P"] == 38410
        assert set(file) == {
            "alpha", "beta", "train_loss", "test_accuracy", "status", "error", "trajectory", "rays",
        }  # fmt: skip
        assert file["train_loss"].dims[0][0] == file["alpha"]
        assert file["train_loss"].dims[1][0] == file["beta"]
        assert file["train_loss"].attrs["units"] == b"nats per example"
        assert file["test_accuracy"].attrs["units"] == b"fraction"
        np.testing.assert_array_equal(file["train_loss"], record.loss)
        np.testing.assert_array_equal(file["alpha"], record.alpha.values)


@pytest.mark.parametrize("decode", [True, False])
def test_xarray_opens_the_file_as_it_is(path: Path, decode: bool) -> None:
    xarray = pytest.importorskip("xarray")
    record = example()
    with xarray.open_dataset(path, engine="h5netcdf", decode_cf=decode) as dataset:
        assert dataset["train_loss"].dims == ("alpha", "beta")
        assert dataset["alpha"].attrs["units"] == "filter norm"
        assert dataset.attrs["model"] == "wide:0"
        for name, values in record.metrics.items():
            np.testing.assert_array_equal(dataset[name], values)
        np.testing.assert_array_equal(dataset["status"], record.status)
        np.testing.assert_array_equal(dataset["beta"], record.beta.values)
    with xarray.open_dataset(path, group="rays", engine="h5netcdf") as rays:
        assert rays["loss"].dims == ("direction", "radius")
    with xarray.open_dataset(path, group="trajectory", engine="h5netcdf") as trajectory:
        assert trajectory["loss"].dims == ("step",)


def test_summarize_counts_without_reading_the_metrics(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    original = store.read
    monkeypatch.setattr(store, "read", lambda group, name, *rest: read.append(name) or original(group, name, *rest))
    found = store.summarize(path)
    assert read == ["alpha", "beta", "status"]
    assert found["record"] == "surface"
    assert found["shape"] == [4, 3]
    assert found["axes"]["alpha"] == [-1.0, 2.0]
    assert found["metrics"] == ["train_loss", "test_accuracy"]
    assert found["status"] == {"pending": 4, "measured": 4, "interpolated": 4}
    assert found["trajectory"]
    assert found["rays"]
    assert found["provenance"] == PROVENANCE.to_dict()


def test_a_loss_of_squares_is_not_counted_in_nats() -> None:
    assert store.unit_of("test_loss", "mse") == "squared error per example"
    assert store.unit_of("error", "cross_entropy") == "nats per example"
    assert store.unit_of("something") == "1"


def test_a_note_on_precision_is_read_back_and_no_note_leaves_no_attribute(path: Path) -> None:
    for note in ("", "weights must be float32 (net.py:3)"):
        accuracy = Accuracy(precision_note=note)
        store.save(replace(example(), provenance=replace(PROVENANCE, accuracy=accuracy)), path)
        assert store.load(path).provenance.accuracy.precision_note == note
        with h5py.File(path) as file:
            assert ("precision_note" in file.attrs) == bool(note)
