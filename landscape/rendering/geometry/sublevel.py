"""The sublevel set of a surface: its reference, its place, and its width where a picture notes one."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from landscape.measures.widths import walls
from landscape.records.base import LOSS, FloatArray
from landscape.records.recipe import RepeatsRecipe
from landscape.records.sampled import Surface

Sublevel: TypeAlias = float | Literal["auto"] | None


@dataclass(frozen=True)
class Dimension:
    """The width of the sublevel set, as a dimension line notes it.

    Args:
        alpha: position of the line along alpha.
        low: the wall at negative beta.
        high: the wall at positive beta.
        bounded: whether both walls lie inside the grid; else the width is a lower bound.
    """

    alpha: float
    low: float
    high: float
    bounded: bool

    @property
    def width(self) -> float:
        """Distance between the walls, in the unit of beta."""
        return self.high - self.low


def level_of(surface: Surface, sublevel: Sublevel) -> float | None:
    """The rise up to which a surface's floor is shaded: by default that of half-widths; None where nothing is."""
    return surface.provenance.loss_scale.rise if sublevel == "auto" else sublevel or None


def reference_of(surface: Surface) -> str:
    """The reference of the set, in words: ``"the path"``, ``"the centre"`` or a network's name."""
    if surface.kind == "corridor":
        return "the path"
    return "the centre" if surface.marks is None else surface.marks.names[0]


def dimension_of(surface: Surface, rise: float) -> Dimension | None:
    """The width at the last step of a corridor, or through the centre of a plane.

    None where no grid line runs through the path or the centre, or values are missing on it.
    """
    if LOSS not in surface.metrics or 0 not in surface.beta.values or surface.marks is not None:
        return None
    if surface.kind != "corridor" and 0 not in surface.alpha.values:
        return None
    row = -1 if surface.kind == "corridor" else int(np.argmin(np.abs(surface.alpha.positions)))
    reference = _reference(surface)
    if reference is None or not np.isfinite(reference).all() or np.isnan(surface.loss[row]).any():
        return None
    sides = walls(surface, rise=rise)
    bounded = bool(sides.low_bounded[row] and sides.high_bounded[row])
    return Dimension(float(surface.alpha.positions[row]), float(sides.low[row]), float(sides.high[row]), bounded)


def excess_of(surface: Surface, rise: float, *, stride: int = 1) -> FloatArray | None:
    """How far the loss of every ``stride``-th row and column lies above the set, negative inside it; shape (n, m)."""
    reference = _reference(surface) if LOSS in surface.metrics else None
    if reference is None:
        return None
    # Missing and diverged points get a finite loss far outside the set: contours cannot pass through inf.
    largest = np.nanmax(np.where(np.isfinite(surface.loss), surface.loss, np.nan), initial=0.0)
    loss = np.nan_to_num(surface.loss[::stride, ::stride], nan=2 * abs(largest) + 1, posinf=2 * abs(largest) + 1)
    return np.asarray(loss - reference[::stride, None] - rise)


def _reference(surface: Surface) -> FloatArray | None:
    """The loss above which the set rises, at each row: the path's own in a corridor, else the centre's.

    None where it is not known: no grid point lies at the centre, and nothing that is stored beside has its loss; or
    nothing is known of a centre, as in a grid that was computed elsewhere.
    """
    if surface.kind == "grid":
        return None
    path, has_centre = surface.trajectory, 0 in surface.beta.values
    if surface.kind == "corridor":
        if has_centre:
            return surface.loss[:, int(np.argmin(np.abs(surface.beta.values)))]
        return None if path is None else np.interp(surface.alpha.values, path.alpha, path.loss)
    if has_centre and 0 in surface.alpha.values:
        rows, columns = (int(np.argmin(np.abs(axis.values))) for axis in surface.axes)
        reference = float(surface.loss[rows, columns])
    elif surface.marks is not None:
        reference = float(surface.marks.loss[0])
    elif path is not None:
        reference = float(path.loss[-1])
    elif surface.rays is not None and not isinstance(surface.provenance.identity.subspace, RepeatsRecipe):
        reference = float(surface.rays.loss[0, 0])
    else:
        return None
    return np.full(len(surface.alpha), reference)
