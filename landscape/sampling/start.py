"""The record that a sampling starts from: an empty one, or what its file holds of the very same record."""

import json
import platform
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias, TypedDict, Unpack

import numpy as np
import torch

from landscape.errors import FileError, InputError
from landscape.files import surfaces as store
from landscape.objective.objective import Objective
from landscape.records.base import Axis, Status
from landscape.records.limits import Limit
from landscape.records.provenance import Accuracy, Identity, Making, Provenance
from landscape.records.recipe import InputRecipe
from landscape.records.sampled import Profile, Surface
from landscape.sampling.companions import marks_of, trajectory_of
from landscape.space.subspaces import Subspace
from landscape.version import __version__

Grid: TypeAlias = Surface | Profile


class Origin(TypedDict):
    """Where a record is kept, and how near to exact it is to be."""

    tolerance: float
    command: str
    path: str | Path | None
    overwrite: bool


def start_record(
    objective: Objective,
    subspace: Subspace,
    axes: tuple[Axis, ...],
    *,
    identity: Identity,
    limit: Limit,
    **origin: Unpack[Origin],
) -> Grid:
    """What ``path`` already holds of this very record within the tolerance, or an empty record.

    Raises:
        FileError: ``path`` holds another record, or cannot be written.
    """
    path, tolerance = origin["path"], origin["tolerance"]
    if path is not None:
        if Path(path).exists() and not origin["overwrite"]:
            record = store.load(path)
            refuse_other(path, _differences(record, identity, axes, objective.metric_names))
            return _within(record, tolerance, objective.metric_names)
        store.check_writable(path, force=True)
    shape = tuple(len(axis) for axis in axes)
    values = {name: np.full(shape, np.nan) for name in objective.metric_names}
    status, error = np.full(shape, Status.PENDING, dtype=np.uint8), np.zeros(shape)
    accuracy = Accuracy(tolerance=tolerance, standard_error=objective.standard_error)
    provenance = Provenance(identity, accuracy, _making(objective.device, origin["command"]), limit)
    if len(axes) == 1:
        return Profile(axes, values, status, error, provenance, directions=subspace.arrays)
    trail, landmarks = subspace.trail, subspace.landmarks
    return Surface(
        axes,
        values,
        status,
        error,
        provenance,
        trajectory=None if trail is None else trajectory_of(objective, subspace, trail),
        marks=None if landmarks is None else marks_of(objective, subspace, landmarks),
        directions=subspace.arrays,
    )


def refuse_foreign(objective: Objective, subspace: Subspace) -> None:
    """Refuse a subspace of another network than the objective's.

    Raises:
        InputError: names or shapes that the objective's network does not have.
    """
    network = {**objective.buffers, **objective.centre}
    unknown = [name for name in subspace.centre if name not in network]
    if unknown:
        raise InputError(
            f"the {subspace.kind} names {', '.join(unknown[:4])}, which {objective.name} lacks; it has "
            f"{', '.join(list(objective.centre)[:3])}, ..."
        )
    for name, tensor in subspace.centre.items():
        if tensor.shape != network[name].shape:
            shapes = f"{tuple(tensor.shape)} in the {subspace.kind} and {tuple(network[name].shape)}"
            raise InputError(f"{name!r} has shape {shapes} in {objective.name}: expected one network")


def refuse_other(path: str | Path, differences: Sequence[str]) -> None:
    """Refuse to go on from a file that differs.

    Raises:
        FileError: there are differences.
    """
    if differences:
        raise FileError(
            f"{path} holds another record (differs in {', '.join(differences)}); "
            "choose another path, or overwrite it (--force)"
        )


def identify(objective: Objective, subspace: Subspace, *, tf32: bool) -> Identity:
    """What the values of a record are of."""
    fingerprint = objective.fingerprint
    identity = Identity(
        model=objective.name,
        network=objective.network,
        P=objective.P,
        N=objective.N,
        K=objective.K,
        regime=objective.regime,
        weights=fingerprint["weights"],
        data=fingerprint["data"],
        loss=fingerprint["loss"],
        dtype="tf32" if tf32 else fingerprint["dtype"],
        batchnorm=fingerprint["batchnorm"],
        subspace=subspace.recipe,
        drawn_from=objective.drawn_from,
        guess=objective.scale.guess,
    )
    # around an input, its numbers would be taken for the network's parameters
    around_input = isinstance(identity.subspace, InputRecipe)
    return replace(identity, P=0, N=0, K=0, regime="") if around_input else identity


def _within(record: Grid, tolerance: float, names: Sequence[str]) -> Grid:
    """The record if it is complete and within the tolerance; else without its interpolated points, to go on from.

    Only the metrics of these names were ever interpolated.
    """
    accuracy = record.provenance.accuracy
    guesses = record.status == Status.INTERPOLATED
    if record.complete and (not guesses.any() or 0 < accuracy.tolerance <= tolerance):
        return record
    metrics = dict(record.metrics) | {name: np.where(guesses, np.nan, record.metrics[name]) for name in names}
    status = np.where(guesses, np.uint8(Status.PENDING), record.status)
    accuracy = replace(accuracy, tolerance=tolerance, held_back_points=0, interpolation_error={}, inside_error=0.0)
    provenance = replace(record.provenance, accuracy=accuracy)
    return replace(record, metrics=metrics, status=status, error=np.zeros(status.shape), provenance=provenance)


def _making(device: torch.device, command: str) -> Making:
    return Making(
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        versions={
            "landscape": __version__,
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        command=command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _differences(record: Grid, identity: Identity, axes: Iterable[Axis], names: Iterable[str]) -> list[str]:
    """In what the record differs from one of this identity on these axes, by name."""
    ours, theirs = _digest(identity, axes), _digest(record.provenance.identity, record.axes)
    different = [key for key, value in ours.items() if theirs.get(key) != value]
    return different if set(names) <= record.metrics.keys() else [*different, "metrics"]


def _digest(identity: Identity, axes: Iterable[Axis]) -> dict[str, str]:
    """What two records of one sampling have in common, as text."""
    names = ("weights", "data", "loss", "dtype", "batchnorm")
    grid = {axis.name: json.dumps(axis.values.tolist()) for axis in axes}
    recipe = {f"subspace {key}": str(value) for key, value in identity.subspace.to_dict().items()}
    return {name: getattr(identity, name) for name in names} | grid | recipe
