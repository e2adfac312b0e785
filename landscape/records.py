"""What was sampled and measured, as frozen NumPy records: coordinates, units, values, status, provenance.

A record never knows a model, a file or a picture. Every grid is indexed ``[i, j] = (alpha[i], beta[j])``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum
from os import PathLike
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscape.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray: TypeAlias = NDArray[np.float64]
StatusArray: TypeAlias = NDArray[np.uint8]
Scalar: TypeAlias = str | int | float | bool
Scale: TypeAlias = Literal["linear", "log1p"]
Regime: TypeAlias = Literal["under", "critical", "over"]

LOSS = "train_loss"
RISE = 0.5  # nats per example: the rise that defines half-widths, and the set in which interpolation is held tighter


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
        values = _frozen(self.values)
        if values.ndim != 1 or not np.all(np.isfinite(values)) or not np.all(np.diff(values) > 0):
            raise InputError(f"axis {self.name!r}: expected finite, strictly increasing values, got {values!r}")
        object.__setattr__(self, "values", values)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def positions(self) -> FloatArray:
        """The values as they are spaced on a drawn axis, shape (n,)."""
        return np.log1p(self.values) if self.scale == "log1p" else self.values


@dataclass(frozen=True)
class Provenance:
    """What made a record: enough to repeat it, and to refuse to go on from something else.

    ``weights`` and ``data`` are SHA-256 digests of the bits at the centre and of the examples; ``subspace`` is the
    recipe (kind, seed, normalization, ignored parameters, digest of the directions).

    Args:
        model: the name people use, ``"wide:0"``.
        network: family and size in words, ``"mlp, width 512"``.
        P: parameters of the network.
        N: training examples that were evaluated.
        K: outputs per example; the constraints are N * K.
        regime: ``"under"`` P < N, ``"critical"`` N <= P <= N * K, ``"over"`` P > N * K.
        precision_error: largest difference from float64 relative to the larger of 1 nat and the loss, at
            ``precision_points`` points.
        wall_time: seconds spent sampling, all attempts together.
        tolerance: share of the loss's range within which points may be interpolated; 0 where all are measured.
        held_back_points: measured points the interpolation was held against; 0 where nothing is interpolated.
        interpolation_error: for each metric, the estimated largest interpolation error, in its unit: a multiple
            of the largest error at the held-back points, see `landscape.evaluate.adaptive.Filling`.
        inside_error: the same for the training loss where it is at most 0.5 above the centre; 0 where that set was
            measured whole.
        reach: rise of the training loss on every side for which the extent was chosen; 0 where the extent was given.
        extent: why the grid reaches as far as it does, in words.
        drawn_from: where the N examples are a random subset, how many they were drawn from; 0 if they are all.
        standard_error: of the training loss at the centre, in its unit, as an estimate for all examples.
    """

    model: str = ""
    network: str = ""
    P: int = 0
    N: int = 0
    K: int = 0
    regime: str = ""
    weights: str = ""
    data: str = ""
    loss: str = ""
    dtype: str = ""
    batchnorm: str = ""
    subspace: Mapping[str, Scalar] = field(default_factory=dict)
    precision_error: float = float("nan")
    precision_points: int = 0
    strategy: str = ""
    block_size: int = 0
    device: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    created: str = ""
    wall_time: float = 0.0
    tolerance: float = 0.0
    held_back_points: int = 0
    interpolation_error: Mapping[str, float] = field(default_factory=dict)
    inside_error: float = 0.0
    reach: float = 0.0
    extent: str = ""
    drawn_from: int = 0
    standard_error: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, mappings as plain dictionaries: what JSON and HDF5 attributes take."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}


@dataclass(frozen=True, eq=False)
class Trajectory:
    """A training path in the coordinates of the grid it is stored with.

    Args:
        step: training step of each checkpoint, shape (k,).
        alpha: first coordinate, shape (k,).
        beta: second coordinate, shape (k,).
        loss: the network's own training loss at the checkpoint (nats per example), shape (k,). On a plane this is not
            the loss of the plane at (alpha, beta), unless the path lies in the plane.
        length: L2 length of the path from the start to the checkpoint, chord by chord, shape (k,).
        explained: share of the path's squared distance from its end that lies in the grid's subspace, in [0, 1].
        on_plane: loss of the plane at (alpha, beta), where the checkpoint itself lies off the plane; shape (k,).
    """

    step: FloatArray
    alpha: FloatArray
    beta: FloatArray
    loss: FloatArray
    length: FloatArray
    explained: float = 1.0
    on_plane: FloatArray | None = None

    def __post_init__(self) -> None:
        names = ["step", "alpha", "beta", "loss", "length", *(["on_plane"] if self.on_plane is not None else [])]
        freeze_arrays(self, *names)
        if len({np.shape(getattr(self, name)) for name in names}) != 1:
            raise InputError(f"trajectory: {', '.join(names)} must have one shape (k,)")

    @property
    def gap(self) -> FloatArray | None:
        """The plane's loss minus the network's own at each checkpoint, shape (k,); None where the path is in the grid.

        A contour drawn under a path tells the loss on the path only where this is small.
        """
        return None if self.on_plane is None else self.on_plane - self.loss


@dataclass(frozen=True, eq=False)
class Marks:
    """Networks that lie in the grid's subspace.

    Args:
        names: of the networks, k of them.
        alpha: first coordinate, shape (k,).
        beta: second coordinate, shape (k,).
        loss: the training loss there, shape (k,).
    """

    names: tuple[str, ...]
    alpha: FloatArray
    beta: FloatArray
    loss: FloatArray

    def __post_init__(self) -> None:
        freeze_arrays(self, "alpha", "beta", "loss")
        object.__setattr__(self, "names", tuple(self.names))
        if any(getattr(self, name).shape != (len(self.names),) for name in ("alpha", "beta", "loss")):
            raise InputError(f"marks: alpha, beta and loss need one value for each of {len(self.names)} networks")


@dataclass(frozen=True, eq=False)
class Rays:
    """Loss along many random filter-normalized directions from one centre.

    Args:
        radius: distance from the centre in filter norms, from 0 up, shape (r,).
        loss: training loss in nats per example, shape (directions, r).
        length: L2 length of a step of one filter norm along each direction, shape (directions,).
        seed: seed of the first direction; direction ``k`` has seed ``seed + k``.
    """

    radius: FloatArray
    loss: FloatArray
    length: FloatArray
    seed: int = 0

    def __post_init__(self) -> None:
        freeze_arrays(self, "radius", "loss", "length")
        if self.loss.shape != (len(self.length), len(self.radius)):
            raise InputError(f"rays: loss has shape {self.loss.shape}, expected {(len(self.length), len(self.radius))}")
        if self.radius.size == 0 or self.radius[0] != 0 or not np.all(np.diff(self.radius) > 0):
            raise InputError("rays: the radius must start at 0 and increase")


@dataclass(frozen=True, eq=False)
class Sampled:
    """Values on a grid, common to `Profile` and `Surface`; one axis per dimension of ``status``.

    ``directions`` are the axes in parameter space, arrays by parameter name in the network's order, kept where no seed
    can draw them again; empty otherwise.
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
        object.__setattr__(self, "status", _frozen(self.status, np.uint8))
        metrics = {name: _frozen(values) for name, values in self.metrics.items()}
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
        """The training loss, nats per example, in the shape of the grid; NaN where not measured, inf where diverged."""
        try:
            return self.metrics[LOSS]
        except KeyError:
            raise InputError(f"no {LOSS} in this record; it holds {', '.join(self.metrics) or 'nothing'}") from None

    @property
    def kind(self) -> str:
        """``"line"``, ``"plane"``, ``"corridor"``, ...: the subspace the values were sampled on."""
        return str(self.provenance.subspace.get("kind", ""))

    @property
    def complete(self) -> bool:
        """Whether no grid point is pending."""
        return bool(np.all(self.status != Status.PENDING))

    @property
    def num_measured(self) -> int:
        """Grid points whose values were measured, not interpolated."""
        return int(np.count_nonzero(self.status == Status.MEASURED))

    def save(self, path: str | PathLike[str], *, overwrite: bool = True) -> None:
        """Write the record to an HDF5 file, all of it or nothing; `landscape.store.load` reads it back bit for bit.

        Raises:
            FileError: if the file cannot be written, or exists and ``overwrite`` is off.
        """
        from landscape.store import save  # here, so that records are made and drawn without HDF5

        save(self, path, overwrite=overwrite)

    def to_xarray(self) -> Any:
        """The record as an `xarray.Dataset`; needs ``landscape[notebook]``. See `landscape.render.notebook`."""
        from landscape.render.notebook import to_xarray  # here, so that records are made without matplotlib

        return to_xarray(cast("Profile | Surface", self))

    def _repr_html_(self) -> str:
        from landscape.render.notebook import html_of

        return html_of(cast("Profile | Surface", self))


def describe_points(measured: int, total: int, provenance: Provenance, metric: str = LOSS) -> list[str]:
    """How many grid points were measured and, where others were filled in, how far off they may be, in words.

    >>> describe_points(353, 2601, Provenance(held_back_points=52, interpolation_error={"train_loss": 0.0041}))
    ['measured 353 of 2,601 points', 'estimated interpolation error 0.0041 (52 held-back points)']
    """
    words = [f"measured {measured:,} of {total:,} points"]
    error = provenance.interpolation_error.get(metric)
    if provenance.held_back_points and error is not None:
        words.append(f"estimated interpolation error {error:.2g} ({provenance.held_back_points} held-back points)")
    return words


@dataclass(frozen=True, eq=False)
class Profile(Sampled):
    """Values on a 1-D grid: ``metrics[name][i]`` at ``alpha[i]``."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.axes) != 1:
            raise InputError(f"a profile has one axis, got {len(self.axes)}")

    @property
    def alpha(self) -> Axis:
        """The only axis."""
        return self.axes[0]

    def plot(self, axes: "Axes | None" = None, *, metric: str = LOSS) -> "Axes":
        """Matplotlib axes with the values against the coordinate, to go on with; new ones unless some are given."""
        from landscape.render.notebook import plot_profile

        return plot_profile(self, axes, metric=metric)


@dataclass(frozen=True, eq=False)
class Surface(Sampled):
    """Values on a 2-D grid: ``metrics[name][i, j]`` at ``(alpha[i], beta[j])``.

    ``trajectory`` is the training path in these coordinates, where there is one; ``rays`` the loss along many random
    directions from the centre, from which half-widths are measured; ``marks`` networks that lie in the plane.
    """

    trajectory: Trajectory | None = None
    rays: Rays | None = None
    marks: Marks | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.axes) != 2:
            raise InputError(f"a surface has two axes, got {len(self.axes)}")

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
        from landscape.render.notebook import plot_surface

        return plot_surface(self, axes, metric=metric)

    def to_pyvista(self) -> Any:
        """The surface as a `pyvista.StructuredGrid`: the loss as height, every metric and the status at its points."""
        from landscape.render.notebook import to_pyvista

        return to_pyvista(self)


def _remade(kind: Callable[..., Any], values: dict[str, Any]) -> Any:
    return kind(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_plain(entry) for entry in value)
    return dict(value) if isinstance(value, Mapping) else value


def _frozen(values: ArrayLike, dtype: type = np.float64) -> NDArray[Any]:
    array: NDArray[Any] = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array


def freeze_arrays(record: object, *names: str) -> None:
    """Put read-only float64 copies in the place of arrays that a frozen record was given."""
    for name in names:
        object.__setattr__(record, name, _frozen(getattr(record, name)))
