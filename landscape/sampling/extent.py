"""How far a grid reaches: until the loss has risen by a stated amount on every side, rounded to a tidy number."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from landscape.errors import InputError
from landscape.objective.objective import REFERENCE_CHUNK, Objective
from landscape.records.base import LOSS
from landscape.records.limits import Limit, Rule
from landscape.space.planes import ModelPlane, PathPlane
from landscape.space.subspaces import Corridor, Subspace

DEFAULT_EXTENT = 2.0
REACH = 1.0
SHARE = 0.5
TIDY = tuple(m * 10.0**k for k in range(-3, 1) for m in (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0))

_USER = Limit(Rule.USER)


@dataclass(frozen=True)
class Extent:
    """Half the side of a grid, and why.

    Args:
        value: half the side in the subspace's unit.
        limit: why the grid ends there.
    """

    value: float
    limit: Limit = _USER

    @property
    def reach(self) -> float:
        """Rise of the training loss on every side that the extent was chosen for; 0 where it was given."""
        return self.limit.reach

    @property
    def reason(self) -> str:
        """Why the grid ends there, as a sentence."""
        return str(self.limit)


def given_extent(extent: float) -> Extent:
    """An extent that somebody chose."""
    return Extent(float(extent))


def choose_extent(objective: Objective, subspace: Subspace) -> Extent:
    """The smallest tidy extent (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, their tenths ...) with a high loss on every side.

    High is a rise of 1 nat above the centre, on both sides of every axis: twice the rise that defines the half-width,
    so that both walls lie inside the picture, and what rays reach for. Further out a wide network would stand in the
    picture as a bowl and a narrow one as a needle. For other losses than cross-entropy it is half the loss of a network
    whose outputs are all 0. Only the ends of the axes are looked at, a corridor's at the last step of training. The
    search ends at 8; there, and where outputs of 0 have no positive loss (the extent is 2 then), the reason says so. A
    line between two solutions has its own ends, as has a plane through networks or along a path.

    Args:
        objective: whose training loss is to rise.
        subspace: where; a line, a plane or a corridor.
    """
    if subspace.recipe.get("between"):
        return Extent(1.0, Limit(Rule.ENDS))
    if isinstance(subspace, ModelPlane | PathPlane):
        return Extent(1.0, Limit(Rule.NETWORKS))
    alone = objective.loss_only()
    reach = _reach(alone)
    if not (math.isfinite(reach) and reach > 0):
        return Extent(DEFAULT_EXTENT, Limit(Rule.DEFAULT))
    centre = alone.at_centre()[LOSS]
    value, risen = _search(lambda extent: _lowest(alone, subspace, extent) - centre >= reach)
    return Extent(value, Limit(Rule.RISE if risen else Rule.LARGEST, reach))


def common_extent(chosen: Sequence[Extent]) -> Extent:
    """The largest of them, for surfaces that are drawn side by side.

    >>> common_extent([Extent(0.4), Extent(2.0)]).value
    2.0

    Raises:
        InputError: none given.
    """
    if not chosen:
        raise InputError("no extents given; a common extent needs at least one")
    largest = max(chosen, key=lambda extent: extent.value)
    if len({extent.value for extent in chosen}) == 1:
        return largest
    return Extent(largest.value, replace(largest.limit, num_surfaces=len(chosen)))


def _search(risen: Callable[[float], bool]) -> tuple[float, bool]:
    """From 1 inwards while the loss has still risen there, or outwards until it has."""
    index = TIDY.index(1.0)
    if risen(TIDY[index]):
        while index > 0 and risen(TIDY[index - 1]):
            index -= 1
        return TIDY[index], True
    while index + 1 < len(TIDY):
        index += 1
        if risen(TIDY[index]):
            return TIDY[index], True
    return TIDY[-1], False


def _lowest(objective: Objective, subspace: Subspace, extent: float) -> float:
    """The lowest loss at the ends of the axes through the centre; one that diverged counts as infinite."""
    ends = torch.tensor(_ends(subspace, extent), dtype=torch.float64, device=objective.device)
    values: Tensor = objective.evaluate(subspace.at(ends))[LOSS]
    return float(torch.where(values.isnan(), math.inf, values).min())


def _ends(subspace: Subspace, extent: float) -> list[list[float]]:
    if isinstance(subspace, Corridor):
        last = float(subspace.steps[-1])
        return [[last, -extent], [last, extent]]
    dims = len(subspace.axes((2, 2), 1.0))
    return [[sign * extent if k == axis else 0.0 for k in range(dims)] for axis in range(dims) for sign in (-1, 1)]


@torch.no_grad()
def _reach(objective: Objective) -> float:
    """1 nat for cross-entropy; for any other loss half of that of a network whose outputs are all 0.

    Where the outputs are not seen, a model's own loss is taken for a cross-entropy, and a callable's scale is its loss
    with all parameters at 0.
    """
    if objective.call.is_cross_entropy:
        return REACH
    if not objective.has_outputs:
        nowhere = {name: torch.zeros_like(tensor)[None] for name, tensor in objective.centre.items()}
        scale = float(objective.loss_only().evaluate(nowhere)[LOSS])
        return SHARE * scale if math.isfinite(scale) and scale > 0 else REACH
    total = 0.0
    for inputs, targets in objective.splits[0].chunks(REFERENCE_CHUNK):
        shape = objective.outputs({}, inputs[:1]).shape[1:]
        nothing = torch.zeros(len(targets), *shape, dtype=objective.dtype, device=objective.device)
        total += float(objective.loss(nothing, targets)) * len(targets)
    return SHARE * total / objective.N
