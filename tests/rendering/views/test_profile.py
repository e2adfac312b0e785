"""The 1-D view: curves stand where the arrays say, and what is measured is drawn to scale."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from problems import bowl, hill
from sampled_records import sampled

import landscape
from landscape.errors import DisplayError, InputError
from landscape.records.base import Axis
from landscape.records.provenance import Provenance
from landscape.records.recipe import CurveRecipe
from landscape.records.sampled import Profile
from landscape.rendering.facts.names import label_lines
from landscape.rendering.geometry.profiles import ProfileLine, lines_of
from landscape.rendering.geometry.style import theme_of
from landscape.rendering.views.profile import profile_figure


def drawn(*records: Any, metric: str = "train_loss", **options: Any) -> Any:
    theme = theme_of("paper")
    with mpl.rc_context(theme.settings()):
        figure, heights = profile_figure(label_lines(lines_of(records, metric)), theme, width=3.375, **options)
    return figure.axes[0], heights


def arrows(axes: Any) -> list[tuple[Any, Any]]:
    return [(text.xyann, text.xy) for text in axes.texts if getattr(text, "arrow_patch", None) is not None]


def words(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_a_curve_stands_at_the_coordinates_and_values_of_its_record() -> None:
    record = hill()
    axes, heights = drawn(record)
    x, y = axes.lines[0].get_data()
    assert np.array_equal(x, record.alpha.values)
    assert np.array_equal(y, heights.share(record.loss))
    assert np.allclose(heights.value(y), record.loss, rtol=1e-12)


def test_the_dimension_line_is_as_tall_as_the_barrier() -> None:
    axes, heights = drawn(hill(1.0))
    start, end = arrows(axes)[0]
    assert start[0] == end[0] == 0.5
    assert np.allclose(heights.value(np.array([start[1], end[1]])), [0.2, 1.2])
    assert "barrier 1" in words(axes)


def test_a_barrier_too_small_for_an_arrow_is_written_into_the_label() -> None:
    axes, _ = drawn(hill(1.0), hill(0.002, aligned=True))
    assert "as trained" in words(axes)
    assert "aligned (barrier 0.002)" in words(axes)


def test_both_ends_are_marked_and_named() -> None:
    axes, _ = drawn(hill())
    ends = [line.get_data() for line in axes.lines if line.get_marker() == "o"]
    assert [float(x[0]) for x, _ in ends] == [0.0, 1.0]
    named = {text.get_text(): text.xy[0] for text in axes.texts if hasattr(text, "xy")}
    assert (named["narrow:0"], named["narrow:1"]) == (0.0, 1.0)


def test_a_band_reaches_from_low_to_high() -> None:
    loss = hill().loss
    record = hill(train_loss_low=loss - 0.05, train_loss_high=loss + 0.1)
    axes, heights = drawn(record)
    corners = axes.collections[0].get_paths()[0].vertices
    assert heights.value(corners[:, 1].max()) == pytest.approx(loss.max() + 0.1)
    assert heights.value(corners[:, 1].min()) == pytest.approx(loss.min() - 0.05)


def test_the_half_width_is_drawn_from_the_solution_to_its_mean() -> None:
    axes, _ = drawn(bowl(curvature=2.0), scale="linear")
    start, end = arrows(axes)[0]
    assert (start[0], end[0]) == (0.0, pytest.approx(0.5**0.5, rel=1e-3))


def test_labels_cover_neither_curves_nor_each_other() -> None:
    axes, _ = drawn(hill(1.0), hill(0.6, aligned=True))
    renderer = axes.figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in axes.texts if text.get_text()]
    for k, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[k + 1 :])
    for line in axes.lines[:2]:
        points = axes.transData.transform(np.column_stack(line.get_data()))
        assert not any(box.contains(*point) for box in boxes for point in points)


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_render_draws_profiles_in_every_format(tmp_path: Path, suffix: str) -> None:
    drawn = landscape.render([hill(), hill(0.5, aligned=True)], tmp_path / f"line{suffix}")
    assert drawn.path.stat().st_size > 1000
    assert drawn.clipped == (0, 0)


def test_a_solution_outside_the_picture_is_not_named() -> None:
    alpha = np.linspace(0.3, 1, 8)
    record = Profile((Axis("alpha", alpha),), {"train_loss": alpha}, np.ones(8, dtype=np.uint8), np.zeros(8))
    axes, _ = drawn(record)
    assert axes.get_xlabel() == r"$\alpha$ (filter norms)"
    assert "solution" not in words(axes)


@pytest.mark.parametrize(
    "loss",
    [
        [1.0, np.inf, 2.0],
        [1e-30, 1.0, 1e30],
        [-3.0, -2.0, -1.0],
        [5.0, 5.0, 5.0],
        [np.nan, 1.0, np.nan],
        [0.0, 0.0, 0.0],
    ],
)
def test_hostile_values_give_a_picture(tmp_path: Path, loss: list[float]) -> None:
    axis = Axis("alpha", np.array([-1.0, 0.0, 1.0]))
    record = Profile((axis,), {"train_loss": np.array(loss)}, np.ones(3, dtype=np.uint8), np.zeros(3))
    assert landscape.render(record, tmp_path / "a.png").path.exists()


def test_nothing_to_draw_is_one_clear_line(tmp_path: Path) -> None:
    axis = Axis("alpha", np.array([0.0, 1.0]))
    empty = Profile((axis,), {"train_loss": np.full(2, np.nan)}, np.zeros(2, dtype=np.uint8), np.zeros(2))
    with pytest.raises(DisplayError, match="no finite train_loss"):
        landscape.render(empty, tmp_path / "a.png")
    with pytest.raises(InputError, match="profiles share their axis"):
        landscape.render([hill(), empty], tmp_path / "a.png")
    with pytest.raises(InputError, match="holds no rays"):
        landscape.render(replace(bowl(), rays=None), tmp_path / "a.png", draw="profile")
    assert not list(tmp_path.iterdir())


def test_curves_say_what_tells_them_apart() -> None:
    curve = replace(
        hill(),
        provenance=Provenance(replace(hill().provenance.identity, subspace=CurveRecipe(form="bezier", to="narrow:1"))),
    )
    labels = [one.label for one in label_lines(lines_of([hill(), hill(aligned=True), curve], "train_loss"))]
    assert labels == ["straight line", "straight line, aligned", "Bezier curve"]
    assert isinstance(lines_of([hill()], "train_loss")[0], ProfileLine)


def test_the_solution_stands_at_the_end_of_the_line_from_the_start_of_training() -> None:
    figure, _ = profile_figure(
        label_lines(lines_of([sampled("path line")], "train_loss")), theme_of("paper"), width=3.0
    )
    named = {text.get_text(): text.xy[0] for text in figure.axes[0].texts if hasattr(text, "xy")}
    assert named["start of training"] == 0
    assert "solution" not in named or named["solution"] == 1
