"""Results and sweeps in files: exact, and suspicious of what they read."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from problems import bowl
from record_files import OLD

from landscape.errors import FileError
from landscape.files import surfaces as store
from landscape.files.findings import load_result, load_sweep, save_result, save_sweep
from landscape.records.estimates import Number
from landscape.records.findings import Mark, Picture, Plot, Remark, Series, StudyResult, Sweep, Table

X = np.array([1.0, 10.0, 100.0])


def result() -> StudyResult:
    curve = Series("error", X, np.array([0.5, np.nan, 0.0]), X - 1, X + 1, style="points")
    return StudyResult(
        name="fit",
        title="Title",
        claim="A claim.",
        refuted_by="the opposite",
        verdict="undecided",
        numbers=(Number(0.5, 0.25, np.inf, "share", "error, width 2", "exact"),),
        remarks=(Remark("A remark, größer.", "disagrees"),),
        plots=(Plot("P", "x", "y", (curve,), marks=(Mark("x", 1.0, "P = N"),)), Plot("Q", "x", "y", ())),
        pictures=(Picture("photo", np.eye(3), -np.ones((3, 3))),),
        surfaces=(bowl(points=5, directions=2),),
        table=Table(("a", "b"), (("1", "2"),)),
        command="landscape study fit",
        provenance={"N": 3, "widths": [1, 2], "sweep": {"data": {"name": "digits"}}},
    )


def test_a_result_comes_back_bit_for_bit(tmp_path: Path) -> None:
    saved = result()
    save_result(saved, tmp_path / "fit.h5")
    loaded = load_result(tmp_path / "fit.h5")
    assert loaded.numbers == saved.numbers
    assert loaded.remarks == saved.remarks
    assert loaded.table == saved.table
    assert dict(loaded.provenance) == dict(saved.provenance)
    assert repr(loaded.to_dict()) == repr(saved.to_dict())
    np.testing.assert_array_equal(loaded.plots[0].series[0].y, saved.plots[0].series[0].y)
    np.testing.assert_array_equal(loaded.pictures[0].values, np.eye(3))
    np.testing.assert_array_equal(loaded.surfaces[0].loss, saved.surfaces[0].loss)
    assert loaded.surfaces[0].kind == "plane"


def test_a_sweep_comes_back_bit_for_bit_and_xarray_could_read_its_axes(tmp_path: Path) -> None:
    values = np.full((1, 2, 3, 2), np.nan)
    done = np.array([[True, False]])
    sweep = Sweep(
        ("true",),
        (2, 4),
        (160, 310),
        50,
        10,
        (0, 1),
        X,
        {"train_loss": values},
        done,
        {"a": {"b": [1]}},
        np.zeros((1, 2)),
    )
    save_sweep(sweep, tmp_path / "sweep.h5")
    loaded = load_sweep(tmp_path / "sweep.h5")
    np.testing.assert_array_equal(loaded.values["train_loss"], values)
    assert (loaded.widths, loaded.P, loaded.seeds, dict(loaded.plan)) == ((2, 4), (160, 310), (0, 1), {"a": {"b": [1]}})
    assert not loaded.complete
    with h5py.File(tmp_path / "sweep.h5") as file:
        assert file["train_loss"].dims[1][0].name == "/width"
        assert file["train_loss"].attrs["units"] == b"nats per example"


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    save_result(result(), tmp_path / "fit.h5")
    with pytest.raises(FileError, match="not a surface file"):
        store.load(tmp_path / "fit.h5")
    bowl(points=5).save(tmp_path / "bowl.h5")
    with pytest.raises(FileError, match="not a study file"):
        load_result(tmp_path / "bowl.h5")
    with pytest.raises(FileError, match="not a sweep file"):
        load_sweep(tmp_path / "fit.h5")


def test_damage_is_one_clear_error(tmp_path: Path) -> None:
    save_result(result(), tmp_path / "fit.h5")
    whole = (tmp_path / "fit.h5").read_bytes()
    (tmp_path / "half.h5").write_bytes(whole[: len(whole) // 2])
    with h5py.File(tmp_path / "fit.h5", "r+") as file:
        file["plots/0/0/y"][...] = 0
        del file["plots/0/0/x"]
    for name in ("half.h5", "fit.h5"):
        with pytest.raises(FileError, match="damaged"):
            load_result(tmp_path / name)


def test_a_result_of_the_first_edition_is_loaded_and_saved_to_the_same_bytes(tmp_path: Path) -> None:
    old = OLD / "study.h5"
    loaded = load_result(old)
    assert (loaded.name, loaded.verdict, loaded.numbers[0].name) == ("fit", "agrees", "training error, width 4")
    save_result(loaded, tmp_path / "study.h5")
    assert (tmp_path / "study.h5").read_bytes() == old.read_bytes()
