"""Subspaces: coordinates in, parameters out, always computed from the centre and never accumulated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscape.errors import InputError
from landscape.records.base import Axis, FloatArray, Scalar
from landscape.records.limits import Rule
from landscape.records.recipe import (
    ConnectionRecipe,
    CorridorRecipe,
    DirectionsRecipe,
    NetworksRecipe,
    PathLineRecipe,
    PathPlaneRecipe,
    RandomRecipe,
    SubspaceRecipe,
    read_recipe,
)
from landscape.space import parameters as space
from landscape.space.directions import (
    Ignored,
    Normalization,
    Redrawn,
    cosine,
    draw,
    orthogonalize,
    random_direction,
    scale_to,
)
from landscape.space.parameters import Parameters
from landscape.space.paths import Landmarks, Trail, TrainingPath

UNITS = {"filter": "filter norm", "layer": "layer norm", "none": "direction length"}


class Subspace(Protocol):
    """What a sampler needs to know of a subspace."""

    @property
    def kind(self) -> str:
        """``"line"``, ``"plane"`` or ``"corridor"``."""

    @property
    def centre(self) -> Parameters:
        """The parameters that stay fixed are taken from here; its weights identify the network."""

    @property
    def recipe(self) -> SubspaceRecipe:
        """How to build it again, with a digest of the directions; stored with every record."""

    @property
    def affine(self) -> "Affine | None":
        """The subspace itself, where it is ``theta + sum_i c_i d_i``."""

    @property
    def row(self) -> "Callable[[float], Affine] | None":
        """From a value of the first coordinate to the line there, where only such lines are affine."""

    @property
    def resident(self) -> bool:
        """Whether its directions stay in memory, not drawn again as they are needed."""

    @property
    def arrays(self) -> "tuple[dict[str, NDArray[Any]], ...]":
        """The directions to be stored with what is sampled, as arrays."""

    def axes(self, points: Sequence[int], extent: float) -> tuple[Axis, ...]:
        """The default grid: ``points`` per axis, out to ``extent``."""

    def at(self, coordinates: Tensor) -> dict[str, Tensor]:
        """Parameters at coordinates of shape (k, dims): every varying tensor, stacked to (k, ...)."""

    def double(self) -> Self:
        """The same subspace in float64, its points computed there too."""

    def ends(self, extent: float) -> FloatArray:
        """Coordinates of the ends of the axes through the solution, (k, dims): where an extent is judged."""

    @property
    def rule(self) -> Rule | None:
        """What sets the extent of a subspace that has ends of its own; None where an extent is to be chosen."""

    @property
    def trail(self) -> Trail | None:
        """The training path that the subspace follows."""

    @property
    def landmarks(self) -> Landmarks | None:
        """The networks that the subspace was laid through."""


class Centred(Protocol):
    """Anything that stands at a point of parameter space: an objective, a subspace."""

    @property
    def centre(self) -> Parameters:
        """The point."""


@dataclass(frozen=True, eq=False)
class Affine:
    """``theta + sum_i c_i d_i``: what `Line` and `Plane` have in common.

    Args:
        centre: ``theta``.
        directions: ``d_i``; a parameter that one does not name stays along it.
        recipe_: how the directions came about; None where nothing is known of them.
        keep: store the directions with what is sampled: 4 bytes per parameter, direction and file in float32, written
            again with each snapshot.
    """

    centre: Parameters
    directions: tuple[Parameters, ...]
    recipe_: SubspaceRecipe | None = None
    keep: bool = field(default=False, kw_only=True)

    kind = "affine"
    row = None

    @property
    def affine(self) -> Self:
        """Itself."""
        return self

    @property
    def resident(self) -> bool:
        """Whether no direction is drawn again as it is needed."""
        return not any(isinstance(direction, Redrawn) for direction in self.directions)

    @property
    def recipe(self) -> SubspaceRecipe:
        """Kind, seeds and normalization as given, with a digest of the directions' bits."""
        return replace(self.recipe_ or DirectionsRecipe(), kind=self.kind, digest=self._digest)

    def unit(self, axis: int) -> str:
        """What a step of 1 is along direction ``axis``: the unit in the recipe, or that of the normalization."""
        match self.recipe_:
            case DirectionsRecipe(directions=directions, unit=unit, normalize=normalize):
                unit = (directions[axis].unit if axis < len(directions) else "") or unit
                return unit or unit_of(normalize or "none")
            case PathPlaneRecipe(unit=unit) | NetworksRecipe(unit=unit):
                return unit or unit_of("none")
            case RandomRecipe(normalize=normalize):
                return unit_of(normalize)
        return unit_of("none")

    @property
    def arrays(self) -> tuple[dict[str, NDArray[Any]], ...]:
        """The directions as arrays for every parameter of the network, zeros where one stays; none unless ``keep``."""
        if not self.keep:
            return ()
        whole = [{name: d.get(name, torch.zeros_like(t)) for name, t in self.centre.items()} for d in self.directions]
        wide = (torch.float32, torch.float64)
        return tuple(
            {name: (t if t.dtype in wide else t.float()).cpu().numpy() for name, t in d.items()} for d in whole
        )

    @property
    def rule(self) -> Rule | None:
        """None: an extent is to be chosen."""
        return None

    @property
    def trail(self) -> Trail | None:
        """None: no path is followed."""
        return None

    @property
    def landmarks(self) -> Landmarks | None:
        """None: no networks but the centre."""
        return None

    def ends(self, extent: float) -> FloatArray:
        """``extent`` on both sides of the centre along each direction, (2 dims, dims)."""
        return extent * np.kron(np.eye(len(self.directions)), np.array([[-1.0], [1.0]]))

    @cached_property
    def _digest(self) -> str:
        named = ((f"{i}.{name}", d[name]) for i, d in enumerate(self.directions) for name in d)
        return space.digest(named)[:16]

    def double(self) -> Self:
        """The same line or plane in float64."""
        centre, *directions = map(space.double, (self.centre, *self.directions))
        return replace(self, centre=centre, directions=tuple(directions))

    def at(self, coordinates: Tensor) -> dict[str, Tensor]:
        """Parameters at coordinates of shape (k, dims), stacked to (k, ...); unperturbed tensors are left out."""
        moved: dict[str, Tensor] = {}
        for column, direction in zip(coordinates.unbind(1), self.directions, strict=True):
            for name, tensor in direction.items():
                step = column.to(tensor.dtype).reshape(-1, *[1] * tensor.dim())
                moved[name] = torch.addcmul(moved.get(name, self.centre[name]), step, tensor)
        return moved


class Line(Affine):
    """``theta + a d``: from a centre along a direction, or from one solution (a = 0) to another (a = 1)."""

    kind = "line"

    @property
    def rule(self) -> Rule | None:
        """A line between two solutions has their places for ends."""
        return Rule.ENDS if isinstance(self.recipe_, ConnectionRecipe | PathLineRecipe) else None

    def axes(self, points: Sequence[int], extent: float) -> tuple[Axis]:
        """``points[0]`` steps from ``-extent`` to ``extent``, or from 0 to 1 between two solutions."""
        if self.rule is not None:
            return (Axis("alpha", np.linspace(0, 1, points[0]), unit="fraction", label="position between the ends"),)
        return (Axis("alpha", symmetric(points[0], extent), self.unit(0), "step along the direction"),)


class Plane(Affine):
    """``theta + a d1 + b d2``."""

    kind = "plane"

    def axes(self, points: Sequence[int], extent: float) -> tuple[Axis, Axis]:
        """``points`` steps from ``-extent`` to ``extent`` along both directions."""
        return (
            Axis("alpha", symmetric(points[0], extent), self.unit(0), "step along direction 1"),
            Axis("beta", symmetric(points[-1], extent), self.unit(1), "step along direction 2"),
        )


@dataclass(frozen=True, eq=False)
class Corridor:
    """``theta(a) + b d(a)``: the training path as one axis, a transverse direction as the other.

    ``theta(a)`` runs through the checkpoints, straight in between; ``d(a)`` is one Gaussian draw, scaled at every
    ``a`` to the filters of ``theta(a)``. At each step of training the transverse unit is therefore the network's own.

    Args:
        checkpoints: each parameter stacked over the path, name -> (T, ...); the last one is the solution.
        buffers: floating-point buffers (BatchNorm statistics) over the path, which move along it but never across.
        steps: training step of each checkpoint, shape (T,), increasing.
        draw: the unscaled transverse direction.
        normalize: how it is scaled, see `scale_to`.
    """

    checkpoints: Parameters
    steps: FloatArray
    draw: Parameters
    normalize: Normalization = "filter"
    buffers: Parameters = field(default_factory=dict)
    recipe_: CorridorRecipe = field(default_factory=CorridorRecipe)

    kind = "corridor"
    affine = rule = landmarks = None
    resident = True
    arrays = ()

    def __post_init__(self) -> None:
        lengths = {len(tensor) for tensor in self.checkpoints.values()}
        if lengths != {len(self.steps)} or len(self.steps) < 2:
            raise InputError(f"a corridor needs two checkpoints or more and a step for each, got {lengths}")

    @property
    def centre(self) -> Parameters:
        """The last checkpoint: the solution."""
        return space.select(self.checkpoints, -1)

    @cached_property
    def recipe(self) -> SubspaceRecipe:
        """Kind, seed and normalization, with a digest of the path and of the transverse direction."""
        bits = space.digest([*self.checkpoints.items(), *self.buffers.items(), *self.draw.items()])
        return replace(self.recipe_, normalize=self.normalize, digest=bits[:16])

    def axes(self, points: Sequence[int], extent: float) -> tuple[Axis, Axis]:
        """Alpha at the checkpoints (or at ``points[0]`` of them, the ends always), beta to ``extent`` either side."""
        rows = np.unique(np.linspace(0, len(self.steps) - 1, min(points[0], len(self.steps))).round().astype(int))
        return (
            Axis("alpha", self.steps[rows], unit="step", label="training step", scale="log1p"),
            Axis("beta", symmetric(points[-1], extent), unit_of(self.normalize), "step across the path"),
        )

    def at(self, coordinates: Tensor) -> dict[str, Tensor]:
        """Parameters at (k, 2) coordinates (training step, transverse step), stacked to (k, ...)."""
        theta = self.path(coordinates[:, 0])
        directions = scale_to(self.draw, theta, normalize=self.normalize)
        across = coordinates[:, 1]
        for name, tensor in directions.items():
            theta[name] = theta[name] + across.to(tensor.dtype).reshape(-1, *[1] * self.draw[name].dim()) * tensor
        return theta

    def ends(self, extent: float) -> FloatArray:
        """``extent`` on both sides of the path at the last step of training, (2, 2)."""
        return np.array([[self.steps[-1], -extent], [self.steps[-1], extent]])

    @property
    def trail(self) -> Trail:
        """The path itself, at ``beta = 0``."""
        rows = range(len(self.steps))
        points, buffers = ([space.select(part, k) for k in rows] for part in (self.checkpoints, self.buffers))
        places = np.stack([self.steps, np.zeros(len(self.steps))], axis=1)
        return Trail(TrainingPath(self.steps, points, buffers), places)

    def double(self) -> Self:
        """The same corridor in float64."""
        checkpoints, draw, buffers = map(space.double, (self.checkpoints, self.draw, self.buffers))
        return replace(self, checkpoints=checkpoints, draw=draw, buffers=buffers)

    def row(self, step: float) -> "Line":
        """The line across the path at one training step."""
        theta = space.select(self.path(torch.tensor([step], dtype=torch.float64)), 0)
        return Line(theta, (scale_to(self.draw, theta, normalize=self.normalize),))

    def path(self, step: Tensor) -> dict[str, Tensor]:
        """The path itself at training steps (k,), straight between checkpoints, stacked to (k, ...)."""
        steps = torch.as_tensor(self.steps, dtype=torch.float64, device=step.device)
        right = torch.searchsorted(steps, step.double().contiguous()).clamp(1, len(self.steps) - 1)
        share = ((step.double() - steps[right - 1]) / (steps[right] - steps[right - 1])).clamp(0, 1)
        moving = {**self.checkpoints, **self.buffers}
        return {name: _between(tensor, right, share) for name, tensor in moving.items()}


def unit_of(normalize: str) -> str:
    """What a step of 1 is along a direction that was scaled so."""
    return UNITS.get(normalize, "direction length")


def symmetric(points: int, extent: float) -> FloatArray:
    """``points`` equal steps from ``-extent`` to ``extent``, exactly symmetric, with an exact 0 when odd."""
    if points < 2:
        raise InputError(f"a grid needs at least 2 points a side, got {points}")
    if not (np.isfinite(extent) and extent > 0):
        raise InputError(f"the extent must be above 0, got {extent}")
    return np.asarray(extent * (np.arange(1 - points, points, 2) / (points - 1)), dtype=np.float64)


def line_along(
    theta: Parameters,
    direction: Parameters,
    *,
    recipe: SubspaceRecipe | Mapping[str, Scalar] | None = None,
    keep: bool = False,
) -> Line:
    """The line ``theta + a * direction``; ``keep`` stores the direction with what is sampled, see `Affine`."""
    return Line(theta, (direction,), _recipe_of("line", recipe), keep=keep)


def line_between(start: Centred, end: Centred, **recipe: Scalar) -> Line:
    """The straight line from ``start`` (a = 0) to ``end`` (a = 1): an interpolation path, all parameters moving."""
    return Line(
        start.centre,
        (space.difference(end.centre, start.centre),),
        read_recipe({"kind": "line", "between": True, **recipe}),
    )


def random_line(
    objective: Centred,
    *,
    seed: int = 0,
    normalize: Normalization = "filter",
    ignore: Ignored = "1d",
    stored: bool = True,
) -> Line:
    """A line through the objective's centre along one random direction; ``stored`` as in `random_plane`."""
    draw_one: Callable[..., Parameters] = random_direction if stored else Redrawn
    direction = draw_one(objective.centre, seed=seed, normalize=normalize, ignore=ignore)
    return Line(objective.centre, (direction,), RandomRecipe("line", seed, normalize, ignore))


def random_plane(
    objective: Centred,
    *,
    seed: int = 0,
    normalize: Normalization = "filter",
    ignore: Ignored = "1d",
    orthogonal: bool = False,
    stored: bool = True,
) -> Plane:
    """A plane through the objective's centre along two random directions, of seeds ``2 * seed`` and ``2 * seed + 1``.

    The directions are not made orthogonal by default, which would undo the normalization; two random ones nearly are,
    and their cosine is part of the recipe.

    Args:
        objective: anything with a ``centre``.
        seed: of the plane; different seeds share no direction.
        normalize: ``"filter"`` (Li et al. 2018, arXiv 1712.09913, section 4), ``"layer"`` or ``"none"``.
        ignore: ``"1d"`` leaves biases and norm layers unperturbed, ``"nothing"`` perturbs all, or patterns of names.
        orthogonal: take the part along the first direction out of the second (see `orthogonalize`); the recipe keeps
            the cosine before, and ``length_kept``, the share of its length that remains.
        stored: False draws each tensor again whenever it is needed: the same plane without the memory of two models,
            for the strategy ``"streamed"``. Orthogonalized directions have to be stored.
    """
    theta = objective.centre
    draw_one: Callable[..., Parameters] = random_direction if stored or orthogonal else Redrawn
    first, second = (draw_one(theta, seed=2 * seed + k, normalize=normalize, ignore=ignore) for k in (0, 1))
    return plane_along(
        theta, first, second, orthogonal=orthogonal, recipe=RandomRecipe("plane", seed, normalize, ignore)
    )


def plane_along(
    theta: Parameters,
    first: Parameters,
    second: Parameters,
    *,
    orthogonal: bool = False,
    recipe: SubspaceRecipe | Mapping[str, Scalar] | None = None,
    keep: bool = False,
) -> Plane:
    """The plane ``theta + a * first + b * second``; its recipe holds the cosine of the directions as given.

    Args:
        theta: the centre.
        first: a tensor per perturbed parameter; a name that is missing stays.
        second: likewise.
        orthogonal: take the part along ``first`` out of ``second``, see `orthogonalize`.
        recipe: how the directions came about, stored; a record, or keys and values, of which ``unit`` (or ``unit 1``,
            ``unit 2``) names a step of 1.
        keep: store the directions themselves with what is sampled, see `Affine`.
    """
    origin = _recipe_of("plane", recipe)
    angle: dict[str, Any] = {"cosine": cosine(first, second)}
    if orthogonal:
        whole = float(space.norm(second))
        first, second = orthogonalize((first, second))
        angle |= {"orthogonal": True, "length_kept": float(space.norm(second)) / whole}
    return Plane(theta, (first, second), replace(origin, **angle), keep=keep)


def corridor_along(
    checkpoints: Parameters | Sequence[Parameters],
    steps: Sequence[float] | FloatArray,
    *,
    seed: int = 0,
    normalize: Normalization = "filter",
    ignore: Ignored = "1d",
    buffers: Parameters | Sequence[Parameters] = (),
) -> Corridor:
    """The corridor along checkpoints, with one random transverse direction.

    Args:
        checkpoints: one set of parameters after another (as `read_path` gives them), or each parameter stacked to
            (T, ...); the last one is the solution.
        steps: training step of each, shape (T,), increasing.
        seed: of the transverse direction; `sample_repeats` takes the mean over several.
        normalize: how it is scaled at each step, see `scale_to`.
        ignore: what it leaves unperturbed, see `random_direction`.
        buffers: floating-point buffers (BatchNorm statistics) of each checkpoint, in either form.
    """
    checkpoints, buffers = space.stack_points(checkpoints), space.stack_points(buffers)
    transverse = draw(space.select(checkpoints, -1), seed=seed, ignore=ignore)
    recipe = CorridorRecipe(seed=seed, ignore=ignore)
    return Corridor(checkpoints, np.asarray(steps, dtype=np.float64), transverse, normalize, buffers, recipe)


def _recipe_of(kind: str, recipe: SubspaceRecipe | Mapping[str, Scalar] | None) -> SubspaceRecipe:
    """A recipe as a record, from what a user gives."""
    return recipe if isinstance(recipe, SubspaceRecipe) else read_recipe({"kind": kind, **(recipe or {})})


def _between(stacked: Tensor, right: Tensor, share: Tensor) -> Tensor:
    weight = share.to(stacked).reshape(-1, *[1] * (stacked.dim() - 1))
    right = right.to(stacked.device)
    return torch.lerp(stacked[right - 1], stacked[right], weight)
