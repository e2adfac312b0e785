"""Labels: beside what they name, on top of nothing, and no wider than measured."""

import numpy as np
from pictures import PAPER, axes_of

from landscape.rendering.views.labels import Placer, dense, text_inches


def test_points_of_a_dense_line_lie_on_it_at_equal_distance() -> None:
    line = dense(np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]]), step=0.5)
    assert np.allclose(line[[0, -1]], [[0, 0], [3, 4]])
    assert np.all((line[:, 1] == 0) | np.isclose(line[:, 0], 3.0, atol=0.5))
    assert np.linalg.norm(np.diff(line, axis=0), axis=1).max() <= 7 / 14 + 1e-9
    assert np.array_equal(dense(np.array([[1.0, 2.0]])), [[1.0, 2.0]])


def test_labels_of_two_curves_cover_neither_curves_nor_each_other() -> None:
    x = np.linspace(0, 1, 50)
    curves = [np.column_stack([x, 0.4 + 0 * x]), np.column_stack([x, 0.6 + 0 * x])]
    with axes_of() as axes:
        placer = Placer(axes, curves)
        labels = [placer.beside(curve, name, fontsize=8) for curve, name in zip(curves, ("low", "high"), strict=True)]
        renderer = axes.figure.canvas.get_renderer()
        first, second = (label.get_window_extent(renderer) for label in labels)
        assert not first.overlaps(second)
        for curve in curves:
            points = axes.transData.transform(curve)
            assert not any(box.contains(*point) for box in (first, second) for point in points)
        assert first.y1 < second.y0, "each beside its own curve"


def test_an_obstacle_moves_a_label_to_the_next_place() -> None:
    points = np.array([[0.5, 0.5]])
    with axes_of() as axes:
        free = Placer(axes, []).near(points, "text", fontsize=8).get_position()
        placer = Placer(axes, [])
        placer.block(np.array([[0.55, 0.4], [0.55, 0.6]]))
        moved = placer.near(points, "text", fontsize=8).get_position()
    assert free[0] > 0.5 > moved[0]


def test_a_text_is_at_most_as_wide_as_measured() -> None:
    with axes_of(inches=6.0) as axes:
        axes.figure.set_dpi(300)  # at fewer pixels, hinting widens letters further
        renderer = axes.figure.canvas.get_renderer()
        for words in ("half-width 0.71 [0.71, 0.71]", r"$P$ = 38,410   $K$ = 10", r"$3\times10^{-5}$"):
            extent = axes.text(0.1, 0.5, words, fontsize=8).get_window_extent(renderer).width / 300
            assert extent <= text_inches(words, 8, PAPER.font) <= 1.15 * extent + 0.02
    assert text_inches("", 8, PAPER.font) == 0.0
