"""Views of a trained run: its members as objectives, and the line, plane or corridor that looks at one of them."""

import hashlib
import json
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch

from landscape.errors import FileError, InputError
from landscape.evaluate.extent import Extent, choose_extent
from landscape.evaluate.objective import Objective
from landscape.evaluate.sampling import DEFAULT_POINTS, Grid, sample
from landscape.space.directions import Ignored, Normalization
from landscape.space.subspaces import Subspace, corridor_along, random_line, random_plane
from landscape.train.runs import Run

View: TypeAlias = Literal["plane", "corridor", "line"]
VIEWS = ("plane", "corridor", "line")


def objective_of(
    run: Run, member: int = 0, *, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> Objective:
    """One member of a run with the data it was trained and tested on."""
    data = run.dataset
    test = (torch.from_numpy(data.x_test), torch.from_numpy(data.y_test)) if len(data.y_test) else None
    return Objective(
        run.model(member),
        (torch.from_numpy(data.x_train), torch.from_numpy(data.y_train)),
        loss=run.recipe.loss_function,
        test=test,
        device=device,
        dtype=dtype,
        name=f"{run.name}:{member}",
        network=run.network.describe(),
    )


def subspace_of(
    run: Run,
    objective: Objective,
    view: View,
    *,
    member: int = 0,
    seed: int = 0,
    normalize: Normalization = "filter",
    ignore: Ignored = "1d",
    stored: bool = True,
) -> Subspace:
    """The line, plane or corridor through one member.

    Args:
        view: ``"corridor"`` needs the run's path; the others only its solution.
        seed: of the random directions.
        stored: as in `random_plane`; a corridor's direction is always stored.

    Raises:
        InputError: an unknown view.
    """
    if view == "corridor":
        steps, path, buffers = run.path(member)
        placed = {name: tensor.to(objective.device, objective.dtype) for name, tensor in path.items()}
        moved = {name: tensor.to(objective.device, objective.dtype) for name, tensor in buffers.items()}
        return corridor_along(placed, steps, seed=seed, normalize=normalize, ignore=ignore, buffers=moved)
    if view == "plane":
        return random_plane(objective, seed=seed, normalize=normalize, ignore=ignore, stored=stored)
    if view == "line":
        return random_line(objective, seed=seed, normalize=normalize, ignore=ignore, stored=stored)
    raise InputError(f"unknown view {view!r}; expected one of {', '.join(VIEWS)}")


def extent_of(run: Run, view: View, *, member: int = 0, device: torch.device | str = "cpu", **choices: Any) -> Extent:
    """The extent that the tool chooses for a view of one member; `common_extent` makes one of several.

    Args:
        choices: ``seed``, ``normalize`` and ``ignore``, as for `subspace_of`.
    """
    objective = objective_of(run, member, device=device)
    return choose_extent(objective, subspace_of(run, objective, view, member=member, **choices))


def sample_view(
    run: Run,
    view: View,
    *,
    member: int = 0,
    seed: int = 0,
    normalize: Normalization = "filter",
    ignore: Ignored = "1d",
    points: int = DEFAULT_POINTS,
    extent: float | Extent | None = None,
    path: str | Path | None = None,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    **options: Any,
) -> Grid:
    """A view of one member, sampled; kept in the run's own folder unless a ``path`` is given.

    Args:
        extent: None chooses it, see `choose_extent`; surfaces that are drawn side by side want a common one.
        options: passed on to `sample`.
    """
    objective = objective_of(run, member, device=device, dtype=dtype)
    stored = options.get("strategy") != "streamed"
    subspace = subspace_of(
        run, objective, view, member=member, seed=seed, normalize=normalize, ignore=ignore, stored=stored
    )
    rows = len(run.config["steps"]) if view == "corridor" else points
    if path is None:
        extent = choose_extent(objective, subspace) if extent is None else extent
        value = extent.value if isinstance(extent, Extent) else extent
        choices = {"normalize": normalize, "ignore": ignore, "points": points, "extent": value, "dtype": str(dtype)}
        path = kept_path(run, view, member, {"seed": seed, **choices})
    return sample(objective, subspace, points=(rows, points), extent=extent, path=path, **options)


def kept_path(run: Run, view: View, member: int, choices: dict[str, Any]) -> Path:
    """Where a run keeps the view that is sampled with these choices; the folder exists afterwards."""
    key = hashlib.sha256(json.dumps(choices, sort_keys=True).encode()).hexdigest()[:8]
    folder = run.folder / "surfaces"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot create {folder} ({error.strerror}); give another --runs") from error
    return folder / f"{view}-{member}-{key}.h5"
