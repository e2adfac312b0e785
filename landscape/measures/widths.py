"""How narrow and how wide: half-widths, sublevel areas and corridor widths, computed from records alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator, PPoly

from landscape.errors import InputError
from landscape.measures.quantities import Quantity
from landscape.records.base import RISE, FloatArray
from landscape.records.companions import Rays
from landscape.records.estimates import Estimate
from landscape.records.loss_scale import NATS, amount
from landscape.records.sampled import Surface
from landscape.statistics.intervals import mean_over

BoolArray: TypeAlias = NDArray[np.bool_]

Unit = Literal["filter norm", "L2"]


@dataclass(frozen=True)
class HalfWidth(Estimate):
    """Mean distance from the minimum at which the loss has risen by ``rise``, with its 95 % interval.

    Args:
        directions: directions measured, all members together.
        members: networks measured; the interval is that of their means, of one network that over its directions.
        rise: the rise that defines the half-width, in ``rise_unit``.
        censored: directions along which the loss did not rise that far within the sampled radius; they enter with that
            radius, so the mean is a lower bound where this is not 0.
        interpolation_error: largest change of a single half-width when every second radius is left out.
        rise_unit: the unit of the loss.
    """

    directions: int = 0
    members: int = 1
    rise: float = RISE
    censored: int = 0
    interpolation_error: float = 0.0
    rise_unit: str = NATS

    @property
    def text(self) -> str:
        """The half-width in words, with the rise, the directions and members, and its interval."""
        prefix = f"at least (censored {self.censored}) " if self.censored else ""
        over = f"{self.directions} directions" + (f", {self.members} members" if self.members > 1 else "")
        interval = "95 % interval" if self.has_interval else "no interval"
        rise = amount(self.rise, self.rise_unit)
        return f"{prefix}{self.mean:.4g}{self.ends('.4g')} {self.unit} (+{rise}, {over}, {interval})"


@dataclass(frozen=True)
class SublevelArea:
    """Area of the plane where the loss lies within ``rise`` of its value at the centre.

    Args:
        area: in ``unit``.
        unit: the unit of the axes, squared.
        rise: in ``rise_unit``.
        bounded: False where the set touches the edge of the grid: then the area is a lower bound.
        rise_unit: the unit of the loss.
    """

    area: float
    unit: str
    rise: float
    bounded: bool
    rise_unit: str = NATS

    def __str__(self) -> str:
        prefix = "" if self.bounded else "at least "
        rise = amount(self.rise, self.rise_unit)
        return f"{prefix}{self.area:.4g} {self.unit} (loss at most {rise} above the centre)"


@dataclass(frozen=True)
class CorridorWidth:
    """Width across the training path at each of its steps: where the loss stays within ``rise`` of that on the path.

    Args:
        step: position along the path, shape (n,).
        width: full width in the unit of beta, shape (n,); a lower bound where ``bounded`` is False.
        bounded: whether both walls lie inside the grid, shape (n,).
        unit: of the width.
        rise: in ``rise_unit``.
        rise_unit: the unit of the loss.
    """

    step: FloatArray
    width: FloatArray
    bounded: BoolArray
    unit: str
    rise: float
    rise_unit: str = NATS

    def __str__(self) -> str:
        first, last = (f"{'' if self.bounded[k] else 'at least '}{self.width[k]:.4g}" for k in (0, -1))
        rise = amount(self.rise, self.rise_unit)
        return f"{first} at the start, {last} at the end of training, {self.unit} (loss at most {rise} above the path)"

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, as JSON takes them."""
        arrays = {"step": self.step, "width": self.width, "bounded": self.bounded}
        words = {"unit": self.unit, "rise": self.rise, "rise_unit": self.rise_unit}
        return {**words, **{name: array.tolist() for name, array in arrays.items()}}


@dataclass(frozen=True)
class Walls:
    """The walls of a corridor: where the loss first exceeds its value at ``beta = 0`` by ``rise``, on both sides.

    Args:
        alpha: position along the path, shape (n,).
        low: the wall at negative beta, shape (n,); the edge of the grid where ``low_bounded`` is False.
        high: the wall at positive beta, shape (n,).
        low_bounded: whether the wall lies inside the grid, shape (n,).
        high_bounded: the same of the other wall, shape (n,).
    """

    alpha: FloatArray
    low: FloatArray
    high: FloatArray
    low_bounded: BoolArray
    high_bounded: BoolArray


def half_width(
    rays: Rays | Surface | Sequence[Rays], *, rise: float | None = None, unit: Unit = "filter norm", seed: int = 0
) -> HalfWidth:
    """Mean half-width over directions (and members), with its 95 % interval.

    A half-width is the smallest ``r`` with ``L(theta + r d) = L(theta) + rise``, found by monotone cubic interpolation
    between the sampled radii. It says how far one can walk in a random direction, so it shows the average curvature of
    a minimum, not its sharpest direction.

    Args:
        rays: rays of one network, a surface that holds them, or the rays of several members.
        rise: in the unit of the loss, above 0; by default 0.5 nat for log-likelihoods, for other losses half of what
            guessing costs, see `LossScale`.
        unit: ``"filter norm"`` (multiples of each filter's own norm, Li et al. 2018, arXiv 1712.09913, section 4) or
            ``"L2"`` (plain Euclidean distance in parameter space; not invariant under rescaling of ReLU layers).
        seed: of the bootstrap.

    Returns:
        The mean with its interval, and how many directions are lower bounds.

    Raises:
        InputError: no rays, or a rise that is not positive.
    """
    members = _members(rays)
    scale = members[0].scale
    rise = scale.rise if rise is None else check_rise(rise)
    values = [radii(member, rise, unit) for member in members]
    coarse = [radii(_every_second(member), rise, unit) for member in members]
    mean = mean_over(values, unit=unit, seed=seed)
    return HalfWidth(
        mean=mean.mean,
        low=mean.low,
        high=mean.high,
        unit=unit,
        directions=sum(map(len, values)),
        members=len(members),
        rise=rise,
        censored=sum(num_censored(member, rise) for member in members),
        interpolation_error=float(max(np.max(np.abs(a - b)) for a, b in zip(values, coarse, strict=True))),
        rise_unit=scale.unit,
    )


def check_rise(rise: float) -> float:
    """The rise, if it is above 0.

    Raises:
        InputError: it is not.
    """
    if not rise > 0:
        raise InputError(f"rise must be above 0, got {rise}")
    return rise


def radii(rays: Rays, rise: float | None = None, unit: Unit = "filter norm") -> FloatArray:
    """The half-width along every direction of one network, (directions,): the numbers that `half_width` averages."""
    rise = rays.scale.rise if rise is None else rise
    return _crossings(rays, rise)[0] * (rays.length if unit == "L2" else np.ones_like(rays.length))


def num_censored(rays: Rays, rise: float | None) -> int:
    """Directions along which the loss does not rise so far within the sampled radius."""
    rise = rays.scale.rise if rise is None else rise
    return int(np.count_nonzero(~_crossings(rays, rise)[1]))


RAY_QUANTITIES: tuple[Quantity[Rays], ...] = (
    Quantity("half-width", "filter norm", lambda rays, rise: radii(rays, rise, "filter norm"), num_censored),
    Quantity("half-width, L2", "L2", lambda rays, rise: radii(rays, rise, "L2"), num_censored),
)


def sublevel_area(surface: Surface, *, rise: float | None = None) -> SublevelArea:
    """Area where the loss is at most ``rise`` above its value at the centre.

    Each cell is counted in 8 x 8 parts, whose values come from monotone cubics along both axes; a value that diverged
    counts as the largest finite one.

    Args:
        surface: a plane.
        rise: in the unit of the loss, by default as of `half_width`.

    Returns:
        The area in squared axis units, and whether it ends inside the grid.

    Raises:
        InputError: a corridor, whose axes have different units, or a rise that is not positive.
    """
    if surface.kind == "corridor":
        raise InputError("a corridor has no area in one unit; measure its corridor_width instead")
    scale = surface.provenance.loss_scale
    rise = scale.rise if rise is None else check_rise(rise)
    inside = _refine(surface, 8) <= float(_centre_loss(surface)) + rise
    extent = np.ptp(surface.alpha.values) * np.ptp(surface.beta.values)
    edge = np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])
    area = float(extent * inside.mean())
    return SublevelArea(area, f"{surface.alpha.unit}^2", rise, not bool(edge.any()), scale.unit)


def corridor_width(surface: Surface, *, rise: float | None = None) -> CorridorWidth:
    """Full width of the corridor at each step of the path, from one wall to the other.

    A wall stands where the loss first exceeds the loss on the path at that step by ``rise``.

    Args:
        surface: a corridor.
        rise: in the unit of the loss, by default as of `half_width`.

    Returns:
        Steps, widths and whether both walls lie inside the grid, each of shape (n,), the start of training first.

    Raises:
        InputError: a surface that is no corridor, or a rise that is not positive.
    """
    if surface.kind != "corridor":
        raise InputError(f"corridor_width needs a corridor, got a {surface.kind or 'surface of unknown kind'}")
    scale = surface.provenance.loss_scale
    rise = scale.rise if rise is None else check_rise(rise)
    sides = walls(surface, rise=rise)
    inside = sides.low_bounded & sides.high_bounded
    return CorridorWidth(sides.alpha, sides.high - sides.low, inside, surface.beta.unit, rise, scale.unit)


def walls(surface: Surface, *, rise: float) -> Walls:
    """The walls on both sides of ``beta = 0`` at each ``alpha``, by monotone cubics between the grid points."""
    beta = surface.beta.values
    centre = int(np.argmin(np.abs(beta)))
    ends, inside = [], []
    for side in (slice(centre, None, -1), slice(centre, None)):
        rays = Rays(np.abs(beta[side] - beta[centre]), surface.loss[:, side], np.ones(len(surface.alpha)))
        distance, crosses = _crossings(rays, rise)
        ends.append(distance)
        inside.append(crosses)
    return Walls(surface.alpha.values, beta[centre] - ends[0], beta[centre] + ends[1], inside[0], inside[1])


def _members(rays: Rays | Surface | Sequence[Rays]) -> list[Rays]:
    if isinstance(rays, Surface):
        if rays.rays is None:
            raise InputError("this surface holds no rays; sample it with rays=64 to measure half-widths")
        return [rays.rays]
    members = [rays] if isinstance(rays, Rays) else list(rays)
    if not members:
        raise InputError("no rays given; half_width needs those of at least one network")
    return members


def _crossings(rays: Rays, rise: float) -> tuple[FloatArray, BoolArray]:
    """First radius at which each ray has risen by ``rise``, and whether there is one, both (directions,)."""
    with np.errstate(invalid="ignore"):  # a ray that starts where the loss diverged rises no further
        above = np.asarray(rays.loss - rays.loss[:, :1] >= rise)
    crosses: BoolArray = np.any(above, axis=1)
    first = np.where(crosses, above.argmax(axis=1), len(rays.radius) - 1)
    radius = np.where(crosses, rays.radius[first], rays.radius[-1])
    finite = np.isfinite(rays.loss)
    # a diverged value is a wall, and so is a rise from where nothing was measured
    rows = np.arange(len(first))
    between = np.flatnonzero(crosses & finite[rows, first] & finite[rows, first - 1])
    cells = np.array([(*_neighbours(finite[row], int(first[row])), first[row]) for row in between]).reshape(-1, 3)
    for start, stop, cell in np.unique(cells, axis=0).tolist():
        alike = between[(cells == (start, stop, cell)).all(axis=1)]
        excess = rays.loss[alike, start:stop] - (rays.loss[alike, 0] + rise)[:, None]
        radius[alike] = _roots(rays.radius[start:stop], excess, *rays.radius[cell - 1 : cell + 1].tolist())
    return radius, crosses


def _neighbours(finite: BoolArray, first: int) -> tuple[int, int]:
    """The radii around ``first``, up to three before and two after, none that diverged or lies beyond such a one."""
    before, beyond = finite[max(0, first - 3) : first][::-1], finite[first + 1 : first + 3]
    return (
        first - (len(before) if before.all() else int(before.argmin())),
        first + 1 + (len(beyond) if beyond.all() else int(beyond.argmin())),
    )


def _roots(radius: FloatArray, excess: FloatArray, low: float, high: float) -> FloatArray:
    """The radius between ``low`` and ``high`` at which a monotone cubic is zero, for each row of ``excess``."""
    curves = PchipInterpolator(radius, excess, axis=1)
    # one by one: SciPy's roots of many curves at once leave out those that two neighbours share
    roots = [PPoly.construct_fast(c, curves.x).roots(extrapolate=False) for c in np.moveaxis(curves.c, 2, 0).copy()]
    inside = [row[(row >= low) & (row <= high)] for row in roots]
    return np.array([row[0] if row.size else high for row in inside])


def _every_second(rays: Rays) -> Rays:
    """The rays without every second radius."""
    return replace(rays, radius=rays.radius[::2], loss=rays.loss[:, ::2])


def _centre_loss(surface: Surface) -> float:
    i, j = (int(np.argmin(np.abs(axis.values))) for axis in surface.axes)
    return float(surface.loss[i, j])


def _refine(surface: Surface, factor: int) -> FloatArray:
    """The loss at the centres of ``factor`` x ``factor`` parts of each cell, by monotone cubics along both axes."""
    largest = np.max(surface.loss, initial=0.0, where=np.isfinite(surface.loss))
    values = np.nan_to_num(surface.loss, nan=largest, posinf=largest)
    for axis in surface.axes:
        parts = (np.arange(factor * (len(axis) - 1)) + 0.5) / factor
        values = np.array(PchipInterpolator(np.arange(len(axis)), values)(parts).T)
    return values
