"""Connections: the straight line from one trained network to another, sampled."""

from dataclasses import dataclass
from typing import Any, cast

import torch

from landscape.errors import InputError
from landscape.evaluate.sampling import sample
from landscape.evaluate.views import objective_of
from landscape.records import Profile
from landscape.space.alignment import align
from landscape.space.parameters import Parameters
from landscape.space.subspaces import line_between
from landscape.train.runs import Run

DEFAULT_POINTS = 25


@dataclass(frozen=True, eq=False)
class _End:
    centre: Parameters


def sample_between(
    start: tuple[Run, int],
    end: tuple[Run, int],
    *,
    aligned: bool = False,
    points: int = DEFAULT_POINTS,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    **options: Any,
) -> Profile:
    """Loss and accuracy along the straight line from one member (alpha = 0) to another (alpha = 1).

    Args:
        start: a run and its member.
        end: a run and its member, of the same network and data.
        aligned: first permute the hidden units of ``end`` to match ``start`` (see `align`).
        points: samples, the two ends among them.
        options: passed on to `sample`.

    Raises:
        InputError: networks or data that differ, BatchNorm, or, with ``aligned``, a network that is no plain stack.
    """
    _refuse_unlike(start[0], end[0])
    here = objective_of(*start, device=device, dtype=dtype)
    if here.batchnorm != "none":
        raise InputError(
            f"{here.network} carries BatchNorm statistics, which hold at the ends alone and not between them; "
            "connect networks without BatchNorm (mlp, cnn)"
        )
    there = objective_of(*end, device=device, dtype=dtype)
    centre = align(here.model, there.centre, to=here.centre) if aligned else there.centre
    line = line_between(here, _End(centre), to=there.name, aligned=aligned)
    return cast(Profile, sample(here, line, points=points, **options))


def _refuse_unlike(start: Run, end: Run) -> None:
    if start.network != end.network:
        raise InputError(
            f"{start.name} is {start.network.describe()}, {end.name} is {end.network.describe()}: "
            "a line runs between networks of one family and size"
        )
    if start.config["data"]["digest"] != end.config["data"]["digest"]:
        raise InputError(
            f"{start.name} and {end.name} were trained on different data: their losses cannot be compared; "
            "connect members trained on the same data"
        )
