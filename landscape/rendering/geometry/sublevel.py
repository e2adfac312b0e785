"""The sublevel set of a surface: what it rises above, where it is, and how wide it is where a picture notes that."""

import numpy as np

from landscape.measures.widths import walls
from landscape.records.base import LOSS, FloatArray
from landscape.records.recipe import RepeatsRecipe
from landscape.records.sampled import Surface


def reference_of(surface: Surface) -> str:
    """What the set rises above, in words."""
    if surface.kind == "corridor":
        return "the path"
    return "the centre" if surface.marks is None else surface.marks.names[0]


def bore_of(surface: Surface, rise: float) -> tuple[float, float, float, bool] | None:
    """Position along alpha, both walls, and whether both lie inside the grid: where the width is noted.

    At the last step of a corridor, through the centre of a plane. None where no grid line runs through the path or
    the centre, or values are missing on it.
    """
    if LOSS not in surface.metrics or 0 not in surface.beta.values or surface.marks is not None:
        return None
    if surface.kind != "corridor" and 0 not in surface.alpha.values:
        return None
    row = -1 if surface.kind == "corridor" else int(np.argmin(np.abs(surface.alpha.positions)))
    reference = _reference(surface)
    if reference is None or not np.isfinite(reference).all() or np.isnan(surface.loss[row]).any():
        return None
    found = walls(surface, rise=rise)
    bounded = bool(found.low_bounded[row] and found.high_bounded[row])
    return float(surface.alpha.positions[row]), float(found.low[row]), float(found.high[row]), bounded


def above_of(surface: Surface, rise: float, *, step: int = 1) -> FloatArray | None:
    """How far the loss of every ``step``-th row and column lies above the set, negative inside it; shape (n, m)."""
    reference = _reference(surface) if LOSS in surface.metrics else None
    if reference is None:
        return None
    largest = np.nanmax(np.where(np.isfinite(surface.loss), surface.loss, np.nan), initial=0.0)
    loss = np.nan_to_num(surface.loss[::step, ::step], nan=2 * abs(largest) + 1, posinf=2 * abs(largest) + 1)
    return np.asarray(loss - reference[::step, None] - rise)


def _reference(surface: Surface) -> FloatArray | None:
    """The loss above which the set rises, at each row: the path's own in a corridor, else the centre's.

    None where it is not known: no grid point lies at the centre, and nothing that is stored beside has its loss.
    """
    path, centred = surface.trajectory, 0 in surface.beta.values
    if surface.kind == "corridor":
        if centred:
            return surface.loss[:, int(np.argmin(np.abs(surface.beta.values)))]
        return None if path is None else np.interp(surface.alpha.values, path.alpha, path.loss)
    if centred and 0 in surface.alpha.values:
        rows, columns = (int(np.argmin(np.abs(axis.values))) for axis in surface.axes)
        known = float(surface.loss[rows, columns])
    elif surface.marks is not None:
        known = float(surface.marks.loss[0])
    elif path is not None:
        known = float(path.loss[-1])
    elif surface.rays is not None and not isinstance(surface.provenance.identity.subspace, RepeatsRecipe):
        known = float(surface.rays.loss[0, 0])
    else:
        return None
    return np.full(len(surface.alpha), known)
