"""Li et al.'s files, made here as their code makes them: coordinates by ``meshgrid``, entries by flat index."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from landscape.errors import FileError, InputError
from landscape.files.li import name_directions, read_li_directions, save_li
from landscape.files.surfaces import load, summarize
from landscape.records.base import Axis, Status
from landscape.records.sampled import Profile, Surface

X, Y = np.linspace(-1, 1, 5), np.linspace(0, 3, 3)


def value(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 10 * x + y + 20


def write_theirs(path: Path, y: np.ndarray | None = Y) -> None:
    """Arrays of shape (nx, ny) of -1, then entry k at the k-th point of the flattened mesh, the last one not done."""
    shape = (len(X),) if y is None else (len(X), len(y))
    loss, accuracy = -np.ones(shape), -np.ones(shape)
    mesh = (X, np.zeros(len(X))) if y is None else tuple(part.ravel() for part in np.meshgrid(X, y))
    for k in range(loss.size - 1):
        loss.ravel()[k] = value(mesh[0][k], mesh[1][k])
        accuracy.ravel()[k] = 50 + mesh[0][k]
    with h5py.File(path, "w") as file:
        file["dir_file"] = "resnet56_weights_xignore=biasbn.h5"
        file["xcoordinates"] = X
        if y is not None:
            file["ycoordinates"] = y
        file["train_loss"], file["train_acc"] = loss, accuracy


@pytest.mark.parametrize("y", [Y, X, None], ids=["5 x 3", "5 x 5", "line"])
def test_their_values_lie_at_their_coordinates(tmp_path: Path, y: np.ndarray | None) -> None:
    write_theirs(tmp_path / "li.h5", y)
    record = load(tmp_path / "li.h5")
    grid = np.meshgrid(*(axis.values for axis in record.axes), indexing="ij")
    done = record.status == Status.MEASURED
    assert np.count_nonzero(~done) == 1
    assert not done.ravel()[-1], "the last point of their order is the last of ours"
    np.testing.assert_array_equal(record.loss[done], value(grid[0], grid[1] if len(grid) > 1 else 0 * grid[0])[done])
    np.testing.assert_allclose(record.metrics["train_accuracy"][done], (50 + grid[0][done]) / 100)
    assert np.isnan(record.loss[~done]).all()
    assert record.provenance.identity.subspace.to_dict()["dir_file"] == "resnet56_weights_xignore=biasbn.h5"


@pytest.mark.parametrize("y", [Y, X, None], ids=["5 x 3", "5 x 5", "line"])
def test_their_files_survive_a_round_trip_to_the_last_bit_of_the_losses(tmp_path: Path, y: np.ndarray | None) -> None:
    write_theirs(tmp_path / "li.h5", y)
    save_li(load(tmp_path / "li.h5"), tmp_path / "again.h5")
    with h5py.File(tmp_path / "li.h5") as before, h5py.File(tmp_path / "again.h5") as after:
        assert set(before) == set(after)
        for name in ("xcoordinates", "train_loss", *(["ycoordinates"] if y is not None else [])):
            np.testing.assert_array_equal(before[name], after[name])
        np.testing.assert_allclose(before["train_acc"], after["train_acc"], rtol=1e-15)


def ours() -> Surface:
    shape = (len(X), len(Y))
    loss = np.arange(15.0).reshape(shape)
    loss[1, 1] = np.nan
    loss[4, 0] = np.inf
    status = np.where(np.isnan(loss), 0, 1).astype(np.uint8)
    directions = tuple({"w": np.full((2, 2), k, np.float32), "b": np.zeros(2, np.float32)} for k in (1, 2))
    metrics = {"train_loss": loss, "test_accuracy": loss / 16}
    return Surface((Axis("alpha", X), Axis("beta", Y)), metrics, status, np.zeros(shape), directions=directions)


def test_our_surface_reads_back_from_their_format(tmp_path: Path) -> None:
    lines = save_li(ours(), tmp_path / "ours.li.h5")
    record = load(tmp_path / "ours.li.h5")
    np.testing.assert_array_equal(record.loss, ours().loss)
    np.testing.assert_array_equal(record.status, ours().status)
    np.testing.assert_allclose(record.metrics["test_accuracy"], ours().metrics["test_accuracy"], rtol=1e-15)
    assert "1 points have a loss of 0 or less" in " ".join(lines)
    assert "not square" in " ".join(lines)
    with h5py.File(tmp_path / "ours.li.h5") as file:
        assert file["train_loss"].shape == (5, 3)
        assert file["train_loss"][:].ravel()[1] == ours().loss[1, 0], "x runs fastest"
        assert file["dir_file"][()] == b"ours-directions.h5"


def test_directions_are_listed_in_parameter_order(tmp_path: Path) -> None:
    save_li(ours(), tmp_path / "ours.li.h5")
    found = read_li_directions(tmp_path / "ours-directions.h5")
    first, second = name_directions(found, {"w": (2, 2), "b": (2,)})
    np.testing.assert_array_equal(first["w"], np.ones((2, 2)))
    np.testing.assert_array_equal(second["w"], np.full((2, 2), 2))
    assert second["b"].tolist() == [0, 0]
    with pytest.raises(InputError, match="dir_type 'weights'"):
        name_directions(found, {"w": (2, 2)})
    with pytest.raises(FileError, match="no direction file"):
        read_li_directions(tmp_path / "ours.li.h5")


def test_an_existing_file_stays_unless_forced(tmp_path: Path) -> None:
    save_li(ours(), tmp_path / "ours.li.h5")
    with pytest.raises(FileError, match="exists already"):
        save_li(ours(), tmp_path / "ours.li.h5")
    save_li(ours(), tmp_path / "ours.li.h5", overwrite=True)


def test_what_is_known_of_a_foreign_file_is_summarized(tmp_path: Path) -> None:
    write_theirs(tmp_path / "li.h5")
    found = summarize(tmp_path / "li.h5")
    assert found["shape"] == [5, 3]
    assert found["status"] == {"pending": 1, "measured": 14, "interpolated": 0}
    assert found["provenance"]["subspace"]["source"] == "Li et al."


def test_damaged_foreign_files_are_one_clear_error(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "li.h5", "w") as file:
        file["xcoordinates"] = X
    with pytest.raises(FileError, match="no values for a grid of 5 points"):
        load(tmp_path / "li.h5")
    with h5py.File(tmp_path / "li.h5", "w") as file:
        file["xcoordinates"], file["train_loss"] = X[::-1], X
    with pytest.raises(FileError, match="increasing"):
        load(tmp_path / "li.h5")


def test_a_line_is_a_profile(tmp_path: Path) -> None:
    write_theirs(tmp_path / "li.h5", None)
    assert isinstance(load(tmp_path / "li.h5"), Profile)
