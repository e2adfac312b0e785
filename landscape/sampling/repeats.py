"""Repeats: the same view along other random directions, as a mean with its band."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from landscape.defaults import DEFAULT_POINTS
from landscape.errors import InputError
from landscape.files import surfaces as store
from landscape.objective.objective import Objective
from landscape.records.base import Axis, FloatArray, Status
from landscape.records.provenance import Accuracy
from landscape.records.recipe import RepeatsRecipe
from landscape.records.recipe_keys import mean_recipe
from landscape.sampling.extent import Extent, choose_extent, common_extent
from landscape.sampling.grid import Sampling, Where, sample
from landscape.sampling.start import Grid, refuse_other
from landscape.space import parameters as space
from landscape.space.subspaces import Subspace

SUFFIXES = ("low", "high", "std")


def sample_repeats(
    objective: Objective,
    make: Callable[[int], Subspace],
    *,
    seeds: Sequence[int],
    points: int | Sequence[int] = DEFAULT_POINTS,
    extent: float | Extent | None = None,
    path: str | Path | None = None,
    progress: bool = True,
    **options: Unpack[Sampling],
) -> Grid:
    """The mean of a metric over subspaces of different seeds, with the band they fill.

    At each grid point ``train_loss`` is the mean over the repeats, ``train_loss_low`` and ``train_loss_high`` their
    smallest and largest value, ``train_loss_std`` their standard deviation (n - 1); likewise every other metric. Each
    point of the mean belongs to different parameters in each repeat: it is an average of pictures, and the loss of no
    network. For a corridor the mean is over several transverse directions.

    Args:
        objective: what is evaluated.
        make: from a seed to its subspace: ``lambda seed: random_plane(objective, seed=seed)``.
        seeds: at least two, all different; stored in the recipe.
        points: as in `sample`.
        extent: as in `sample`; chosen for all repeats together, the largest that any would have.
        path: where the mean is kept; while it grows, each repeat lies beside it, from where it is gone on with.
        progress: show a bar for each repeat on stderr.
        options: further options of `sample`; rays do not depend on the seeds and are measured once.

    Returns:
        A `Surface` or `Profile` as `sample` gives it, each metric with its band as three more.

    Raises:
        InputError: fewer than two seeds, or the same one twice.
        FileError: ``path`` holds something else, or cannot be written.
    """
    if len(seeds) < 2 or len(set(seeds)) < len(seeds):
        raise InputError(f"repeats need two seeds or more, all different, got {list(seeds)}")
    subspaces = [make(seed) for seed in seeds]
    recipe = _recipe(subspaces, seeds)
    if extent is None:
        extent = common_extent([choose_extent(objective, subspace) for subspace in subspaces])
    counts = (points,) if isinstance(points, int) else tuple(points)
    axes = subspaces[0].axes(counts, extent.value if isinstance(extent, Extent) else extent)
    if path is not None:
        if Path(path).exists() and not options.get("overwrite"):
            record = store.load(path)
            refuse_other(path, _differences(record, objective, recipe, axes, options))
            return record
        store.check_writable(path, force=True)
    records = []
    for seed, subspace in zip(seeds, subspaces, strict=True):
        grid: Where = {"points": points, "extent": extent, "path": None if path is None else _part(path, seed)}
        records.append(sample(objective, subspace, progress=progress, **grid, **options))
        options["rays"] = 0  # they start at the centre, whatever the seed of the subspace
    mean = _mean(records, recipe)
    if path is not None:
        store.save(mean, path)
        for seed in seeds:
            _part(path, seed).unlink(missing_ok=True)
    return mean


def _recipe(subspaces: Sequence[Subspace], seeds: Sequence[int]) -> RepeatsRecipe:
    recipes = [subspace.recipe for subspace in subspaces]
    return mean_recipe(recipes, seeds, space.digest_text("".join(recipe.digest for recipe in recipes)))


def _differences(
    record: Grid, objective: Objective, recipe: RepeatsRecipe, axes: Sequence[Axis], options: Sampling
) -> list[str]:
    """In what the record differs from the mean that is asked for, by name."""
    identity: dict[str, Any] = {**objective.fingerprint, "subspace": recipe}
    if options.get("tf32"):
        identity["dtype"] = "tf32"
    different = [key for key, value in identity.items() if getattr(record.provenance.identity, key) != value]
    if [axis.values.tolist() for axis in axes] != [axis.values.tolist() for axis in record.axes]:
        different.append("grid")
    if record.provenance.accuracy.tolerance > (options.get("tolerance") or 0.0):
        different.append("tolerance")
    return different


def _part(path: str | Path, seed: int) -> Path:
    return Path(path).with_name(f"{Path(path).stem}.repeat-{seed}.h5")


def _mean(records: Sequence[Grid], recipe: RepeatsRecipe) -> Grid:
    """The mean record with the band of each metric."""
    metrics: dict[str, FloatArray] = {}
    for name in records[0].metrics:
        values = np.stack([record.metrics[name] for record in records])
        with np.errstate(invalid="ignore"):
            metrics[name] = values.mean(axis=0)
            spread = np.where(np.isfinite(metrics[name]), values.std(axis=0, ddof=1), metrics[name])
        band = (values.min(axis=0), values.max(axis=0), spread)
        metrics |= {f"{name}_{suffix}": part for suffix, part in zip(SUFFIXES, band, strict=True)}
    everywhere = np.all([record.status == Status.MEASURED for record in records], axis=0)
    status = np.where(everywhere, np.uint8(Status.MEASURED), np.uint8(Status.INTERPOLATED))
    first, parts = records[0], [record.provenance for record in records]
    provenance = replace(
        first.provenance,
        identity=replace(first.provenance.identity, subspace=recipe),
        accuracy=Accuracy.worst([part.accuracy for part in parts]),
        making=replace(first.provenance.making, wall_time=sum(part.making.wall_time for part in parts)),
    )
    error = np.max([record.error for record in records], axis=0)
    return replace(first, metrics=metrics, status=status, error=error, provenance=provenance, directions=())
