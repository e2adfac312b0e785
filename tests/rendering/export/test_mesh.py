"""Meshes and tables of a surface that is neither square nor symmetric."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
import pyvista as pv

from landscape.errors import DisplayError, FileError, InputError
from landscape.records.base import Axis
from landscape.records.provenance import Identity, Provenance
from landscape.records.sampled import Profile, Surface
from landscape.rendering.export.mesh import CONTENTS, PRINT_BASE, PRINT_RELIEF, PRINT_SIDE, export


def slope(*, holes: bool = False) -> Surface:
    """5 x 3 points of ``1 + alpha^2 + 3 beta``, whose transpose is another surface."""
    alpha, beta = np.array([-1.0, -0.3, 0.1, 0.7, 2.0]), np.array([0.0, 1 / 3, 0.9])
    loss = 1 + alpha[:, None] ** 2 + 3 * beta[None, :]
    if holes:
        loss[0, 0], loss[4, 2] = np.nan, np.inf
    status = np.ones(loss.shape, dtype=np.uint8)
    status[1, 2] = 2
    metrics = {"train_loss": loss, "test_loss": loss * 0.1}
    return Surface(
        (Axis("alpha", alpha), Axis("beta", beta)),
        metrics,
        status,
        np.zeros(loss.shape),
        Provenance(Identity(model="slope")),
    )


def points(surface: Surface) -> np.ndarray:
    rows = [
        (a, b, surface.loss[i, j])
        for i, a in enumerate(surface.alpha.values)
        for j, b in enumerate(surface.beta.values)
    ]
    return np.array(rows)


def test_vts_points_and_values_are_the_arrays(tmp_path: Path) -> None:
    surface = slope()
    export(surface, tmp_path / "a.vts")
    grid = pv.read(tmp_path / "a.vts")
    assert grid.dimensions == (5, 3, 1)
    assert grid.points.dtype == np.float64
    expected = points(surface).reshape(5, 3, 3).transpose(1, 0, 2).reshape(-1, 3)
    assert np.array_equal(grid.points, expected)
    for name, values in {**surface.metrics, "status": surface.status}.items():
        assert np.array_equal(grid.point_data[name].reshape(5, 3, order="F"), values)


def test_vts_hides_holes_and_keeps_their_values(tmp_path: Path) -> None:
    surface = slope(holes=True)
    assert "2 of 15 points are not finite: holes" in export(surface, tmp_path / "a.vts")
    grid = pv.read(tmp_path / "a.vts")
    assert np.isfinite(grid.points).all()
    assert np.array_equal(grid["train_loss"].reshape(5, 3, order="F"), surface.loss, equal_nan=True)
    assert np.count_nonzero(grid["vtkGhostType"]) == 2


def test_vtp_points_and_values_are_the_arrays(tmp_path: Path) -> None:
    surface = slope()
    export(surface, tmp_path / "a.vtp")
    mesh = pv.read(tmp_path / "a.vtp")
    assert np.array_equal(mesh.points, points(surface))
    assert np.array_equal(mesh["test_loss"], surface.metrics["test_loss"].ravel())
    assert mesh.n_cells == 16
    assert (mesh.compute_normals(auto_orient_normals=False, consistent_normals=False)["Normals"][:, 2] > 0).all()


@pytest.mark.parametrize("suffix", [".ply", ".obj"])
def test_shapes_leave_out_holes(suffix: str, tmp_path: Path) -> None:
    surface = slope(holes=True)
    export(surface, tmp_path / f"a{suffix}")
    mesh = pv.read(tmp_path / f"a{suffix}")
    assert mesh.n_cells == 12
    kept = points(surface)[np.isfinite(surface.loss).ravel()]
    assert np.allclose(mesh.points, kept, rtol=1e-5)  # float32, and text


def test_gltf_holds_points_with_the_height_upwards(tmp_path: Path) -> None:
    export(slope(), tmp_path / "a.gltf")
    scene = json.loads((tmp_path / "a.gltf").read_text())
    data = base64.b64decode(scene["buffers"][0]["uri"].partition(",")[2])
    assert len(data) == scene["buffers"][0]["byteLength"]
    stored = np.frombuffer(data, "<f4", count=45).reshape(15, 3)
    assert np.array_equal(np.column_stack([stored[:, 0], -stored[:, 2], stored[:, 1]]), points(slope()).astype("f4"))


@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("scale", ["linear", "log"])
def test_stl_is_a_closed_solid_in_millimetres(holes: bool, scale: str, tmp_path: Path) -> None:
    lines = export(slope(holes=holes), tmp_path / "a.stl", scale=scale, ceiling=3.0)  # type: ignore[arg-type]
    solid = pv.read(tmp_path / "a.stl")
    assert solid.is_manifold
    assert solid.n_open_edges == 0
    assert solid.volume > 0
    assert np.allclose(solid.bounds, (0, PRINT_SIDE, 0, PRINT_SIDE * 0.3, 0, PRINT_BASE + PRINT_RELIEF))
    high = np.count_nonzero(~(slope(holes=holes).loss <= 3))
    assert f"{high} of 15 points" in lines[1]


def test_a_ceiling_clips_heights_not_values(tmp_path: Path) -> None:
    assert export(slope(), tmp_path / "a.vts", ceiling=3.0)[1].endswith("clipped at 3")
    grid = pv.read(tmp_path / "a.vts")
    assert grid.points[:, 2].max() == 3
    assert grid["train_loss"].max() == slope().loss.max()


@pytest.mark.parametrize("suffix", CONTENTS)
def test_every_format_says_what_it_keeps_and_replaces_only_when_told(suffix: str, tmp_path: Path) -> None:
    target = tmp_path / f"a{suffix}"
    target.write_bytes(b"mine")
    with pytest.raises(FileError, match="--force"):
        export(slope(), target)
    assert target.read_bytes() == b"mine"
    assert suffix[1:] in export(slope(), target, force=True)[0]
    assert [entry.name for entry in tmp_path.iterdir()] == [target.name]


def test_a_profile_is_a_table_and_no_mesh(tmp_path: Path) -> None:
    line = np.array([0.1, 0.2])
    profile = Profile((Axis("alpha", line),), {"train_loss": line}, np.ones(2, dtype=np.uint8), 0 * line)
    export(profile, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == "alpha,train_loss,status\n0.1,0.1,1\n0.2,0.2,1\n"
    with pytest.raises(InputError, match="needs a surface"):
        export(profile, tmp_path / "a.stl")


def test_a_grid_without_a_whole_square_is_no_mesh(tmp_path: Path) -> None:
    surface = slope()
    loss = np.where(np.arange(3) == 1, np.nan, surface.loss)
    broken = Surface(surface.axes, {"train_loss": loss}, surface.status, surface.error)
    with pytest.raises(DisplayError, match="no square"):
        export(broken, tmp_path / "a.ply")
    assert not list(tmp_path.iterdir())
