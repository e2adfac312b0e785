"""Grids that were computed elsewhere: coordinates and values become axes, metrics and status, or one clear refusal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from landscape.errors import InputError
from landscape.records.base import AXES, LOSS, Axis, FloatArray, Status, StatusArray, names_metric
from landscape.records.provenance import Identity, Provenance
from landscape.records.recipe import GridRecipe

Values: TypeAlias = ArrayLike | Mapping[str, ArrayLike]


@dataclass(frozen=True, eq=False)
class Grid:
    """The parts of a record whose values were computed elsewhere; fields as in `landscape.records.sampled.Sampled`."""

    axes: tuple[Axis, ...]
    metrics: Mapping[str, FloatArray]
    status: StatusArray
    error: FloatArray
    provenance: Provenance


@dataclass(frozen=True)
class Title:
    """What is known of a grid beside its numbers.

    Args:
        name: of what was computed, the title of pictures.
        loss: name of the loss function.
        unit: what a step of 1 is along the axes.
        labels: titles of the axes.
    """

    name: str = ""
    loss: str = ""
    unit: str = ""
    labels: Sequence[str] = ()


def grid_of(coordinates: Sequence[ArrayLike], values: Values, title: Title) -> Grid:
    """Axes, metrics and status of a grid; a point is pending where the loss, or else the first metric, is NaN."""
    labels = (*title.labels, "", "")
    if len(title.labels) not in (0, len(coordinates)):
        raise InputError(f"{len(title.labels)} labels, but {len(coordinates)} axes")
    axes = tuple(
        _axis(axis, column, title.unit, label) for axis, column, label in zip(AXES, coordinates, labels, strict=False)
    )
    shape = tuple(len(axis) for axis in axes)
    columns = values if isinstance(values, Mapping) else {LOSS: values}
    metrics = {name: _metric(name, column, shape) for name, column in columns.items()}
    if not metrics:
        raise InputError(f"a grid needs values: an array of shape {shape}, or such arrays by name")
    pending = np.isnan(metrics.get(LOSS, next(iter(metrics.values()))))
    status = np.where(pending, Status.PENDING, Status.MEASURED).astype(np.uint8)
    identity = Identity(model=title.name, loss=title.loss, subspace=GridRecipe())
    return Grid(axes, metrics, status, np.zeros(shape), Provenance(identity))


def _axis(name: str, values: ArrayLike, unit: str, label: str) -> Axis:
    column = _numbers(name, values)
    if column.ndim != 1 or not len(column):
        raise InputError(f"{name} has shape {column.shape}, expected its coordinates, shape (n,)")
    if not np.isfinite(column).all():
        raise InputError(f"{name} holds {column[~np.isfinite(column)][0]}, expected finite coordinates")
    falls = np.flatnonzero(np.diff(column) <= 0)
    if len(falls):
        k = int(falls[0])
        raise InputError(
            f"{name} must rise, but {name}[{k + 1}] = {column[k + 1]:g} follows {column[k]:g}: sort it, and the values "
            "with it"
        )
    return Axis(name, column, unit, label)


def _metric(name: str, values: ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    if not names_metric(name):
        raise InputError(f"{name!r:.60} cannot name a metric; expected a word such as 'test_loss'")
    column = _numbers(name, values)
    if column.shape != shape:
        order = "[i, j] is at (alpha[i], beta[j])" if len(shape) == 2 else "[i] is at alpha[i]"
        hint = "; pass its transpose" if column.shape == shape[::-1] else ""
        raise InputError(f"{name} has shape {column.shape}, but the axes have {shape}: {name}{order}{hint}")
    if np.isneginf(column).any():
        raise InputError(f"{name} holds -inf; expected numbers, inf where they diverged, NaN where there are none")
    return column


def _numbers(name: str, values: ArrayLike) -> FloatArray:
    """Real numbers as float64; what is masked becomes NaN."""
    try:
        array: np.ma.MaskedArray[Any, np.dtype[Any]] = np.ma.asarray(values)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"they are of type {array.dtype}")
        return np.asarray(np.ma.filled(array.astype(np.float64), np.nan))
    except (TypeError, ValueError, RuntimeError) as error:  # a tensor that requires a gradient is a RuntimeError
        reason = str(error).partition("\n")[0]
        raise InputError(f"{name} must be an array of real numbers: {reason}") from error
