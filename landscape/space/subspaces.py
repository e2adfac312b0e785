"""Subspaces: coordinates in, parameters out, always computed from the centre and never accumulated."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from landscape.errors import InputError
from landscape.records.base import Axis, FloatArray
from landscape.records.limits import Rule
from landscape.records.recipe import SubspaceRecipe
from landscape.space.parameters import Parameters
from landscape.space.paths import Landmarks, Trail

if TYPE_CHECKING:
    from landscape.space.affine import Affine

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
