"""Views: where to look from a solution, as a subspace, its extent, and the sampled record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, Unpack, get_args

from landscape.defaults import DEFAULT_POINTS
from landscape.errors import InputError
from landscape.objective.objective import Objective
from landscape.records.base import Scalar
from landscape.sampling.extent import Extent, choose_extent, common_extent
from landscape.sampling.grid import Sampling, Where, sample
from landscape.sampling.repeats import sample_repeats
from landscape.sampling.solutions import Solution
from landscape.sampling.start import Grid
from landscape.space.affine import Line, Plane, line_between, random_line, random_plane
from landscape.space.corridors import corridor_along
from landscape.space.directions import Ignored, Normalization, ignored_text
from landscape.space.parameters import Parameters
from landscape.space.paths import TrainingPath
from landscape.space.planes import path_plane, plane_through, refuse_unlike
from landscape.space.subspaces import Subspace

View: TypeAlias = Literal["plane", "corridor", "line", "path-plane", "path-line"]

VIEWS: tuple[View, ...] = get_args(View)
PATH_VIEWS: tuple[View, ...] = ("corridor", "path-plane", "path-line")
RANDOM_VIEWS: tuple[View, ...] = ("plane", "corridor", "line")


@dataclass(frozen=True)
class RandomDirections:
    """How the random directions of a view are drawn.

    Args:
        seed: of the directions.
        normalize: how they are scaled, see `random_direction`.
        ignore: what they leave unperturbed, see `random_direction`.
        orthogonal: of a plane: take the first out of the second, see `random_plane`.
        stored: False draws each tensor again whenever it is needed, see `random_plane`; a corridor's is always stored.
        keep: write the directions of a plane or line into the file, see `Affine`.
    """

    seed: int = 0
    normalize: Normalization = "filter"
    ignore: Ignored = "1d"
    orthogonal: bool = False
    stored: bool = True
    keep: bool = False

    def choices(self, repeats: int) -> dict[str, Scalar]:
        """The choices that name a file: what is unusual only where it is, so that older files keep their names."""
        choices: dict[str, Scalar] = {
            "seed": self.seed,
            "normalize": self.normalize,
            "ignore": ignored_text(self.ignore),
        }
        if self.orthogonal:
            choices["orthogonal"] = True
        if repeats > 1:
            choices["repeats"] = repeats
        return choices


def subspace_of(
    solution: Solution,
    view: View,
    *,
    seed: int = 0,
    normalize: Normalization = "filter",
    ignore: Ignored = "1d",
    orthogonal: bool = False,
    stored: bool = True,
    keep: bool = False,
) -> Subspace:
    """The line, plane or corridor through a solution, or through its training path.

    Args:
        solution: the network to look at.
        view: ``"plane"`` and ``"line"`` along random directions; ``"corridor"``, ``"path-plane"`` (the path's two
            principal components) and ``"path-line"`` (straight from the start of training to the solution) need its
            path.
        seed: of the random directions.
        normalize: how they are scaled, see `random_direction`.
        ignore: what they leave unperturbed, see `random_direction`.
        orthogonal: of a plane, see `random_plane`.
        stored: of a plane or line, see `random_plane`; a corridor's direction is always stored.
        keep: store the directions of a plane or line with what is sampled, see `Affine`.

    Returns:
        What `sample` takes: its coordinates are ``(alpha,)`` of a line, ``(alpha, beta)`` of anything else.

    Raises:
        InputError: an unknown view; a path that is needed and not there; a straight line where there are frozen
            BatchNorm statistics.
    """
    return _subspace(solution, view, RandomDirections(seed, normalize, ignore, orthogonal, stored, keep))


def subspace_through(solutions: Sequence[Solution]) -> Line | Plane:
    """The line from one solution to another, or the plane through three (see `plane_through`).

    Args:
        solutions: two or three, of one architecture and with the same data.

    Returns:
        The subspace, its centre the first solution.

    Raises:
        InputError: another number of them, networks or data that differ, or frozen BatchNorm statistics.
    """
    if len(solutions) not in (2, 3):
        raise InputError(f"a line runs through 2 networks and a plane through 3, got {len(solutions)}")
    first, *ends = (solution.objective for solution in solutions)
    for objective in ends:
        refuse_unlike(first.centre, objective.centre)
        if objective.fingerprint["data"] != first.fingerprint["data"]:
            raise InputError(f"{first.name} and {objective.name} have different data: their losses cannot be compared")
    _refuse_frozen(first)
    if len(ends) == 1:
        return line_between(first, ends[0], to=ends[0].name)
    return plane_through(first, *ends, names=[solution.name for solution in solutions])


def extent_of(
    solution: Solution,
    view: View,
    *,
    seed: int = 0,
    normalize: Normalization = "filter",
    ignore: Ignored = "1d",
) -> Extent:
    """The extent that the tool chooses for a view; `common_extent` makes one of several.

    Args:
        solution: the network to look at.
        view: see `subspace_of`.
        seed: of the random directions.
        normalize: how they are scaled.
        ignore: what they leave unperturbed.

    Returns:
        Half the side of the grid, with its reason; see `choose_extent`.

    Raises:
        InputError: as `subspace_of` does.
    """
    return choose_extent(solution.objective, _subspace(solution, view, RandomDirections(seed, normalize, ignore)))


def sample_view(
    solution: Solution,
    view: View,
    *,
    seed: int = 0,
    normalize: Normalization = "filter",
    ignore: Ignored = "1d",
    orthogonal: bool = False,
    repeats: int = 1,
    keep: bool = False,
    points: int = DEFAULT_POINTS,
    extent: float | Extent | None = None,
    path: str | Path | None = None,
    progress: bool = True,
    **options: Unpack[Sampling],
) -> Grid:
    """A view of a solution, sampled; a member of a run keeps it in the run's folder unless a ``path`` is given.

    Args:
        solution: the network to look at.
        view: see `subspace_of`.
        seed: of the random directions.
        normalize: how they are scaled, see `random_direction`.
        ignore: what they leave unperturbed, see `random_direction`.
        orthogonal: of a plane, see `random_plane`.
        repeats: sample along so many different random directions, from ``seed`` up, and keep mean and band.
        keep: store the directions of a line or plane in the file, see `Affine`.
        points: grid points a side; a corridor has a row for each checkpoint.
        extent: half the side of the grid; None chooses it, see `choose_extent`. Surfaces that are drawn side by side
            want a common one.
        path: where the record is kept, see `sample`.
        progress: show a bar on stderr.
        options: further options of `sample`.

    Returns:
        A `Surface`, or the `Profile` of a line; values indexed ``[i, j] = (alpha[i], beta[j])``.

    Raises:
        InputError: choices that do not go together; see `subspace_of`.
        FileError: ``path`` holds something else, or cannot be written.
    """
    check_view(view, orthogonal=orthogonal, repeats=repeats)
    stored = keep or orthogonal or options.get("strategy") != "streamed"
    directions = RandomDirections(seed, normalize, ignore, orthogonal, stored, keep)
    make, seeds = _by_seed(solution, view, directions), range(seed, seed + repeats)
    if path is None and solution.folder is not None:
        if extent is None:
            extent = common_extent([choose_extent(solution.objective, make(number)) for number in seeds])
        half_width = extent.value if isinstance(extent, Extent) else extent
        path = solution.surface_path(view, directions.choices(repeats) | {"points": points, "extent": half_width})
    rows = len(solution.path.steps) if view == "corridor" and solution.path is not None else points
    grid: Where = {"points": (rows, points), "extent": extent, "path": path}
    if repeats == 1:
        return sample(solution.objective, make(seed), progress=progress, **grid, **options)
    return sample_repeats(solution.objective, make, seeds=seeds, progress=progress, **grid, **options)


def check_view(view: View, *, orthogonal: bool = False, repeats: int = 1, checkpoints: bool = False) -> None:
    """Refuse choices of a view that do not go together, before a network is opened.

    Args:
        view: see `subspace_of`.
        orthogonal: as for `sample_view`.
        repeats: as for `sample_view`.
        checkpoints: whether a training path is given.

    Raises:
        InputError: an unknown view, or a choice that it does not have.
    """
    if view not in VIEWS:
        raise _unknown(view)
    if orthogonal and view != "plane":
        raise InputError(f"a {view} has no two random directions to make orthogonal; that is for a plane")
    if checkpoints and view not in PATH_VIEWS:
        raise InputError(f"a {view} needs no checkpoints; they are for {', '.join(PATH_VIEWS)}")
    if repeats < 1 or (repeats > 1 and view not in RANDOM_VIEWS):
        raise InputError(f"repeats are 1 or more, and draw random directions, which a {view} has not; got {repeats}")


@dataclass(frozen=True, eq=False)
class _Point:
    centre: Parameters


def _by_seed(solution: Solution, view: View, directions: RandomDirections) -> Callable[[int], Subspace]:
    """The subspace of each seed."""
    return lambda seed: _subspace(solution, view, replace(directions, seed=seed))


def _subspace(solution: Solution, view: View, directions: RandomDirections) -> Subspace:
    """The subspace of a view."""
    if view in PATH_VIEWS:
        if solution.path is None:
            raise InputError(f"a {view} follows a training path: give a folder of its checkpoints (--checkpoints DIR)")
        return _along_path(solution.path, solution.objective, view, directions)
    draw: dict[str, Any] = {key: getattr(directions, key) for key in ("seed", "normalize", "ignore", "stored")}
    if view == "plane":
        plane = random_plane(solution.objective, orthogonal=directions.orthogonal, **draw)
        return replace(plane, keep=directions.keep)
    if view == "line":
        return replace(random_line(solution.objective, **draw), keep=directions.keep)
    raise _unknown(view)


def _along_path(path: TrainingPath, objective: Objective, view: View, directions: RandomDirections) -> Subspace:
    """The corridor, line or plane of a training path."""
    source: dict[str, Scalar] = {"checkpoints": path.source} if path.source else {}
    if view == "path-line":
        _refuse_frozen(objective)
        start, end = (_Point(path.points[k]) for k in (0, -1))
        return replace(line_between(start, end, of="path", **source), keep=directions.keep)
    if view == "path-plane":
        plane = path_plane(path.points, path.steps, buffers=path.buffers, **source)
        return replace(plane, keep=directions.keep)
    return corridor_along(
        path.points,
        path.steps,
        seed=directions.seed,
        normalize=directions.normalize,
        ignore=directions.ignore,
        buffers=path.buffers,
    )


def _refuse_frozen(objective: Objective) -> None:
    if objective.batchnorm == "frozen":
        raise InputError(
            f"{objective.network} carries BatchNorm statistics, which hold at the ends alone and not between them; "
            "re-estimate them at every point (batchnorm='reestimate'), or take networks without BatchNorm"
        )


def _unknown(view: str) -> InputError:
    return InputError(f"unknown view {view!r}; expected one of {', '.join(VIEWS)}")
