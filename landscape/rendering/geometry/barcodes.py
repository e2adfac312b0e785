"""The barcode: the minima of one surface on their way into a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landscape.errors import InputError
from landscape.measures.topology import Topology, threshold_of, topology
from landscape.records.sampled import Surface

MAX_ROWS = 6
MAX_BARS = 30


@dataclass(frozen=True, eq=False)
class Barcode:
    """One row of the picture.

    Args:
        surface: as it was sampled.
        title: above it.
        minima: with their merge tree.
        threshold: persistence from which minima count.
    """

    surface: Surface
    title: str
    minima: Topology
    threshold: float

    @property
    def bars(self) -> list[int]:
        """Indices of the most persistent minima, the global one first; at most `MAX_BARS`.

        With a minimum its parent is among them: the older of two sets that merge is born lower and dies higher.
        """
        order = np.argsort(-self.minima.persistence, kind="stable")[:MAX_BARS]
        return sorted(order.tolist(), key=lambda k: (-self.minima.persistence[k], k))

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest birth, and the highest death, or the highest loss where nothing dies."""
        finite = self.minima.death[np.isfinite(self.minima.death)]
        low, loss = float(self.minima.birth.min()), self.surface.loss
        high = float(finite.max()) if finite.size else float(loss[np.isfinite(loss)].max())
        return low, high if high > low else low + 1.0


def barcodes_of(surfaces: Sequence[Surface], titles: Sequence[str]) -> list[Barcode]:
    """The minima of each surface.

    Raises:
        InputError: too many surfaces, or one without a finite loss.
    """
    if len(surfaces) > MAX_ROWS:
        raise InputError(f"a figure has 1 to {MAX_ROWS} barcodes, got {len(surfaces)}")
    return [
        Barcode(surface, title, topology(surface), threshold_of(surface))
        for surface, title in zip(surfaces, titles, strict=True)
    ]


def branch_positions(code: Barcode) -> dict[int, int]:
    """Column of every branch, from 0: beside its parent, first to merge first, so that no two branches cross."""
    minima, positions = code.minima, dict[int, int]()
    children: dict[int, list[int]] = {}
    for k in code.bars:
        children.setdefault(int(minima.parent[k]), []).append(k)
    # Depth first: a subtree fills neighbouring columns, so no join passes over a stranger.
    waiting = sorted(children.get(-1, []), reverse=True)
    while waiting:
        k = waiting.pop()
        positions[k] = len(positions)
        waiting += sorted(children.get(k, []), key=lambda child: -float(minima.death[child]))
    return positions
