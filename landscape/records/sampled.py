"""What was sampled and measured, as frozen NumPy records: coordinates, units, values, status, provenance.

A record never knows a model, a file or a picture. Every grid is indexed ``[i, j] = (alpha[i], beta[j])``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from os import PathLike
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscape.errors import InputError
from landscape.records import faces
from landscape.records.base import (
    LOSS,
    Axis,
    FloatArray,
    Status,
    StatusArray,
    freeze_arrays,
    read_only,
)
from landscape.records.companions import Marks, Rays, Trajectory
from landscape.records.grids import Title, Values, grid_of
from landscape.records.provenance import Accuracy, Provenance

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class Sampled:
    """Values on a grid, common to `Profile` and `Surface`.

    Args:
        axes: one for each dimension of the grid, with unit and label.
        metrics: values by name, ``"train_loss"`` in the unit of the loss, each in the shape of the grid; NaN where
            nothing was measured, inf where the loss diverged.
        status: how each value came about, see `Status`, in the shape of the grid.
        error: estimated error of the training loss where it was interpolated, in the shape of the grid; 0 elsewhere.
        provenance: what made the record.
        directions: the axes in parameter space, arrays by parameter name in the network's order, where no seed can draw
            them again; empty otherwise.
    """

    axes: tuple[Axis, ...]
    metrics: Mapping[str, FloatArray]
    status: StatusArray
    error: FloatArray
    provenance: Provenance = field(default_factory=Provenance)
    directions: tuple[Mapping[str, NDArray[Any]], ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        shape = tuple(len(axis) for axis in self.axes)
        if len(self.directions) not in (0, len(shape)):
            raise InputError(f"{len(self.directions)} directions, but {len(shape)} axes")
        freeze_arrays(self, "error")
        object.__setattr__(self, "status", read_only(self.status, np.uint8))
        metrics = {name: read_only(values) for name, values in self.metrics.items()}
        object.__setattr__(self, "metrics", MappingProxyType(metrics))
        for name, values in {**metrics, "status": self.status, "error": self.error}.items():
            if values.shape != shape:
                raise InputError(f"{name} has shape {values.shape}, but the axes have {shape}")
        if np.any(self.status > max(Status)):
            raise InputError(f"status holds {self.status.max()}; expected 0 pending, 1 measured, 2 interpolated")

    def __reduce__(self) -> tuple[Any, ...]:
        # Read-only mappings cannot be pickled; a record is made anew from its fields.
        return _remade, (type(self), {entry.name: _plain(getattr(self, entry.name)) for entry in fields(self)})

    @property
    def loss(self) -> FloatArray:
        """The training loss, in its unit, in the shape of the grid; NaN where not measured, inf where diverged."""
        try:
            return self.metrics[LOSS]
        except KeyError:
            raise InputError(f"no {LOSS} in this record; it holds {', '.join(self.metrics) or 'nothing'}") from None

    @property
    def kind(self) -> str:
        """``"line"``, ``"plane"``, ``"corridor"``, ...: the subspace the values were sampled on."""
        return self.provenance.identity.subspace.kind

    @property
    def complete(self) -> bool:
        """Whether no grid point is pending."""
        return bool(np.all(self.status != Status.PENDING))

    @property
    def num_measured(self) -> int:
        """Grid points whose values were measured, not interpolated."""
        return int(np.count_nonzero(self.status == Status.MEASURED))

    def save(self, path: str | PathLike[str], *, overwrite: bool = True) -> None:
        """Write the record to an HDF5 file, all of it or nothing; `landscape.load` reads it back bit for bit.

        Raises:
            FileError: if the file cannot be written, or exists and ``overwrite`` is off.
        """
        faces.save(self, path, overwrite=overwrite)

    def to_xarray(self) -> Any:
        """The record as an `xarray.Dataset`; needs ``landscape[notebook]``. See `landscape.rendering.notebook`."""
        return faces.to_xarray(self)

    def _repr_html_(self) -> str:
        return faces.html_of(self)


def describe_points(num_measured: int, total: int, accuracy: Accuracy, metric: str = LOSS) -> list[str]:
    """How many grid points were measured and, where others were filled in, how far off they may be, in words.

    >>> describe_points(353, 2601, Accuracy(held_back_points=52, interpolation_error={LOSS: 0.0041}))
    ['measured 353 of 2,601 points', 'estimated interpolation error 0.0041 (52 held-back points)']
    """
    words = [f"measured {num_measured:,} of {total:,} points"]
    error = accuracy.interpolation_error.get(metric)
    if accuracy.held_back_points and error is not None:
        words.append(f"estimated interpolation error {error:.2g} ({accuracy.held_back_points} held-back points)")
    return words


@dataclass(frozen=True, eq=False)
class Profile(Sampled):
    """Values on a 1-D grid: ``metrics[name][i]`` at ``alpha[i]``."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.axes) != 1:
            raise InputError(f"a profile has one axis, got {len(self.axes)}")

    @classmethod
    def from_grid(
        cls, alpha: ArrayLike, values: Values, *, name: str = "", loss: str = "", unit: str = "", label: str = ""
    ) -> "Profile":
        """The profile of values that were computed elsewhere; parameters and errors as those of `Surface.from_grid`.

        >>> Profile.from_grid([0, 0.5, 1], [4, 2.5, 1]).loss.tolist()
        [4.0, 2.5, 1.0]
        """
        grid = grid_of([alpha], values, Title(name, loss, unit, (label,)))
        return cls(**vars(grid))

    @property
    def alpha(self) -> Axis:
        """The only axis."""
        return self.axes[0]

    def plot(self, axes: "Axes | None" = None, *, metric: str = LOSS) -> "Axes":
        """Matplotlib axes with the values against the coordinate, to go on with; new ones unless some are given."""
        return faces.plot_profile(self, axes, metric=metric)


@dataclass(frozen=True, eq=False)
class Surface(Sampled):
    """Values on a 2-D grid: ``metrics[name][i, j]`` at ``(alpha[i], beta[j])``.

    Args:
        trajectory: the training path in the coordinates of the grid, where there is one.
        rays: the loss along many random directions from the centre, from which half-widths are measured; their scale is
            that of the provenance.
        marks: networks that lie in the plane.
    """

    trajectory: Trajectory | None = None
    rays: Rays | None = None
    marks: Marks | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.axes) != 2:
            raise InputError(f"a surface has two axes, got {len(self.axes)}")
        if self.rays is not None and self.rays.scale != (scale := self.provenance.loss_scale):
            object.__setattr__(self, "rays", replace(self.rays, scale=scale))

    @classmethod
    def from_grid(
        cls,
        alpha: ArrayLike,
        beta: ArrayLike,
        values: Values,
        *,
        name: str = "",
        loss: str = "",
        unit: str = "",
        labels: tuple[str, str] = ("", ""),
    ) -> "Surface":
        """The surface of a grid that was computed elsewhere, to be saved, measured and drawn like any other.

        It claims nothing that is not said here: no network, no unit, no solution at the origin.

        Args:
            alpha: coordinates along the first axis, shape (n,), strictly increasing.
            beta: along the second, shape (m,).
            values: the training loss, shape (n, m), at ``[i, j]`` that of ``(alpha[i], beta[j])``, or such arrays by
                the name of the metric. inf: diverged. NaN: not measured; a point is pending where the loss is.
            name: title of pictures.
            loss: name of the loss function; ``"cross_entropy"`` is in nats per example, others have units of their own.
            unit: what a step of 1 is along the axes, such as ``"filter norm"``; by default not known.
            labels: titles of the axes in pictures, where no unit is known.

        Returns:
            The surface.

        Raises:
            InputError: axes that do not rise, values of another shape, or that are no real numbers.

        >>> Surface.from_grid([0, 1], [0, 1, 2], [[1, 2, 3], [4, 5, float("nan")]], name="elsewhere").num_measured
        5
        """
        grid = grid_of([alpha, beta], values, Title(name, loss, unit, labels))
        return cls(**vars(grid))

    @property
    def alpha(self) -> Axis:
        """The first axis, index ``i``."""
        return self.axes[0]

    @property
    def beta(self) -> Axis:
        """The second axis, index ``j``."""
        return self.axes[1]

    def plot(self, axes: "Axes | None" = None, *, metric: str = LOSS) -> "Axes":
        """Matplotlib axes with the surface from above, to go on with; new ones unless some are given."""
        return faces.plot_surface(self, axes, metric=metric)

    def to_pyvista(self) -> Any:
        """The surface as a `pyvista.StructuredGrid`: the loss as height, every metric and the status at its points."""
        return faces.to_pyvista(self)


def _remade(kind: Callable[..., Any], values: dict[str, Any]) -> Any:
    return kind(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_plain(entry) for entry in value)
    return dict(value) if isinstance(value, Mapping) else value
