"""Numbers with their 95 % interval and unit."""

from dataclasses import dataclass
from math import inf

# Units as people read them, where that is not the unit's own name.
UNITS = {
    "1": "",
    "P": "parameters",
    "filter norm": "filter norms",
    "filter norm^2": "filter norms\u00b2",
    "mean norm": "mean norms",
}


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval.

    Args:
        mean: the estimate.
        low: lower end of the 95 % interval; -inf, and ``high`` inf, for one measured value alone, of which nothing says
            how far it lies from the mean. All three are equal where a number is exact.
        high: upper end.
        unit: unit of all three.
    """

    mean: float
    low: float
    high: float
    unit: str

    def __str__(self) -> str:
        return f"{self.mean:.3g}{self.ends()} {self.unit}"

    @property
    def has_interval(self) -> bool:
        """Whether the interval has an end: one value alone has none."""
        return self.low > -inf or self.high < inf

    def ends(self, form: str = ".3g") -> str:
        """The interval as text; empty for one value alone.

        >>> Estimate(2, 1, 3, "L2").ends(), Estimate(2, -inf, inf, "L2").ends()
        (' [1, 3]', '')
        """
        return f" [{self.low:{form}}, {self.high:{form}}]" if self.has_interval else ""


@dataclass(frozen=True)
class Number(Estimate):
    """A measured number with its 95 % interval, and what it is.

    Args:
        name: in a few words, ``"training error, width 4"``.
        how: where the interval comes from, ``"bootstrap over 8 members"``; ``"exact"`` where there is none.
    """

    name: str = ""
    how: str = ""

    @property
    def estimate(self) -> Estimate:
        """The number without its name and origin."""
        return Estimate(self.mean, self.low, self.high, self.unit)

    @property
    def text(self) -> str:
        """Value, interval and unit for people, shares in per cent.

        >>> Number(0.0632, 0.0494, 0.0767, "share").text, Number(1210, 1210, 1210, "P").text
        ('6.32 [4.94, 7.67] %', '1,210 parameters')
        """
        unit = UNITS.get(self.unit, self.unit)
        share = self.unit == "share" or self.unit.startswith("share of ")
        unit = "%" + self.unit.removeprefix("share") if share else unit
        mean, low, high = (readable(value * (100 if share else 1)) for value in (self.mean, self.low, self.high))
        exact = self.low == self.high == self.mean
        interval = "" if exact or not self.has_interval else f" [{low}, {high}]"
        return f"{mean}{interval} {unit}".rstrip()


def readable(value: float) -> str:
    """Three digits, thousands apart, powers of ten only for what is tiny or huge.

    >>> readable(3693.2), readable(0.000316), readable(2e-9), readable(0.0), readable(float("inf"))
    ('3,690', '0.000316', '2e-09', '0', 'inf')
    """
    size = abs(value)
    if 1000 <= size < 1e9:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"
