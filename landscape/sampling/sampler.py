"""One sampling in progress: the arrays that grow, and the file that follows them."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from landscape.engine.devices import is_out_of_memory
from landscape.engine.plans import Plan
from landscape.engine.precision import PRECISION_POINTS, precision_error
from landscape.engine.strategies import Strategy
from landscape.engine.trial import choose
from landscape.files import surfaces as store
from landscape.objective.objective import Objective
from landscape.records.base import LOSS, Axis, FloatArray, Status
from landscape.records.sampled import Surface
from landscape.sampling.adaptive import Filling, coarse_to_fine
from landscape.sampling.rays import sample_rays
from landscape.sampling.start import Grid
from landscape.space.subspaces import Subspace

SNAPSHOT_SECONDS = 10.0
# How many times fewer points a tolerance usually takes: what a choice of strategy may cost.
USUAL_SAVING = 7


class Sampler:
    """Fills a record, from where it stands."""

    def __init__(
        self, objective: Objective, subspace: Subspace, record: Grid, path: str | Path | None, bar: "tqdm[None]"
    ) -> None:
        self.objective, self.subspace, self.record, self.path, self.bar = objective, subspace, record, path, bar
        self.values = {name: np.array(values) for name, values in record.metrics.items()}
        self.status, self.error = np.array(record.status), np.array(record.error)
        self.rays = record.rays if isinstance(record, Surface) else None
        self.accuracy, self.making = record.provenance.accuracy, record.provenance.making
        self.start_time = time.perf_counter()
        self.coordinates = _coordinates(record.axes)
        self.strategies: dict[Plan, Strategy] = {}

    def run(self, num_rays: int, strategy: str, memory: int) -> Grid:
        """The complete record; what is there when something fails is in the file."""
        self.plan = self._plan(strategy, memory)
        self.bar.update(self.status.size - len(self._pending()))
        self.bar.set_description(self._description())
        try:
            if self.accuracy.tolerance and not self.record.complete:
                values = {name: self.values[name] for name in self.objective.metric_names}
                rise = self.record.provenance.loss_scale.rise
                filling = coarse_to_fine(self.record.axes, values, self.accuracy.tolerance, self._measure, rise=rise)
                if filling is not None:
                    self._fill(filling)
            self._measure(self._pending())
            self._note_plan()
            if num_rays and isinstance(self.record, Surface) and self.rays is None:
                self.bar.set_description(f"{self.objective.name} half-width, {num_rays} directions")
                self.rays = sample_rays(self.objective, num_directions=num_rays, strategy=strategy, memory=memory)
        finally:
            self._save()
        return self._snapshot()

    def _description(self) -> str:
        """What is measured, by which strategy, and where it goes; the bar adds the points."""
        target = f" -> {Path(self.path).name}" if self.path is not None else ""
        dtype = self.record.provenance.identity.dtype
        return f"{self.objective.name} {self.subspace.kind}, {self.plan.name} {dtype}{target}"

    def _plan(self, strategy: str, memory: int) -> Plan:
        """The plan of the file that is gone on with, so that the same blocks give the same bits; else a new one."""
        if self.making.strategy and self.making.block_size:
            return Plan.parse(self.making.strategy, self.making.block_size)
        self.plan = choose(
            self.objective,
            self.subspace,
            self.coordinates,
            strategy=strategy,
            memory=memory,
            num_points=len(self.coordinates) // (USUAL_SAVING if self.accuracy.tolerance else 1),
            strategies=self.strategies,
        )
        self._note_plan()
        error, note = precision_error(self.objective, self.subspace, self.coordinates, self.plan, self._strategy())
        num_points = 0 if note else min(PRECISION_POINTS, len(self.coordinates))
        self.accuracy = replace(self.accuracy, precision_error=error, precision_points=num_points, precision_note=note)
        return self.plan

    def _measure(self, points: NDArray[np.intp]) -> None:
        """Measure those of the points, flat indices, that are pending, block by block."""
        pending = points[self.status.flat[points] == Status.PENDING]
        if not len(pending):
            return
        evaluate, save_time, position = self._strategy(), time.perf_counter(), 0
        while position < len(pending):
            block = pending[position : position + self.plan.block]
            try:
                self._store(block, evaluate(self.coordinates[block]).cpu().numpy())
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self._halve_plan()
                evaluate = self._strategy()
                continue
            position += len(block)
            self.bar.update(len(block))
            if time.perf_counter() - save_time > SNAPSHOT_SECONDS:
                self._save()
                save_time = time.perf_counter()

    def _halve_plan(self) -> None:
        self.plan = self.plan.half()
        sizes = f"{self.plan.block} points, {self.plan.examples} examples"
        self.bar.write(f"out of memory: going on with {sizes} at a time")
        self._note_plan()
        self.strategies.clear()  # what a strategy has precomputed takes memory too

    def _strategy(self) -> Strategy:
        """The plan's strategy, the same from level to level, with what it has computed of the first layer."""
        if self.plan not in self.strategies:
            self.strategies[self.plan] = self.plan.build(self.objective, self.subspace)
        return self.strategies[self.plan]

    def _pending(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.status.ravel() == Status.PENDING)

    def _fill(self, filling: Filling) -> None:
        """Put interpolated values where nothing was measured."""
        pending = self._pending()
        for name, values in filling.values.items():
            self.values[name].flat[pending] = values.flat[pending]
        self.error.flat[pending] = filling.errors[LOSS]
        self.status.flat[pending] = Status.INTERPOLATED
        self.accuracy = replace(
            self.accuracy,
            held_back_points=filling.held_back,
            interpolation_error=filling.errors,
            inside_error=filling.inside_error,
        )
        self.bar.update(len(pending))

    def _store(self, block: NDArray[np.intp], columns: FloatArray) -> None:
        for name, column in zip(self.objective.metric_names, columns.T, strict=True):
            diverges = np.isnan(column) & name.endswith("_loss")
            self.values[name].flat[block] = np.where(diverges, np.inf, column)
        self.status.flat[block] = Status.MEASURED

    def _note_plan(self) -> None:
        self.making = replace(self.making, strategy=str(self.plan), block_size=self.plan.block)

    def _snapshot(self) -> Grid:
        """The record as it stands; the time of earlier attempts counts too."""
        earlier = self.record.provenance.making.wall_time
        making = replace(self.making, wall_time=earlier + time.perf_counter() - self.start_time)
        provenance = replace(self.record.provenance, accuracy=self.accuracy, making=making)
        record = replace(self.record, metrics=self.values, status=self.status, error=self.error, provenance=provenance)
        return replace(record, rays=self.rays) if isinstance(record, Surface) else record

    def _save(self) -> None:
        if self.path is not None:
            store.save(self._snapshot(), self.path)


def _coordinates(axes: tuple[Axis, ...]) -> Tensor:
    """Coordinates of all points of the grid, (k, dims), the last axis running fastest."""
    mesh = np.meshgrid(*(axis.values for axis in axes), indexing="ij")
    return torch.from_numpy(np.stack([part.ravel() for part in mesh], axis=1))
