"""Lines and planes along directions that have a name: random, of the loss, towards another network, or in a file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias, Unpack

from landscape.errors import InputError
from landscape.files.li import name_directions, read_li_directions
from landscape.measures.axes import LOSS_DIRECTIONS, named_direction
from landscape.records.directions import Direction, NamedDirection, RandomDirection
from landscape.records.recipe import DirectionsRecipe
from landscape.sampling.solutions import Opening, Solution, open_solution
from landscape.space.affine import Line, Plane, line_along, plane_along
from landscape.space.checkpoints import placed_direction, read_direction
from landscape.space.directions import Ignored, Normalization, ignored_text, random_direction, scale_to
from landscape.space.parameters import Parameters, difference
from landscape.space.planes import refuse_unlike
from landscape.space.subspaces import unit_of
from landscape.train.state_files import SUFFIXES

STORED_BYTES = 2**26
Source: TypeAlias = tuple[Parameters, Direction]


def subspace_along(
    solution: Solution,
    names: Sequence[str],
    *,
    seed: int = 0,
    normalize: Normalization | None = None,
    ignore: Ignored = "1d",
    orthogonal: bool = False,
    keep: bool | None = None,
    **opening: Unpack[Opening],
) -> Line | Plane:
    """The line along one direction or the plane along two, each known by its name.

    Args:
        solution: the network they start from.
        names: one or two of ``"random"``; ``"top"``, ``"second"`` and ``"bottom"``, eigenvectors of the Hessian;
            ``"gradient"``; a file of tensors by name (one of Li et al.'s h5 may hold two); or another network, as
            `open_solution` names it.
        seed: of random directions.
        normalize: how all of them are scaled to the filters of the network. By default random ones are scaled by
            filter and the others stay as they are.
        ignore: what random ones leave unperturbed, see `random_direction`.
        orthogonal: take the first out of the second, see `random_plane`.
        keep: store them with what is sampled. By default those are stored that no seed draws again, up to 64 MiB.
        opening: options of `open_solution` for other networks; weights and checkpoints are those of this one alone.

    Returns:
        What `sample` takes: a `Line` for one direction, a `Plane` for two.

    Raises:
        InputError: more than two directions, or one that does not fit the network.
        FileError: a file that cannot be read.
    """
    sources = [
        source
        for index, name in enumerate(names)
        for source in _sources(solution, name, index, (seed, normalize or "filter", ignore), opening)
    ]
    if len(sources) > 2:
        raise InputError(f"a plane has two directions, got {len(sources)}")
    if len(sources) == 1 and orthogonal:
        raise InputError("--orthogonalize is for a plane; name two directions")
    theta = solution.objective.centre
    directions, origins = [direction for direction, _ in sources], [origin for _, origin in sources]
    if normalize is not None:
        directions = [scale_to(direction, theta, normalize=normalize) for direction in directions]
        origins = [replace(origin, unit="") for origin in origins]
    recipe = DirectionsRecipe(directions=tuple(origins), normalize=normalize)
    if keep is None:
        size = solution.objective.P * solution.objective.dtype.itemsize * len(sources)
        keep = size <= STORED_BYTES and any(name != "random" for name in names)
    if len(directions) == 1:
        return line_along(theta, directions[0], recipe=recipe, keep=keep)
    return plane_along(theta, *directions, orthogonal=orthogonal, recipe=recipe, keep=keep)


def _sources(
    solution: Solution, name: str, index: int, draw: tuple[int, Normalization, Ignored], opening: Opening
) -> list[Source]:
    """The directions of one name, each with what the recipe says of it."""
    theta = solution.objective.centre
    if name == "random":
        seed, normalize, ignore = 2 * draw[0] + index, *draw[1:]
        direction = random_direction(theta, seed=seed, normalize=normalize, ignore=ignore)
        return [(direction, RandomDirection(seed, ignored_text(ignore), normalize, unit_of(normalize)))]
    if name in LOSS_DIRECTIONS:
        vector, origin = named_direction(solution.objective, name)
        return [(vector, replace(origin, unit="L2"))]
    if Path(name).suffix in (".h5", ".hdf5"):
        shapes = {key: tuple(tensor.shape) for key, tensor in theta.items()}
        arrays = name_directions(read_li_directions(name), shapes)
        return [(placed_direction(array, theta, name), NamedDirection(name)) for array in arrays]
    if Path(name).suffix in SUFFIXES or Path(name).is_file():
        return [(read_direction(name, theta), NamedDirection(name))]
    others: Opening = {**opening, "weights": None, "checkpoints": None}
    end = open_solution(name, **others).objective
    refuse_unlike(theta, end.centre)
    return [(difference(end.centre, theta), NamedDirection(f"to {name}"))]
