"""Losses of many surfaces as small maps in rows, on one logarithmic colour scale."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm

from landscape.errors import DisplayError
from landscape.records.sampled import Surface

MAP_INCHES = 1.5
MAX_IN_ROW = 10
# Losses below are drawn as this: a map on a logarithmic scale has no zero.
LOWEST = 1e-4


def map_rows(surfaces: Sequence[Surface], limit: int = MAX_IN_ROW) -> list[list[Surface]]:
    """Surfaces of one kind a row, or several rows of at most ``limit``."""
    kinds = list(dict.fromkeys(surface.kind for surface in surfaces))
    by_kind = [[surface for surface in surfaces if surface.kind == kind] for kind in kinds]
    return [group[k : k + limit] for group in by_kind for k in range(0, len(group), limit)]


def maps_size(rows: Sequence[Sequence[Surface]]) -> tuple[float, float]:
    """Width and height that rows of maps take, inches, without their title."""
    return MAP_INCHES * max(map(len, rows)) * 0.85 + 0.9, MAP_INCHES * 1.15 * len(rows)


def draw_maps(part: Any, rows: Sequence[Sequence[Surface]]) -> None:
    """Draw rows of maps into a figure or a part of it; points that diverged or were not measured stay empty.

    Raises:
        DisplayError: no surface holds a finite loss.
    """
    surfaces = [surface for row in rows for surface in row]
    finite = np.concatenate([surface.loss[np.isfinite(surface.loss)] for surface in surfaces])
    if not finite.size:
        raise DisplayError("no surface of this study holds a finite loss")
    ceiling = 1.5 * math.log(max(2, max(surface.provenance.identity.K for surface in surfaces)))
    low = max(LOWEST, float(finite.min()))
    norm = LogNorm(min(low, ceiling / 10), ceiling)
    grid = part.subplots(len(rows), max(map(len, rows)), squeeze=False)
    mesh = None
    for axes_row, row in zip(grid, rows, strict=True):
        for axes in axes_row[len(row) :]:
            axes.set_axis_off()
        for axes, surface in zip(axes_row, row, strict=False):
            mesh = _draw_map(axes, surface, norm)
        across = "across" if row[0].kind == "corridor" else "direction 2"
        axes_row[0].set_ylabel(f"{across}\n(filter norms)", fontsize=7)
    bar = part.colorbar(mesh, ax=grid, shrink=0.85, pad=0.01, extend="both")
    bar.set_label(f"loss ({surfaces[0].provenance.loss_scale.unit})", fontsize=8)
    bar.ax.tick_params(labelsize=7)


def _draw_map(axes: Axes, surface: Surface, norm: LogNorm) -> QuadMesh:
    x, y = surface.alpha.positions, surface.beta.values
    values = np.ma.masked_invalid(np.maximum(surface.loss.T, LOWEST))
    mesh = axes.pcolormesh(x, y, values, norm=norm, cmap="viridis", shading="nearest", rasterized=True)
    axes.set_title(size_of(surface), fontsize=7.5, pad=2)
    axes.set_xlabel("training" if surface.kind == "corridor" else "direction 1", fontsize=7, labelpad=1)
    axes.set_xticks([])
    axes.tick_params(labelsize=6)
    if axes.get_subplotspec() is not None and not axes.get_subplotspec().is_first_col():
        axes.set_yticklabels([])
    return mesh


def size_of(surface: Surface) -> str:
    """``"width 4"`` of ``"mlp, width 4"``."""
    return surface.provenance.identity.network.rpartition(", ")[2]
