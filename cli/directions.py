"""Directions as they are named on the command line, and the line or plane along them."""

from pathlib import Path
from typing import Any

import click

STORED_BYTES = 2**26


def along(objective: Any, named: tuple[str, ...], **given: Any) -> Any:
    """The line along one direction or the plane along two.

    Args:
        objective: the network they start from.
        named: ``random``, ``top``, ``second``, ``bottom``, ``gradient``, a file, or another network to point at.
        given: the options of `landscape sample`.
    """
    from landscape.space.directions import scale_to
    from landscape.space.subspaces import line_along, plane_along

    found = [pair for index, name in enumerate(named) for pair in _found(objective, name, index, given)]
    if len(found) > 2:
        raise click.UsageError(f"a plane has two directions, got {len(found)}")
    directions, recipes = [one for one, _ in found], [made for _, made in found]
    if given["normalize_given"]:
        method = given["normalize"]
        directions = [scale_to(one, objective.centre, normalize=method) for one in directions]
        recipes = [{key: value for key, value in made.items() if key != "unit"} for made in recipes]
    recipe = {f"{key} {k + 1}": value for k, made in enumerate(recipes) for key, value in made.items()}
    if given["normalize_given"]:
        recipe["normalize"] = given["normalize"]
    keep = stored(objective, len(found), given, seeded=all(name == "random" for name in named))
    if len(found) == 1:
        if given["orthogonal"]:
            raise click.UsageError("--orthogonalize is for a plane; name two directions")
        return line_along(objective.centre, directions[0], recipe=recipe, keep=keep)
    return plane_along(objective.centre, *directions, orthogonal=given["orthogonal"], recipe=recipe, keep=keep)


def stored(objective: Any, count: int, given: dict[str, Any], *, seeded: bool) -> bool:
    """Whether directions are kept in the file: as asked; else those that no seed draws again, if they are not large."""
    size = objective.P * objective.dtype.itemsize * count
    if given["store_directions"] is not None:
        return bool(given["store_directions"])
    if not seeded and size > STORED_BYTES:
        click.echo(f"directions not stored ({size / 2**20:.0f} MiB); --store-directions keeps them", err=True)
    return not seeded and size <= STORED_BYTES


def _found(objective: Any, name: str, index: int, given: dict[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
    from landscape.measures.axes import NAMED, named_direction
    from landscape.space.checkpoints import SUFFIXES, read_direction
    from landscape.space.directions import random_direction
    from landscape.space.parameters import difference
    from landscape.space.planes import refuse_unlike
    from landscape.space.subspaces import unit_of

    from .networks import solution_of

    theta = objective.centre
    if name == "random":
        choice = {"seed": 2 * given["direction_seed"] + index, "ignore": given["ignore"]}
        method = given["normalize"]
        direction = random_direction(theta, normalize=method, **choice)
        return [(direction, {"name": name, **choice, "normalize": method, "unit": unit_of(method)})]
    if name in NAMED:
        direction, made = named_direction(objective, name)  # type: ignore[arg-type]
        return [(direction, {**made, "unit": "L2"})]
    if Path(name).suffix in (".h5", ".hdf5"):
        return [(one, {"name": name}) for one in _of_li(name, theta)]
    if Path(name).suffix in SUFFIXES or Path(name).is_file():
        return [(read_direction(name, theta), {"name": name})]
    end = solution_of(name, **{**given, "checkpoints": None}).objective
    refuse_unlike(theta, end.centre)
    return [(difference(end.centre, theta), {"name": f"to {name}"})]


def _of_li(path: str, theta: Any) -> list[Any]:
    from landscape.files.li import name_directions, read_li_directions
    from landscape.space.checkpoints import placed_direction

    shapes = {name: tuple(tensor.shape) for name, tensor in theta.items()}
    return [placed_direction(one, theta, path) for one in name_directions(read_li_directions(path), shapes)]
