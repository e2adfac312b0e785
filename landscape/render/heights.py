"""From losses to heights: one scale, one range and one ceiling for all panels of a figure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from landscape.errors import DisplayError, InputError
from landscape.records import LOSS, FloatArray, Surface

HeightScale: TypeAlias = Literal["auto", "linear", "log"]
SCALES = ("auto", "linear", "log")
GUESSES = 1.5
DECADES = 2.0


@dataclass(frozen=True)
class Heights:
    """How a value becomes a height.

    Args:
        log: whether heights are logarithms to base 10.
        low: smallest value drawn, the bottom of the height axis.
        high: largest value drawn, its top.
        ceiling: values above it are cut away; None where nothing is cut.
    """

    log: bool
    low: float
    high: float
    ceiling: float | None = None

    def share(self, values: FloatArray) -> FloatArray:
        """Values as shares of the height axis, 0 at ``low`` and 1 at ``high``; NaN where there is nothing to draw."""
        with np.errstate(divide="ignore", invalid="ignore"):
            scaled = np.log10(values) if self.log else values / 1.0
            low, high = (math.log10(end) if self.log else end for end in (self.low, self.high))
            shares = (scaled - low) / (high - low)
        return np.where(np.isfinite(scaled), shares, np.nan)

    def clipped(self, surface: Surface, metric: str) -> int:
        """Grid points whose value lies above the ceiling or has diverged."""
        values = surface.metrics[metric]
        above = np.isposinf(values)
        return int(np.count_nonzero(above if self.ceiling is None else above | (values > self.ceiling)))

    def levels(self, count: int = 9) -> FloatArray:
        """Contour levels, equal steps in height, none of them at the ends."""
        shares = (np.arange(count) + 0.5) / count
        low, high = (math.log10(end) if self.log else end for end in (self.low, self.high))
        return np.asarray(10 ** (low + shares * (high - low)) if self.log else low + shares * (high - low))

    @property
    def scale_name(self) -> str:
        """``"linear"`` or ``"log"``."""
        return "log" if self.log else "linear"


def common_heights(surfaces: Sequence[Surface], metric: str, scale: HeightScale, ceiling: float | None) -> Heights:
    """One rule for all panels.

    ``auto`` is linear where the value has a natural ceiling: cross-entropy, cut at 1.5 times the loss of guessing
    (1.5 ln K nats), or a share such as accuracy. Otherwise it is logarithmic if all values are positive and span more
    than 2 decades. A ceiling that is given is used as it is.

    Raises:
        InputError: an unknown scale, a metric that is not there, a ceiling below all values, or a logarithm of values
            that are not positive.
        DisplayError: no finite value.
    """
    if scale not in SCALES:
        raise InputError(f"unknown scale {scale!r}; expected one of {', '.join(SCALES)}")
    finite = np.concatenate([_finite(surface, metric) for surface in surfaces])
    if not finite.size:
        raise DisplayError(f"no finite {metric} to draw: every point diverged or is pending")
    if ceiling is not None and not (math.isfinite(ceiling) and ceiling > finite.min()):
        raise InputError(f"the ceiling {ceiling:g} lies below every value; the smallest is {finite.min():.4g}")
    natural = _natural_ceiling(surfaces, metric) if scale != "log" else None
    chosen = ceiling if ceiling is not None else natural
    if scale == "log" and finite.min() <= 0:
        raise InputError(f"{metric} goes down to {finite.min():.4g}: a log scale needs values above 0; use linear")
    spans = finite.min() > 0 and math.log10(finite.max()) - math.log10(finite.min()) > DECADES
    log = scale == "log" or (scale == "auto" and natural is None and bool(spans))
    return _range(finite, log, chosen)


def _range(finite: FloatArray, log: bool, ceiling: float | None) -> Heights:
    low, largest = float(finite.min()), float(finite.max())
    if ceiling is not None and (ceiling >= largest or ceiling <= low):
        ceiling = None
    high = largest if ceiling is None else ceiling
    if not log and 0 <= low < 0.3 * high:
        low = 0.0
    if high - low <= 1e-12 * max(abs(high), abs(low)) or high == low:
        margin = 0.5 * abs(high) or 0.5
        low, high = (high / 2, high * 2) if log else (high - margin, high + margin)
    return Heights(log, low, high, ceiling)


def _natural_ceiling(surfaces: Sequence[Surface], metric: str) -> float | None:
    if metric.endswith("accuracy"):
        return 1.0
    made = [surface.provenance for surface in surfaces]
    if metric.endswith("loss") and all(one.loss == "cross_entropy" and one.K > 1 for one in made):
        return GUESSES * math.log(max(one.K for one in made))
    return None


def _finite(surface: Surface, metric: str) -> NDArray[np.float64]:
    if metric not in surface.metrics:
        raise InputError(f"no {metric} in this surface; it holds {', '.join(surface.metrics)}")
    if metric == LOSS and min(surface.loss.shape) < 2:
        raise DisplayError(f"a surface needs 2 points a side, got {surface.loss.shape}")
    values = surface.metrics[metric]
    return values[np.isfinite(values)]
