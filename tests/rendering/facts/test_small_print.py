"""The small print: what a reader must know, and every point that the picture leaves out."""

from dataclasses import replace

import numpy as np
from pictures import panel_of, surface_of
from problems import bowl, hill, tunnel

from landscape.records.base import Status
from landscape.rendering.facts.small_print import panel_notes, profile_notes
from landscape.rendering.geometry.heights import Heights
from landscape.rendering.geometry.profiles import lines_of


def test_points_without_the_colour_are_counted() -> None:
    surface = bowl(points=5)
    colour = np.full((5, 5), np.nan)
    colour[2, 2], colour[0, 0] = 1.0, 2.0
    both = replace(surface, metrics={**surface.metrics, "hessian_trace": colour})
    lines = panel_notes(panel_of(both, color="hessian_trace"))
    note = next(line for line in lines if line.startswith("grey: Hessian trace"))
    assert note.endswith("not measured at 23 of 25 points")


def test_pending_diverged_and_skipped_points_are_counted() -> None:
    loss = np.arange(16.0).reshape(4, 4)
    loss[3, 3] = np.inf
    status = np.full((4, 4), Status.MEASURED, dtype=np.uint8)
    status[0, :2] = Status.PENDING
    panel = panel_of(replace(surface_of(loss), status=status), scale="linear").limit_points(2)
    lines = panel_notes(panel)
    assert lines[-3:] == [
        "cut away: 1 of 16 points diverged",
        "2 of 16 points not measured yet",
        "every 2th row and column drawn",
    ]


def test_a_map_is_outlined_and_a_surface_shaded() -> None:
    panel = panel_of(tunnel(), sublevel=0.5)
    words = "up to +0.5 nat above the path, 0.50 filter norms wide at the last step"
    assert f"shaded: {words}" in panel_notes(panel)
    assert f"outlined: {words}" in panel_notes(panel, flat=True)


def test_a_network_shared_by_two_lines_is_noted_once() -> None:
    lines = lines_of([hill(), hill(0.5, aligned=True)], "train_loss")
    notes = profile_notes(lines, Heights("linear", 0.0, 2.0))
    assert notes[0] == "narrow: mlp, width 4, $P$ = 310, $N$ = 1,437, $K$ = 10"
    assert sum(note.startswith("narrow") for note in notes) == 1


def test_points_above_the_ceiling_of_a_profile_are_counted() -> None:
    notes = profile_notes(lines_of([hill(1.0)], "train_loss"), Heights("linear", 0.0, 1.0, ceiling=1.05))
    assert notes[-1] == "cut at 1.05: 4 of 11 points lie above it"
