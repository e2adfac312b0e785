"""Every number that a surface file holds, with units: what ``landscape measure FILE`` prints. No torch."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from landscape.measures.quantities import MemberValues
from landscape.measures.topology import TopologySummary, summarize_topology
from landscape.measures.widths import (
    RAY_QUANTITIES,
    CorridorWidth,
    HalfWidth,
    SublevelArea,
    check_rise,
    corridor_width,
    half_width,
    sublevel_area,
)
from landscape.records.companions import Rays
from landscape.records.provenance import Identity
from landscape.records.sampled import Profile, Surface


@dataclass(frozen=True)
class LossRange:
    """The losses of a grid.

    Args:
        min: the smallest finite one, None if there is none.
        max: the largest finite one, None if there is none.
        diverged: points at which the loss is infinite.
        unit: of the losses.
    """

    min: float | None
    max: float | None
    diverged: int
    unit: str


@dataclass(frozen=True)
class RecordSummary:
    """The numbers of a surface or profile; what it does not hold is None: a profile has no half-width, for instance.

    Args:
        identity: what was sampled.
        kind: of the record, such as plane.
        num_measured: grid points that were measured.
        num_points: grid points in all.
        loss: range of the losses.
        rise: rise of the loss that defines widths, in its unit.
        rays: from the centre.
        half_width: over the rays, in filter norms.
        half_width_l2: the same in L2.
        sublevel_area: of a complete plane.
        corridor_width: of a corridor.
        topology: of a complete plane with a finite loss.
    """

    identity: Identity
    kind: str
    num_measured: int
    num_points: int
    loss: LossRange
    rise: float
    rays: Rays | None = None
    half_width: HalfWidth | None = None
    half_width_l2: HalfWidth | None = None
    sublevel_area: SublevelArea | None = None
    corridor_width: CorridorWidth | None = None
    topology: TopologySummary | None = None

    def quantities(self) -> dict[str, MemberValues]:
        """The numbers that are compared with other networks, by name."""
        if self.rays is None:
            return {}
        return {quantity.name: quantity.over([self.rays], self.rise) for quantity in RAY_QUANTITIES}

    def to_dict(self) -> dict[str, Any]:
        """The numbers by name, as JSON takes them."""
        widths = {name: getattr(self, name) for name in ("half_width", "half_width_l2", "sublevel_area")}
        return {
            **{name: getattr(self.identity, name) for name in ("model", "network", "P", "N", "K", "regime")},
            "kind": self.kind,
            "points": {"measured": self.num_measured, "total": self.num_points},
            "loss": asdict(self.loss),
            **{name: None if width is None else asdict(width) for name, width in widths.items()},
            "corridor_width": None if self.corridor_width is None else self.corridor_width.to_dict(),
            "topology": None if self.topology is None else self.topology.to_dict(),
        }


def summarize_record(record: Surface | Profile, *, rise: float | None = None) -> RecordSummary:
    """Losses, half-widths in filter norms and L2, and the sublevel area and topology or the corridor's width.

    A grid that is not complete is measured on the points it has, and says how many.

    Args:
        record: a surface or profile.
        rise: rise of the loss that defines widths, in its unit; by default that of `half_width`.

    Returns:
        Its numbers.

    Raises:
        InputError: a rise that is not positive.
    """
    rise = record.provenance.loss_scale.rise if rise is None else check_rise(rise)
    surface = record if isinstance(record, Surface) else None
    rays = surface.rays if surface is not None else None
    corridor = surface if surface is not None and surface.kind == "corridor" else None
    plane = surface if surface is not None and corridor is None and surface.complete else None
    centred = plane if plane is not None and plane.kind != "grid" else None
    finite = bool(np.isfinite(record.loss).any())
    return RecordSummary(
        identity=record.provenance.identity,
        kind=record.kind,
        num_measured=record.num_measured,
        num_points=int(record.status.size),
        loss=_range(record),
        rise=rise,
        rays=rays,
        half_width=None if rays is None else half_width(rays, rise=rise),
        half_width_l2=None if rays is None else half_width(rays, rise=rise, unit="L2"),
        sublevel_area=None if centred is None else sublevel_area(centred, rise=rise),
        corridor_width=None if corridor is None else corridor_width(corridor, rise=rise),
        topology=summarize_topology(plane) if plane is not None and finite else None,
    )


def _range(record: Surface | Profile) -> LossRange:
    finite = record.loss[np.isfinite(record.loss)]
    return LossRange(
        min=float(finite.min()) if finite.size else None,
        max=float(finite.max()) if finite.size else None,
        diverged=int(np.count_nonzero(np.isinf(record.loss))),
        unit=record.provenance.loss_scale.unit if record.provenance.identity.loss else "of unknown unit",
    )
