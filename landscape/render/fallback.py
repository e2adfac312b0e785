"""Where no OpenGL answers: the same surface as shaded polygons, sorted from back to front by matplotlib alone."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import Colormap

from landscape.records import FloatArray
from landscape.render.camera import Camera
from landscape.render.panel import Panel
from landscape.render.scene import LIGHTS, MATERIAL, PATH_COLOR


def draw_polygons(axes: Axes, panel: Panel, camera: Camera, colors: Colormap) -> None:
    """The surface, its path and its minimum as vectors; cells that reach a hole or the ceiling are left out."""
    scene = panel.scene()
    x, y = np.meshgrid(scene.x, scene.y, indexing="ij")
    points = np.stack([x, y, scene.z], axis=-1)
    cells = np.stack([points[:-1, :-1], points[1:, :-1], points[1:, 1:], points[:-1, 1:]], axis=2).reshape(-1, 4, 3)
    limit = np.inf if scene.top is None else scene.top
    keep = np.all(np.isfinite(cells[..., 2]) & (cells[..., 2] <= limit), axis=1)
    shares = _corner_means(scene.values).ravel()[keep]
    cells = cells[keep]
    order = np.argsort(cells.mean(axis=1) @ camera.towards)
    shaded = _shaded(colors(shares), cells, camera)[order]
    axes.add_collection(
        PolyCollection(camera.project(cells[order]), facecolors=shaded, edgecolors=shaded, linewidths=0.2, zorder=2)
    )
    if scene.path is not None and len(scene.path) > 1:
        axes.plot(*camera.project(scene.path).T, color=PATH_COLOR, linewidth=1.8, zorder=2.2)
    if scene.marker is not None:
        u, v = camera.project(scene.marker)
        axes.plot(
            u, v, marker="o", color="white", markeredgecolor="#444444", markeredgewidth=0.6, markersize=5, zorder=2.3
        )


def _corner_means(values: FloatArray) -> FloatArray:
    return (values[:-1, :-1] + values[1:, :-1] + values[1:, 1:] + values[:-1, 1:]) / 4


def _shaded(rgba: FloatArray, cells: FloatArray, camera: Camera) -> FloatArray:
    """Colours times the light that falls on each cell, from the lights that VTK would use."""
    normals = np.cross(cells[:, 2] - cells[:, 0], cells[:, 3] - cells[:, 1])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    normals *= np.sign(normals @ camera.towards)[:, None]
    basis = np.vstack([camera.axes, camera.towards])
    light = np.full(len(cells), MATERIAL["ambient"])
    for direction, strength in LIGHTS:
        towards = np.asarray(direction) @ basis
        light += MATERIAL["diffuse"] * strength * np.clip(normals @ (towards / np.linalg.norm(towards)), 0, None)
    return np.column_stack([np.clip(rgba[:, :3] * light[:, None], 0, 1), rgba[:, 3]])
