"""Records as files of other programs: meshes for viewers and 3-D printers, tables for everything else.

Meshes stand at ``(alpha[i], beta[j], height[i, j])``, the axes spaced as they are drawn; the height is the training
loss. Points of flat lists come in the order of ``values.ravel()``: beta runs fastest.
"""

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from landscape.errors import DisplayError, FileError, InputError
from landscape.files.replace import replacement
from landscape.records.base import LOSS, FloatArray
from landscape.records.sampled import Profile, Surface
from landscape.rendering.export.tables import columns_of, csv_writer, netcdf_writer, npz_writer
from landscape.rendering.geometry.heights import Heights, common_heights

MeshScale: TypeAlias = Literal["linear", "log"]
PRINT_SIDE = 100.0  # mm, the longer side
PRINT_RELIEF = 50.0  # mm, from the bottom of the height axis to its top
PRINT_BASE = 3.0  # mm, a plate that holds without support

CONTENTS = {
    ".vts": "vts keeps the grid and all values, not the provenance, the path and the rays",
    ".vtp": "vtp keeps the values where the loss is finite, not the provenance, the path and the rays",
    ".ply": "ply keeps the shape and its colours, not the values",
    ".obj": "obj keeps the shape, not the values",
    ".gltf": "gltf keeps the shape and its colours, not the values",
    ".stl": "stl keeps the shape as a solid in millimetres, not the values",
    ".csv": "csv keeps coordinates, all values and their status, not the provenance, the path and the rays",
    ".npz": "npz keeps everything",
    ".nc": "nc (netCDF 3) keeps the grid, all values, the path, the rays and the provenance, not stored directions",
}
TABLES = (".csv", ".npz", ".nc")


def export(
    record: Surface | Profile,
    path: str | Path,
    *,
    scale: MeshScale = "linear",
    ceiling: float | None = None,
    force: bool = False,
) -> tuple[str, ...]:
    """Write a record in the format its suffix names, all of it or nothing.

    Args:
        record: a `Surface`; a `Profile` goes to csv, npz and nc only.
        path: its suffix is one of ``CONTENTS``; the folder must exist.
        scale: heights of meshes: the loss, or its logarithm to base 10.
        ceiling: heights of meshes are clipped at this loss; by default only solids are, as figures are.
        force: whether an existing file may be replaced.

    Returns:
        Lines for people: what the format lost, and how many points a mesh clipped or left out.

    Raises:
        InputError: an unknown suffix or scale, a profile for a mesh, a ceiling below every value.
        DisplayError: no finite loss for a mesh.
        FileError: the file exists and ``force`` is off, or cannot be written.
    """
    target = Path(path)
    kind = target.suffix.lower()
    if kind not in CONTENTS:
        raise InputError(f"cannot export to {target.name!r}: the suffix must be one of {', '.join(CONTENTS)}")
    lines = [CONTENTS[kind]]
    if kind in TABLES:
        write = {".csv": csv_writer, ".npz": npz_writer, ".nc": netcdf_writer}[kind](record)
    elif not isinstance(record, Surface):
        raise InputError(f"a {kind[1:]} mesh needs a surface, this is a {record.kind or 'profile'}; use csv, npz or nc")
    else:
        write, note = _mesh_writer(record, kind, scale, ceiling)
        lines += note
    _replace(target, write, force=force)
    return tuple(lines)


def grid_of(surface: Surface, heights: FloatArray) -> Any:
    """The surface as a PyVista structured grid of n x m x 1 points, all metrics and the status as point data.

    Args:
        heights: shape (n, m); a point whose height is not finite is hidden, and its values stay as they are.
    """
    import pyvista as pv

    x, y = np.meshgrid(*(axis.positions for axis in surface.axes), indexing="ij")
    holes = ~np.isfinite(heights)
    grid = pv.StructuredGrid(x, y, np.where(holes, np.min(heights[~holes]), heights))
    for name, values in columns_of(surface).items():
        grid.point_data[name] = values.ravel(order="F")  # VTK's first axis runs fastest
    if holes.any():
        indices: Any = np.flatnonzero(holes.ravel(order="F"))
        grid.hide_points(indices)
    return grid


def triangles_of(surface: Surface, heights: FloatArray) -> Any:
    """The surface as PyVista triangles with all metrics and the status as point data, squares with a hole left out."""
    import pyvista as pv

    x, y = np.meshgrid(*(axis.positions for axis in surface.axes), indexing="ij")
    index = np.arange(x.size).reshape(x.shape)
    low, right, far, up = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    corners = np.stack([low, right, far, low, far, up], axis=-1).reshape(-1, 6)
    whole = np.isfinite(heights.ravel())[corners].all(axis=1)
    faces = corners[whole].reshape(-1, 3)
    if not faces.size:
        raise DisplayError(f"no square of the grid has a finite {LOSS} at all corners: there is no mesh to write")
    vertices, numbers = np.unique(faces, return_inverse=True)
    triangles: Any = numbers.reshape(-1, 3)
    points = np.column_stack([x.ravel(), y.ravel(), heights.ravel()])[vertices]
    mesh = pv.PolyData.from_regular_faces(points, triangles)
    for name, values in columns_of(surface).items():
        mesh.point_data[name] = values.ravel()[vertices]
    return mesh


def solid_of(surface: Surface, heights: Heights) -> Any:
    """A closed solid in millimetres on a base plate, for 3-D printing: manifold, without open edges.

    The longer side is ``PRINT_SIDE``; the height axis is ``PRINT_RELIEF`` tall and stands on ``PRINT_BASE``. Values
    above the ceiling, and those that are not finite, lie at the top.
    """
    import pyvista as pv

    shares = np.nan_to_num(heights.share(surface.loss), nan=1.0).clip(0.0, 1.0)
    sides = [axis.positions - axis.positions[0] for axis in surface.axes]
    unit = PRINT_SIDE / max(side[-1] for side in sides)
    x, y = np.meshgrid(*(unit * side for side in sides), indexing="ij")
    top = PRINT_BASE + PRINT_RELIEF * shares
    layers = [np.stack(pair, axis=-1) for pair in ((x, x), (y, y), (np.zeros_like(top), top))]
    return pv.StructuredGrid(*layers).extract_surface(algorithm="dataset_surface").triangulate().clean()


def _mesh_writer(
    surface: Surface, kind: str, scale: MeshScale, ceiling: float | None
) -> tuple[Callable[[Path], None], list[str]]:
    """The function that writes the mesh, and lines about points that are not where their values are."""
    if scale not in get_args(MeshScale):
        raise InputError(f"unknown scale {scale!r}; expected linear or log")
    common = common_heights([surface], LOSS, scale, ceiling)
    if kind == ".stl":
        loss = surface.loss
        high = int(np.count_nonzero(~(loss <= common.high) | np.isneginf(loss)))
        note = f"{high} of {loss.size} points lie above {common.high:.4g} or are not finite: put at the top"
        return solid_of(surface, common).save, [note] if high else []
    heights, notes = _heights(surface, common, ceiling)
    if kind == ".vts":
        return grid_of(surface, heights).save, notes
    mesh = triangles_of(surface, heights)
    if kind in (".vtp", ".obj"):
        return mesh.save, notes
    colors = _colors(common.share(mesh.point_data[LOSS]))
    if kind == ".gltf":
        return lambda path: _write_gltf(mesh, colors, path), notes
    return lambda path: mesh.save(path, texture=colors), notes


def _heights(surface: Surface, common: Heights, ceiling: float | None) -> tuple[FloatArray, list[str]]:
    """Losses, or their logarithms, below the ceiling and above the floor, shape (n, m); and lines that say so."""
    loss = surface.loss
    heights = loss if ceiling is None else np.where(np.isfinite(loss), np.minimum(loss, ceiling), loss)
    if common.floor is not None:
        heights = np.maximum(heights, common.floor)
    if common.scale == "log":
        with np.errstate(divide="ignore", invalid="ignore"):
            heights = np.log10(heights)
    above = 0 if ceiling is None else int(np.count_nonzero(np.isfinite(loss) & (loss > ceiling)))
    holes = int(np.count_nonzero(~np.isfinite(heights)))
    notes = {
        f"are clipped at {ceiling or 0:.4g}": above,
        "are not finite: holes": holes,
        f"stand at {common.floor or 0:.3g}, as zero has no logarithm": common.num_floored(surface, LOSS),
    }
    return heights, [f"{count} of {loss.size} points {text}" for text, count in notes.items() if count]


def _colors(shares: FloatArray) -> NDArray[np.uint8]:
    from matplotlib import colormaps

    colors = colormaps["viridis"](np.nan_to_num(shares, nan=1.0).clip(0.0, 1.0), bytes=True)
    return np.ascontiguousarray(colors[:, :3], dtype=np.uint8)


def _write_gltf(mesh: Any, colors: NDArray[np.uint8], path: Path) -> None:
    """One file: positions, vertex colours and triangles in a buffer written as text."""
    x, y, z = np.asarray(mesh.points, dtype="<f4").T
    points = np.column_stack([x, z, -y])  # glTF's second axis points up
    linear = (colors / 255.0) ** 2.2  # vertex colours of glTF are linear light
    faces = np.asarray(mesh.regular_faces, dtype="<u4").ravel()
    parts = [points.astype("<f4").tobytes(), linear.astype("<f4").tobytes(), faces.tobytes()]
    starts = [0, len(parts[0]), len(parts[0]) + len(parts[1])]
    data = base64.b64encode(b"".join(parts)).decode()
    vertex = {"componentType": 5126, "count": len(points), "type": "VEC3"}
    ends = {"min": points.min(axis=0).tolist(), "max": points.max(axis=0).tolist()}
    primitive = {"attributes": {"POSITION": 0, "COLOR_0": 1}, "indices": 2, "material": 0}
    scene = {
        "asset": {"version": "2.0", "generator": "landscape"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [primitive]}],
        "materials": [{"doubleSided": True, "pbrMetallicRoughness": {"metallicFactor": 0.0}}],
        "accessors": [
            {"bufferView": 0, **vertex, **ends},
            {"bufferView": 1, **vertex},
            {"bufferView": 2, "componentType": 5125, "count": len(faces), "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": start, "byteLength": len(part)}
            for start, part in zip(starts, parts, strict=True)
        ],
        "buffers": [{"byteLength": sum(map(len, parts)), "uri": f"data:application/octet-stream;base64,{data}"}],
    }
    path.write_text(json.dumps(scene))


def _replace(target: Path, write: Callable[[Path], None], *, force: bool) -> None:
    if target.is_dir():
        raise FileError(f"{target} is a folder; name a file in it")
    if not force and os.path.lexists(target):
        raise FileError(f"{target} exists already; pass --force (force=True in Python) or choose another name")
    try:
        with replacement(target, target.suffix.lower()) as temporary:
            temporary.touch(exist_ok=False)  # VTK's writers only print that they cannot
            write(temporary)
            if not temporary.stat().st_size:
                raise FileError(f"cannot write {target}: nothing arrived; free some space")
    except FileError:
        raise
    except OSError as error:
        reason = error.strerror or error
        raise FileError(f"cannot write {target}: {reason}; choose a folder that exists and may be written") from error
