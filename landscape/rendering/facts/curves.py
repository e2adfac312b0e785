"""The curves of a 1-D picture: profiles as they are, surfaces along their rays, and what tells them apart."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from landscape.errors import InputError
from landscape.measures.barriers import Barrier, barrier
from landscape.measures.widths import HalfWidth, half_width
from landscape.records.base import LOSS, Axis, Status
from landscape.records.companions import Rays
from landscape.records.provenance import Identity, Provenance
from landscape.records.recipe import (
    PairsRecipe,
    PathLineRecipe,
    RaysRecipe,
    RepeatsRecipe,
    SubspaceRecipe,
    end_of,
    is_aligned,
    runs_between,
    seed_of,
    shape_of,
)
from landscape.records.sampled import Profile, Surface

MOST_CURVES = 6
BAND = (0.1, 0.9)
CURVES = {"line": "straight line", "curve": "curve", "bezier": "Bezier curve", "polygon": "polygonal chain"}


@dataclass(frozen=True, eq=False)
class Curve:
    """One curve of the picture.

    Args:
        profile: what is drawn; metrics ``NAME_low`` and ``NAME_high`` make a band.
        label: beside the curve.
        half_width: drawn as a dimension line, where the curve runs out along many directions.
        band: what the band is, in words.
    """

    profile: Profile
    label: str
    half_width: HalfWidth | None = None
    band: str = ""

    @property
    def between(self) -> bool:
        """Whether it runs from one network to another."""
        return runs_between(self.profile.provenance.identity.subspace)

    def barrier(self, metric: str) -> Barrier | None:
        """The barrier along it, if it runs between two solutions and is measured as a whole; a mean has none."""
        made, values = self.profile, self.profile.metrics[metric]
        split, _, what = metric.partition("_")
        ready = (
            what == "loss"
            and not self.band
            and len(values) > 1
            and made.complete
            and np.isfinite(values[[0, -1]]).all()
        )
        return barrier(made, split=split) if self.between and ready and not np.isnan(values).any() else None


def curves_of(records: Sequence[Profile | Surface], metric: str, titles: Sequence[str] | None = None) -> list[Curve]:
    """Profiles as they are, surfaces as the loss along their rays, each with a label that tells it from the others.

    Raises:
        InputError: too many records, axes of different units, or a surface without rays.
    """
    if not 1 <= len(records) <= MOST_CURVES:
        raise InputError(f"a profile picture has 1 to {MOST_CURVES} curves, got {len(records)}")
    profiles = [record if isinstance(record, Profile) else ray_profile(record, metric) for record in records]
    units = {(profile.alpha.unit, profile.alpha.scale) for profile in profiles}
    if len(units) > 1:
        raise InputError(
            f"profiles share their axis: cannot draw {' beside '.join(sorted(unit for unit, _ in units))}; "
            "draw each in a figure of its own"
        )
    names = list(titles) if titles is not None else _labels(profiles)
    widths = [half_width(record) if isinstance(record, Surface) else None for record in records]
    return [
        Curve(profile, name, width, _band(profile, metric))
        for profile, name, width in zip(profiles, names, widths, strict=True)
    ]


def ray_profile(surface: Surface, metric: str = LOSS) -> Profile:
    """The loss against the distance from the centre: mean over the surface's rays, band from their 10 % to 90 %.

    A mean over directions of which one diverged is inf. The band takes measured values, without interpolation.
    """
    rays = surface.rays
    if rays is None:
        raise InputError("this surface holds no rays to draw a profile of; sample it with rays=64, or draw the surface")
    if metric != LOSS:
        raise InputError(f"rays hold the training loss alone, not {metric}")
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


def ends_of(provenance: Provenance) -> tuple[str, str]:
    """Names of the networks that a line runs between: two solutions, or the two ends of a training path."""
    recipe = provenance.identity.subspace
    if isinstance(recipe.single, PathLineRecipe):
        return "start of training", provenance.identity.model or "solution"
    return provenance.identity.model, end_of(recipe) or ""


def _labels(profiles: Sequence[Profile]) -> list[str]:
    """What tells the profiles apart: networks, kind of curve, alignment, seed; the network where nothing does."""
    identities = [profile.provenance.identity for profile in profiles]
    networks = _networks(identities)
    recipes = [identity.subspace for identity in identities]
    curves = {shape_of(recipe) for recipe in recipes}
    kinds = [_kind(recipe, curves) for recipe in recipes]
    seeds = ["" if seed is None else f"seed {seed}" for seed in map(seed_of, recipes)]
    parts = [column for column in (networks, kinds, seeds) if len(set(column)) > 1]
    if not parts:
        return (
            networks
            if len(set(networks)) == 1 and "" not in networks
            else [f"curve {k + 1}" for k in range(len(profiles))]
        )
    if len(set(zip(*parts[:-1], strict=True))) == len(profiles):
        parts = parts[:-1]
    return [", ".join(filter(None, row)) or "curve" for row in zip(*parts, strict=True)]


def _kind(recipe: SubspaceRecipe, others: set[str]) -> str:
    """Straight line, curve, aligned or not: as short as the company of ``others`` allows."""
    if end_of(recipe) is None:
        return ""
    kind = shape_of(recipe)
    aligned = "aligned" if is_aligned(recipe) else ""
    if others == {kind}:
        return aligned or "as trained"
    return ", ".join(filter(None, [CURVES.get(kind, "curve"), aligned]))


def _networks(identities: Sequence[Identity]) -> list[str]:
    """Names of the networks, without their members where these are the same for all."""
    ends = [(identity.model, end_of(identity.subspace) or "") for identity in identities]
    names = [start.partition(":")[0] for start, _ in ends]
    members = {tuple(end.partition(":")[2] for end in pair) for pair in ends}
    inside = all(not to or to.partition(":")[0] == name for name, (_, to) in zip(names, ends, strict=True))
    if len(members) == 1 and inside and len(set(names)) > 1:
        return names
    return [f"{start} to {to}" if to else start.removesuffix(":0") for start, to in ends]


def _band(profile: Profile, metric: str) -> str:
    if f"{metric}_low" not in profile.metrics:
        return ""
    recipe = profile.provenance.identity.subspace
    if isinstance(recipe, RepeatsRecipe):
        return f"line: mean over {len(recipe.seeds)} repeats; band: {recipe.band} of them"
    return recipe.band if isinstance(recipe, PairsRecipe | RaysRecipe) else "band: lowest to highest"


def _provenance_of_rays(provenance: Provenance, rays: Rays) -> Provenance:
    low, high = (round(100 * share) for share in BAND)
    words = f"line: mean over {len(rays.length)} random directions; band: {low} % to {high} % of them"
    identity = replace(provenance.identity, subspace=RaysRecipe(band=words))
    accuracy = replace(provenance.accuracy, interpolation_error={}, held_back_points=0)
    return Provenance(identity, accuracy, provenance.making)
