"""The barcode: what stands in the picture is what the topology says, and no two branches of the tree cross."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from problems import bowl, hill

import landscape
from landscape.errors import InputError
from landscape.records.base import Axis
from landscape.records.sampled import Surface
from landscape.rendering.geometry.barcodes import Barcode, barcodes_of
from landscape.rendering.geometry.style import theme_of
from landscape.rendering.views.barcode import barcode_figure


def rough(seed: int, side: int = 9) -> Surface:
    loss = np.random.default_rng(seed).permutation(side**2).reshape(side, side).astype(np.float64)
    axes = tuple(Axis(name, np.linspace(-1, 1, side)) for name in ("alpha", "beta"))
    return Surface(axes, {"train_loss": loss}, np.ones(loss.shape, np.uint8), np.zeros(loss.shape))


def code_of(surface: Surface) -> Barcode:
    return barcodes_of([surface], ["one"])[0]


def test_bars_run_from_birth_to_death() -> None:
    code = code_of(rough(0))
    figure = barcode_figure([code], theme_of("paper"), width=7.0, one_range=True)
    bars = [line.get_xdata() for line in figure.axes[0].lines if len(line.get_xdata()) == 2]
    ends = {(birth, death) for birth, death in zip(code.minima.birth, code.minima.death, strict=True)}
    assert len(bars) == len(ends) == code.minima.count() > 4
    assert {tuple(bar) for bar in bars[1:]} == {(b, d) for b, d in ends if np.isfinite(d)}
    assert bars[0][0] == code.minima.birth[0]


def test_the_view_writes_a_file_and_its_numbers(tmp_path: Path) -> None:
    surface = replace(bowl(), metrics={"train_loss": bowl().loss, "test_loss": bowl().loss})
    drawn = landscape.render([surface, surface], tmp_path / "a.svg", draw="barcode", titles=["one", "two"])
    assert "one: 1 minimum, 1 more persistent than 0.01" in drawn.caption
    assert "1 minimum" in (tmp_path / "a.svg").read_text()
    with pytest.raises(InputError, match="a barcode is that of train_loss"):
        landscape.render(surface, tmp_path / "a.svg", draw="barcode", metric="test_loss")
    with pytest.raises(InputError, match="a profile has no surface"):
        landscape.render(hill(), tmp_path / "a.svg", draw="barcode")
