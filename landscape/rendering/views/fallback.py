"""Shaded polygons, sorted from back to front: the surface by matplotlib alone, where no OpenGL answers."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import Colormap

from landscape.records.base import FloatArray
from landscape.rendering.geometry.camera import Camera
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.scene import LIGHTS, MATERIAL, UNKNOWN_COLOR
from landscape.rendering.geometry.style import Theme


def draw_polygons(axes: Axes, panel: Panel, camera: Camera, colors: Colormap, theme: Theme) -> None:
    """The surface, its path and its minimum as vectors; cells at a hole are left out, others cut at the ceiling."""
    scene = panel.scene()
    x, y = np.meshgrid(scene.x, scene.y, indexing="ij")
    points = np.stack([x, y, scene.z], axis=-1)
    cells = np.stack([points[:-1, :-1], points[1:, :-1], points[1:, 1:], points[:-1, 1:]], axis=2).reshape(-1, 4, 3)
    limit = np.inf if scene.top is None else scene.top
    keep = np.isfinite(cells[..., 2]).all(axis=1) & (cells[..., 2] <= limit).any(axis=1)
    shares = _corner_means(scene.values).ravel()[keep]
    cells = cells[keep]
    # The painter's algorithm: far cells first, so that near ones cover them.
    order = np.argsort(cells.mean(axis=1) @ camera.towards)
    rgba = colors.with_extremes(bad=UNKNOWN_COLOR)(np.ma.masked_invalid(shares))
    faces = _shade(rgba, cells, camera)[order]
    shapes = [camera.project(_cut(cell, limit)) for cell in cells[order]]
    axes.add_collection(PolyCollection(shapes, facecolors=faces, edgecolors=faces, linewidths=0.2, zorder=2))
    if scene.path is not None and len(scene.path) > 1:
        axes.plot(*camera.project(scene.path).T, color=theme.path, linewidth=1.8 * theme.line, zorder=2.2)
    if scene.beads is not None and len(scene.beads):
        axes.plot(*camera.project(scene.beads).T, "o", color=theme.path, markersize=2.6 * theme.line, zorder=2.25)
    if scene.markers is not None:
        style = {"markeredgecolor": "#444444", "markeredgewidth": 0.6, "markersize": 5 * theme.line}
        axes.plot(*camera.project(scene.markers).T, "o", color="white", zorder=2.3, **style)


def _cut(cell: FloatArray, limit: float) -> FloatArray:
    """The part of a polygon (k, 3) at or below a height; at least one corner lies there."""
    if cell[:, 2].max() <= limit:
        return cell
    corners = []
    for start, end in zip(cell, np.roll(cell, -1, axis=0), strict=True):
        if start[2] <= limit:
            corners.append(start)
        if (start[2] <= limit) != (end[2] <= limit):
            corners.append(start + (end - start) * (limit - start[2]) / (end[2] - start[2]))
    return np.array(corners)


def _corner_means(values: FloatArray) -> FloatArray:
    """Mean of the four corners of every cell of a grid."""
    return (values[:-1, :-1] + values[1:, :-1] + values[1:, 1:] + values[:-1, 1:]) / 4


def _shade(rgba: FloatArray, cells: FloatArray, camera: Camera) -> FloatArray:
    """Colours times the light that falls on each cell, from the lights that VTK would use."""
    normals = np.cross(cells[:, 2] - cells[:, 0], cells[:, 3] - cells[:, 1])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    # Normals face the viewer, whichever way round the corners run.
    normals *= np.sign(normals @ camera.towards)[:, None]
    basis = np.vstack([camera.axes, camera.towards])
    light = np.full(len(cells), MATERIAL["ambient"])
    for direction, strength in LIGHTS:
        towards = np.asarray(direction) @ basis
        light += MATERIAL["diffuse"] * strength * np.clip(normals @ (towards / np.linalg.norm(towards)), 0, None)
    return np.column_stack([np.clip(rgba[:, :3] * light[:, None], 0, 1), rgba[:, 3]])
