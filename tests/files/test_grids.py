"""Files with grids of other programs: what `landscape.export` wrote comes back, and what is no grid is refused."""

from pathlib import Path

import numpy as np
import pytest
from record_files import bits, example, refusal

from landscape.files.grids import read_grid
from landscape.files.surfaces import load, summarize
from landscape.records.companions import Marks
from landscape.records.sampled import Profile, Surface
from landscape.rendering.export.mesh import export

ALPHA, BETA = np.linspace(-1, 1, 4), np.linspace(0, 2, 3)
VALUES = ALPHA[:, None] ** 2 + 10 * BETA


def surface() -> Surface:
    values = VALUES.copy()
    values[0, 0], values[3, 2] = np.nan, np.inf
    return Surface.from_grid(ALPHA, BETA, {"train_loss": values, "energy": -VALUES}, name="mine")


def test_an_exported_npz_comes_back_bit_for_bit(tmp_path: Path) -> None:
    marks = Marks(("a", "b"), np.zeros(2), np.ones(2), np.ones(2))
    record = example()
    record = Surface(
        *(getattr(record, name) for name in ("axes", "metrics", "status", "error", "provenance", "trajectory", "rays")),
        marks=marks,
        directions=({"0.weight": np.eye(2)}, {"0.weight": np.ones((2, 2))}),
    )
    for written in (record, surface(), Profile.from_grid(ALPHA, ALPHA)):
        export(written, tmp_path / "grid.npz", force=True)
        assert bits(load(tmp_path / "grid.npz")) == bits(written)
    assert summarize(tmp_path / "grid.npz")["shape"] == [4]


def test_an_exported_csv_comes_back_with_its_values_in_any_order_of_rows(tmp_path: Path) -> None:
    path = tmp_path / "grid.csv"
    export(surface(), path)
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *rows[::-1]]))
    record = load(path)
    assert [axis.values.tolist() for axis in record.axes] == [ALPHA.tolist(), BETA.tolist()]
    for name, values in surface().metrics.items():
        np.testing.assert_array_equal(record.metrics[name], values)
    np.testing.assert_array_equal(record.status, surface().status)
    assert record.provenance.identity.model == "grid"


def test_arrays_without_coordinates_stand_at_their_indices(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", VALUES)
    np.savez(tmp_path / "b.npz", loss=VALUES, accuracy=VALUES)
    np.savetxt(tmp_path / "c.csv", VALUES, delimiter=";")
    np.savetxt(tmp_path / "d.csv", VALUES)
    for name in ("a.npy", "b.npz", "c.csv", "d.csv"):
        record = read_grid(tmp_path / name)
        assert record.alpha.values.tolist() == [0, 1, 2, 3]
        np.testing.assert_array_equal(record.loss, VALUES)
    np.save(tmp_path / "line.npy", ALPHA)
    assert isinstance(load(tmp_path / "line.npy"), Profile)


def test_an_npz_has_coordinates_by_name_and_a_line_has_one(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=ALPHA, y=BETA, energy=VALUES)
    record = load(tmp_path / "a.npz")
    assert list(record.metrics) == ["energy"]
    assert record.axes[1].values.tolist() == BETA.tolist()
    (tmp_path / "b.csv").write_text("# alpha loss\n0 1\n2 5\n1\tnan\n".replace("\t", " "))
    assert load(tmp_path / "b.csv").loss.tolist()[::2] == [1, 5]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("alpha,beta,loss\n0,0,1\n0,1,2\n1,0,3\n", "1 of the 2 x 2 points are missing, first alpha = 1, beta = 1"),
        ("alpha,loss\n0,1\n0,2\n", "1 of the 1 points are given twice, first alpha = 0"),
        ("alpha,beta,loss\n0,0\n", "row 2 has 2 cells, the first one 3"),
        ("alpha,beta,loss\n0,0,high\n", "row 2 holds 'high', expected a number"),
        ("step,loss\n0,1\n", "its first column is 'step', expected alpha"),
        ("alpha,beta\n0,1\n", "it holds no values"),
        ("alpha,loss,loss\n0,1,1\n", "two columns have one name"),
    ],
)
def test_a_csv_that_is_no_grid_is_refused_in_one_line(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "grid.csv"
    path.write_text(text)
    assert reason in refusal(path)


def test_objects_damage_and_wrong_shapes_are_refused_in_one_line(tmp_path: Path) -> None:
    paths = {
        name: tmp_path / name for name in ("object.npy", "text.npz", "shape.npz", "cube.npy", "axes.npz", "not.npz")
    }
    np.save(paths["object.npy"], np.array([{}]), allow_pickle=True)
    paths["text.npz"].write_text("no archive")
    np.savez(paths["shape.npz"], alpha=BETA, beta=ALPHA, loss=VALUES)
    np.save(paths["cube.npy"], np.zeros((2, 2, 2)))
    np.savez(paths["axes.npz"], alpha=ALPHA, beta=BETA)
    export(surface(), paths["not.npz"])
    with np.load(paths["not.npz"]) as archive:
        arrays = {name: archive[name] for name in archive.files if name != "error"}
    np.savez(paths["not.npz"], **arrays)
    reasons = ("Object arrays", "pickle", "pass its transpose", "expected (n, m)", "only coordinates", "was changed")
    for path, reason in zip(paths.values(), reasons, strict=True):
        assert reason in refusal(path)
    assert "there is no file" in refusal(tmp_path / "missing.csv")
