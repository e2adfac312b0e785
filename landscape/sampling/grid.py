"""Sampling: an objective and a subspace in, a surface or a profile out; resumable, never moving the model."""

import json
import platform
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from landscape.defaults import DEFAULT_MEMORY, DEFAULT_POINTS, DEFAULT_RAYS
from landscape.engine.devices import is_out_of_memory
from landscape.engine.plans import Plan
from landscape.engine.precision import PRECISION_POINTS, precision_error, products
from landscape.engine.strategies import Strategy
from landscape.engine.trial import choose
from landscape.errors import FileError, InputError
from landscape.files import surfaces as store
from landscape.objective.objective import Objective
from landscape.records.base import LOSS, Axis, FloatArray, Status
from landscape.records.companions import Rays
from landscape.records.limits import Limit
from landscape.records.provenance import Accuracy, Identity, Making, Provenance
from landscape.records.sampled import Profile, Surface
from landscape.sampling.adaptive import Filling, check_tolerance, coarse_to_fine
from landscape.sampling.companions import marks_of, trajectory_of
from landscape.sampling.extent import Extent, choose_extent, given_extent
from landscape.sampling.rays import sample_rays
from landscape.space.subspaces import Subspace
from landscape.train.regime import regime
from landscape.version import __version__

SNAPSHOT_SECONDS = 10.0
# How many times fewer points a tolerance usually takes: what a choice of strategy may cost.
USUAL_SAVING = 7

Grid = Surface | Profile


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
    """The objective's metrics on a grid of the subspace.

    Every value is computed from the centre at its own coordinates. Where the loss is not a number it has diverged and
    is stored as inf.

    Args:
        points: grid points per axis, one number or one per axis; at least 2. A corridor has at most as many rows as
            the path has checkpoints.
        extent: half the side of the grid, in the subspace's unit (filter norms for random directions). None chooses
            it: see `choose_extent`; a file that is gone on with keeps its own. Surfaces of one figure want one extent:
            `common_extent`.
        rays: random directions along which the half-width is measured beside a surface; 0 for none.
        tolerance: None or 0 measures every grid point. Otherwise nested coarser grids are measured first, and where a
            spline is within this share of each loss's range at points held back from it, it fills the others: status
            2, with the estimated ``error``. A rough surface, or one that diverges, is measured in full. See
            `landscape.sampling.adaptive.coarse_to_fine` for the bound.
        path: where the record is kept while it grows (every 10 s) and when it is complete. A complete file of the same
            recipe is returned as it is, an incomplete one is gone on with. A file interpolated to a larger tolerance
            keeps its measured points and is refined. Further metrics in it, as of `sample_curvature`, stay as they are.
        overwrite: replace a file that holds something else.
        strategy: ``"auto"`` times the strategies on a few points and takes the fastest; ``"repeatable"`` takes one by
            rule, so that values repeat bit for bit; ``"streamed"`` is for models that barely fit, on planes made with
            ``stored=False``.
        memory: bytes a block may take; halved by itself when the device runs out.
        tf32: multiply float32 matrices in TF32, on an NVIDIA GPU. The other precisions are the objective's ``dtype``.
            The error against float64 is measured at 5 points and stored, whatever the precision.
        command: stored with the record.
        progress: show a bar on stderr.

    Returns:
        A `Surface` for two axes, a `Profile` for one; values indexed ``[i, j] = (alpha[i], beta[j])``.

    Raises:
        InputError: a grid that cannot be used, or an unknown strategy.
        FileError: ``path`` holds something else, or cannot be written.
    """
    if rays != 0 and rays < 2:
        raise InputError(f"rays are 0 (none) or at least 2 directions, got {rays}")
    chosen = _extent(objective, subspace, extent, None if overwrite else path)
    axes = subspace.axes(_per_axis(points), chosen.value)
    empty = _empty(objective, subspace, axes, command, chosen)
    if tf32:
        empty = replace(
            empty, provenance=replace(empty.provenance, identity=replace(empty.provenance.identity, dtype="tf32"))
        )
    started = _accurate(_begun(empty, path, overwrite), check_tolerance(tolerance), objective.metric_names)
    if started.complete and _rays_of(started, rays):
        return started
    begun = time.perf_counter()
    with tqdm(total=started.status.size, disable=not progress, unit="point", smoothing=0.05) as bar:
        sampler = _Sampler(objective, subspace, started, path, bar, begun)
        with products(objective, tf32=tf32):
            return sampler.run(rays, strategy, memory)


class _Sampler:
    """One sampling in progress: the arrays that grow, and the file that follows them."""

    def __init__(
        self, objective: Objective, subspace: Subspace, start: Grid, path: str | Path | None, bar: Any, begun: float
    ) -> None:
        self.objective, self.subspace, self.record, self.path, self.bar = objective, subspace, start, path, bar
        self.values = {name: np.array(values) for name, values in start.metrics.items()}
        self.status, self.error = np.array(start.status), np.array(start.error)
        self.rays = start.rays if isinstance(start, Surface) else None
        self.begun, self.spent_before = begun, start.provenance.making.wall_time
        self.built: dict[Plan, Strategy] = {}

    def run(self, rays: int, strategy: str, memory: int) -> Grid:
        coordinates = _coordinates(self.record.axes)
        plan = self._plan(coordinates, strategy, memory)
        self.bar.update(self.status.size - len(self._pending()))
        self.bar.set_description(self._described(plan))
        try:
            if self.record.provenance.accuracy.tolerance and not self.record.complete:
                plan = self._coarse_to_fine(coordinates, plan)
            plan = self._measure_all(self._pending(), coordinates, plan)
            self._note(plan)
            if rays and isinstance(self.record, Surface) and self.rays is None:
                self.bar.set_description(f"{self.objective.name} half-width, {rays} directions")
                self.rays = sample_rays(self.objective, num_directions=rays, strategy=strategy, memory=memory)
        finally:
            self._save()
        return self._snapshot()

    def _described(self, plan: Plan) -> str:
        """What is measured, by which strategy, and where it goes; the bar adds the points."""
        identity = self.record.provenance.identity
        to = f" -> {Path(self.path).name}" if self.path is not None else ""
        return f"{self.objective.name} {self.subspace.kind}, {plan.name} {identity.dtype}{to}"

    def _plan(self, coordinates: Tensor, strategy: str, memory: int) -> Plan:
        """The plan of the file that is gone on with, so that the same blocks give the same bits; else a new one."""
        provenance = self.record.provenance
        if provenance.making.strategy and provenance.making.block_size:
            return Plan.parse(provenance.making.strategy, provenance.making.block_size)
        plan = choose(
            self.objective,
            self.subspace,
            coordinates,
            strategy=strategy,
            memory=memory,
            num_points=len(coordinates) // (USUAL_SAVING if provenance.accuracy.tolerance else 1),
            strategies=self.built,
        )
        self._note(plan)
        error = precision_error(self.objective, self.subspace, coordinates, plan, self._strategy(plan))
        self._set_accuracy(precision_error=error, precision_points=min(PRECISION_POINTS, len(coordinates)))
        return plan

    def _measure_all(self, pending: NDArray[np.intp], coordinates: Tensor, plan: Plan) -> Plan:
        if not len(pending):
            return plan
        evaluate = self._strategy(plan)
        saved = time.perf_counter()
        position = 0
        while position < len(pending):
            block = pending[position : position + plan.block]
            try:
                self._store(block, evaluate(coordinates[block]).cpu().numpy())
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                plan = plan.half()
                self.bar.write(f"out of memory: going on with {plan.block} points, {plan.examples} examples at a time")
                self._note(plan)
                self.built.clear()
                evaluate = self._strategy(plan)
                continue
            position += len(block)
            self.bar.update(len(block))
            if time.perf_counter() - saved > SNAPSHOT_SECONDS:
                self._save()
                saved = time.perf_counter()
        return plan

    def _strategy(self, plan: Plan) -> Strategy:
        """The plan's strategy, kept from level to level with what it has computed of the first layer."""
        if plan not in self.built:
            self.built[plan] = plan.build(self.objective, self.subspace)
        return self.built[plan]

    def _pending(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.status.ravel() == Status.PENDING)

    def _coarse_to_fine(self, coordinates: Tensor, plan: Plan) -> Plan:
        """Measure what the search asks for and fill in the rest; what stays pending is to be measured."""
        own = {name: self.values[name] for name in self.objective.metric_names}
        search = coarse_to_fine(self.record.axes, own, self.record.provenance.accuracy.tolerance)
        while True:
            try:
                wanted = next(search)
            except StopIteration as end:
                if end.value is not None:
                    self._fill(end.value)
                return plan
            pending = wanted[self.status.flat[wanted] == Status.PENDING]
            plan = self._measure_all(pending, coordinates, plan)

    def _fill(self, filling: Filling) -> None:
        pending = self._pending()
        for name, values in filling.values.items():
            self.values[name].flat[pending] = values.flat[pending]
        self.error.flat[pending] = filling.errors[LOSS]
        self.status.flat[pending] = Status.INTERPOLATED
        self._set_accuracy(
            held_back_points=filling.held_back,
            interpolation_error=filling.errors,
            inside_error=filling.inside_error,
        )
        self.bar.update(len(pending))

    def _store(self, block: NDArray[np.intp], measured: FloatArray) -> None:
        for name, column in zip(self.objective.metric_names, measured.T, strict=True):
            diverged = np.isnan(column) & name.endswith("_loss")
            self.values[name].flat[block] = np.where(diverged, np.inf, column)
        self.status.flat[block] = Status.MEASURED

    def _note(self, plan: Plan) -> None:
        self._set_making(strategy=str(plan), block_size=plan.block)

    def _set_accuracy(self, **changes: Any) -> None:
        accuracy = replace(self.record.provenance.accuracy, **changes)
        self.record = replace(self.record, provenance=replace(self.record.provenance, accuracy=accuracy))

    def _set_making(self, **changes: Any) -> None:
        making = replace(self.record.provenance.making, **changes)
        self.record = replace(self.record, provenance=replace(self.record.provenance, making=making))

    def _snapshot(self) -> Grid:
        self._set_making(wall_time=self.spent_before + time.perf_counter() - self.begun)
        record = replace(self.record, metrics=self.values, status=self.status, error=self.error)
        return replace(record, rays=self.rays) if isinstance(record, Surface) else record

    def _save(self) -> None:
        if self.path is not None:
            store.save(self._snapshot(), self.path)


def _per_axis(points: int | Sequence[int]) -> tuple[int, ...]:
    given = (points,) if isinstance(points, int) else tuple(points)
    if not given or any(not isinstance(count, int) or count < 2 for count in given):
        raise InputError(f"a grid needs at least 2 points a side, got {points}")
    return given


def _coordinates(axes: tuple[Axis, ...]) -> Tensor:
    mesh = np.meshgrid(*(axis.values for axis in axes), indexing="ij")
    return torch.from_numpy(np.stack([part.ravel() for part in mesh], axis=1))


def _extent(objective: Objective, subspace: Subspace, extent: float | Extent | None, path: str | Path | None) -> Extent:
    """The extent as it was asked for, or that of the file that is gone on with, or one that is chosen now."""
    if isinstance(extent, Extent):
        return extent
    if extent is not None:
        return given_extent(extent)
    if path is not None and Path(path).exists():
        found = store.load(path)
        if found.provenance.extent.reach:
            return Extent(float(found.axes[-1].values[-1]), found.provenance.extent)
    return choose_extent(objective, subspace)


def _empty(objective: Objective, subspace: Subspace, axes: tuple[Axis, ...], command: str, extent: Extent) -> Grid:
    shape = tuple(len(axis) for axis in axes)
    metrics = {name: np.full(shape, np.nan) for name in objective.metric_names}
    status = np.full(shape, Status.PENDING, dtype=np.uint8)
    provenance = _provenance(objective, subspace, command, extent.limit)
    if len(axes) == 1:
        return Profile(axes, metrics, status, np.zeros(shape), provenance, directions=subspace.arrays)
    trajectory, marks = trajectory_of(objective, subspace), marks_of(objective, subspace)
    grid = (axes, metrics, status, np.zeros(shape), provenance)
    return Surface(*grid, trajectory=trajectory, marks=marks, directions=subspace.arrays)


def _provenance(objective: Objective, subspace: Subspace, command: str, limit: Limit) -> Provenance:
    cuda = objective.device.type == "cuda"
    identity = Identity(
        model=objective.name,
        network=objective.network,
        P=objective.P,
        N=objective.N,
        K=objective.K,
        regime=regime(objective.P, objective.drawn_from or objective.N, objective.K),
        drawn_from=objective.drawn_from,
        **cast(dict[str, Any], objective.fingerprint),
        subspace=subspace.recipe,
    )
    making = Making(
        device=torch.cuda.get_device_name(objective.device) if cuda else "cpu",
        versions={
            "landscape": __version__,
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        command=command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return Provenance(identity, Accuracy(standard_error=objective.standard_error), making, limit)


def _begun(empty: Grid, path: str | Path | None, overwrite: bool) -> Grid:
    """What ``path`` already holds of this very record, or the empty record."""
    if path is None:
        return empty
    if not Path(path).exists() or overwrite:
        store.check_writable(path, force=True)
        return empty
    found = store.load(path)
    different = _differences(found, empty)
    if different:
        raise FileError(
            f"{path} holds another record (differs in {', '.join(different)}); "
            "choose another path, or overwrite it (--force)"
        )
    return found


def _accurate(found: Grid, tolerance: float, names: Sequence[str]) -> Grid:
    """The record if it is complete and within the tolerance; else without its interpolated points, to go on from.

    Only the metrics of these names were ever interpolated.
    """
    accuracy = found.provenance.accuracy
    interpolated = found.status == Status.INTERPOLATED
    if found.complete and (not interpolated.any() or 0 < accuracy.tolerance <= tolerance):
        return found
    metrics = dict(found.metrics) | {name: np.where(interpolated, np.nan, found.metrics[name]) for name in names}
    status = np.where(interpolated, np.uint8(Status.PENDING), found.status)
    accuracy = replace(accuracy, tolerance=tolerance, held_back_points=0, interpolation_error={}, inside_error=0.0)
    provenance = replace(found.provenance, accuracy=accuracy)
    return replace(found, metrics=metrics, status=status, error=np.zeros(status.shape), provenance=provenance)


def _differences(found: Grid, wanted: Grid) -> list[str]:
    ours, theirs = _identity(wanted), _identity(found)
    different = [key for key, value in ours.items() if theirs.get(key) != value]
    return different if wanted.metrics.keys() <= found.metrics.keys() else [*different, "metrics"]


def _identity(record: Grid) -> dict[str, str]:
    identity = record.provenance.identity
    names = ("weights", "data", "loss", "dtype", "batchnorm")
    grid = {axis.name: json.dumps(axis.values.tolist()) for axis in record.axes}
    recipe = {f"subspace {key}": str(value) for key, value in identity.subspace.items()}
    return {name: getattr(identity, name) for name in names} | grid | recipe


def _rays_of(record: Grid, wanted: int) -> bool:
    """Whether the record already holds the rays that are asked for."""
    rays: Rays | None = record.rays if isinstance(record, Surface) else None
    return not isinstance(record, Surface) or not wanted or (rays is not None and len(rays.length) >= wanted)
