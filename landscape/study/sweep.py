"""Sweeps: conditions x widths x members, members trained stacked; resumable, one HDF5 file, an honest time left."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from landscape.defaults import RUNS
from landscape.errors import FileError, InputError, RunError
from landscape.files.findings import load_sweep, save_sweep
from landscape.records.base import FloatArray
from landscape.records.findings import Sweep
from landscape.train.datasets import Dataset, load_dataset
from landscape.train.networks import Family, NetworkConfig, build, count_parameters
from landscape.train.recipe import Recipe
from landscape.train.runs import Run, RunConfig, ensure_run, open_run
from landscape.train.training import History, checkpoint_steps, train

FOLDER = "studies"
# seconds per step and per multiply-add; only their ratio matters once the first network is trained
_STEP, _OPERATION = 2e-3, 5e-11


@dataclass(frozen=True)
class Condition:
    """One way to train: what differs from the sweep's own data and recipe.

    Args:
        name: a word or two, unique in the sweep.
        data: keyword arguments of `load_dataset`, such as ``{"labels": "random"}``; the number of examples stays.
        recipe: fields of `Recipe`, such as ``{"learning_rate": 0.1}``; steps and checkpoints stay.
    """

    name: str
    data: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SweepPlan:
    """Everything that fixes a sweep's numbers.

    Args:
        data: keyword arguments of `load_dataset`.
        widths: increasing.
        members: per width and condition; member k has seed ``seed + k``.
        recipe: common to all, but for what a condition changes.
        conditions: at least one.
        family: of the networks.
        depth: of the networks; the family's own by default.
        keep: keep every network as a run of its own, with its path.
    """

    data: Mapping[str, Any]
    widths: tuple[int, ...]
    members: int
    recipe: Recipe = field(default_factory=Recipe)
    conditions: tuple[Condition, ...] = (Condition("true"),)
    family: Family = "mlp"
    depth: int | None = None
    seed: int = 0
    keep: bool = False

    def __post_init__(self) -> None:
        names = [condition.name for condition in self.conditions]
        if not names or len(set(names)) != len(names):
            raise InputError(f"a sweep needs conditions with names of their own, got {names}")
        if not self.widths or list(self.widths) != sorted(set(self.widths)):
            raise InputError(f"the widths of a sweep must increase, got {list(self.widths)}")
        if self.members < 1:
            raise InputError(f"members must be at least 1, got {self.members}")

    def config(self, condition: Condition, width: int) -> RunConfig:
        """What one cell trains."""
        network = NetworkConfig(self.family, width, self.depth)
        recipe = replace(self.recipe, **condition.recipe)
        return RunConfig(network, {**self.data, **condition.data}, recipe, self.members, self.seed)

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON takes them."""
        conditions = [
            {"name": condition.name, "data": dict(condition.data), "recipe": dict(condition.recipe)}
            for condition in self.conditions
        ]
        return {
            "data": dict(self.data),
            "widths": list(self.widths),
            "members": self.members,
            "recipe": self.recipe.to_dict(),
            "conditions": conditions,
            "family": self.family,
            "depth": self.depth,
            "seed": self.seed,
            "keep": self.keep,
        }


def run_sweep(
    plan: SweepPlan, runs: str | Path = RUNS, *, device: torch.device | str = "cpu", progress: bool = True
) -> Sweep:
    """The metrics of every network of a plan; cells that are trained already are read.

    The file ``studies/sweep-KEY.h5`` in ``runs`` is replaced after each width and condition, so that a killed sweep
    goes on where it stopped and ends with the same numbers. With ``plan.keep`` each cell is a run as well.

    Raises:
        FileError: the folder or the file cannot be written.
        RunError: the data have changed under a sweep that was begun.
    """
    engine = _Engine(plan, Path(runs), device, progress)
    return engine.run()


def run_of(plan: SweepPlan, runs: str | Path, width: int, condition: str = "true") -> Run:
    """The run that a sweep with ``keep`` left for one width.

    Raises:
        RunError: there is none.
    """
    by_name = {entry.name: entry for entry in plan.conditions}
    return open_run(_run_name(plan, by_name[condition], width), runs)


class _Engine:
    """One sweep in progress: the record that grows, and the file that follows it."""

    def __init__(self, plan: SweepPlan, runs: Path, device: torch.device | str, progress: bool) -> None:
        self.plan, self.runs, self.device, self.progress = plan, runs, device, progress
        self.datasets: dict[str, Dataset] = {}
        self.origin = plan.to_dict() | {"digests": self._digests()}
        self.path = runs / FOLDER / f"sweep-{_digest(plan.to_dict())[:12]}.h5"
        self.cells = [(c, w) for c in range(len(plan.conditions)) for w in range(len(plan.widths))]

    def run(self) -> Sweep:
        sweep = self._last()
        waiting = [cell for cell in self.cells if not sweep.done[cell]]
        if not waiting:
            return sweep
        _make_folder(self.path.parent)
        clock = _Clock([self._cost(*cell) for cell in waiting])
        with tqdm(total=len(waiting), disable=not self.progress, unit="ensemble", desc="sweep") as bar:
            bar.set_postfix_str(f"about {clock.left()} of training", refresh=True)
            for cell in waiting:
                start = time.perf_counter()
                sweep = _with_cell(sweep, cell, self._train(*cell), time.perf_counter() - start)
                save_sweep(sweep, self.path)
                clock.add(time.perf_counter() - start)
                bar.set_postfix_str(f"about {clock.left()} to go", refresh=False)
                bar.update()
        return sweep

    def _last(self) -> Sweep:
        """The sweep on disk, or an empty one."""
        if not self.path.exists():
            return _empty(self.plan, self.origin, self._parameters, self._dataset(self.plan.conditions[0]))
        sweep = load_sweep(self.path)
        # the digests tell data of the same name whose bytes have changed
        if dict(sweep.plan) != self.origin:
            raise RunError(f"{self.path} was begun with other data; remove it, or give another --runs")
        return sweep

    def _train(self, condition: int, width: int) -> History:
        way = self.plan.conditions[condition]
        config = self.plan.config(way, self.plan.widths[width])
        if self.plan.keep:
            name = _run_name(self.plan, way, config.network.width)
            run = ensure_run(name, config, runs=self.runs, device=self.device, progress=self.progress)
            return run.history
        seeds = range(config.seed, config.seed + config.members)
        dataset = self._dataset(way)
        training = train(
            config.network, dataset, config.recipe, seeds=seeds, device=self.device, progress=self.progress, path=False
        )
        return training.history

    def _dataset(self, condition: Condition) -> Dataset:
        if condition.name not in self.datasets:
            self.datasets[condition.name] = load_dataset(**{**self.plan.data, **condition.data})
        return self.datasets[condition.name]

    def _digests(self) -> dict[str, str]:
        return {condition.name: self._dataset(condition).digest for condition in self.plan.conditions}

    @cached_property
    def _parameters(self) -> tuple[int, ...]:
        dataset = self._dataset(self.plan.conditions[0])
        configs = [NetworkConfig(self.plan.family, width, self.plan.depth) for width in self.plan.widths]
        return tuple(count_parameters(build(config, dataset.in_shape, dataset.K, seed=0)) for config in configs)

    def _cost(self, condition: int, width: int) -> float:
        """Seconds expected, up to a common factor: a fixed price per step, and one per multiply-add."""
        recipe = self.plan.config(self.plan.conditions[condition], self.plan.widths[width]).recipe
        dataset = self._dataset(self.plan.conditions[condition])
        batch = min(recipe.batch_size or dataset.N, dataset.N)
        # a gradient costs about three evaluations
        examples = recipe.steps * batch * 3 + recipe.checkpoints * (dataset.N + len(dataset.y_test))
        return recipe.steps * _STEP + examples * self.plan.members * self._parameters[width] * _OPERATION


class _Clock:
    """Time left: the expected cost of the cells that wait, at the speed of those that are trained."""

    def __init__(self, costs: list[float]) -> None:
        self.costs, self.num_trained, self.seconds = costs, 0, 0.0

    def add(self, seconds: float) -> None:
        """Counts one more cell as trained."""
        self.num_trained, self.seconds = self.num_trained + 1, self.seconds + seconds

    def left(self) -> str:
        """In seconds or minutes."""
        # until a cell is trained the guess is all there is
        speed = self.seconds / sum(self.costs[: self.num_trained]) if self.num_trained else 1.0
        seconds = sum(self.costs[self.num_trained :]) * speed
        return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _empty(plan: SweepPlan, origin: Mapping[str, Any], parameters: tuple[int, ...], dataset: Dataset) -> Sweep:
    step = np.array(sorted(checkpoint_steps(plan.recipe)), dtype=np.float64)
    cells = (len(plan.conditions), len(plan.widths))
    names = [f"{split}_{metric}" for split in ("train", "test") for metric in ("loss", "accuracy")]
    return Sweep(
        conditions=tuple(condition.name for condition in plan.conditions),
        widths=plan.widths,
        P=parameters,
        N=dataset.N,
        K=dataset.K,
        seeds=tuple(range(plan.seed, plan.seed + plan.members)),
        step=step,
        values={name: np.full((*cells, len(step), plan.members), np.nan) for name in names},
        done=np.zeros(cells, dtype=np.bool_),
        plan=origin,
        seconds=np.zeros(cells),
    )


def _with_cell(sweep: Sweep, cell: tuple[int, int], history: History, seconds: float) -> Sweep:
    values = {name: _put(array, cell, history.values[name]) for name, array in sweep.values.items()}
    return replace(sweep, values=values, done=_put(sweep.done, cell, True), seconds=_put(sweep.seconds, cell, seconds))


def _put(array: Any, cell: tuple[int, int], value: FloatArray | float | bool) -> Any:
    copy = array.copy()
    copy[cell] = value
    return copy


def _run_name(plan: SweepPlan, condition: Condition, width: int) -> str:
    config = plan.config(condition, width)
    content = [config.network.to_dict(), dict(config.data), config.recipe.to_dict(), config.members, config.seed]
    return f"study-{condition.name}-{plan.family}-{width}-{_digest(content)[:6]}"


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot create {folder} ({error.strerror}); give another --runs") from error
