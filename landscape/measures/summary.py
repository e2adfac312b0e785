"""Every number a record holds, as one dictionary with units: what ``landscape measure`` prints."""

from dataclasses import asdict
from typing import Any

import numpy as np

from landscape.measures.topology import summarize_topology
from landscape.measures.widths import HalfWidth, corridor_width, half_width, sublevel_area
from landscape.records.base import RISE
from landscape.records.companions import Rays
from landscape.records.sampled import Profile, Surface


def summarize_record(record: Surface | Profile, *, rise: float = RISE) -> dict[str, Any]:
    """Losses, half-widths in filter norms and L2, and the sublevel area and topology or the corridor's width.

    What a record does not hold is None: a profile has no half-width, a plane no corridor. A grid that is not complete
    is measured on the points it has, and says how many.
    """
    identity = record.provenance.identity
    summary: dict[str, Any] = {
        "model": identity.model,
        "network": identity.network,
        "P": identity.P,
        "N": identity.N,
        "K": identity.K,
        "regime": identity.regime,
        "kind": record.kind,
        "points": {"measured": record.num_measured, "total": int(record.status.size)},
        "loss": _range(record),
        "half_width": None,
        "half_width_l2": None,
        "sublevel_area": None,
        "corridor_width": None,
        "topology": None,
    }
    if isinstance(record, Profile):
        return summary
    if record.rays is not None:
        summary |= half_widths([record.rays], rise=rise)
    if record.kind == "corridor":
        summary["corridor_width"] = _across(record, rise)
    elif record.complete:
        summary["sublevel_area"] = asdict(sublevel_area(record, rise=rise))
        if np.isfinite(record.loss).any():
            summary["topology"] = summarize_topology(record)
    return summary


def half_widths(rays: list[Rays], *, rise: float = RISE) -> dict[str, dict[str, Any]]:
    """The half-width in filter norms and in L2, over the directions of one network or of several members."""
    return {
        "half_width": _plain(half_width(rays, rise=rise)),
        "half_width_l2": _plain(half_width(rays, rise=rise, unit="L2")),
    }


def _across(record: Surface, rise: float) -> dict[str, Any]:
    across = corridor_width(record, rise=rise)
    return {
        "unit": across.unit,
        "rise": rise,
        "step": across.step.tolist(),
        "width": across.width.tolist(),
        "bounded": across.bounded.tolist(),
    }


def _plain(width: HalfWidth) -> dict[str, Any]:
    return asdict(width)


def _range(record: Surface | Profile) -> dict[str, Any]:
    finite = record.loss[np.isfinite(record.loss)]
    return {
        "min": float(finite.min()) if finite.size else None,
        "max": float(finite.max()) if finite.size else None,
        "diverged": int(np.count_nonzero(np.isinf(record.loss))),
        "unit": "nats per example"
        if record.provenance.identity.loss == "cross_entropy"
        else record.provenance.identity.loss or "of unknown unit",
    }
