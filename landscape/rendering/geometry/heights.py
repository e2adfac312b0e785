"""Heights of losses: one scale, one range and one ceiling for all panels that share them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from landscape.errors import DisplayError, InputError
from landscape.records.base import FloatArray, Status
from landscape.records.sampled import Sampled, Surface

HeightScale: TypeAlias = Literal["auto", "linear", "log", "sqrt"]
ScaleName: TypeAlias = Literal["linear", "log", "sqrt"]
GUESSES = 1.5  # times the loss of guessing: the natural ceiling of a cross-entropy
DECADES = 2.0  # that positive values span at least before "auto" takes logarithms


@dataclass(frozen=True)
class Omissions:
    """Counts of grid points that a picture does not show at their measured height.

    Args:
        num_points: all grid points.
        num_clipped: above the ceiling, or diverged.
        num_pending: not measured yet.
        num_interpolated: with a value between measured ones.
        num_floored: drawn at the floor, which lies above them.
    """

    num_points: int
    num_clipped: int
    num_pending: int
    num_interpolated: int
    num_floored: int


@dataclass(frozen=True)
class Heights:
    """The rule by which a value becomes a height.

    Args:
        scale: ``"linear"``, ``"log"`` (to base 10) or ``"sqrt"``: what heights are proportional to.
        low: smallest value drawn, the bottom of the height axis.
        high: largest value drawn, its top.
        ceiling: values above it are cut away; None where nothing is cut.
        floor: values below it are drawn at it, zeros on a logarithmic scale; None where there are none.
    """

    scale: ScaleName
    low: float
    high: float
    ceiling: float | None = None
    floor: float | None = None

    def share(self, values: FloatArray) -> FloatArray:
        """Values as shares of the height axis, 0 at ``low`` and 1 at ``high``; NaN where there is nothing to draw."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            above = np.asarray(values, dtype=np.float64)
            heights = self._forward(above if self.floor is None else np.maximum(above, self.floor))
            low, high = self._forward(np.array([self.low, self.high]))
            shares = (heights - low) / (high - low)
        return np.where(np.isfinite(heights), shares, np.nan)

    def value(self, shares: FloatArray) -> FloatArray:
        """The values at shares of the height axis: the inverse of `share`."""
        low, high = self._forward(np.array([self.low, self.high]))
        heights = low + np.asarray(shares, dtype=np.float64) * (high - low)
        if self.scale == "log":
            return np.asarray(10**heights)
        return np.asarray(heights**2 if self.scale == "sqrt" else heights)

    def num_clipped(self, surface: Sampled, metric: str) -> int:
        """Grid points whose value lies above the ceiling or has diverged."""
        values = surface.metrics[metric]
        above = np.isposinf(values)
        return int(np.count_nonzero(above if self.ceiling is None else above | (values > self.ceiling)))

    def num_floored(self, surface: Sampled, metric: str) -> int:
        """Grid points whose value lies below the floor."""
        return 0 if self.floor is None else int(np.count_nonzero(surface.metrics[metric] < self.floor))

    def omissions(self, record: Sampled, metric: str) -> Omissions:
        """Counts of the points of a record that are cut away, missing, interpolated or drawn elsewhere."""
        return Omissions(
            num_points=int(record.status.size),
            num_clipped=self.num_clipped(record, metric),
            num_pending=int(np.count_nonzero(record.status == Status.PENDING)),
            num_interpolated=int(np.count_nonzero(record.status == Status.INTERPOLATED)),
            num_floored=self.num_floored(record, metric),
        )

    def levels(self, count: int = 9) -> FloatArray:
        """Contour levels, equal steps in height, none of them at the ends."""
        return self.value((np.arange(count) + 0.5) / count)

    def _forward(self, values: FloatArray) -> FloatArray:
        if self.scale == "log":
            return np.asarray(np.log10(values))
        return np.asarray(np.sqrt(values)) if self.scale == "sqrt" else values


def common_heights(
    records: Sequence[Sampled], metric: str, scale: HeightScale = "auto", ceiling: float | None = None
) -> Heights:
    """One rule for the heights of all records.

    ``auto`` is linear where the value has a natural ceiling: cross-entropy, cut at 1.5 times the loss of guessing
    (1.5 ln K nats), or a share such as accuracy. Otherwise it is logarithmic if all values are positive and span more
    than 2 decades. A ceiling that is given is used as it is. On a logarithmic scale exact zeros are drawn at the
    smallest measured value above 0, and so is what was interpolated below it.

    Args:
        records: profiles or surfaces that share a height axis.
        metric: name of the values.
        scale: ``"auto"``, ``"linear"``, ``"log"`` or ``"sqrt"``.
        ceiling: value above which everything is cut away; by default the natural one, if there is one.

    Raises:
        InputError: an unknown scale, a metric that is not there, a ceiling below all values, a logarithm of values of
            which none is positive or some are negative, or a root of negative ones.
        DisplayError: no finite value.
    """
    if scale not in get_args(HeightScale):
        raise InputError(f"unknown scale {scale!r}; expected one of {', '.join(get_args(HeightScale))}")
    finite = np.concatenate([_finite(record, metric) for record in records])
    if not finite.size:
        raise DisplayError(f"no finite {metric} to draw: every point diverged or is pending")
    smallest, largest = float(finite.min()), float(finite.max())
    if ceiling is not None and not math.isfinite(ceiling):
        raise InputError(f"the ceiling is the value to cut the surfaces at, a finite number, got {ceiling:g}")
    if ceiling is not None and not ceiling > smallest:
        raise InputError(f"the ceiling {ceiling:g} lies below every value; the smallest is {smallest:.4g}")
    if (scale == "log" and (smallest < 0 or largest <= 0)) or (scale == "sqrt" and smallest < 0):
        instead = "linear" if smallest < 0 else "sqrt or linear"
        domain = "values above 0" if scale == "log" and smallest == 0 else "values of 0 or more"
        raise InputError(f"{metric} goes down to {smallest:.4g}: a {scale} scale needs {domain}; use {instead}")
    # Logarithms compress what a ceiling would cut.
    natural = _natural_ceiling(records, metric) if scale != "log" else None
    if scale == "auto":
        spans = smallest > 0 and math.log10(largest) - math.log10(smallest) > DECADES
        scale = "log" if natural is None and spans else "linear"
    floor = (
        min(_smallest_above_zero(record, metric) for record in records) if scale == "log" and smallest == 0 else None
    )
    heights = _range(floor or smallest, largest, scale, ceiling if ceiling is not None else natural)
    return replace(heights, floor=floor)


def _range(low: float, largest: float, scale: ScaleName, ceiling: float | None) -> Heights:
    """Heights from 0 where values start near it, of some height even where all values are equal."""
    # A ceiling above all values cuts nothing, and one below all would leave nothing.
    if ceiling is not None and (ceiling >= largest or ceiling <= low):
        ceiling = None
    high = largest if ceiling is None else ceiling
    # A loss near 0 is read against 0; a narrow range far from it would lose its detail.
    if scale != "log" and 0 <= low < 0.3 * high:
        low = 0.0
    if high - low <= 1e-12 * max(abs(high), abs(low)) or high == low:
        margin = 0.5 * abs(high) or 0.5
        low, high = (high / 2, high * 2) if scale == "log" else (high - margin, high + margin)
        low = max(low, 0.0) if scale == "sqrt" else low
    return Heights(scale, low, high, ceiling)


def _natural_ceiling(records: Sequence[Sampled], metric: str) -> float | None:
    """1 for an accuracy, a multiple of the loss of guessing for a cross-entropy."""
    if metric.endswith("accuracy"):
        return 1.0
    identities = [record.provenance.identity for record in records]
    if metric.endswith("loss") and all(network.loss == "cross_entropy" and network.K > 1 for network in identities):
        return GUESSES * math.log(max(network.K for network in identities))
    return None


def _smallest_above_zero(record: Sampled, metric: str) -> float:
    """The smallest positive measured value; of all values where no measured one is positive."""
    values = _finite(record, metric)
    at_points = record.metrics[metric][record.status == Status.MEASURED]
    for candidates in (at_points[np.isfinite(at_points) & (at_points > 0)], values[values > 0]):
        if candidates.size:
            return float(candidates.min())
    return math.inf


def _finite(record: Sampled, metric: str) -> NDArray[np.float64]:
    """The finite values of a metric, in one dimension."""
    if metric not in record.metrics:
        raise InputError(f"no {metric} in this record; it holds {', '.join(record.metrics)}")
    if isinstance(record, Surface) and min(record.status.shape) < 2:
        raise DisplayError(f"a surface needs 2 points a side, got {record.status.shape}")
    values = record.metrics[metric]
    return values[np.isfinite(values)]
