"""The scene: everything of a panel that is shaded, in world coordinates, with its lights and its material."""

from dataclasses import dataclass

from landscape.records.base import FloatArray

PATH_COLOR = "#c1121f"
UNKNOWN_COLOR = "#9a9a9a"
# Key, fill and back light: direction in the camera's own axes (right, up, towards the viewer) and strength.
LIGHTS = (((-0.5, 0.9, 0.8), 0.62), ((0.8, 0.25, 0.6), 0.40), ((0.1, 0.6, -0.9), 0.22))
MATERIAL = {"ambient": 0.32, "diffuse": 0.72, "specular": 0.08, "specular_power": 20.0}


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything to be shaded, in world coordinates.

    Args:
        x, y: grid lines, shapes (n,) and (m,).
        z: heights, shape (n, m); NaN is a hole.
        values: what the colour shows, shape (n, m), in [0, 1]; NaN is grey.
        top: heights above it are cut away along the exact contour; None cuts nothing.
        levels: heights of the draped contours.
        path: points of the training path, shape (k, 3), or None.
        markers: where trained networks lie, shape (k, 3), or None.
        beads: checkpoints marked on the path, shape (k, 3), or None.
    """

    x: FloatArray
    y: FloatArray
    z: FloatArray
    values: FloatArray
    top: float | None
    levels: FloatArray
    path: FloatArray | None = None
    markers: FloatArray | None = None
    beads: FloatArray | None = None
