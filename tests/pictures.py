"""Surfaces, panels and axes for the tests of pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from problems import bowl, tunnel

from landscape.records.base import Axis
from landscape.records.provenance import Provenance
from landscape.records.sampled import Surface
from landscape.rendering.geometry.camera import Box
from landscape.rendering.geometry.panel import Panel, panels_of
from landscape.rendering.geometry.style import THEMES, Theme

PAPER = THEMES["paper"]


def surface_of(losses: Any, kind: str = "plane", **identity: Any) -> Surface:
    """A plane or corridor with these losses over axes from -1 to 1."""
    values = np.asarray(losses, dtype=np.float64)
    axes = tuple(
        Axis(name, np.linspace(-1, 1, size)) for name, size in zip(("alpha", "beta"), values.shape, strict=True)
    )
    like = bowl() if kind == "plane" else tunnel()
    made = replace(like.provenance.identity, **{"model": "net:0", "loss": "", **identity})
    return Surface(
        axes, {"train_loss": values}, np.ones(values.shape, np.uint8), np.zeros(values.shape), Provenance(made)
    )


def panel_of(surface: Surface, **options: Any) -> Panel:
    """The panel of one surface in the usual box."""
    options = {"box": Box(), "titles": ["one"], **options}
    return panels_of([surface], "train_loss", **options)[0]


@contextmanager
def axes_of(theme: Theme = PAPER, *, inches: float = 2.0) -> Iterator[Axes]:
    """Axes that fill a square figure of 100 pixels to the inch."""
    with mpl.rc_context(theme.settings()):
        figure = Figure(figsize=(inches, inches), dpi=100)
        FigureCanvasAgg(figure)
        yield figure.add_axes((0, 0, 1, 1))
