"""Planes through known networks, in L2 coordinates alike along both axes: three solutions, or a training path."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from landscape.errors import InputError
from landscape.records.base import Axis, FloatArray, Scalar
from landscape.records.limits import Rule
from landscape.records.recipe import NetworksRecipe
from landscape.records.recipe_keys import read_recipe
from landscape.space import parameters as space
from landscape.space.affine import Plane
from landscape.space.components import principal_components
from landscape.space.directions import cosine, orthogonalize
from landscape.space.parameters import Parameters
from landscape.space.paths import Landmarks, Trail, TrainingPath
from landscape.space.subspaces import Centred

MARGIN = 0.25
NARROWEST = 0.25


@dataclass(frozen=True, eq=False)
class ModelPlane(Plane):
    """A plane that passes through three networks, at ``places``.

    Args:
        names: of the networks, in the order given.
        places: their coordinates in L2, shape (3, 2); the first is the origin, the second lies on the first axis.
    """

    names: tuple[str, ...] = ()
    places: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))

    @property
    def rule(self) -> Rule:
        """The networks set the extent."""
        return Rule.NETWORKS

    @property
    def landmarks(self) -> Landmarks:
        """The three networks."""
        return Landmarks(self.names, self.places)

    def axes(self, points: Sequence[int], extent: float) -> tuple[Axis, Axis]:
        """``points`` steps over the three networks and a quarter of their spread around them; no extent applies."""
        return _covering(self.places, points, ("towards the second network", "towards the third, across"))


@dataclass(frozen=True, eq=False)
class PathPlane(Plane):
    """The plane of a training path's two principal components, its origin the last checkpoint.

    Args:
        steps: training step of each checkpoint, shape (T,).
        path: the checkpoints.
        buffers: floating-point buffers of each checkpoint (BatchNorm statistics), or none.
        places: coordinates of the checkpoints' projections in L2, shape (T, 2).
        shares: share of the path's squared distance from its end along each axis, shape (2,).
    """

    steps: FloatArray = field(default_factory=lambda: np.zeros(0))
    path: Sequence[Parameters] = ()
    buffers: Sequence[Parameters] = ()
    places: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))
    shares: FloatArray = field(default_factory=lambda: np.zeros(2))

    @property
    def explained(self) -> float:
        """Share of the path's squared distance from its end that lies in the plane, in [0, 1]."""
        return float(min(1.0, self.shares.sum()))

    @property
    def rule(self) -> Rule:
        """The checkpoints set the extent."""
        return Rule.NETWORKS

    @property
    def trail(self) -> Trail:
        """The path, its places those of the checkpoints' projections."""
        return Trail(TrainingPath(self.steps, self.path, self.buffers), self.places, self.explained)

    def axes(self, points: Sequence[int], extent: float) -> tuple[Axis, Axis]:
        """``points`` steps over the path and a quarter of its spread around it; no extent applies."""
        first, second = (f"principal component {k + 1} ({100 * share:.1f} %)" for k, share in enumerate(self.shares))
        return _covering(self.places, points, (first, second))


def plane_through(first: Centred, second: Centred, third: Centred, *, names: Sequence[str] = ()) -> ModelPlane:
    """The plane through three networks, both axes in L2 and at right angles.

    ``u = w2 - w1``, ``v = (w3 - w1) - <w3 - w1, u> / <u, u> u``, both scaled to length 1; the networks lie at
    ``(0, 0)``, ``(|u|, 0)`` and ``(<w3 - w1, u> / |u|, |v|)``. All parameters move, biases and norm layers too.

    Args:
        first: anything with a ``centre``, of one architecture with the others.
        second: the network on the first axis.
        third: the network off it.
        names: what to call the three, stored with the record.

    Returns:
        The plane, in L2 coordinates (k, 2), the first network at its origin.

    Raises:
        InputError: networks of different shapes, or three that lie on one line.

    References:
        Garipov et al. 2018, arXiv 1802.10026, supplementary material.
    """
    start = first.centre
    for network in (second, third):
        refuse_unlike(start, network.centre)
    along, towards = (space.difference(network.centre, start) for network in (second, third))
    length = float(space.norm(along))
    if not length:
        raise InputError("the first two networks are the same: they span no plane")
    _, across = orthogonalize((along, towards))
    height = float(space.norm(across))
    shift = float(space.dot(along, towards)) / length
    places = np.array([[0.0, 0.0], [length, 0.0], [shift, height]])
    recipe = NetworksRecipe(through=", ".join(names), unit="L2", cosine=cosine(along, towards))
    directions = (_scale(along, 1 / length), _scale(across, 1 / height))
    return ModelPlane(start, directions, recipe, tuple(names), places)


def path_plane(
    path: Sequence[Parameters],
    steps: Sequence[float] | FloatArray,
    *,
    buffers: Sequence[Parameters] = (),
    **recipe: Scalar,
) -> PathPlane:
    """The plane of a path's two principal components through its last checkpoint, both axes in L2.

    The components are those of the checkpoints' displacements from the last one (Li et al. 2018, section 7), not from
    their mean. A path projected onto its own components looks smooth and curved even where it is a random walk
    (Antognini and Sohl-Dickstein 2018, arXiv 1806.08805), and off its end the plane may pass far from it: read
    ``explained``, and the gap between the plane's loss and the network's own that `sample` stores with the path.

    Args:
        path: the checkpoints in order, the last one the solution; tensors may be memory-mapped. They are read in
            blocks, so that beside them only the plane is held.
        steps: training step of each checkpoint, shape (T,), increasing.
        buffers: floating-point buffers of each checkpoint, for its own loss.
        recipe: how the path came about, stored.

    Returns:
        The plane, in L2 coordinates (k, 2), the last checkpoint at its origin, the larger component first.

    Raises:
        InputError: fewer than three checkpoints, shapes that differ, or a path on a straight line.

    References:
        Li et al. 2018, arXiv 1712.09913, section 7.2.
    """
    order = np.asarray(steps, dtype=np.float64)
    if len(path) < 3 or order.shape != (len(path),) or not np.all(np.diff(order) > 0):
        raise InputError(
            f"a plane of a path needs three checkpoints or more, each with a later step; got {len(path)} checkpoints "
            f"and the steps {order.tolist()!r:.80}"
        )
    for point in path[:-1]:
        refuse_unlike(path[-1], point)
    components = principal_components(path, num_components=2)
    total = float(components.shares.sum())
    origin = read_recipe({"kind": "plane", "of": "path", "unit": "L2", "explained": total, **recipe})
    places, shares = components.places, components.shares
    return PathPlane(path[-1], components.directions, origin, order, path, buffers, places, shares)


def refuse_unlike(first: Parameters, second: Parameters) -> None:
    """Refuses two points of different networks."""
    if first.keys() != second.keys():
        names = sorted(first.keys() ^ second.keys())
        raise InputError(f"the networks differ in their parameters ({', '.join(names[:5])}); expected one architecture")
    for name, tensor in first.items():
        if tensor.shape != second[name].shape:
            shapes = f"{tuple(tensor.shape)} and {tuple(second[name].shape)}"
            raise InputError(f"{name!r} has shapes {shapes}: expected networks of one architecture and width")


def _covering(places: FloatArray, points: Sequence[int], labels: tuple[str, str]) -> tuple[Axis, Axis]:
    if min(points) < 2:
        raise InputError(f"a grid needs at least 2 points a side, got {min(points)}")
    low, high = places.min(axis=0), places.max(axis=0)
    spread = np.maximum(high - low, NARROWEST * (high - low).max())
    reach = spread * (0.5 + MARGIN)
    middle = (low + high) / 2
    ends = [(middle[k] - reach[k], middle[k] + reach[k]) for k in (0, 1)]
    return (
        Axis("alpha", np.linspace(*ends[0], points[0]), "L2", labels[0]),
        Axis("beta", np.linspace(*ends[1], points[-1]), "L2", labels[1]),
    )


def _scale(direction: Parameters, factor: float) -> dict[str, torch.Tensor]:
    return {name: tensor * factor for name, tensor in direction.items()}
