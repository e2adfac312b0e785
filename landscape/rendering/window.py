"""A window on the screen with one surface to turn and zoom."""

from typing import Any

import numpy as np

from landscape.errors import DisplayError
from landscape.records.base import LOSS, FloatArray
from landscape.records.sampled import Surface
from landscape.rendering.facts.quantities import axis_label, metric_label, metric_of
from landscape.rendering.geometry.backend import find_backend
from landscape.rendering.geometry.heights import HeightScale
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.style import colors_of
from landscape.rendering.geometry.ticks import axis_ticks, height_ticks, plain
from landscape.rendering.look import Look
from landscape.rendering.views.raster import populate


def plotter_of(
    surface: Surface,
    *,
    metric: str = LOSS,
    scale: HeightScale = "auto",
    ceiling: float | None = None,
    off_screen: bool = False,
) -> Any:
    """A PyVista plotter with the surface in its box, labelled and seen as in print; ``show()`` opens it.

    Raises:
        DisplayError: no OpenGL answers here, or nothing finite to draw.
        InputError: an unknown metric or scale.
    """
    look = Look(metric_of([surface], metric), scale, ceiling, sublevel=None)
    (panel,) = look.panels([surface])
    box, camera = panel.box, look.viewpoint([panel])
    backend = find_backend()
    if backend.name != "vtk":
        raise DisplayError(f"no OpenGL here to open a window with; {backend.advice}")
    import pyvista as pv

    plotter: Any = pv.Plotter(off_screen=off_screen, title=panel.title, lighting="none")
    populate(plotter, panel.scene(), camera, colors_of(look.colormap))
    around = pv.Box((-box.half_x, box.half_x, -box.half_y, box.half_y, box.bottom, box.top))
    plotter.add_mesh(around.extract_all_edges(), color="#9a9a9a", line_width=1, lighting=False)
    places, words = _labels(panel)
    plotter.add_point_labels(places, words, shape=None, show_points=False, font_size=16, always_visible=True)
    return plotter


def _labels(panel: Panel) -> tuple[FloatArray, list[str]]:
    """Ticks and names along three edges of the box, as world points (k, 3) and words."""
    floor, box = panel.floor, panel.box
    out_x, out_y = 1.14 * box.half_x, 1.14 * box.half_y
    alpha, alpha_words = axis_ticks(floor.alpha_axis, floor.alpha)
    beta, beta_words = axis_ticks(floor.beta_axis, floor.beta)
    values, value_words = height_ticks(panel.heights)
    places = [(x, -out_y, box.bottom) for x in floor.x(alpha, box)]
    places += [(out_x, y, box.bottom) for y in floor.y(beta, box)]
    places += [(-out_x, -out_y, z) for z in panel.world_z(values)]
    places += [(0.0, -1.25 * out_y, box.bottom), (1.25 * out_x, 0.0, box.bottom), (-out_x, -out_y, box.top + 0.12)]
    names = [axis_label(floor.alpha_axis, "alpha"), axis_label(floor.beta_axis, "beta")]
    names.append(metric_label(panel.metric, panel.surface.provenance))
    return np.array(places), [plain(word) for word in (*alpha_words, *beta_words, *value_words, *names)]


def show(surface: Surface, *, metric: str = LOSS, scale: HeightScale = "auto", ceiling: float | None = None) -> None:
    """Open a window with the surface to turn and zoom, and return when it is closed.

    Args:
        surface: a plane or corridor.
        metric: what the height shows.
        scale: of heights: ``"linear"``, ``"log"``, ``"sqrt"``, or ``"auto"``: linear where there is a natural ceiling.
        ceiling: value of the metric above which the surface is cut away; by default found from the values.

    Raises:
        DisplayError: no OpenGL answers here, or nothing finite to draw.
        InputError: an unknown metric or scale.
    """
    plotter_of(surface, metric=metric, scale=scale, ceiling=ceiling).show()
