"""What a study found, as frozen NumPy records: the claim, the verdict, the numbers that decide it, the curves to draw.

A result knows no model and no file; pictures and reports are made from it alone.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from landscape.errors import InputError
from landscape.records.base import FloatArray, read_only
from landscape.records.estimates import Number
from landscape.records.sampled import Surface

Verdict: TypeAlias = Literal["agrees", "disagrees", "undecided"]
PlotScale: TypeAlias = Literal["linear", "log"]
Style: TypeAlias = Literal["line", "points", "fit"]


@dataclass(frozen=True)
class Remark:
    """A sentence of the document's, or a consequence of it, held against the data."""

    text: str
    verdict: Verdict

    def __post_init__(self) -> None:
        _check_verdict(self.verdict)


@dataclass(frozen=True, eq=False)
class Series:
    """A curve with a 95 % band.

    Args:
        label: in the legend.
        x: shape (n,), increasing.
        y: shape (n,); NaN leaves a gap.
        low: lower end of the band, shape (n,); y itself where there is none.
        high: upper end.
        style: ``"line"`` joins the points, ``"points"`` does not, ``"fit"`` is a dashed line without points.
    """

    label: str
    x: FloatArray
    y: FloatArray
    low: FloatArray
    high: FloatArray
    style: Style = "line"

    def __post_init__(self) -> None:
        if self.style not in get_args(Style):
            raise InputError(f"unknown style {self.style!r}; expected {', '.join(get_args(Style))}")
        for name in ("x", "y", "low", "high"):
            object.__setattr__(self, name, read_only(getattr(self, name)))
        if len({np.shape(getattr(self, name)) for name in ("x", "y", "low", "high")}) != 1 or self.x.ndim != 1:
            raise InputError(f"series {self.label!r}: x, y, low and high must have one shape (n,)")


@dataclass(frozen=True)
class Mark:
    """A line across a plot at one value of x or y, such as a threshold."""

    axis: Literal["x", "y"]
    value: float
    label: str = ""


@dataclass(frozen=True)
class Plot:
    """One pair of axes with its curves.

    Args:
        title: above the axes.
        x_label: with the unit.
        y_label: with the unit.
        x_scale: ``"linear"`` or ``"log"``.
        y_scale: likewise.
        marks: threshold lines.
    """

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    x_scale: PlotScale = "log"
    y_scale: PlotScale = "linear"
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, eq=False)
class Picture:
    """A grey picture, row 0 at the top.

    Args:
        title: above it.
        values: grey values from 0 (black) to 1 (white), shape (height, width).
        pieces: number of the linear piece each pixel lies in, shape (height, width); -1 where there is none.
    """

    title: str
    values: FloatArray
    pieces: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", read_only(self.values))
        object.__setattr__(self, "pieces", read_only(self.pieces))
        if self.values.ndim != 2 or self.pieces.shape != self.values.shape:
            raise InputError(f"picture {self.title!r}: expected (height, width) values, and pieces of that shape")


@dataclass(frozen=True)
class Table:
    """Rows of text cells under a header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if any(len(row) != len(self.header) for row in self.rows):
            raise InputError(f"a table with {len(self.header)} columns has a row of another length")


@dataclass(frozen=True, eq=False)
class StudyResult:
    """What one study found.

    Args:
        name: of the study, as the command takes it.
        title: for people.
        claim: of the document, in our own words.
        refuted_by: what would have refuted it.
        verdict: of the claim, by the numbers: intervals that overlap decide nothing.
        numbers: what decides it, and what puts it in proportion.
        remarks: neighbouring sentences, each with a verdict of its own.
        plots: the figure's axes, left to right.
        pictures: grey pictures, where the study is about some.
        surfaces: sampled surfaces, where the study is about some.
        table: rows of text, where the study is one.
        command: reproduces it.
        provenance: data, networks, recipe, seeds, versions, device, time; plain text and numbers.
    """

    name: str
    title: str
    claim: str
    refuted_by: str
    verdict: Verdict
    numbers: tuple[Number, ...]
    remarks: tuple[Remark, ...] = ()
    plots: tuple[Plot, ...] = ()
    pictures: tuple[Picture, ...] = ()
    surfaces: tuple[Surface, ...] = ()
    table: Table | None = None
    command: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_verdict(self.verdict)
        object.__setattr__(self, "provenance", MappingProxyType(dict(self.provenance)))

    def number(self, name: str) -> Number:
        """The number of that name.

        Raises:
            InputError: there is none.
        """
        for number in self.numbers:
            if number.name == name:
                return number
        raise InputError(f"study {self.name} has no number {name!r}; it has {', '.join(n.name for n in self.numbers)}")

    def to_dict(self) -> dict[str, Any]:
        """Everything but the values of surfaces and pictures, as plain lists, text and numbers."""
        return {
            "name": self.name,
            "title": self.title,
            "claim": self.claim,
            "refuted_by": self.refuted_by,
            "verdict": self.verdict,
            "numbers": [asdict(number) for number in self.numbers],
            "remarks": [asdict(remark) for remark in self.remarks],
            "plots": [_plot_dict(plot) for plot in self.plots],
            "pictures": [{"title": picture.title, "shape": list(picture.values.shape)} for picture in self.pictures],
            "surfaces": [_surface_dict(surface) for surface in self.surfaces],
            "table": None if self.table is None else asdict(self.table),
            "command": self.command,
            "provenance": dict(self.provenance),
        }


@dataclass(frozen=True, eq=False)
class Sweep:
    """Metrics along training of every network of a sweep; the values of cells that are pending are NaN.

    Args:
        conditions: names, such as ``"true"`` and ``"random"``.
        widths: shape (w,).
        P: parameters at each width, shape (w,).
        N: training examples.
        K: outputs per example.
        seeds: of the members.
        step: training steps of the checkpoints, shape (T,).
        values: name -> (conditions, w, T, members).
        done: whether a cell is trained, shape (conditions, w).
        plan: everything that fixes the values, as JSON takes it.
        seconds: spent training, shape (conditions, w).
    """

    conditions: tuple[str, ...]
    widths: tuple[int, ...]
    P: tuple[int, ...]
    N: int
    K: int
    seeds: tuple[int, ...]
    step: FloatArray
    values: Mapping[str, FloatArray]
    done: NDArray[np.bool_]
    plan: Mapping[str, Any]
    seconds: FloatArray

    def __post_init__(self) -> None:
        shape = (len(self.conditions), len(self.widths), len(self.step), len(self.seeds))
        for name, values in self.values.items():
            if np.shape(values) != shape:
                raise InputError(f"{name} has shape {np.shape(values)}, but the sweep has {shape}")

    @property
    def complete(self) -> bool:
        """Whether every cell is trained."""
        return bool(self.done.all())

    def final(self, metric: str, condition: str) -> FloatArray:
        """A metric at the end of training, shape (widths, members)."""
        return np.asarray(self.values[metric][self.conditions.index(condition), :, -1])

    def error(self, split: str, condition: str) -> FloatArray:
        """1 minus the accuracy at the end of training, shape (widths, members)."""
        error = np.asarray(1 - self.final(f"{split}_accuracy", condition))
        # a mean over batches of all-right answers is rounded
        return np.where(np.abs(error) < 1e-12, 0.0, error)


def _plot_dict(plot: Plot) -> dict[str, Any]:
    labels = {key: getattr(plot, key) for key in ("title", "x_label", "y_label", "x_scale", "y_scale")}
    series = [
        {"label": curve.label, "style": curve.style}
        | {name: np.asarray(getattr(curve, name)).tolist() for name in ("x", "y", "low", "high")}
        for curve in plot.series
    ]
    return {**labels, "series": series, "marks": [asdict(mark) for mark in plot.marks]}


def _surface_dict(surface: Surface) -> dict[str, Any]:
    identity = surface.provenance.identity
    return {
        "model": identity.model,
        "network": identity.network,
        "kind": surface.kind,
        "shape": list(surface.status.shape),
    }


def _check_verdict(verdict: str) -> None:
    if verdict not in get_args(Verdict):
        raise InputError(f"unknown verdict {verdict!r}; expected {', '.join(get_args(Verdict))}")
