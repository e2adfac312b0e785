"""Measures as quantities: one number for each member or direction, averaged with intervals and compared. No torch."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from landscape.measures.summary import half_widths
from landscape.measures.widths import half_width, radii
from landscape.records.base import RISE, FloatArray
from landscape.records.companions import Rays
from landscape.records.estimates import Estimate
from landscape.records.sampled import Profile, Surface
from landscape.records.spectra import CrossSection, Spectrum
from landscape.statistics.comparison import Comparison, compare
from landscape.statistics.intervals import mean_over


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured of several networks of one kind.

    Args:
        members: which they are.
        values: by measure, a dictionary of plain values for each member; free directions of the first one only.
        rise: nats per example that define widths.
    """

    members: tuple[int, ...]
    values: dict[str, list[dict[str, Any]]]
    rise: float = RISE

    @property
    def rays(self) -> list[Rays]:
        """The rays of each member, none if half-widths were not measured."""
        return [rays_from(each) for each in self.values.get("half_width", ())]


@dataclass(frozen=True, eq=False)
class Quantity:
    """One number of each member, or one for each direction: what is averaged and compared.

    Args:
        values: an array per member.
        unit: of the values.
        at_least: how many of them are lower bounds.
    """

    values: list[FloatArray]
    unit: str
    at_least: int = 0

    @property
    def estimate(self) -> Estimate:
        """Mean with its 95 % interval over members and directions."""
        return mean_over(self.values, unit=self.unit).estimate


def of_record(record: Surface | Profile, *, rise: float = RISE) -> Measured:
    """What a surface file holds of one network: its rays, if any."""
    rays = getattr(record, "rays", None)
    return Measured((0,), {"half_width": [vars(rays)]} if rays is not None else {}, rise)


def quantities(measured: Measured) -> dict[str, Quantity]:
    """What is compared between networks, by name."""
    made: dict[str, Quantity] = {}
    rays = measured.rays
    if rays:
        for name, unit in (("half-width", "filter norm"), ("half-width, L2", "L2")):
            cut = half_width(rays, rise=measured.rise).censored
            made[name] = Quantity(radii(rays, rise=measured.rise, unit=unit), unit, cut)  # type: ignore[arg-type]
    for found in (_of_curvature(measured), _of_sharpness(measured), _of_cross_sections(measured)):
        made |= found
    return made


def comparisons(first: Measured, second: Measured) -> list[Comparison]:
    """Every quantity that both hold, the second against the first."""
    one, two = quantities(first), quantities(second)
    return [compare(name, one[name].values, two[name].values, unit=one[name].unit) for name in one if name in two]


def summarize(measured: Measured) -> dict[str, Any]:
    """The numbers of one or several networks as plain values, with the keys of ``landscape measure --json``."""
    made: dict[str, Any] = {}
    if measured.rays:
        made |= half_widths(measured.rays, rise=measured.rise)
    if free := measured.values.get("free_directions"):
        made["free_directions"] = {"member": measured.members[0], **free[0]}
    given = ("curvature", "density", "sharpness", "cross_section")
    made |= {name: measured.values[name] for name in given if measured.values.get(name)}
    made["estimates"] = {
        name: {**asdict(quantity.estimate), "members": len(quantity.values), "at_least": quantity.at_least}
        for name, quantity in quantities(measured).items()
    }
    return made


def rays_from(kept: dict[str, Any]) -> Rays:
    """Rays as they were kept."""
    return Rays(**kept)


def spectrum_from(kept: dict[str, Any]) -> Spectrum:
    """A spectral density as it was kept."""
    return Spectrum(**{key: value for key, value in kept.items() if key != "summary"})


def cross_section_from(kept: dict[str, Any]) -> CrossSection:
    """A cross-section as it was kept."""
    return CrossSection(**{key: value for key, value in kept.items() if key != "summary"})


def _of_curvature(measured: Measured) -> dict[str, Quantity]:
    each = measured.values.get("curvature", [])
    if not each:
        return {}
    unit = each[0]["top"]["unit"]
    columns = {
        "top eigenvalue": [one["top"]["values"][0] for one in each],
        "lowest eigenvalue": [one["bottom"]["values"][0] for one in each],
        "trace": [one["trace"]["value"] for one in each],
        "Frobenius norm": [one["norm"]["value"] for one in each],
    }
    return {name: Quantity(_single(values), unit) for name, values in columns.items()}


def _of_sharpness(measured: Measured) -> dict[str, Quantity]:
    each = measured.values.get("sharpness", [])
    named = {
        "epsilon": "epsilon-sharpness",
        "ball": "rise in a ball",
        "adaptive ball": "rise, adaptive",
        "noise": "rise under noise",
    }
    return {
        title: Quantity(_single([one[name]["value"] for one in each]), each[0][name]["unit"])
        for name, title in named.items()
        if each
    }


def _of_cross_sections(measured: Measured) -> dict[str, Quantity]:
    found = [cross_section_from(one) for one in measured.values.get("cross_section", ())]
    if not found:
        return {}
    return {
        "first stiff width": Quantity(_single([one.stiff[0].mean() for one in found]), "L2"),
        "stiff widths": Quantity([one.stiff.mean(axis=1) for one in found], "L2"),
        "random widths": Quantity([one.random.mean(axis=1) for one in found], "L2"),
    }


def _single(values: Sequence[float]) -> list[FloatArray]:
    return [np.array([value], dtype=np.float64) for value in values]
