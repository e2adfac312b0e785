"""Lines and planes: a centre, and directions that are added to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscape.records.base import Axis, FloatArray, Scalar
from landscape.records.limits import Rule
from landscape.records.recipe import (
    ConnectionRecipe,
    DirectionsRecipe,
    InputRecipe,
    NetworksRecipe,
    PathLineRecipe,
    PathPlaneRecipe,
    RandomRecipe,
    SubspaceRecipe,
)
from landscape.records.recipe_keys import read_recipe
from landscape.space import parameters as space
from landscape.space.checkpoints import named_as
from landscape.space.directions import (
    Ignored,
    Normalization,
    Redrawn,
    cosine,
    ignored_text,
    orthogonalize,
    random_direction,
)
from landscape.space.parameters import Parameters
from landscape.space.paths import Landmarks, Trail
from landscape.space.subspaces import Centred, symmetric, unit_of


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
            case PathPlaneRecipe(unit=unit) | NetworksRecipe(unit=unit) | InputRecipe(unit=unit):
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
        tensors = ((f"{i}.{name}", d[name]) for i, d in enumerate(self.directions) for name in d)
        return space.digest(tensors)[:16]

    def double(self) -> Self:
        """The same line or plane in float64."""
        centre, *directions = map(space.double, (self.centre, *self.directions))
        return replace(self, centre=centre, directions=tuple(directions))

    def at(self, coordinates: Tensor) -> dict[str, Tensor]:
        """Parameters at coordinates of shape (k, dims), stacked to (k, ...); unperturbed tensors are left out."""
        points: dict[str, Tensor] = {}
        for column, direction in zip(coordinates.unbind(1), self.directions, strict=True):
            for name, tensor in direction.items():
                step = column.to(tensor.dtype).reshape(-1, *[1] * tensor.dim())
                points[name] = torch.addcmul(points.get(name, self.centre[name]), step, tensor)
        return points


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


def line_along(
    theta: Parameters,
    direction: Parameters,
    *,
    recipe: SubspaceRecipe | Mapping[str, Scalar] | None = None,
    keep: bool = False,
) -> Line:
    """The line ``theta + a * direction``.

    Args:
        theta: the centre, name -> tensor.
        direction: a tensor per perturbed parameter, of its shape; a name that is missing stays, and the prefix
            ``module.`` or ``_orig_mod.`` of a wrapper is taken off.
        recipe: how the direction came about, stored; a record, or keys and values, of which ``unit`` names a step of 1.
        keep: store the direction itself with what is sampled, see `Affine`.

    Returns:
        The line, in coordinates (k, 1) whose unit is the direction's length.

    Raises:
        InputError: a name or a shape that ``theta`` does not have.
    """
    direction = named_as(direction, theta, "the direction")
    return Line(theta, (direction,), _recipe_of("line", recipe), keep=keep)


def line_between(start: Centred, end: Centred, **recipe: Scalar) -> Line:
    """The straight line from ``start`` (a = 0) to ``end`` (a = 1): an interpolation path, all parameters moving.

    Args:
        start: anything with a ``centre``: an objective, a subspace.
        end: likewise, of the same architecture.
        recipe: what else is stored of how the line came about.

    Returns:
        The line, in coordinates (k, 1) that are fractions of the way.
    """
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
    """A line through the objective's centre along one random direction.

    Args:
        objective: anything with a ``centre``.
        seed: of the direction.
        normalize: ``"filter"`` (Li et al. 2018, arXiv 1712.09913, section 4), ``"layer"`` or ``"none"``.
        ignore: ``"1d"`` leaves biases and norm layers unperturbed, ``"nothing"`` perturbs all, or patterns of names.
        stored: False draws each tensor again whenever it is needed, see `random_plane`.

    Returns:
        The line, in coordinates (k, 1); a step of 1 is as long as each filter's weights (``"filter"``).
    """
    draw_one: Callable[..., Parameters] = random_direction if stored else Redrawn
    direction = draw_one(objective.centre, seed=seed, normalize=normalize, ignore=ignore)
    return Line(objective.centre, (direction,), RandomRecipe("line", seed, normalize, ignored_text(ignore)))


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

    Returns:
        The plane, in coordinates (k, 2); a step of 1 is as long as each filter's weights (``"filter"``).
    """
    theta = objective.centre
    draw_one: Callable[..., Parameters] = random_direction if stored or orthogonal else Redrawn
    first, second = (draw_one(theta, seed=2 * seed + k, normalize=normalize, ignore=ignore) for k in (0, 1))
    return plane_along(
        theta, first, second, orthogonal=orthogonal, recipe=RandomRecipe("plane", seed, normalize, ignored_text(ignore))
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
        theta: the centre, name -> tensor.
        first: a tensor per perturbed parameter; a name that is missing stays, and the prefix
            ``module.`` or ``_orig_mod.`` of a wrapper is taken off.
        second: likewise.
        orthogonal: take the part along ``first`` out of ``second``, see `orthogonalize`.
        recipe: how the directions came about, stored; a record, or keys and values, of which ``unit`` (or ``unit 1``,
            ``unit 2``) names a step of 1.
        keep: store the directions themselves with what is sampled, see `Affine`.

    Returns:
        The plane, in coordinates (k, 2) whose units are the directions' lengths.

    Raises:
        InputError: a name or a shape that ``theta`` does not have; with ``orthogonal``, directions that lie along each
            other.
    """
    origin = _recipe_of("plane", recipe)
    first, second = (named_as(direction, theta, "the direction") for direction in (first, second))
    angle: dict[str, Any] = {"cosine": cosine(first, second)}
    if orthogonal:
        whole = float(space.norm(second))
        first, second = orthogonalize((first, second))
        angle |= {"orthogonal": True, "length_kept": float(space.norm(second)) / whole}
    return Plane(theta, (first, second), replace(origin, **angle), keep=keep)


def _recipe_of(kind: str, recipe: SubspaceRecipe | Mapping[str, Scalar] | None) -> SubspaceRecipe:
    """A recipe as a record, from what a user gives."""
    return recipe if isinstance(recipe, SubspaceRecipe) else read_recipe({"kind": kind, **(recipe or {})})
