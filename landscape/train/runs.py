"""Runs: a folder per trained ensemble, holding what was trained, how, the weights, the path and the curves.

``config.json`` says what and how; ``weights.safetensors`` holds the solutions (name -> (members, ...)),
``path.safetensors`` the path (name -> (T, members, ...)), ``curves.csv`` a row per member and checkpoint.
"""

import csv
import hashlib
import json
import os
import platform
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from landscape.defaults import DATASET, DEFAULT_MEMBERS, RUNS
from landscape.errors import FileError, InputError, RunError
from landscape.records.base import FloatArray
from landscape.train.configs import CONFIG, FORMAT, SCHEMA, read_config
from landscape.train.datasets import Dataset, load_dataset
from landscape.train.networks import PAIR, PRESETS, NetworkConfig, build, count_parameters
from landscape.train.recipe import Recipe
from landscape.train.regime import regime
from landscape.train.training import History, TrainingResult, train
from landscape.version import __version__

WEIGHTS, PATH, CURVES = "weights.safetensors", "path.safetensors", "curves.csv"


@dataclass(frozen=True)
class RunConfig:
    """What is trained and how: two runs with the same fingerprint hold the same numbers.

    Args:
        network: family and width.
        data: keyword arguments of `load_dataset`.
        recipe: how it is trained.
        members: networks trained side by side.
        seed: of member 0; member k has seed ``seed + k``.
    """

    network: NetworkConfig
    data: Mapping[str, Any]
    recipe: Recipe = field(default_factory=Recipe)
    members: int = DEFAULT_MEMBERS
    seed: int = 0

    def __post_init__(self) -> None:
        if self.members < 1:
            raise InputError(f"members must be at least 1, got {self.members}")

    def to_dict(self, dataset: Dataset) -> dict[str, Any]:
        """Everything that fixes the result, the data by their digest."""
        return {
            "network": self.network.to_dict(),
            "data": {**self.data, "digest": dataset.digest},
            "recipe": self.recipe.to_dict(),
            "members": self.members,
            "seed": self.seed,
        }


@dataclass(frozen=True, eq=False)
class Run:
    """A trained ensemble on disk; weights and path are read when they are asked for."""

    folder: Path
    config: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def members(self) -> int:
        """Number of members."""
        return int(self.config["members"])

    @property
    def diverged(self) -> tuple[int, ...]:
        """Members whose final training loss is not finite."""
        return tuple(self.config["diverged"])

    @property
    def network(self) -> NetworkConfig:
        """Family and width."""
        return NetworkConfig(**self.config["network"])

    @property
    def recipe(self) -> Recipe:
        """How it was trained."""
        return Recipe(**self.config["recipe"])

    @cached_property
    def dataset(self) -> Dataset:
        """The data it was trained on, read again and checked against their digest."""
        options = dict(self.config["data"])
        digest = options.pop("digest")
        dataset = load_dataset(**options)
        if dataset.digest != digest:
            raise RunError(f"the data of run {self.name!r} have changed since it was trained; train it again (--force)")
        return dataset

    def model(self, member: int = 0) -> nn.Module:
        """One member as a plain module in evaluation mode."""
        self._check(member)
        model = build(self.network, self.dataset.in_shape, self.dataset.K, seed=0)
        with _reading(self.folder / WEIGHTS) as file:
            state = {name: file.get_slice(name)[member] for name in file.keys()}  # noqa: SIM118
        model.load_state_dict(state)
        return model.eval()

    def path(self, member: int = 0) -> tuple[FloatArray, dict[str, Tensor], dict[str, Tensor]]:
        """Steps (T,), parameters and floating-point buffers of one member over its path, each (T, ...)."""
        self._check(member)
        parameters = dict(self.model(member).named_parameters())
        with _reading(self.folder / PATH) as file:
            path = {name: file.get_slice(name)[:, member] for name in file.keys()}  # noqa: SIM118
        buffers = {
            name: tensor for name, tensor in path.items() if name not in parameters and tensor.is_floating_point()
        }
        return np.array(self.config["steps"], dtype=np.float64), {name: path[name] for name in parameters}, buffers

    def final(self) -> dict[str, list[float]]:
        """Metrics at the end of training, name -> one number per member."""
        return {name: list(values) for name, values in self.config["final"].items()}

    @property
    def history(self) -> History:
        """Metrics of every member along training, exactly as they were measured."""
        with (self.folder / CURVES).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        names = [name for name in rows[0] if name not in ("member", "seed", "step")]
        table = {name: np.array([float(row[name]) for row in rows]).reshape(self.members, -1).T for name in names}
        return History(np.array(self.config["steps"], dtype=np.float64), table)

    def _check(self, member: int) -> None:
        if not 0 <= member < self.members:
            raise RunError(f"run {self.name!r} has members 0 to {self.members - 1}, got {member}")
        if member in self.diverged:
            raise RunError(
                f"member {member} of run {self.name!r} diverged; choose another one, or train it again "
                "with a smaller --learning-rate"
            )


def open_run(name: str, runs: str | Path = RUNS) -> Run:
    """The run of that name.

    Args:
        name: of its folder.
        runs: folder of the runs.

    Returns:
        The run; its weights and path are read when they are asked for.

    Raises:
        RunError: there is none, or its folder is not a run.
    """
    folder = Path(runs) / name
    if not folder.is_dir():
        existing = sorted(path.parent.name for path in Path(runs).glob(f"*/{CONFIG}"))
        raise RunError(f"no run {name!r} in {runs}; there {'are ' + ', '.join(existing) if existing else 'is none'}")
    return Run(folder, read_config(folder))


def ensure_run(
    name: str,
    config: RunConfig,
    *,
    runs: str | Path = RUNS,
    device: torch.device | str = "cpu",
    force: bool = False,
    progress: bool = True,
) -> Run:
    """The run of that name and configuration, trained unless it exists.

    It is trained in a folder beside its place and moved there when complete: a killed training leaves no half run, and
    a run that is replaced exists until the new one is complete.

    Args:
        name: of its folder.
        config: what is trained and how.
        runs: folder of the runs.
        device: where it is trained.
        force: train it again where a run of that name exists.
        progress: show a bar.

    Returns:
        The run; its weights and path are read when they are asked for.

    Raises:
        RunError: a run of that name holds another configuration, and ``force`` is not given.
    """
    check_name(name)
    dataset = load_dataset(**config.data)
    entries = config.to_dict(dataset)
    folder = Path(runs) / name
    if folder.exists() and not force:
        run = open_run(name, runs)
        differences = sorted(_differences(entries, run.config))
        if differences:
            raise RunError(
                f"run {name!r} in {runs} was trained otherwise ({'; '.join(differences)}); "
                "give the new one another --name, or replace it with --force"
            )
        return run
    with _new_folder(folder) as fresh:
        start = time.perf_counter()
        seeds = range(config.seed, config.seed + config.members)
        result = train(config.network, dataset, config.recipe, seeds=seeds, device=device, progress=progress)
        _write(fresh, entries, dataset, result, time.perf_counter() - start, str(device))
    return open_run(name, runs)


def check_name(name: str) -> None:
    """Refuses names that are no single visible folder, or that the shell's ``NAME:member`` would misread."""
    if not name or name.startswith(".") or any(char in name for char in "/\\:\0") or name != name.strip():
        raise InputError(f"a run's name is one folder name without '/', ':' or a leading dot, got {name!r}")


def _write(
    folder: Path, config: dict[str, Any], dataset: Dataset, result: TrainingResult, seconds: float, device: str
) -> None:
    network = NetworkConfig(**config["network"])
    num_parameters = count_parameters(build(network, dataset.in_shape, dataset.K, seed=0))
    entries = {
        "format": FORMAT,
        "schema": SCHEMA,
        **config,
        "fingerprint": fingerprint(config),
        "P": num_parameters,
        "N": dataset.N,
        "K": dataset.K,
        "regime": regime(num_parameters, dataset.N, dataset.K),
        "steps": result.history.step.astype(int).tolist(),
        "diverged": list(result.diverged),
        "final": {name: values[-1].tolist() for name, values in result.history.values.items()},
        "versions": {
            "landscape": __version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "device": device,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "wall_time": round(seconds, 3),
    }
    save_file({name: tensor[-1].contiguous() for name, tensor in result.path.items()}, folder / WEIGHTS)
    save_file({name: tensor.contiguous() for name, tensor in result.path.items()}, folder / PATH)
    _write_history(folder / CURVES, result)
    (folder / CONFIG).write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


def fingerprint(config: Mapping[str, Any]) -> str:
    """SHA-256 of everything that fixes a run's numbers."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


def _write_history(path: Path, result: TrainingResult) -> None:
    history = result.history
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["member", "seed", "step", *history.values])
        for member, seed in enumerate(result.seeds):
            for row, step in enumerate(history.step.astype(int).tolist()):
                writer.writerow([member, seed, step, *(repr(float(v[row, member])) for v in history.values.values())])


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """A folder that takes its place only when the block ends well."""
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        yield fresh
        old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except (OSError, SafetensorError) as error:
        raise FileError(f"cannot write the run {folder}: {error}; free some space, or give another --runs") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextmanager
def _reading(path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except (OSError, SafetensorError) as error:
        raise RunError(f"cannot read {path}: {error}; train the run again (--force)") from error


def _differences(config: Mapping[str, Any], earlier: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Entries of a configuration that an earlier run has otherwise."""
    for key, value in config.items():
        before = earlier.get(key)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            yield from _differences(value, before, f"{prefix}{key}.")
        elif value != before:
            yield f"{prefix}{key} is {before!r}, asked {value!r}"


def models_of(spec: str) -> list[tuple[str, int]]:
    """``NAME`` or ``NAME:member`` as (name, member); ``pair`` stands for narrow and wide.

    Raises:
        InputError: a member that is no number.
    """
    name, _, member = spec.partition(":")
    if member and not member.isdecimal():
        raise InputError(
            f"a model is named NAME or NAME:member with a number, got {spec!r}; one of your own is measured by "
            "landscape sample --model package.module:factory --data package.module:factory into a file, which goes on "
            "from there"
        )
    check_name(name)
    return [(run, int(member or 0)) for run in (PAIR if name == "pair" else (name,))]


def preset(name: str) -> RunConfig:
    """The configuration of a preset, on the bundled digits.

    Raises:
        InputError: no preset has that name.
    """
    if name not in PRESETS:
        raise InputError(f"unknown model {name!r}; expected {', '.join(PRESETS)}, pair, or the name of a run")
    return RunConfig(PRESETS[name], {"name": DATASET})


def presets(name: str) -> dict[str, RunConfig]:
    """The configurations that a name stands for: of a preset, or of both networks of ``"pair"``.

    Args:
        name: ``"narrow"``, ``"wide"`` or ``"pair"``.

    Returns:
        The configuration of each run by its name.

    Raises:
        InputError: no preset has that name.
    """
    return {single: preset(single) for single, _ in models_of(name)}


def find_or_train(name: str, *, runs: str | Path = RUNS, device: str = "cpu", progress: bool = True) -> Run:
    """The run of that name as it is, or a preset of that name trained now."""
    if (Path(runs) / name).exists():
        return open_run(name, runs)
    return ensure_run(name, preset(name), runs=runs, device=device, progress=progress)
