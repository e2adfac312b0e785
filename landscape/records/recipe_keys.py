"""Recipes from the keys and values of a file or of a user."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_type_hints

from landscape.records.directions import KEYS, Direction, read_direction
from landscape.records.recipe import (
    INPUT_LINE,
    INPUT_PLANE,
    ConnectionRecipe,
    CorridorRecipe,
    CurveRecipe,
    DirectionsRecipe,
    GridRecipe,
    InputRecipe,
    LiRecipe,
    NetworksRecipe,
    PairsRecipe,
    PathLineRecipe,
    PathPlaneRecipe,
    RandomRecipe,
    RaysRecipe,
    RepeatsRecipe,
    SubspaceRecipe,
    entry_names,
    nonempty,
)

DIRECTION_KEY = re.compile(rf"({'|'.join(KEYS)}) ([12])")


def read_recipe(entries: Mapping[str, Any]) -> SubspaceRecipe:
    """The recipe that keys and values state, in today's order; keys that its kind does not have become notes.

    >>> read_recipe({"kind": "line", "between": True, "to": "wide:1"}) == ConnectionRecipe(to="wide:1")
    True
    """
    if "repeats" in entries and "seeds" in entries:
        seeds = tuple(int(seed) for seed in str(entries["seeds"]).split(", "))
        recipe = read_recipe(_without(entries, ("repeats", "seeds", "band", "digest")))
        return RepeatsRecipe(recipe.kind, recipe, seeds, **_subset(entries, ("band", "digest")))
    if "band" in entries and entries.get("kind") != "rays":
        path = read_recipe(_without(entries, ("band",)))
        return PairsRecipe(path.kind, path, entries["band"])
    kind = _kind(entries)
    values = _subset(entries, ("kind", "digest", *entry_names(kind)))
    if kind is DirectionsRecipe:
        directions = _read_directions(entries)
        notes = {name: value for name, value in entries.items() if not DIRECTION_KEY.fullmatch(name)}
        return kind(**values, directions=directions, notes=_without(notes, values))
    return kind(**values, notes=_without(entries, values))


def parse_recipe(entries: Mapping[str, Any]) -> SubspaceRecipe:
    """The recipe of a file; its `to_dict` gives back the very keys and values, in their order.

    A plain `SubspaceRecipe` is returned where values are not of the types that its kind has.
    """
    entries = dict(entries)
    try:
        recipe = read_recipe(entries)
    except (TypeError, ValueError):
        recipe = SubspaceRecipe()
    if recipe.to_dict() != entries or not _well_typed(recipe):
        kind, digest = (word if isinstance(word := entries.get(name), str) else "" for name in ("kind", "digest"))
        notes = _without(entries, nonempty(kind=kind, digest=digest))
        recipe = SubspaceRecipe(kind, digest=digest, notes=notes)
    return recipe if list(recipe.to_dict()) == list(entries) else replace(recipe, order=tuple(entries))


def mean_recipe(recipes: Sequence[SubspaceRecipe], seeds: Sequence[int], digest: str) -> RepeatsRecipe:
    """The recipe of a mean over subspaces of these recipes and seeds."""
    entries = _without(recipes[0].to_dict(), ("digest", "cosine", "length_kept"))
    return RepeatsRecipe(recipes[0].kind, read_recipe(entries), tuple(seeds), digest=digest)


def _read_directions(entries: Mapping[str, Any]) -> tuple[Direction, ...]:
    """The directions whose keys end in 1 and 2."""
    parts: dict[int, dict[str, Any]] = {}
    for match in filter(None, map(DIRECTION_KEY.fullmatch, entries)):
        parts.setdefault(int(match[2]), {})[match[1]] = entries[match[0]]
    return tuple(read_direction(parts.get(number, {})) for number in range(1, max(parts, default=0) + 1))


def _kind(entries: Mapping[str, Any]) -> type[SubspaceRecipe]:
    """The class whose keys these are."""
    name, of_path = entries.get("kind"), entries.get("of") == "path"
    kinds: dict[object, type[SubspaceRecipe]] = {
        "corridor": CorridorRecipe,
        "curve": CurveRecipe,
        "rays": RaysRecipe,
        "grid": GridRecipe,
        INPUT_PLANE: InputRecipe,
        INPUT_LINE: InputRecipe,
    }
    if name in kinds:
        return kinds[name]
    if name not in ("line", "plane"):
        return SubspaceRecipe
    if "source" in entries and "dir_file" in entries:
        return LiRecipe
    if entries.get("between"):
        return PathLineRecipe if of_path else ConnectionRecipe
    if of_path:
        return PathPlaneRecipe
    if "through" in entries:
        return NetworksRecipe
    return RandomRecipe if "seed" in entries and "normalize" in entries else DirectionsRecipe


def _subset(entries: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: entries[name] for name in names if name in entries}


def _without(entries: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in entries.items() if name not in names}


def _well_typed(record: object) -> bool:
    """Whether all values are of the types that the fields of a recipe or direction declare."""
    if isinstance(record, RepeatsRecipe | PairsRecipe):
        return _well_typed(record.of) and isinstance(record.band, str)
    hints = get_type_hints(type(record))
    plain = [name for name in hints if name not in ("notes", "order", "directions")]
    return all(isinstance(getattr(record, name), hints[name]) for name in plain) and all(
        _well_typed(direction) for direction in getattr(record, "directions", ())
    )
