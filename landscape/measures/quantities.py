"""Quantities: numbers with a unit in a record, averaged over members and compared between networks. No torch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from landscape.records.base import FloatArray
from landscape.records.estimates import Estimate
from landscape.statistics.comparison import Comparison, compare
from landscape.statistics.intervals import mean_over

Record = TypeVar("Record")


@dataclass(frozen=True, eq=False)
class MemberValues:
    """One number of each member, or one for each direction: what is averaged and compared.

    Args:
        values: an array (directions,) or (1,) per member.
        unit: of the values.
        at_least: how many of them are lower bounds.
    """

    values: Sequence[FloatArray]
    unit: str
    at_least: int = 0

    @property
    def estimate(self) -> Estimate:
        """Mean with its 95 % interval over members and directions."""
        return mean_over(self.values, unit=self.unit).estimate

    def to_dict(self) -> dict[str, Any]:
        """The estimate, the number of members and of lower bounds by name, as JSON takes them."""
        return {**asdict(self.estimate), "members": len(self.values), "at_least": self.at_least}


@dataclass(frozen=True)
class Quantity(Generic[Record]):
    """A number, or one for each direction, that can be read from a record.

    Args:
        name: as tables print it.
        unit: of the numbers; where it depends on the loss, what reads it from a record.
        numbers: reads them from a record and the rise that defines widths, shape (directions,) or (1,); None for the
            default of the record's loss.
        at_least: counts those that are lower bounds.
    """

    name: str
    unit: str | Callable[[Record], str]
    numbers: Callable[[Record, float | None], FloatArray]
    at_least: Callable[[Record, float | None], int] = lambda record, rise: 0

    def over(self, records: Sequence[Record], rise: float | None) -> MemberValues:
        """The numbers of several members."""
        values = [self.numbers(record, rise) for record in records]
        unit = self.unit if isinstance(self.unit, str) else self.unit(records[0])
        return MemberValues(values, unit, sum(self.at_least(record, rise) for record in records))


def quantity(name: str, unit: str | Callable[[Record], str], read: Callable[[Record], float]) -> Quantity[Record]:
    """A quantity of one number, which follows from the record alone."""
    return Quantity(name, unit, lambda record, rise: np.array([read(record)], dtype=np.float64))


def compare_quantities(first: Mapping[str, MemberValues], second: Mapping[str, MemberValues]) -> list[Comparison]:
    """Every quantity that both networks hold, the second against the first.

    Args:
        first: numbers of the members by the name of the quantity, as ``Measurements.quantities()`` gives them.
        second: the same of the network that is compared with it.

    Returns:
        One comparison for each shared quantity, in the order of the first.
    """
    names = [name for name in first if name in second]
    return [compare(name, first[name].values, second[name].values, unit=first[name].unit) for name in names]
