"""Labels inside a picture: beside the curve or point they name, and on top of no other."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cbook import is_math_text
from matplotlib.font_manager import FontProperties
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Bbox

from landscape.records.base import FloatArray

GAP = 3.0  # points between a label and its curve
RASTER_WIDTH, TEX_WIDTH = 1.04, 1.16  # letters on a raster, and those of Computer Modern, are wider than outlines


class Placer:
    """Places labels in an axes whose layout is final; every label becomes an obstacle for the next.

    Positions are pixels of the figure's canvas. Labels go where they cover no obstacle, the first candidate of equal
    ones.
    """

    def __init__(self, axes: Axes, curves: Iterable[FloatArray]) -> None:
        self.axes = axes
        self.renderer: Any = axes.figure.canvas.get_renderer()
        self.pixel = axes.figure.dpi / 72
        self.curves = [dense(axes.transData.transform(curve[np.isfinite(curve).all(axis=1)])) for curve in curves]
        self.boxes: list[Bbox] = []
        self.inside = axes.get_window_extent(self.renderer)

    def block(self, points: FloatArray) -> None:
        """Another obstacle: a polyline in data coordinates (k, 2)."""
        self.curves.append(dense(self.axes.transData.transform(points)))

    def beside(self, curve: FloatArray, text: str, **style: Any) -> Text:
        """A label above or below a curve (k, 2) in data coordinates, where the other curves are farthest."""
        points = dense(self.axes.transData.transform(curve[np.isfinite(curve).all(axis=1)]))
        label = self._text(text, **style)
        candidates = self._around(points[:: max(1, len(points) // 60)], label, rows=4)
        return self._settle(label, candidates, points)

    def near(self, points: FloatArray, text: str, **style: Any) -> Text:
        """A label left, right, above or below one of the points (k, 2) in data coordinates, the first that is free."""
        label = self._text(text, **style)
        places = self.axes.transData.transform(np.atleast_2d(points))
        centres, wide = self._around(places, label, rows=1), self._size(label)[0] / 2 + GAP * self.pixel
        if wide < self.inside.width / 2:  # a place that would stick out moves in
            centres[:, 0] = np.clip(centres[:, 0], self.inside.x0 + wide, self.inside.x1 - wide)
        return self._settle(label, centres, None)

    def _around(self, places: FloatArray, label: Text, *, rows: int) -> FloatArray:
        """Centres of the label beside each place, nearest rows first, shape (k, 2)."""
        wide, high = (side / 2 + GAP * self.pixel for side in self._size(label))
        corners = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)]
        further = [(across, up * (1 + row)) for row in range(1, rows) for across, up in corners if up]
        offsets = np.array(corners + further) * (wide, high)
        return np.asarray(places[None] + offsets[:, None]).reshape(-1, 2)

    def _text(self, text: str, **style: Any) -> Text:
        """A label with a halo, which has no place yet."""
        halo = [withStroke(linewidth=2.0, foreground=self.axes.get_facecolor(), alpha=0.75)]
        place: dict[str, Any] = {"transform": None, "ha": "center", "va": "center", "path_effects": halo}
        label: Text = self.axes.text(0, 0, text, zorder=6, in_layout=False, **place, **style)
        return label

    def _size(self, label: Text) -> tuple[float, float]:
        """Width and height of a label, pixels."""
        extent = label.get_window_extent(self.renderer)
        return float(extent.width), float(extent.height)

    def _settle(self, label: Text, centres: FloatArray, curve: FloatArray | None) -> Text:
        """Put the label where it costs least; it becomes an obstacle."""
        wide, high = self._size(label)
        costs = [self._cost(centre, wide, high, curve) for centre in centres]
        best = centres[int(np.argmin(costs))] if len(centres) else np.array([self.inside.x0, self.inside.y0])
        place = self.axes.transAxes.inverted().transform(best)
        label.set_transform(self.axes.transAxes)
        label.set_position(place)
        self.boxes.append(_box(best, wide, high))
        return label

    def _cost(self, centre: FloatArray, wide: float, high: float, curve: FloatArray | None) -> float:
        """The cost of a place: most for leaving the axes or covering labels, less for curves, least for distance."""
        box = _box(centre, wide + 2 * self.pixel, high + self.pixel)
        outside = max(
            self.inside.x0 - box.x0, box.x1 - self.inside.x1, self.inside.y0 - box.y0, box.y1 - self.inside.y1
        )
        # Weights of different orders of magnitude: no number of small faults outweighs a large one.
        cost: float = 1e4 * max(0.0, float(outside) + 2 * self.pixel)
        cost += 1e4 * sum(box.overlaps(obstacle) for obstacle in self.boxes)
        strangers = [line for line in self.curves if curve is None or not np.array_equal(line, curve)]
        distances = [_distance(line, box) for line in strangers]
        cost += 1e3 * sum(distance == 0 for distance in distances)
        if curve is not None:
            near = _distance(curve, box) / self.pixel
            cost += 1e3 * (near == 0) + near
            # Far from other curves a label cannot be taken for theirs; beyond 30 points it makes no difference.
            cost += max(0.0, 30 - min(distances, default=30 * self.pixel) / self.pixel)
        return cost


def text_inches(text: str, size: float, font: str) -> float:
    """The largest width that a text of ``size`` points can have, inches."""
    return _advance_inches(text, size, font) * (TEX_WIDTH if mpl.rcParams["text.usetex"] else RASTER_WIDTH)


@lru_cache(maxsize=4096)
def _advance_inches(text: str, size: float, font: str) -> float:
    """Width by the metrics of the font: outlines would take twenty times as long and leave out the last margin."""
    if not text:
        return 0.0
    properties = FontProperties(family=font, size=size)
    width, _, _ = text_to_path.get_text_width_height_descent(text, properties, is_math_text(text))
    return float(width) / 72


def wrap_lines(lines: Sequence[str], inches: float, measure: Callable[[str], float]) -> list[str]:
    """Lines broken at spaces into rows of like length, none longer than ``inches`` as ``measure`` says."""
    # Between bars, as a space at the end of a text has no width.
    space, bars, result = measure("a a") - measure("aa"), measure("||"), []
    for line in lines:
        words = [(word, measure(f"|{word}|") - bars) for word in line.split(" ")]
        rows, low = _rows(words, inches, space), inches / 2
        high = inches if len(rows) > 1 else low
        # Bisection for the narrowest width that needs no further row: rows of like length.
        while high - low > 0.02 * inches:
            middle = (low + high) / 2
            fewer = len(_rows(words, middle, space)) <= len(rows)
            low, high = (low, middle) if fewer else (middle, high)
        result += _rows(words, high, space) if len(rows) > 1 else rows
    return result


def _rows(words: Sequence[tuple[str, float]], inches: float, space: float) -> list[str]:
    """Words with their widths in as few rows as hold them."""
    rows, length = [words[0][0]], words[0][1]
    for word, wide in words[1:]:
        fits = length + space + wide <= inches
        length = length + space + wide if fits else wide
        rows = [*rows[:-1], f"{rows[-1]} {word}"] if fits else [*rows, word]
    return rows


def dense(points: FloatArray, step: float = 2.0) -> FloatArray:
    """A polyline (k, 2) with points at most about ``step`` apart."""
    if len(points) < 2:
        return points
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.linspace(0, along[-1], max(2, min(4000, int(along[-1] / step) + 1)))
    return np.column_stack([np.interp(at, along, points[:, 0]), np.interp(at, along, points[:, 1])])


def _box(centre: FloatArray, wide: float, high: float) -> Bbox:
    """The box around a centre."""
    x, y = centre
    return Bbox.from_extents(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)


def _distance(points: FloatArray, box: Bbox) -> float:
    """Distance from the nearest of the points to the box; 0 where a point lies inside."""
    if not len(points):
        return float("inf")
    across = np.maximum(np.maximum(box.x0 - points[:, 0], points[:, 0] - box.x1), 0)
    up = np.maximum(np.maximum(box.y0 - points[:, 1], points[:, 1] - box.y1), 0)
    return float(np.hypot(across, up).min())
