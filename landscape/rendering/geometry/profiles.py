"""The lines of a 1-D picture: profiles as they are, and surfaces as the mean along their rays."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from landscape.errors import InputError
from landscape.measures.barriers import Barrier, barrier
from landscape.measures.widths import HalfWidth, half_width
from landscape.records.base import LOSS, Axis, FloatArray, Status
from landscape.records.companions import Rays
from landscape.records.provenance import Provenance
from landscape.records.recipe import RaysRecipe, runs_between
from landscape.records.sampled import Profile, Surface

MAX_LINES = 6
BAND = (0.1, 0.9)


@dataclass(frozen=True, eq=False)
class ProfileLine:
    """One profile on its way into a picture: a line, and its band where it is a mean.

    Args:
        profile: the record; metrics ``NAME_low`` and ``NAME_high`` make a band.
        metric: what the height shows.
        label: beside the line.
        half_width: drawn as a dimension line, where the line is a mean along rays.
    """

    profile: Profile
    metric: str
    label: str = ""
    half_width: HalfWidth | None = None

    @property
    def values(self) -> FloatArray:
        """The metric at every point, shape (n,)."""
        return self.profile.metrics[self.metric]

    @property
    def has_band(self) -> bool:
        """Whether the line is a mean with a band around it."""
        return f"{self.metric}_low" in self.profile.metrics

    @property
    def connects(self) -> bool:
        """Whether it runs from one network to another."""
        return runs_between(self.profile.provenance.identity.subspace)

    @cached_property
    def barrier(self) -> Barrier | None:
        """The barrier along the line, if it connects two networks and has no gap; a mean has none."""
        split, _, quantity = self.metric.partition("_")
        if quantity != "loss" or self.has_band or not self.connects or len(self.values) < 2:
            return None
        if not self.profile.complete or np.isnan(self.values).any() or not np.isfinite(self.values[[0, -1]]).all():
            return None
        return barrier(self.profile, split=split)


def lines_of(records: Sequence[Profile | Surface], metric: str) -> list[ProfileLine]:
    """A line for every profile, and for every surface the loss along its rays; without labels.

    Raises:
        InputError: too many records, axes of different units, or a surface without rays.
    """
    if not 1 <= len(records) <= MAX_LINES:
        raise InputError(f"a profile picture has 1 to {MAX_LINES} curves, got {len(records)}")
    profiles = [record if isinstance(record, Profile) else ray_profile(record, metric) for record in records]
    units = {(profile.alpha.unit, profile.alpha.scale) for profile in profiles}
    if len(units) > 1:
        raise InputError(
            f"profiles share their axis: cannot draw {' beside '.join(sorted(unit for unit, _ in units))}; "
            "draw each in a figure of its own"
        )
    widths = [half_width(record) if isinstance(record, Surface) else None for record in records]
    return [ProfileLine(profile, metric, half_width=width) for profile, width in zip(profiles, widths, strict=True)]


def ray_profile(surface: Surface, metric: str = LOSS) -> Profile:
    """The loss against the distance from the centre: mean over the surface's rays, band from 10 % to 90 % of them.

    A mean over directions of which one diverged is inf. The band takes measured values, without interpolation.
    """
    rays = surface.rays
    if rays is None:
        raise InputError("this surface holds no rays to draw a profile of; sample it with rays=64, or draw the surface")
    if metric != LOSS:
        raise InputError(f"rays hold the training loss alone, not {metric}")
    # A diverged ray would make an interpolated quantile NaN (inf minus inf).
    low, high = np.quantile(rays.loss, BAND, axis=0, method="inverted_cdf")
    metrics = {LOSS: rays.loss.mean(axis=0), f"{LOSS}_low": low, f"{LOSS}_high": high}
    shape = rays.radius.shape
    return Profile(
        (Axis("alpha", rays.radius, "filter norm", "distance from the solution"),),
        metrics,
        np.full(shape, Status.MEASURED, dtype=np.uint8),
        np.zeros(shape),
        _provenance_of_rays(surface.provenance, rays),
    )


def _provenance_of_rays(provenance: Provenance, rays: Rays) -> Provenance:
    """The provenance of the surface, with the rays as its subspace and no interpolation."""
    low, high = (round(100 * share) for share in BAND)
    words = f"line: mean over {len(rays.length)} random directions; band: {low} % to {high} % of them"
    identity = replace(provenance.identity, subspace=RaysRecipe(band=words))
    accuracy = replace(provenance.accuracy, interpolation_error={}, held_back_points=0)
    return Provenance(identity, accuracy, provenance.making)
