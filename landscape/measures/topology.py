"""How many basins and how deep: minima, saddles and persistence of a surface, and its roughness, from records alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from landscape.errors import InputError
from landscape.records.base import FloatArray
from landscape.records.loss_scale import NATS, amount
from landscape.records.sampled import Surface

IntArray: TypeAlias = NDArray[np.int64]

DEGREE = 4
THRESHOLD = 0.02  # of the default rise: 0.01 nat for cross-entropy


@dataclass(frozen=True, eq=False)
class Topology:
    """The minima of a surface and how its sublevel sets join them; minimum 0 is the global one.

    Minima are ordered by loss, then by grid order. Minimum ``k`` is born at ``birth[k]``; at ``death[k]`` the sublevel
    set around it first meets that of a deeper minimum, ``parent[k]`` < k, in the grid point ``saddle[k]``.

    Args:
        minimum: grid index ``(i, j)`` of each minimum, shape (m, 2).
        coordinates: ``(alpha, beta)`` of each minimum in the units of the axes, shape (m, 2).
        birth: loss at the minimum, shape (m,).
        death: loss at the saddle, shape (m,); inf where a minimum never meets a deeper one: the global minimum, and the
            deepest of each region that points without a finite loss cut off.
        saddle: grid index ``(i, j)`` of the saddle, shape (m, 2); -1 where death is inf.
        parent: the deeper minimum merged into, shape (m,): the merge tree; -1 where death is inf.
        excluded: grid points without a finite loss, left out.
    """

    minimum: IntArray
    coordinates: FloatArray
    birth: FloatArray
    death: FloatArray
    saddle: IntArray
    parent: IntArray
    excluded: int = 0

    def __post_init__(self) -> None:
        for name in ("minimum", "coordinates", "birth", "death", "saddle", "parent"):
            getattr(self, name).setflags(write=False)

    @property
    def persistence(self) -> FloatArray:
        """Death minus birth, shape (m,): the rise that leads out of each minimum into a deeper one; inf for roots."""
        return self.death - self.birth

    @property
    def deepest(self) -> float:
        """The largest finite persistence, in the unit of the loss; 0 where no minimum merges into another."""
        finite = self.persistence[np.isfinite(self.death)]
        return float(finite.max(initial=0.0))

    @property
    def saddle_minimum_distance(self) -> float | None:
        """The mean finite persistence, in the unit of the loss; None where no minimum merges into another.

        That is the mean, over the minima that merge into a deeper one on the 8-connected grid, of the loss at the
        saddle where they do minus the loss at the minimum. The saddle-minimum average distance of arXiv 2602.07135 is
        the same idea on another graph: Landscaper averages over the edges of a contour tree between a branching point
        and a minimum, on a Gabriel graph of the points, so that the numbers of the two differ.
        """
        finite = self.persistence[np.isfinite(self.death)]
        return float(finite.mean()) if finite.size else None

    def count(self, threshold: float = 0.0) -> int:
        """Minima whose persistence exceeds ``threshold``; the global minimum always counts."""
        return int(np.count_nonzero(self.persistence > threshold))


@dataclass(frozen=True)
class Roughness:
    """Share of the loss's variance over the grid that a smooth part leaves, in [0, 1].

    Args:
        share: residual sum of squares of the fit over that of the mean.
        degree: total degree of the polynomial that is the smooth part.
        points: grid points with a finite loss, on which it was fitted.
    """

    share: float
    degree: int
    points: int


def topology(surface: Surface) -> Topology:
    """Minima, saddles and merge tree of the sublevel sets ``{L <= c}`` as the level ``c`` rises.

    Grid points are joined to their 8 neighbours and added in order of loss by union-find; where two sets meet, the one
    with the higher minimum dies (elder rule; Edelsbrunner and Harer 2010, Computational Topology, sections VI.1 and
    VII.1). Ties go to the point that comes first in grid order, and a set that dies at the level of its birth is no
    minimum: a plateau is one minimum, at its first point. Points with NaN or infinite loss belong to no set.

    These are minima of the sampled grid, not of the network: off the plane the loss may fall on, and a minimum narrower
    than a grid step is not seen. Minima on the edge of the grid count.

    Args:
        surface: of a plane or corridor.

    Returns:
        Arrays over the minima, shape (m,) or (m, 2), the global minimum first.

    Raises:
        InputError: no grid point has a finite loss.
    """
    loss = surface.loss
    finite = np.flatnonzero(np.isfinite(loss))
    if not finite.size:
        raise InputError("topology needs at least one grid point with a finite loss; this surface holds none")
    order = finite[np.argsort(loss.ravel()[finite], kind="stable")]
    roots, merges = _merge_tree(order, loss)
    minima = [point for point in order.tolist() if point in roots or point in merges]
    number = {point: k for k, point in enumerate(minima)}
    minimum = np.stack(np.unravel_index(np.array(minima), loss.shape), axis=1).astype(np.int64)
    saddle = np.full_like(minimum, -1)
    parent = np.full(len(minima), -1, dtype=np.int64)
    death = np.full(len(minima), np.inf)
    for point, (elder, at) in merges.items():
        k = number[point]
        saddle[k] = np.unravel_index(at, loss.shape)
        parent[k], death[k] = number[elder], loss.flat[at]
    coordinates = np.stack([surface.alpha.values[minimum[:, 0]], surface.beta.values[minimum[:, 1]]], axis=1)
    birth = np.array(loss.ravel()[minima])
    return Topology(minimum, coordinates, birth, death, saddle, parent, int(loss.size - finite.size))


def roughness(surface: Surface, *, degree: int = DEGREE) -> Roughness:
    """Share of the loss's variance that no polynomial of total degree ``degree`` in (alpha, beta) explains.

    ``sum (L - p)^2 / sum (L - mean L)^2`` over the points with a finite loss, ``p`` the least-squares polynomial; 0 for
    a constant surface. Adding a constant to the loss or scaling it changes nothing. The default degree, 4, is the
    lowest that holds two basins and the barrier between them; a wall steeper than that counts as rough.

    Args:
        surface: of a plane or corridor.
        degree: total degree of the polynomial, at least 1.

    Returns:
        The share, in [0, 1], with the degree and the number of points.

    Raises:
        InputError: a degree below 1, or no more finite points than the polynomial has coefficients.
    """
    if degree < 1:
        raise InputError(f"degree must be at least 1, got {degree}")
    finite = np.isfinite(surface.loss)
    points, terms = int(np.count_nonzero(finite)), _num_coefficients(degree)
    if points <= terms:
        raise InputError(
            f"a polynomial of degree {degree} has {terms} coefficients, but only {points} points have a finite loss; "
            "lower the degree or sample more points"
        )
    values = surface.loss[finite]
    offset = values - values.mean()
    # The rounding of the mean alone leaves a constant surface a residual of this size.
    if np.max(np.abs(offset)) <= 8 * np.finfo(np.float64).eps * np.max(np.abs(values)):
        return Roughness(0.0, degree, points)
    offset /= np.max(np.abs(offset))
    x, y = (_unit_interval(axis.values) for axis in surface.axes)
    i, j = np.nonzero(finite)
    low = np.add.outer(np.arange(degree + 1), np.arange(degree + 1)).ravel() <= degree
    basis = legendre.legvander2d(x[i], y[j], [degree, degree])[:, low]
    residual = offset - basis @ np.linalg.lstsq(basis, offset)[0]
    return Roughness(float(min(1.0, residual @ residual / (offset @ offset))), degree, points)


@dataclass(frozen=True)
class TopologySummary:
    """Minima, merge tree and roughness of a surface.

    Args:
        topology: minima and saddles.
        threshold: the persistence above which minima count, in ``unit``: the one asked for, raised to twice the
            interpolation error of the surface, since the ripples of a spline are no minima of the loss.
        roughness: share of the variance, None on a grid too small for the smooth part.
        unit: of the loss.
    """

    topology: Topology
    threshold: float
    roughness: float | None
    unit: str = NATS

    def __str__(self) -> str:
        minima, persistent = self.topology.count(), self.topology.count(self.threshold)
        rough = "" if self.roughness is None else f"; roughness {self.roughness:.2g}"
        distance = self.topology.saddle_minimum_distance
        if distance is None or self.topology.deepest == 0:
            return f"{minima} in the plane{rough}"
        return (
            f"{minima} in the plane, {persistent} more persistent than {amount(self.threshold, self.unit)}, "
            f"deepest but the global {self.topology.deepest:.3g}; saddle-minimum average {distance:.3g}{rough}"
        )

    def to_dict(self) -> dict[str, Any]:
        """The numbers by name, as JSON takes them.

        ``death``, ``saddle`` and ``parent`` are None for a minimum that never dies, the saddle-minimum distance where
        no minimum merges into another.
        """
        topology = self.topology
        ends = np.isfinite(topology.death)
        death, saddle, parent = (
            [value if end else None for value, end in zip(array.tolist(), ends, strict=True)]
            for array in (topology.death, topology.saddle, topology.parent)
        )
        return {
            "minima": topology.count(),
            "persistent": topology.count(self.threshold),
            "threshold": self.threshold,
            "unit": self.unit,
            "deepest": topology.deepest,
            "saddle_minimum_distance": topology.saddle_minimum_distance,
            "coordinates": topology.coordinates.tolist(),
            "birth": topology.birth.tolist(),
            "death": death,
            "saddle": saddle,
            "parent": parent,
            "excluded": topology.excluded,
            "roughness": self.roughness,
        }


def threshold_of(surface: Surface, threshold: float | None = None) -> float:
    """The persistence above which minima count: by default 1/50 of the rise, at least twice the interpolation error."""
    threshold = THRESHOLD * surface.provenance.loss_scale.rise if threshold is None else threshold
    return max(threshold, 2 * float(surface.error.max()))


def summarize_topology(surface: Surface, *, threshold: float | None = None) -> TopologySummary:
    """Minima, merge tree and roughness of a surface.

    Args:
        surface: with at least one finite loss.
        threshold: persistence above which minima count, by default 1/50 of the rise that defines widths; at least
            twice the interpolation error.
    """
    enough = np.count_nonzero(np.isfinite(surface.loss)) > _num_coefficients(DEGREE)
    share = roughness(surface).share if enough else None
    unit = surface.provenance.loss_scale.unit
    return TopologySummary(topology(surface), threshold_of(surface, threshold), share, unit)


def _num_coefficients(degree: int) -> int:
    """Coefficients of a polynomial of that total degree in two variables."""
    return (degree + 1) * (degree + 2) // 2


def _merge_tree(order: IntArray, loss: FloatArray) -> tuple[set[int], dict[int, tuple[int, int]]]:
    """The minima that never die, and for each that does the elder minimum and the saddle, all as flat indices."""
    rank = {point: k for k, point in enumerate(order.tolist())}
    root: dict[int, int] = {}
    merges: dict[int, tuple[int, int]] = {}
    for point in rank:
        root[point] = point
        for neighbour in _neighbours(point, loss.shape):
            if neighbour not in root:
                continue
            elder, younger = sorted((_find(root, point), _find(root, neighbour)), key=rank.__getitem__)
            if elder == younger:
                continue
            root[younger] = elder
            if loss.flat[younger] < loss.flat[point]:
                merges[younger] = (elder, point)
    return {point for point in root if root[point] == point}, merges


def _find(root: dict[int, int], point: int) -> int:
    """The minimum of the set that a point belongs to."""
    while root[point] != point:
        # halves the path, so that a later search takes half the steps
        root[point] = root[root[point]]
        point = root[point]
    return point


def _neighbours(point: int, shape: tuple[int, ...]) -> Iterator[int]:
    """The up to 8 grid points around one, as flat indices."""
    row, column = divmod(point, shape[1])
    for i in range(max(0, row - 1), min(shape[0], row + 2)):
        for j in range(max(0, column - 1), min(shape[1], column + 2)):
            if (i, j) != (row, column):
                yield i * shape[1] + j


def _unit_interval(values: FloatArray) -> FloatArray:
    """Coordinates moved and scaled into [-1, 1], where Legendre polynomials are well conditioned."""
    return np.asarray(2 * (values - values[0]) / (np.ptp(values) or 1.0) - 1)
