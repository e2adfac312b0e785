"""The frames of a film: each a figure with its axes, of which only what moves is drawn anew."""

from functools import cached_property

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from landscape.rendering.film.shots import Shot, ShotList
from landscape.rendering.geometry.camera import Frame
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.style import colors_of, theme_of
from landscape.rendering.geometry.ticks import number
from landscape.rendering.views.fallback import draw_polygons
from landscape.rendering.views.layout import color_bar
from landscape.rendering.views.overlay import Overlay
from landscape.rendering.views.raster import Stage

INCHES = 7.2  # height of a frame at the sizes of the theme
FOOT, HEAD = 1.05, 0.7  # inches below and above the panels


class Projector:
    """Draws the frames of a shot list, keeping what stays the same from one to the next."""

    def __init__(self, shots: ShotList) -> None:
        self.shots = shots
        self.theme, self.colors = theme_of(shots.theme), colors_of(shots.colormap)
        width, height = shots.size
        self.dpi = height / INCHES
        self.figure = Figure(figsize=(width / self.dpi, INCHES), dpi=self.dpi, facecolor=self.theme.ground)
        self.canvas = FigureCanvasAgg(self.figure)
        self.stages: dict[int, Stage] = {}
        self.places: dict[int, tuple[Axes, Text]] = {}

    def draw(self, index: int) -> bytes:
        """Frame ``index`` as rows of RGB bytes."""
        shot = self.shots.shot(index)
        with mpl.rc_context(self.theme.settings()):
            for column, panel in enumerate(shot.panels):
                self._panel(shot, panel, column)
            self._below.set_text("; ".join([shot.note] * bool(shot.note) + self._cut(shot.panels[0])))
            self.canvas.draw()
        return np.asarray(self.canvas.buffer_rgba())[..., :3].tobytes()

    @cached_property
    def _cell(self) -> tuple[float, float]:
        """Width of a panel with its margins, and the height of its axes, in inches."""
        count = 1 if self.shots.film == "morph" else len(self.shots.panels)
        return (self.figure.get_size_inches()[0] - 1.25) / count, INCHES - FOOT - HEAD

    @cached_property
    def _below(self) -> Text:
        """The line at the bottom; the colour bar is drawn with it, once, as all frames have the same."""
        total = self.figure.get_size_inches()[0]
        place = (total - 1.05, FOOT, self._cell[1], 2.0)
        color_bar(self.figure, self.shots.panels[0], self.colors, self.theme, place)
        look = {"fontsize": self.theme.size, "color": self.theme.small}
        return self.figure.text(0.5, 0.22 / INCHES, "", ha="center", va="bottom", **look)

    def _cut(self, panel: Panel) -> list[str]:
        cut = panel.heights.ceiling
        return [] if cut is None else [f"cut away above {number(cut, 3)}"]

    def _panel(self, shot: Shot, panel: Panel, column: int) -> None:
        wide, tall = self._cell[0] - 1.2, self._cell[1]
        axes, title = self.places.get(column) or self._place(column, wide, tall)
        frame = self._frame(shot, panel, column, wide, tall)
        for artist in (*axes.lines, *axes.patches, *axes.collections, *axes.images, *axes.texts):
            artist.remove()
        Overlay(axes, panel, shot.camera, self.colors, self.theme).draw()
        if self.shots.backend.name == "vtk":
            size = max(8, round(wide * self.dpi)), max(8, round(tall * self.dpi))
            image = self._stage(panel, column, size).draw(shot.camera, frame)
            extent = (frame.left, frame.right, frame.bottom, frame.top)
            axes.imshow(image, extent=extent, aspect="auto", interpolation="nearest", zorder=2)
        else:
            draw_polygons(axes, panel, shot.camera, self.colors, self.theme)
        axes.set_xlim(frame.left, frame.right)
        axes.set_ylim(frame.bottom, frame.top)
        if shot.near < 1:
            self._hide_outside(axes, frame, column)
        title.set_text(panel.title)

    def _place(self, column: int, wide: float, tall: float) -> tuple[Axes, Text]:
        """Axes and title of a panel."""
        total = self.figure.get_size_inches()[0]
        left = column * self._cell[0] + 0.95
        axes = self.figure.add_axes((left / total, FOOT / INCHES, wide / total, tall / INCHES))
        axes.set_axis_off()
        look = {"ha": "center", "va": "top", "fontsize": self.theme.size + 4}
        title = self.figure.text((left + wide / 2) / total, 1 - 0.22 / INCHES, "", **look)
        self.places[column] = axes, title
        return axes, title

    def _hide_outside(self, axes: Axes, frame: Frame, column: int) -> None:
        """Hide the words of what lies outside a close view, and those that would leave the panel's cell."""
        left, right = (self.dpi * self._cell[0] * (column + k) for k in (0, 1))
        low, high = self.dpi * (FOOT - 0.6), self.dpi * (INCHES - HEAD + 0.1)
        axes.apply_aspect()
        for text in axes.texts:
            inside = bool(frame.holds(text.xy))
            if inside and text.get_text():
                box = text.get_window_extent(self.canvas.get_renderer())
                inside = left <= box.x0 and box.x1 <= right + 0.35 * self.dpi and low <= box.y0 and box.y1 <= high
            text.set_visible(inside)

    def _stage(self, panel: Panel, column: int, size: tuple[int, int]) -> Stage:
        stage = self.stages.get(column)
        if stage is None:
            stage = self.stages[column] = Stage(size, self.colors, path_color=self.theme.path)
        stage.show(panel.scene, key=panel)
        return stage

    def _frame(self, shot: Shot, panel: Panel, column: int, wide: float, tall: float) -> Frame:
        """The same scale in all frames but for ``near``, whatever the azimuth."""
        box, camera = panel.box, shot.camera
        across, high = np.ptp(camera.project(box.corners()), axis=0).tolist()
        if self.shots.film == "orbit":  # what no azimuth exceeds
            reach, elevation = float(np.hypot(box.half_x, box.half_y)), np.radians(camera.elevation)
            across, high = 2 * reach, float(2 * reach * np.sin(elevation) + box.top * np.cos(elevation))
        side = max(across / wide, high / tall) * shot.near * 1.03
        middle = np.array([0.0, 0.0, box.top / 2]) if shot.centre is None else shot.centre[column]
        u, v = camera.project(middle)
        return Frame(u - side * wide / 2, u + side * wide / 2, v - side * tall / 2, v + side * tall / 2)
