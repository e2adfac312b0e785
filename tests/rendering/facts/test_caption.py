"""Captions: every sentence with its numbers, each under a name of letters alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import panel_of, surface_of
from problems import bowl, hill
from sampled_records import sampled

import landscape as ls
from landscape.rendering.facts.caption import Caption, of_barcodes, of_panels, of_profiles
from landscape.rendering.facts.facts import Fact
from landscape.rendering.facts.names import label_lines
from landscape.rendering.geometry.barcodes import barcodes_of
from landscape.rendering.geometry.heights import Heights
from landscape.rendering.geometry.profiles import lines_of

PATHS = {
    "line": "a random filter-normalized direction",
    "along": "the gradient",
    "between": "the straight line between two solutions",
    "path line": "the straight line from the start of training to the solution",
}


def test_numbers_are_stored_by_name_and_put_back_into_the_text() -> None:
    caption = Caption()
    fact = Fact("{Count} points above {Ceiling}", {"Count": 1234, "Ceiling": 3e-5})
    caption.sentences.append(f"{caption.fact(fact, 'A')}.")
    assert caption.sentences == ["{ACount} points above {ACeiling}."]
    assert caption.numbers == {"ACount": "1,234", "ACeiling": "3e-05"}
    assert caption.text() == "1,234 points above 3e-05."


def test_every_number_has_a_name_of_letters() -> None:
    caption = of_panels([panel_of(bowl(), sublevel=0.5)] * 28, shared=True, flat=False)
    assert all(name.isalpha() for name in caption.numbers)
    assert {"APoints", "ZPoints", "AAPoints", "ABPoints"} <= caption.numbers.keys()


def test_points_that_are_cut_away_are_counted() -> None:
    loss = np.arange(16.0).reshape(4, 4)
    text = of_panels([panel_of(surface_of(loss), ceiling=9.5)], shared=True, flat=False).text()
    assert "6 of 16 points above 9.5 cut away" in text
    loss[0, 0] = np.inf
    text = of_panels([panel_of(surface_of(loss), scale="linear")], shared=True, flat=False).text()
    assert "1 of 16 points diverged" in text


def test_a_barrier_stands_in_the_caption_of_its_line() -> None:
    lines = label_lines(lines_of([hill(0.5), hill(0.25, aligned=True)], "train_loss"))
    caption = of_profiles(lines, Heights("linear", 0.0, 1.0))
    assert (caption.numbers["ABarrier"], caption.numbers["BBarrier"]) == ("0.5", "0.25")
    assert "hidden units of the second network matched to the first" in caption.text()


def test_minima_are_counted() -> None:
    surface = replace(surface_of([[0.0, 5.0, 1.0]] * 2), provenance=bowl().provenance)
    text = of_barcodes(barcodes_of([surface], ["one"])).text()
    assert "one: 2 minima, 2 more persistent than" in text


def test_a_caption_carries_place_facts_and_the_unit_of_its_own_axes(tmp_path: Path) -> None:
    options: dict[str, Any] = {"draw": "contour", "dpi": 40, "with_tex": True}
    layer = ls.render(sampled("layer"), tmp_path / "a.png", **options)
    assert "two random layer-normalized directions" in layer.caption
    assert "filter norms" not in layer.caption.replace("directions, 95 % interval", "").split("width through")[-1]
    assert "$" not in layer.caption
    assert "\\" not in layer.caption
    both = ls.render([sampled("random"), sampled("path")], tmp_path / "b.png", ranges="free", **options)
    assert "surfaces of several kinds" in both.caption
    assert "the plane of the training path's two principal components" in both.caption
    assert both.tex is not None
    assert r"\bBExplained" in both.tex.read_text()


@pytest.mark.parametrize("kind", PATHS)
def test_a_profile_says_what_it_runs_along(kind: str, tmp_path: Path) -> None:
    assert f"along {PATHS[kind]}." in ls.render(sampled(kind), tmp_path / "a.png", dpi=40).caption


def test_zeros_on_a_logarithmic_scale_are_drawn_at_the_smallest_measured_value(tmp_path: Path) -> None:
    surface = sampled("random")
    loss, status = np.array(surface.loss), np.array(surface.status)
    loss[0, 0], loss[0, 1], status[0, :2] = 0.0, 1e-12, 2
    rendering = ls.render(
        replace(surface, metrics={"train_loss": loss}, status=status, error=0 * loss),
        tmp_path / "a.png",
        scale="log",
        dpi=40,
        draw="contour",
    )
    smallest = float(loss[status == 1].min())
    assert rendering.low == smallest
    assert f"2 points below {smallest:.3g} drawn there" in rendering.caption
