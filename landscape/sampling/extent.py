"""How far a grid reaches: until the loss has risen by a stated amount on every side, rounded to a tidy number."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from landscape.errors import InputError
from landscape.files import surfaces as store
from landscape.objective.objective import Objective
from landscape.records.base import LOSS
from landscape.records.limits import Limit, Rule
from landscape.records.recipe import INPUT_LINE, INPUT_PLANE
from landscape.space.subspaces import Subspace

DEFAULT_EXTENT = 2.0
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


def settle_extent(
    objective: Objective, subspace: Subspace, extent: float | Extent | None, path: str | Path | None
) -> Extent:
    """The extent as it was asked for, or that of the file that is gone on with, or one that is chosen now."""
    if isinstance(extent, Extent):
        return extent
    if extent is not None:
        return Extent(float(extent))
    if path is not None and Path(path).exists():
        record = store.load(path)
        if record.provenance.extent.reach:
            return Extent(float(record.axes[-1].values[-1]), record.provenance.extent)
    return choose_extent(objective, subspace)


def choose_extent(objective: Objective, subspace: Subspace) -> Extent:
    """The smallest tidy extent (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, their tenths ...) with a high loss on every side.

    High is a rise of 1 nat above the centre, on both sides of every axis: twice the rise that defines the half-width,
    so that both walls lie inside the picture, and as far as rays reach. Further out a wide network would stand in the
    picture as a bowl and a narrow one as a needle. For losses that are no log-likelihood it is what guessing costs, see
    `landscape.objective.guess.guess_of`. Only the ends of the axes are looked at, a corridor's at the last step of
    training. The search ends at 8; there, and where guessing costs nothing (the extent is 2 then), the reason says so.
    A line between two solutions has its own ends, as has a plane through networks or along a path. Around an input the
    loss has to rise along its gradient alone.

    Args:
        objective: whose training loss is to rise.
        subspace: where; a line, a plane or a corridor.

    Returns:
        Half the side of the grid in the subspace's unit, with its reason.
    """
    if subspace.rule is not None:
        return Extent(1.0, Limit(subspace.rule))
    scale, reach = objective.scale, objective.scale.reach
    if objective.has_outputs and not (scale.is_log_likelihood or scale.guess):
        return Extent(DEFAULT_EXTENT, Limit(Rule.DEFAULT))
    alone = objective.loss_only()
    centre = alone.at_centre()[LOSS]

    def rises(extent: float) -> bool:
        ends = torch.from_numpy(subspace.ends(extent)).to(objective.device)
        losses: Tensor = alone.evaluate(subspace.at(ends))[LOSS]
        # a loss that is no number has diverged: it is as high as can be
        return float(torch.where(losses.isnan(), math.inf, losses).min()) - centre >= reach

    rise = Rule.UPHILL if subspace.kind in (INPUT_PLANE, INPUT_LINE) else Rule.RISE
    index = TIDY.index(1.0)
    if rises(1.0):
        while index > 0 and rises(TIDY[index - 1]):
            index -= 1
        return Extent(TIDY[index], Limit(rise, reach))
    for value in TIDY[index + 1 :]:
        if rises(value):
            return Extent(value, Limit(rise, reach))
    return Extent(TIDY[-1], Limit(Rule.LARGEST, reach))


def common_extent(chosen: Sequence[Extent]) -> Extent:
    """The largest of several extents, for surfaces that are drawn side by side.

    >>> common_extent([Extent(0.4), Extent(2.0)]).value
    2.0

    Args:
        chosen: one extent per surface, such as `extent_of` or `choose_extent` give.

    Returns:
        The largest; its reason says of how many surfaces.

    Raises:
        InputError: none given.
    """
    if not chosen:
        raise InputError("no extents given; a common extent needs at least one")
    largest = max(chosen, key=lambda extent: extent.value)
    if len({extent.value for extent in chosen}) == 1:
        return largest
    return Extent(largest.value, replace(largest.limit, num_surfaces=len(chosen)))
