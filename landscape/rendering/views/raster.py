"""VTK draws the shaded surface with its contours, the path and the minimum as an RGBA image."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from matplotlib.colors import Colormap
from numpy.typing import NDArray

from landscape.records.base import FloatArray
from landscape.rendering.geometry.camera import Camera, Frame
from landscape.rendering.geometry.scene import LIGHTS, MATERIAL, PATH_COLOR, UNKNOWN_COLOR, Scene

Pixels: TypeAlias = NDArray[np.floating[Any]]

SUPERSAMPLING = 2
TUBE_SIDES = 16
STAGE_SIDES = 6
CONTOUR_RADIUS = 0.0038
PATH_RADIUS = 0.014
MARKER_RADIUS = 0.028
BEAD_RADIUS = 0.025


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
    # A cell between four heights is not flat: as two triangles, clipping and contours agree on its shape.
    surface = grid.extract_surface(algorithm="dataset_surface").triangulate()
    if not surface.n_cells:
        return surface
    if scene.top is not None:
        surface = surface.clip_scalar(scalars="height", value=scene.top)
    return surface.compute_normals(cell_normals=False, split_vertices=False) if surface.n_cells else surface


def draw_raster(
    scene: Scene,
    camera: Camera,
    frame: Frame,
    size: tuple[int, int],
    colors: Colormap,
    *,
    path_color: str = PATH_COLOR,
) -> Pixels:
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
    return _downsample(np.asarray(image, dtype=np.float64) / 255, SUPERSAMPLING)


class Stage:
    """A window of a film that stays open while the camera moves; `draw_raster` opens one for every picture.

    Edges are smoothed by multisampling alone, and tubes have fewer sides: three times as fast, and not seen in
    motion.
    """

    def __init__(self, size: tuple[int, int], colors: Colormap, *, path_color: str = PATH_COLOR) -> None:
        import pyvista as pv

        plotter: Any = pv.Plotter
        self.plotter = plotter(off_screen=True, window_size=list(size), lighting="none")
        self.plotter.set_background("black")  # known, so that it can be divided out of half-transparent edges
        self.colors, self.path_color = colors, path_color
        self.key: object = None

    def show(self, scene: Callable[[], Scene], key: object) -> None:
        """Set up a scene, unless its key says that it stands already."""
        if self.key is key:
            return
        self.plotter.suppress_rendering = True  # else every actor added is a frame drawn
        self.plotter.clear_actors()
        content = scene()
        _add_surface(self.plotter, content, self.colors, sides=STAGE_SIDES)
        _add_path(self.plotter, content, self.path_color)
        self.plotter.suppress_rendering = False
        self.key = key

    def draw(self, camera: Camera, frame: Frame) -> Pixels:
        """The scene seen by the camera, as `draw_raster` gives it."""
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


def populate(plotter: Any, scene: Scene, camera: Camera, colors: Colormap) -> None:
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


def _add_surface(plotter: Any, scene: Scene, colors: Colormap, *, sides: int = TUBE_SIDES) -> None:
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


def _downsample(image: Pixels, factor: int) -> Pixels:
    """The mean of every ``factor`` x ``factor`` pixels, weighted by their opacity so that edges do not darken."""
    height, width = (side // factor for side in image.shape[:2])
    color, alpha = image[..., :3], image[..., 3:]
    by_opacity = np.concatenate([color * alpha, alpha], axis=2)
    means = by_opacity.reshape(height, factor, width, factor, 4).mean(axis=(1, 3))
    opacity = means[..., 3:]
    return np.concatenate([means[..., :3] / np.where(opacity > 0, opacity, 1.0), opacity], axis=2)
