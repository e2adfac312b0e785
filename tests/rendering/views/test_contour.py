"""The map: values and lines stand where they belong, and what is missing is hatched."""

import matplotlib as mpl
import numpy as np
from matplotlib.patches import Rectangle
from pictures import PAPER, axes_of, panel_of, surface_of
from problems import bowl, tunnel

from landscape.rendering.geometry.style import colors_of
from landscape.rendering.views.contour import CORRIDOR_ASPECT, aspect, draw_map


def test_a_map_puts_values_where_they_belong() -> None:
    """Marks the pixel under a known grid point: a small low at (alpha, beta) = (0.5, -0.5)."""
    axis = np.linspace(-1, 1, 41)
    loss = (axis[:, None] - 0.5) ** 2 + (axis[None, :] + 0.5) ** 2
    with axes_of() as axes:
        draw_map(axes, panel_of(surface_of(loss), scale="linear"), colors_of("gray"), PAPER)
        for artist in (*axes.lines, *axes.texts):
            artist.remove()
        axes.figure.canvas.draw()
        grey = np.asarray(axes.figure.canvas.buffer_rgba())[..., :3].mean(axis=2)
    patches = {(x, y): grey[y - 3 : y + 4, x - 3 : x + 4].mean() for x in (50, 150) for y in (50, 150)}
    assert min(patches, key=lambda place: patches[place]) == (150, 150)  # right of the middle, below it


def test_scales_are_equal_where_both_axes_have_one_unit() -> None:
    assert aspect([panel_of(bowl())]) == 1.0
    assert aspect([panel_of(tunnel())]) == CORRIDOR_ASPECT


def test_the_width_is_written_beside_its_dimension_line() -> None:
    with axes_of() as axes:
        draw_map(axes, panel_of(tunnel(), sublevel=0.5), colors_of("viridis"), PAPER)
        (arrow,) = [text for text in axes.texts if getattr(text, "arrow_patch", None) is not None]
        assert np.allclose([arrow.xyann[1], arrow.xy[1]], [-0.25, 0.25], atol=2e-3)
        assert "0.50" in [text.get_text() for text in axes.texts]


def test_only_missing_values_are_hatched() -> None:
    loss = np.array(bowl(points=9).loss)
    for value, hatches in ((loss[0, 0], 0), (np.nan, 1)):
        loss[0, 0] = value
        with axes_of() as axes, mpl.rc_context({"hatch.linewidth": 1.0}):
            draw_map(axes, panel_of(surface_of(loss)), colors_of("viridis"), PAPER)
            assert sum(isinstance(patch, Rectangle) for patch in axes.patches) == hatches
