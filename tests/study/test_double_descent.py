"""Double descent: a peak that lies inside the sweep, and none that noise makes."""

from pathlib import Path

import numpy as np
import pytest

from landscape.statistics.shapes import peak
from landscape.study import double_descent
from landscape.study.catalogue import run_study
from landscape.study.double_descent import _from_peak, _second, descent_plan
from landscape.study.settings import Settings


def test_double_descent_has_an_inner_peak(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(double_descent, "EXACT_DRAWS", 3)
    settings = Settings(quick=True, widths=(1, 6, 64), members=2, steps=250, num_train=60, runs=runs, progress=False)
    result = run_study("double-descent", settings)
    assert result.number("fall after the peak").mean > 1
    assert result.number("rise to the peak").mean > 1
    assert result.number("peak, random features").mean == pytest.approx(1)


def test_noise_alone_makes_no_peak() -> None:
    generator = np.random.default_rng(0)
    noise = np.exp(generator.standard_normal((100, 10, 4)))
    rises = np.log([_from_peak(values, "left", "").mean for values in noise])
    # chosen and measured on the same draws they would average 1.2
    assert abs(rises.mean()) < 3 * rises.std() / 10


def test_the_fall_is_the_ratio_of_the_peak_to_the_lowest_point_beyond() -> None:
    noise = np.exp(np.random.default_rng(0).standard_normal((10, 4)))
    peaked = noise**0.01 * np.array([1.0, 2, 8, 2, 1, 1, 1, 1, 1, 1])[:, None]
    assert _from_peak(peaked, "right", "").mean == pytest.approx(8, rel=0.1)


def test_the_second_descent_counts_only_after_an_inner_peak() -> None:
    x = np.arange(1.0, 6.0)
    values = np.repeat(np.array([2.0, 3.0, 9.0, 1.0, 0.5])[:, None], 4, axis=1)
    assert _second(x, values, peak(x, values)).verdict == "agrees"
    falling = values[[2, 1, 0, 3, 4]]
    assert _second(x, falling, peak(x, falling)).verdict == "undecided"


def test_each_draw_has_examples_and_noise_of_its_own() -> None:
    conditions = descent_plan(Settings(quick=True, seed=5)).conditions
    assert [condition.name for condition in conditions] == ["draw0", "draw1", "draw2", "draw3"]
    assert [(condition.data["seed"], condition.data["label_seed"]) for condition in conditions] == [
        (5, 5), (6, 6), (7, 7), (8, 8)
    ]  # fmt: skip
