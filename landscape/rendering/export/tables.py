"""Records as tables: rows of text, or arrays with their provenance."""

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.records.sampled import Profile, Surface


def columns_of(record: Surface | Profile) -> dict[str, NDArray[Any]]:
    """All metrics and the status by name, each in the shape of the grid."""
    return {**record.metrics, "status": record.status}


def csv_writer(record: Surface | Profile) -> Callable[[Path], None]:
    """What writes a row per grid point: coordinates, all metrics, status; alpha runs slowest."""
    grids = np.meshgrid(*(axis.values for axis in record.axes), indexing="ij")
    columns = {axis.name: grid for axis, grid in zip(record.axes, grids, strict=True)} | columns_of(record)

    def write(path: Path) -> None:
        with path.open("w", newline="") as stream:
            rows = csv.writer(stream, lineterminator="\n")
            rows.writerow(columns)
            # Python's own floats print the fewest digits that read back to the same bits.
            rows.writerows(zip(*(values.ravel().tolist() for values in columns.values()), strict=True))

    return write


def npz_writer(record: Surface | Profile) -> Callable[[Path], None]:
    """What writes every array of the record as it is, and the provenance with the axes as JSON text."""
    arrays: dict[str, Any] = {axis.name: axis.values for axis in record.axes} | columns_of(record)
    arrays["error"] = record.error
    for group in ("trajectory", "rays", "marks"):
        companion = getattr(record, group, None)
        part = {} if companion is None else vars(companion)
        # The scale of rays follows from the provenance.
        arrays |= {f"{group}_{name}": values for name, values in part.items() if values is not None and name != "scale"}
    for axis, direction in zip(record.axes, record.directions, strict=False):
        arrays |= {f"direction_{axis.name}_{name}": values for name, values in direction.items()}
    axes = {axis.name: {"unit": axis.unit, "label": axis.label, "scale": axis.scale} for axis in record.axes}
    provenance = {
        key: str(v) if isinstance(v, float) and not math.isfinite(v) else v
        for key, v in record.provenance.to_dict().items()
    }
    arrays["provenance"] = json.dumps({**provenance, "axes": axes}, default=str)
    return lambda path: np.savez(path, **arrays)


def variables_of(
    record: Surface | Profile,
) -> tuple[dict[str, tuple[tuple[str, ...], NDArray[Any], dict[str, str]]], dict[str, Any]]:
    """Every array as (dimensions, values, attributes) by name, and the provenance as attributes of the whole.

    Parts beside the grid have dimensions of their own: ``checkpoint`` of the path, ``ray`` and ``radius`` of the rays.
    Mappings become JSON text.
    """
    grid = tuple(axis.name for axis in record.axes)
    variables: dict[str, tuple[tuple[str, ...], NDArray[Any], dict[str, str]]] = {
        axis.name: ((axis.name,), axis.values, {"units": axis.unit, "long_name": axis.label, "scale": axis.scale})
        for axis in record.axes
    }
    variables |= {name: (grid, values, {}) for name, values in columns_of(record).items()}
    variables["error"] = (grid, record.error, {})
    attributes = {
        key: json.dumps(v, default=str) if isinstance(v, dict) else v for key, v in record.provenance.to_dict().items()
    }
    path, rays = getattr(record, "trajectory", None), getattr(record, "rays", None)
    if path is not None:
        parts = {name: values for name, values in vars(path).items() if isinstance(values, np.ndarray)}
        variables |= {f"trajectory_{name}": (("checkpoint",), values, {}) for name, values in parts.items()}
        attributes["trajectory_explained"] = path.explained
    if rays is not None:
        variables |= {
            "rays_radius": (("radius",), rays.radius, {}),
            "rays_loss": (("ray", "radius"), rays.loss, {}),
            "rays_length": (("ray",), rays.length, {}),
        }
        attributes["rays_seed"] = rays.seed
    return variables, attributes


def netcdf_writer(record: Surface | Profile) -> Callable[[Path], None]:
    """What writes `variables_of` as netCDF 3 with 64-bit offsets, which every netCDF library reads."""
    from scipy.io import netcdf_file

    variables, attributes = variables_of(record)

    def write(path: Path) -> None:
        with netcdf_file(path, "w", version=2) as file:
            for name, value in attributes.items():
                setattr(file, name, value.encode() if isinstance(value, str) else _number(value))
            for name, (dims, values, notes) in variables.items():
                for dim, size in zip(dims, values.shape, strict=True):
                    if dim not in file.dimensions:
                        file.createDimension(dim, size)
                kind = "b" if values.dtype == np.uint8 else "d"
                variable = file.createVariable(name, kind, dims)
                variable[:] = values
                for key, text in notes.items():
                    setattr(variable, key, text.encode())

    return write


def _number(value: float) -> Any:
    """A whole number as netCDF's 4-byte integer where it fits, else as a double."""
    return np.int32(value) if isinstance(value, int) and abs(value) < 2**31 else np.float64(value)
