"""What VTK is good at: the shaded surface with draped contours, the path and the minimum, as an RGBA image."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.records.base import FloatArray
from landscape.rendering.geometry.camera import Camera, Frame

Image = NDArray[np.floating[Any]]
Colors = Callable[[FloatArray], FloatArray]

SUPERSAMPLING = 2
TUBE_SIDES = 16
STAGE_SIDES = 6
CONTOUR_RADIUS = 0.0038
PATH_RADIUS = 0.014
MARKER_RADIUS = 0.028
BEAD_RADIUS = 0.025
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


def mesh_of(scene: Scene) -> Any:
    """The surface as a PyVista mesh: points exactly at ``(x[i], y[j], z[i, j])``, cells with a hole left out."""
    import pyvista as pv

    x, y = np.meshgrid(scene.x, scene.y, indexing="ij")
    holes = ~np.isfinite(scene.z)
    grid = pv.StructuredGrid(x, y, np.where(holes, 0.0, scene.z))
    grid["height"] = np.where(holes, 0.0, scene.z).ravel(order="F")
    grid["shade"] = np.where(holes, 0.0, scene.values).ravel(order="F")
    if holes.any():
        grid["hole"] = holes.astype(np.uint8).ravel(order="F")
        grid = grid.threshold((-0.5, 0.5), scalars="hole", all_scalars=True)
    surface = grid.extract_surface(algorithm="dataset_surface").triangulate()
    if not surface.n_cells:
        return surface
    if scene.top is not None:
        surface = surface.clip_scalar(scalars="height", value=scene.top)
    return surface.compute_normals(cell_normals=False, split_vertices=False) if surface.n_cells else surface


def draw(
    scene: Scene, camera: Camera, frame: Frame, size: tuple[int, int], colors: Any, *, path_color: str = PATH_COLOR
) -> Image:
    """The scene seen by the camera, shape (height, width, 4) in [0, 1], transparent where there is nothing.

    Args:
        frame: the rectangle of picture coordinates that the image covers exactly.
        size: width and height in pixels.
        colors: a matplotlib colour map.
        path_color: of the training path.
    """
    import pyvista as pv

    large = [SUPERSAMPLING * side for side in size]
    plotter = pv.Plotter(off_screen=True, window_size=large, lighting="none")
    try:
        _place_camera(plotter, camera, frame)
        _add_lights(plotter, camera)
        _add_surface(plotter, scene, colors)
        _add_path(plotter, scene, path_color)
        plotter.render()
        image = plotter.screenshot(transparent_background=True, return_img=True)
    finally:
        plotter.close()
    return _averaged(np.asarray(image, dtype=np.float64) / 255, SUPERSAMPLING)


class Stage:
    """A window that stays open while the camera moves: for films, where `draw` would begin anew with every frame.

    Edges are smoothed by multisampling alone, and tubes have fewer sides: three times as fast, and not seen in
    motion.
    """

    def __init__(self, size: tuple[int, int], colors: Any, *, path_color: str = PATH_COLOR) -> None:
        import pyvista as pv

        plotter: Any = pv.Plotter
        self.plotter = plotter(off_screen=True, window_size=list(size), lighting="none")
        self.plotter.set_background("black")
        self.colors, self.path_color = colors, path_color
        self.key: object = None

    def show(self, scene: Callable[[], Scene], key: object) -> None:
        """Set up a scene, unless it is the one that stands already."""
        if self.key is key:
            return
        self.plotter.suppress_rendering = True  # else every actor added is a frame drawn
        self.plotter.clear_actors()
        made = scene()
        _add_surface(self.plotter, made, self.colors, sides=STAGE_SIDES)
        _add_path(self.plotter, made, self.path_color)
        self.plotter.suppress_rendering = False
        self.key = key

    def draw(self, camera: Camera, frame: Frame) -> Image:
        """As `draw` does."""
        self.plotter.suppress_rendering = True
        self.plotter.remove_all_lights()
        _place_camera(self.plotter, camera, frame)
        _add_lights(self.plotter, camera)
        self.plotter.suppress_rendering = False
        self.plotter.render()
        image = self.plotter.screenshot(transparent_background=True, return_img=True)
        pixels = np.asarray(image, dtype=np.float32) / 255
        opacity = pixels[..., 3:]
        # Against black, the colours of edges come out multiplied by their opacity.
        pixels[..., :3] = np.minimum(pixels[..., :3] / np.where(opacity > 0, opacity, 1), 1)
        return pixels


def populate(plotter: Any, scene: Scene, camera: Camera, colors: Any) -> None:
    """Set up the scene in an open plotter, seen by the camera from far enough to hold all of it."""
    corners = np.array([(x, y, z) for x in scene.x[[0, -1]] for y in scene.y[[0, -1]] for z in (0.0, 1.4)])
    _place_camera(plotter, camera, Frame.around(camera.project(corners), 0.3))
    _add_lights(plotter, camera)
    _add_surface(plotter, scene, colors)
    _add_path(plotter, scene, PATH_COLOR)


def _place_camera(plotter: Any, camera: Camera, frame: Frame) -> None:
    right, up = camera.axes
    focus = right * frame.centre[0] + up * frame.centre[1]
    plotter.camera.position = tuple(focus + 10 * camera.towards)
    plotter.camera.focal_point = tuple(focus)
    plotter.camera.up = tuple(up)
    plotter.camera.parallel_projection = True
    plotter.camera.parallel_scale = frame.height / 2
    plotter.camera.clipping_range = (0.1, 20.0)


def _add_lights(plotter: Any, camera: Camera) -> None:
    import pyvista as pv

    basis = np.vstack([camera.axes, camera.towards])
    for direction, strength in LIGHTS:
        position = 10 * np.asarray(direction) @ basis
        plotter.add_light(pv.Light(position=tuple(position), intensity=strength, light_type="scene light"))


def _add_surface(plotter: Any, scene: Scene, colors: Any, *, sides: int = TUBE_SIDES) -> None:
    mesh = mesh_of(scene)
    if not mesh.n_cells:
        return
    options = {"smooth_shading": True, "show_scalar_bar": False, **MATERIAL}
    plotter.add_mesh(mesh, scalars="shade", cmap=colors, clim=(0.0, 1.0), nan_color=UNKNOWN_COLOR, **options)
    low, high = mesh["height"].min(), mesh["height"].max()
    levels = [level for level in scene.levels if low < level < high]
    if levels:
        lines = mesh.contour(levels, scalars="height")
        if lines.n_points:
            tubes = lines.tube(radius=CONTOUR_RADIUS, n_sides=sides)
            plotter.add_mesh(tubes, color="black", ambient=1.0, diffuse=0.0, show_scalar_bar=False)


def _add_path(plotter: Any, scene: Scene, color: str) -> None:
    import pyvista as pv

    if scene.path is not None and len(scene.path) > 1:
        tube = pv.lines_from_points(scene.path).tube(radius=PATH_RADIUS, n_sides=TUBE_SIDES)
        plotter.add_mesh(tube, color=color, smooth_shading=True, **MATERIAL)
    if scene.beads is not None and len(scene.beads):
        for point in scene.beads:
            plotter.add_mesh(_ball(point, BEAD_RADIUS), color=color, smooth_shading=True, **MATERIAL)
    for marker in [] if scene.markers is None else scene.markers:
        ball = _ball(marker + np.array([0, 0, MARKER_RADIUS / 2]), MARKER_RADIUS)
        plotter.add_mesh(ball, color="white", smooth_shading=True, ambient=0.5, diffuse=0.55, specular=0.3)


def _ball(centre: FloatArray, radius: float) -> Any:
    import pyvista as pv

    return pv.Sphere(radius=radius, center=tuple(centre), theta_resolution=40, phi_resolution=40)


def _averaged(image: Image, factor: int) -> Image:
    """Each pixel the mean of ``factor`` x ``factor`` ones, weighted by their opacity, so that edges do not darken."""
    height, width = (side // factor for side in image.shape[:2])
    color, alpha = image[..., :3], image[..., 3:]
    weighted = np.concatenate([color * alpha, alpha], axis=2)
    means = weighted.reshape(height, factor, width, factor, 4).mean(axis=(1, 3))
    opacity = means[..., 3:]
    return np.concatenate([means[..., :3] / np.where(opacity > 0, opacity, 1.0), opacity], axis=2)
