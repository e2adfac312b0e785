"""Sampling: an objective and a subspace in, a surface or a profile out; resumable, never moving the model."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from tqdm import tqdm

from landscape.defaults import DEFAULT_MEMORY, DEFAULT_POINTS, DEFAULT_RAYS
from landscape.engine.precision import products
from landscape.errors import InputError
from landscape.objective.objective import Objective
from landscape.records.recipe import INPUT_PLANE
from landscape.records.sampled import Surface
from landscape.sampling.adaptive import check_tolerance
from landscape.sampling.extent import Extent, settle_extent
from landscape.sampling.sampler import Sampler
from landscape.sampling.start import Grid, Origin, identify, refuse_foreign, start_record
from landscape.space.subspaces import Subspace


class Where(TypedDict):
    """The options of `sample` that say where its points and its file are."""

    points: int | Sequence[int]
    extent: float | Extent | None
    path: str | Path | None


class Sampling(TypedDict, total=False):
    """The options of `sample` that say how, and not where."""

    rays: int
    tolerance: float | None
    overwrite: bool
    strategy: str
    memory: int
    tf32: bool
    command: str


def sample(
    objective: Objective,
    subspace: Subspace,
    *,
    points: int | Sequence[int] = DEFAULT_POINTS,
    extent: float | Extent | None = None,
    rays: int = DEFAULT_RAYS,
    tolerance: float | None = None,
    path: str | Path | None = None,
    overwrite: bool = False,
    strategy: str = "auto",
    memory: int = DEFAULT_MEMORY,
    tf32: bool = False,
    command: str = "",
    progress: bool = True,
) -> Grid:
    """The objective's metrics on a grid of the subspace; where the loss is not a number it has diverged: inf.

    Args:
        objective: what is evaluated; never changed.
        subspace: where; every value is computed from its centre at the point's own coordinates.
        points: grid points per axis, one number or one per axis; at least 2. A corridor has at most as many rows as
            the path has checkpoints.
        extent: half the side of the grid, in the subspace's unit (filter norms for random directions). None chooses
            it, see `choose_extent`; a file that is gone on with keeps its own. For one figure see `common_extent`.
        rays: random directions along which the half-width is measured beside a surface; 0 for none, as for inputs.
        tolerance: None or 0 measures every grid point. Otherwise points may be interpolated within this share of each
            loss's range (status 2, with the estimated ``error``), see `landscape.sampling.adaptive.coarse_to_fine`.
        path: where the record is kept while it grows (every 10 s) and when it is complete. A complete file of the same
            recipe is returned as it is, an incomplete one, or one of a larger tolerance, is gone on with.
        overwrite: replace a file that holds something else.
        strategy: ``"auto"`` takes the fastest of a few points; ``"repeatable"`` one by rule, so that values repeat bit
            for bit; ``"streamed"`` is for models that barely fit, on planes made with ``stored=False``.
        memory: bytes a block may take; halved by itself when the device runs out.
        tf32: multiply float32 matrices in TF32, on an NVIDIA GPU; other precisions are the objective's ``dtype``.
        command: stored with the record.
        progress: show a bar on stderr.

    Returns:
        A `Surface` for two axes, a `Profile` for one; values indexed ``[i, j] = (alpha[i], beta[j])``.

    Raises:
        InputError: a grid that cannot be used, or an unknown strategy.
        FileError: ``path`` holds something else, or cannot be written.
    """
    share, counts, rays = check_tolerance(tolerance), _per_axis(points), _num_rays(rays, subspace)
    refuse_foreign(objective, subspace)
    grid = settle_extent(objective, subspace, extent, None if overwrite else path)
    origin: Origin = {"command": command, "path": path, "overwrite": overwrite, "tolerance": share}
    identity = identify(objective, subspace, tf32=tf32)
    axes = subspace.axes(counts, grid.value)
    record = start_record(objective, subspace, axes, identity=identity, limit=grid.limit, **origin)
    lacks_rays = rays and isinstance(record, Surface) and (record.rays is None or len(record.rays.length) < rays)
    if record.complete and not lacks_rays:
        return record
    size, precision = record.status.size, products(objective, tf32=tf32)
    with precision, tqdm(total=size, disable=not progress, unit="point", smoothing=0.05) as bar:
        return Sampler(objective, subspace, record, path, bar).run(rays, strategy, memory)


def _num_rays(rays: int, subspace: Subspace) -> int:
    """The number of rays; none around an input, since their unit is one of parameters."""
    if rays != 0 and rays < 2:
        raise InputError(f"rays are 0 (none) or at least 2 directions, got {rays}")
    return 0 if subspace.kind == INPUT_PLANE else rays


def _per_axis(points: int | Sequence[int]) -> tuple[int, ...]:
    """The number of grid points along each axis."""
    counts = (points,) if isinstance(points, int) else tuple(points)
    if not counts or any(not isinstance(count, int) or count < 2 for count in counts):
        raise InputError(f"a grid needs at least 2 points a side, got {points}")
    return counts
