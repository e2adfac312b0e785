"""Repeats: the same view along other random directions, as a mean with its band."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from landscape.defaults import DEFAULT_POINTS, DEFAULT_RAYS
from landscape.errors import FileError, InputError
from landscape.files import surfaces as store
from landscape.objective.objective import Objective
from landscape.records.base import FloatArray, Status
from landscape.records.provenance import Accuracy
from landscape.sampling.extent import Extent, choose_extent, common_extent
from landscape.sampling.grid import Grid, sample
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
    overwrite: bool = False,
    rays: int = DEFAULT_RAYS,
    progress: bool = True,
    **options: Any,
) -> Grid:
    """The mean of a metric over subspaces of different seeds, with the band they fill.

    At each grid point ``train_loss`` is the mean over the repeats, ``train_loss_low`` and ``train_loss_high`` their
    smallest and largest value, ``train_loss_std`` their standard deviation (n - 1); likewise every other metric. Each
    point of the mean belongs to different parameters in each repeat: it is an average of pictures, and the loss of no
    network. For a corridor it is the mean over several transverse directions.

    Args:
        make: the subspace of a seed: ``lambda seed: random_plane(objective, seed=seed)``.
        seeds: at least two, all different; stored in the recipe.
        points: as in `sample`.
        extent: as in `sample`; chosen for all repeats together, the largest that any would have.
        path: where the mean is kept; while it grows, each repeat lies beside it, from where it is gone on with.
        overwrite: replace a file that holds something else.
        rays: as in `sample`; they do not depend on the seeds.
        progress: show a bar for each repeat on stderr.
        options: passed on to `sample`.

    Raises:
        InputError: fewer than two seeds, or the same one twice.
        FileError: ``path`` holds something else, or cannot be written.
    """
    if len(seeds) < 2 or len(set(seeds)) < len(seeds):
        raise InputError(f"repeats need two seeds or more, all different, got {list(seeds)}")
    subspaces = [make(seed) for seed in seeds]
    recipe = _recipe(subspaces, seeds)
    reach = common_extent([choose_extent(objective, one) for one in subspaces]) if extent is None else extent
    grid: dict[str, Any] = {"points": points, "extent": reach}
    if path is not None:
        found = None if overwrite or not Path(path).exists() else store.load(path)
        if found is not None:
            wanted = {**objective.fingerprint, "subspace": recipe} | ({"dtype": "tf32"} if options.get("tf32") else {})
            _refuse_other(found, path, wanted, subspaces[0], {**options, **grid})
            return found
        store.check_writable(path, force=True)
    records = []
    for index, (seed, subspace) in enumerate(zip(seeds, subspaces, strict=True)):
        part = None if path is None else _part(path, seed)
        records.append(
            sample(
                objective,
                subspace,
                path=part,
                overwrite=overwrite,
                rays=0 if index else rays,
                progress=progress,
                **grid,
                **options,
            )
        )
    mean = _mean(records, recipe)
    if path is not None:
        store.save(mean, path)
        for seed in seeds:
            _part(path, seed).unlink(missing_ok=True)
    return mean


def _recipe(subspaces: Sequence[Subspace], seeds: Sequence[int]) -> dict[str, Any]:
    first = {key: value for key, value in subspaces[0].recipe.items() if key not in ("digest", "cosine", "length_kept")}
    digests = "".join(str(subspace.recipe["digest"]) for subspace in subspaces)
    made = {"repeats": len(seeds), "seeds": ", ".join(map(str, seeds)), "band": "smallest to largest"}
    return {**first, **made, "digest": space.digest_text(digests)}


def _refuse_other(
    found: Grid, path: str | Path, wanted: dict[str, Any], subspace: Subspace, options: dict[str, Any]
) -> None:
    different = [key for key, value in wanted.items() if getattr(found.provenance.identity, key) != value]
    points, extent = options["points"], options["extent"]
    reach = extent.value if isinstance(extent, Extent) else extent
    axes = subspace.axes((points,) if isinstance(points, int) else points, reach)
    if [axis.values.tolist() for axis in axes] != [axis.values.tolist() for axis in found.axes]:
        different.append("grid")
    if found.provenance.accuracy.tolerance > (options.get("tolerance") or 0.0):
        different.append("tolerance")
    if different:
        raise FileError(
            f"{path} holds another record (differs in {', '.join(different)}); "
            "choose another path, or overwrite it (--force)"
        )


def _part(path: str | Path, seed: int) -> Path:
    return Path(path).with_name(f"{Path(path).stem}.repeat-{seed}.h5")


def _mean(records: Sequence[Grid], recipe: dict[str, Any]) -> Grid:
    metrics: dict[str, FloatArray] = {}
    for name in records[0].metrics:
        values = np.stack([record.metrics[name] for record in records])
        with np.errstate(invalid="ignore"):
            metrics[name] = values.mean(axis=0)
            spread = np.where(np.isfinite(metrics[name]), values.std(axis=0, ddof=1), metrics[name])
        band = (values.min(axis=0), values.max(axis=0), spread)
        metrics |= {f"{name}_{suffix}": part for suffix, part in zip(SUFFIXES, band, strict=True)}
    measured = np.all([record.status == Status.MEASURED for record in records], axis=0)
    status = np.where(measured, np.uint8(Status.MEASURED), np.uint8(Status.INTERPOLATED))
    first, parts = records[0], [record.provenance for record in records]
    provenance = replace(
        first.provenance,
        identity=replace(first.provenance.identity, subspace=recipe),
        accuracy=Accuracy.worst([part.accuracy for part in parts]),
        making=replace(first.provenance.making, wall_time=sum(part.making.wall_time for part in parts)),
    )
    error = np.max([record.error for record in records], axis=0)
    return replace(first, metrics=metrics, status=status, error=error, provenance=provenance, directions=())
