"""Curves: paths from one solution to another through a third point, the bend."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, Self, TypeAlias, get_args

import numpy as np
from torch import Tensor

from landscape.errors import InputError
from landscape.records.base import Axis, FloatArray
from landscape.records.limits import Rule
from landscape.records.recipe import CurveRecipe
from landscape.space import parameters as space
from landscape.space.parameters import Parameters

Form: TypeAlias = Literal["bezier", "polygon"]


@dataclass(frozen=True, eq=False)
class Curve:
    """A path ``theta(t)`` from ``start`` (t = 0) to ``end`` (t = 1), bent by a third point.

    ``"bezier"``: ``(1 - t)^2 start + 2 t (1 - t) bend + t^2 end``, which does not pass through its bend. ``"polygon"``:
    straight from ``start`` to the bend (t = 1/2) and on to ``end``. Coordinates are t, not a length: equal steps of t
    are no equal distances.

    Args:
        start: parameters at t = 0.
        bend: the third point, same names and shapes; see `landscape.sampling.bend.train_curve`.
        end: parameters at t = 1.
        form: ``"bezier"`` or ``"polygon"``.
        recipe_: how the bend was trained.

    References:
        Garipov et al. 2018, arXiv 1802.10026, section 3.2.

    Example:
        >>> import torch
        >>> a, b, c = ({"w": torch.tensor([value])} for value in (0.0, 4.0, 2.0))
        >>> Curve(a, b, c).at(torch.tensor([[0.0], [0.5], [1.0]]))["w"].flatten().tolist()
        [0.0, 2.5, 2.0]
    """

    start: Parameters
    bend: Parameters
    end: Parameters
    form: Form = "bezier"
    recipe_: CurveRecipe = field(default_factory=CurveRecipe)

    kind = "curve"
    affine = row = trail = landmarks = None
    rule = Rule.ENDS
    resident = True
    arrays = ()

    def __post_init__(self) -> None:
        if self.form not in get_args(Form):
            raise InputError(f"unknown curve {self.form!r}; expected {' or '.join(get_args(Form))}")
        for name, tensor in self.start.items():
            if any(name not in point or point[name].shape != tensor.shape for point in (self.bend, self.end)):
                raise InputError(f"a curve joins points of one shape, but {name!r} differs or is missing")

    @property
    def centre(self) -> Parameters:
        """The start: its weights identify the network."""
        return self.start

    @cached_property
    def recipe(self) -> CurveRecipe:
        """Kind, form and how the bend was trained, with a digest of the three points' bits."""
        points = {"start": self.start, "bend": self.bend, "end": self.end}
        tensors = [(f"{role}.{name}", point[name]) for role, point in points.items() for name in self.start]
        return replace(self.recipe_, form=self.form, digest=space.digest(tensors)[:16])

    def axes(self, points: Sequence[int], extent: float) -> tuple[Axis]:
        """``points[0]`` values of t from 0 to 1; an odd number has the middle among them."""
        if points[0] < 2:
            raise InputError(f"a grid needs at least 2 points a side, got {points[0]}")
        return (Axis("alpha", np.linspace(0, 1, points[0]), unit="fraction", label="position on the curve"),)

    def ends(self, extent: float) -> FloatArray:
        """The two solutions, (2, 1)."""
        return np.array([[0.0], [1.0]])

    def double(self) -> Self:
        """The same curve in float64."""
        start, bend, end = map(space.double, (self.start, self.bend, self.end))
        return replace(self, start=start, bend=bend, end=end)

    def at(self, coordinates: Tensor) -> dict[str, Tensor]:
        """Parameters at t of shape (k, 1), stacked to (k, ...); exactly the ends' own bits at 0 and 1."""
        first, middle, last = shares(coordinates[:, 0], self.form)
        return {
            name: _column(first, start) * start
            + _column(middle, start) * self.bend[name]
            + _column(last, start) * self.end[name]
            for name, start in self.start.items()
        }


def shares(t: Tensor, form: Form) -> tuple[Tensor, Tensor, Tensor]:
    """How much of start, bend and end a point at t holds; they add up to 1.

    >>> import torch
    >>> [share.tolist() for share in shares(torch.tensor([0.5]), "polygon")]
    [[0.0], [1.0], [0.0]]
    """
    if form == "bezier":
        return (1 - t).square(), 2 * t * (1 - t), t.square()
    first, last = (1 - 2 * t).clamp_min(0), (2 * t - 1).clamp_min(0)
    return first, 1 - first - last, last


def _column(share: Tensor, like: Tensor) -> Tensor:
    return share.to(like.dtype).reshape(-1, *[1] * like.dim())
