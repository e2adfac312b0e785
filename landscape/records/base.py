"""What all records share: axes, the status of a grid point, names and default values, frozen arrays."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscape.defaults import LOSS as LOSS
from landscape.errors import InputError

FloatArray: TypeAlias = NDArray[np.float64]
StatusArray: TypeAlias = NDArray[np.uint8]
Scalar: TypeAlias = str | int | float | bool
Scale: TypeAlias = Literal["linear", "log1p"]
Regime: TypeAlias = Literal["under", "critical", "over"]

AXES = ("alpha", "beta")
# What a file calls its own datasets and groups: no metric may have such a name.
SCHEMA_NAMES = frozenset({*AXES, "status", "error", "trajectory", "rays", "marks", "directions"})

RISE = 0.5  # nats: the rise that defines half-widths where the loss is a log-likelihood, see records/loss_scale.py


class Status(IntEnum):
    """How the value at a grid point came about."""

    PENDING = 0
    MEASURED = 1
    INTERPOLATED = 2


@dataclass(frozen=True, eq=False)
class Axis:
    """Coordinates along one axis of a grid.

    Args:
        name: ``"alpha"`` or ``"beta"``.
        values: shape (n,), finite, strictly increasing.
        unit: what a step of 1 is: ``"filter norm"``, ``"step"`` (of training), ``"fraction"`` (of a line's length).
        label: the axis title for people.
        scale: how the axis is drawn; ``"log1p"`` spaces ``x`` by ``log(1 + x)``.
    """

    name: str
    values: FloatArray
    unit: str = "filter norm"
    label: str = ""
    scale: Scale = "linear"

    def __post_init__(self) -> None:
        values = read_only(self.values)
        if values.ndim != 1 or not np.all(np.isfinite(values)) or not np.all(np.diff(values) > 0):
            raise InputError(f"axis {self.name!r}: expected finite, strictly increasing values, got {values!r}")
        object.__setattr__(self, "values", values)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def positions(self) -> FloatArray:
        """The values as they are spaced on a drawn axis, shape (n,)."""
        return np.log1p(self.values) if self.scale == "log1p" else self.values


def names_metric(name: object) -> bool:
    """Whether a metric may have the name: a word that the layout of files does not take for itself.

    >>> names_metric("test_loss"), names_metric("marks"), names_metric("l 2")
    (True, False, False)
    """
    return isinstance(name, str) and name.isidentifier() and name not in SCHEMA_NAMES


def read_only(values: ArrayLike, dtype: type = np.float64) -> NDArray[Any]:
    """A copy as an array that nobody can write to."""
    array: NDArray[Any] = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array


def freeze_arrays(record: object, *names: str) -> None:
    """Put read-only float64 copies in the place of arrays that a frozen record was given."""
    for name in names:
        object.__setattr__(record, name, read_only(getattr(record, name)))
