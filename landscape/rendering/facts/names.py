"""Names that tell the panels and lines of a picture apart."""

import re
from collections.abc import Sequence
from dataclasses import replace

from landscape.records.provenance import Identity, Provenance
from landscape.records.recipe import (
    DirectionsRecipe,
    NetworksRecipe,
    PathLineRecipe,
    PathPlaneRecipe,
    SubspaceRecipe,
    end_of,
    is_aligned,
    seed_of,
    shape_of,
)
from landscape.records.sampled import Surface
from landscape.rendering.geometry.profiles import ProfileLine

SHAPES = {"line": "straight line", "curve": "curve", "bezier": "Bezier curve", "polygon": "polygonal chain"}


def names_of(surfaces: Sequence[Surface]) -> list[str]:
    """The models' names for people, ``"wide"``, ``"wide, member 3"``, with the kind of surface where kinds differ."""
    models = [surface.provenance.identity.model or "surface" for surface in surfaces]
    names = [re.sub(r":(\d+)$", r", member \1", model.removesuffix(":0")) for model in models]
    if len({surface.kind for surface in surfaces}) > 1:
        names = [
            f"{name}, {surface.kind}" if surface.kind else name for name, surface in zip(names, surfaces, strict=True)
        ]
    marks = [_distinction(surface) for surface in surfaces]
    if len(set(names)) < len(names) and len(set(marks)) > 1:
        return [f"{name}, {mark}" for name, mark in zip(names, marks, strict=True)]
    return names


def label_lines(lines: Sequence[ProfileLine], titles: Sequence[str] | None = None) -> list[ProfileLine]:
    """The lines with titles for labels, or with labels that tell each from the others."""
    labels = titles if titles is not None else _labels([line.profile.provenance.identity for line in lines])
    return [replace(line, label=label) for line, label in zip(lines, labels, strict=True)]


def ends_of(provenance: Provenance) -> tuple[str, str]:
    """Names of the networks that a line runs between: two solutions, or the two ends of a training path."""
    recipe = provenance.identity.subspace
    if isinstance(recipe.single, PathLineRecipe):
        return "start of training", provenance.identity.model or "solution"
    return provenance.identity.model, end_of(recipe) or ""


def letters(index: int) -> str:
    """The letter of a panel: A, B, ..., Z, AA, AB, ... for 0, 1, ..."""
    return (letters(index // 26 - 1) if index >= 26 else "") + chr(ord("A") + index % 26)


def _distinction(surface: Surface) -> str:
    """A word or two that tell planes of one network apart."""
    recipe = surface.provenance.identity.subspace.single
    match recipe:
        case PathPlaneRecipe():
            return "principal components"
        case NetworksRecipe():
            return "through three"
        case DirectionsRecipe(directions=directions):
            return " and ".join(direction.name for direction in directions if direction.name)
    seed = seed_of(recipe)
    return "" if seed is None else f"seed {seed}"


def _labels(identities: Sequence[Identity]) -> list[str]:
    """Networks, kind of path, alignment and seed where they differ; the network where nothing differs."""
    networks = _networks(identities)
    recipes = [identity.subspace for identity in identities]
    shapes = {shape_of(recipe) for recipe in recipes}
    kinds = [_kind(recipe, shapes) for recipe in recipes]
    seeds = ["" if seed is None else f"seed {seed}" for seed in map(seed_of, recipes)]
    parts = [column for column in (networks, kinds, seeds) if len(set(column)) > 1]
    if not parts:
        return (
            networks
            if len(set(networks)) == 1 and "" not in networks
            else [f"curve {k + 1}" for k in range(len(identities))]
        )
    # The last column goes where the others suffice.
    if len(set(zip(*parts[:-1], strict=True))) == len(identities):
        parts = parts[:-1]
    return [", ".join(filter(None, row)) or "curve" for row in zip(*parts, strict=True)]


def _kind(recipe: SubspaceRecipe, shapes: set[str]) -> str:
    """Shape and alignment of a path; no shape where all paths of the picture have one."""
    if end_of(recipe) is None:
        return ""
    shape = shape_of(recipe)
    aligned = "aligned" if is_aligned(recipe) else ""
    if shapes == {shape}:
        return aligned or "as trained"
    return ", ".join(filter(None, [SHAPES.get(shape, "curve"), aligned]))


def _networks(identities: Sequence[Identity]) -> list[str]:
    """Names of the networks, without their members where these are the same for all."""
    ends = [(identity.model, end_of(identity.subspace) or "") for identity in identities]
    names = [start.partition(":")[0] for start, _ in ends]
    members = {tuple(end.partition(":")[2] for end in pair) for pair in ends}
    inside = all(not to or to.partition(":")[0] == name for name, (_, to) in zip(names, ends, strict=True))
    if len(members) == 1 and inside and len(set(names)) > 1:
        return names
    return [f"{start} to {to}" if to else start.removesuffix(":0") for start, to in ends]
