"""Positions of ticks and contour levels, and the text of numbers, the same in every view."""

import math
import re

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

from landscape.records.base import Axis, FloatArray
from landscape.rendering.geometry.heights import Heights

MINUS = "\u2212"
_SUPERSCRIPTS = str.maketrans(
    "0123456789-\u2212", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b\u207b"
)
# Decades that a logarithmic range spans at least, and the multiples of each decade that contours are drawn at.
LEVELS = ((4.0, (1.0,)), (2.0, (1.0, 3.0)), (0.0, (1.0, 2.0, 5.0)))


def height_ticks(heights: Heights, count: int = 5) -> tuple[FloatArray, list[str]]:
    """Round values within the range of heights, and their text."""
    if heights.scale == "log":
        values = np.asarray(LogLocator(numticks=count + 1).tick_values(heights.low, heights.high))
        inside = values[(values >= heights.low * (1 - 1e-9)) & (values <= heights.high * (1 + 1e-9))]
        if len(inside) >= 2:
            return inside, [rf"$10^{{{round(math.log10(value))}}}$" for value in inside]
        # Fewer than two powers of ten fit into a short range: its ends are the ticks.
        return np.array([heights.low, heights.high]), [number(heights.low), number(heights.high)]
    if heights.scale == "sqrt" and heights.low == 0:
        values = np.unique([0.0, *(_round(heights.high * share**2) for share in (0.25, 0.5, 0.75, 1.0))])
        return values, numbers(values)
    return linear_ticks(heights.low, heights.high, count)


def linear_ticks(low: float, high: float, count: int) -> tuple[FloatArray, list[str]]:
    """Round values from ``low`` to ``high``, at most ``count`` steps, and their text."""
    values = np.asarray(MaxNLocator(count, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))
    slack = 1e-9 * (high - low)
    inside = values[(values >= low - slack) & (values <= high + slack)]
    # Steps of 0.1 add up to 1e-17 where 0 is meant.
    inside = np.where(np.abs(inside) < 1e-12 * (high - low), 0.0, inside)
    return inside, numbers(inside)


def contour_levels(heights: Heights, count: int) -> FloatArray:
    """Round values between the ends of the heights, about ``count``, spread evenly over the height axis."""
    low, high = heights.low, heights.high
    if heights.scale == "log":
        per_decade = next(subs for least, subs in LEVELS if math.log10(high / low) >= least)
        values = np.asarray(LogLocator(subs=per_decade, numticks=30).tick_values(low, high))
    elif heights.scale == "sqrt":
        values = np.unique([_round(value) for value in heights.levels(count)])
    else:
        values = np.asarray(MaxNLocator(count, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))
    inside = values[(values > low) & (values < high)]
    return inside if len(inside) >= 2 else heights.levels(count)


def level_labels(heights: Heights, levels: FloatArray) -> list[str]:
    """The text of contour levels, the same as that of ticks; powers of ten on a logarithmic scale."""
    powers = np.log10(levels) if heights.scale == "log" else np.array([0.5])
    if np.allclose(powers, np.round(powers), atol=1e-9):
        return [rf"$10^{{{round(power)}}}$" for power in powers]
    return [number(level, 3) for level in levels]


def numbers(values: FloatArray) -> list[str]:
    """The text of the numbers of one axis, with one power of ten where any of them needs it.

    >>> numbers(np.array([0.0, 5e-05, 1e-04, 1.5e-04]))[1:]
    ['$0.5\\\\times10^{−4}$', '$1\\\\times10^{−4}$', '$1.5\\\\times10^{−4}$']
    """
    alone = [number(value) for value in values]
    if len(values) < 2 or not any("10^" in text for text in alone):
        return alone
    power = math.floor(math.log10(float(np.abs(values).max())))
    factor = f"10^{{{power}}}".replace("-", MINUS)
    return [rf"${number(value / 10.0**power)}\times{factor}$" if value else "0" for value in values]


def axis_ticks(axis: Axis, ends: tuple[float, float], count: int = 4) -> tuple[FloatArray, list[str]]:
    """Positions of ticks between two positions on the drawn axis, and their labels."""
    if axis.scale != "log1p":
        return linear_ticks(*ends, count)
    last = math.expm1(ends[1])
    steps = [0.0, *(10.0**k for k in range(int(math.log10(max(last, 1))) + 1) if 10.0**k <= last)]
    steps = [step for step in steps if step >= math.expm1(ends[0]) - 1e-9]
    # A bare 0 in the corner of the box would read as a tick of the height axis.
    return np.log1p(np.array(steps)), [f"{step:,.0f}" if step else "start" for step in steps]


def number(value: float, digits: int = 6) -> str:
    """The text of a number, with a true minus sign and powers of ten.

    >>> number(-0.5), number(0.25), number(3e-05)
    ('−0.5', '0.25', '$3\\\\times10^{−5}$')
    """
    text = f"{value:.{digits}g}"
    if "e" not in text:
        return text.replace("-", MINUS)
    mantissa, power = text.split("e")
    exponent = f"10^{{{int(power)}}}".replace("-", MINUS)
    mantissa = mantissa.replace("-", MINUS)
    return f"${exponent}$" if mantissa == "1" else rf"${mantissa}\times{exponent}$"


def plain(text: str) -> str:
    """A label without matplotlib's mathematics: ``"$10^{-2}$"`` as ``"10\u207b\u00b2"``.

    >>> plain("$P$ = 310"), plain("$3\\\\times10^{-5}$")
    ('P = 310', '3\u00d710\u207b\u2075')
    """
    text = re.sub(r"\^\{([^}]*)\}", lambda power: power[1].translate(_SUPERSCRIPTS), text)
    text = text.replace(r"\times", "\u00d7").replace(r"\alpha", "\u03b1").replace(r"\beta", "\u03b2")
    text = text.replace(r"\lambda", "\u03bb").replace(r"\mathrm", "").replace("$", "")
    return re.sub(r"\s+", " ", re.sub(r" {2,}", ", ", text))


def length(value: float) -> str:
    """The text of a length for a dimension line: two decimals, where these are exact enough.

    >>> length(0.5), length(12.345), length(0.0012)
    ('0.50', '12.35', '0.0012')
    """
    return f"{value:.2f}" if 0.1 <= value < 1000 else number(value, 3)


def _round(value: float) -> float:
    """Down to 1, 2 or 5 times a power of ten, so that a tick stays inside its axis."""
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return max(step for step in (1, 2, 5) if step * power <= value * (1 + 1e-9)) * power
