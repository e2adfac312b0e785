"""A row of panels: one for each record, on the same axes where these are shared."""

from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes

from landscape.errors import InputError
from landscape.rendering.geometry.style import Theme
from landscape.rendering.views.row import MAX_PANELS, draw_row


def draw(records: list[float], path: Path, **options: Any) -> list[Axes]:
    panels = []

    def panel(axes: Axes, record: float, theme: Theme) -> None:
        axes.plot([0, 1], [0, record])
        panels.append(axes)

    usual: dict[str, Any] = {"kind": "lines", "heights": "height", "aspect": 0.5, "width": 4.0, "dpi": 50}
    usual |= {"titles": [str(record) for record in records], "same_axes": True, "theme": "paper"}
    assert draw_row(records, path, panel, **usual | options) == path
    return panels


def test_every_record_has_a_panel_with_its_title(tmp_path: Path) -> None:
    first, second = draw([1.0, 3.0], tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000
    assert (first.get_title(), second.get_title()) == ("1.0", "3.0")
    assert first.get_ylim() == second.get_ylim()
    assert first.figure.get_size_inches().tolist() == [4.0, 1.0]


def test_axes_can_differ(tmp_path: Path) -> None:
    first, second = draw([1.0, 3.0], tmp_path / "a.svg", same_axes=False)
    assert first.get_ylim() != second.get_ylim()


def test_too_many_records_or_a_missing_title_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="1 to 4 lines, each with a title, got 5 and 5"):
        draw([1.0] * (MAX_PANELS + 1), tmp_path / "a.png")
    with pytest.raises(InputError, match="got 1 and 0"):
        draw([1.0], tmp_path / "a.png", titles=[])
    assert not list(tmp_path.iterdir())
