"""Records as tables: rows of text, or arrays with their provenance."""

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.records import Profile, Surface


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
        held = getattr(record, group, None)
        part = {} if held is None else vars(held)
        arrays |= {f"{group}_{name}": values for name, values in part.items() if values is not None}
    for axis, direction in zip(record.axes, record.directions, strict=False):
        arrays |= {f"direction_{axis.name}_{name}": values for name, values in direction.items()}
    axes = {axis.name: {"unit": axis.unit, "label": axis.label, "scale": axis.scale} for axis in record.axes}
    made = {
        key: str(v) if isinstance(v, float) and not math.isfinite(v) else v
        for key, v in record.provenance.to_dict().items()
    }
    arrays["provenance"] = json.dumps({**made, "axes": axes}, default=str)
    return lambda path: np.savez(path, **arrays)
