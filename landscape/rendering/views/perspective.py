"""The 3-D view of one panel: a shaded raster inside vector axes, or shaded polygons where no OpenGL answers."""

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.colors import Colormap

from landscape.rendering.geometry.camera import Camera, Frame
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.style import Theme
from landscape.rendering.views.fallback import draw_polygons
from landscape.rendering.views.overlay import Overlay
from landscape.rendering.views.raster import draw_raster


@dataclass(frozen=True)
class Projection:
    """How a panel in its box becomes a picture.

    Args:
        camera: the same for all panels.
        frame: the rectangle of picture coordinates that the axes show.
        pixels: width of the raster.
        backend: ``"vtk"`` or ``"matplotlib"``.
    """

    camera: Camera
    frame: Frame
    pixels: int
    backend: str


def draw_box(axes: Axes, panel: Panel, theme: Theme, colors: Colormap, projection: Projection) -> None:
    """Draw the panel in its box; the axes' data are picture coordinates afterwards."""
    frame, camera = projection.frame, projection.camera
    axes.set_axis_off()
    axes.set_xlim(frame.left, frame.right)
    axes.set_ylim(frame.bottom, frame.top)
    Overlay(axes, panel, camera, colors, theme).draw()
    if projection.backend == "vtk":
        size = max(8, projection.pixels), max(8, round(projection.pixels * frame.height / frame.width))
        image = draw_raster(panel.scene(), camera, frame, size, colors, path_color=theme.path)
        extent = (frame.left, frame.right, frame.bottom, frame.top)
        axes.imshow(image, extent=extent, aspect="auto", interpolation="none", zorder=2, clip_on=False)
    else:
        draw_polygons(axes, panel, camera, colors, theme)
    axes.set_xlim(frame.left, frame.right)
    axes.set_ylim(frame.bottom, frame.top)
