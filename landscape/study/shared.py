"""Parts that studies share: the sweep over widths on true labels, curves with bands, and the facts of a provenance."""

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from landscape.records.base import FloatArray
from landscape.records.estimates import Number
from landscape.records.findings import Series, Style, Sweep
from landscape.records.sampled import Surface
from landscape.sampling.grid import sample
from landscape.sampling.solutions import Solution
from landscape.sampling.views import subspace_of
from landscape.statistics.intervals import band_of, mean_of
from landscape.study.settings import Settings
from landscape.study.sweep import SweepPlan, run_of, run_sweep
from landscape.train.recipe import Recipe
from landscape.train.runs import Run
from landscape.version import __version__

TRUE = "true"
# Narrow and wide of the presets, where the sweep has them.
NARROW = 4


def main_plan(settings: Settings) -> SweepPlan:
    """The sweep that most studies look at: true labels, every network kept with its path."""
    steps = settings.steps or settings.pick(quick=800, full=1500)
    checkpoints = settings.pick(quick=25, full=49) if settings.small else 13
    recipe = Recipe(steps=steps, checkpoints=min(checkpoints, steps + 1))
    return SweepPlan(settings.data, settings.main_widths, settings.num_members, recipe, seed=settings.seed, keep=True)


def main_sweep(settings: Settings) -> Sweep:
    """The sweep of `main_plan`, trained where it is not."""
    return run_sweep(main_plan(settings), settings.runs, device=settings.device, progress=settings.progress)


def main_run(settings: Settings, width: int) -> Run:
    """The run of one width of the main sweep."""
    return run_of(main_plan(settings), settings.runs, width)


def alive(run: Run) -> list[int]:
    """The members of a run that did not diverge."""
    return [member for member in range(run.members) if member not in run.diverged]


def pair_of(widths: tuple[int, ...]) -> tuple[int, int]:
    """The narrow and the wide width that a claim is decided by: 4 (or the smallest), and the largest."""
    return (NARROW if NARROW in widths[:-1] else widths[0]), widths[-1]


def rows_of(sweep: Sweep) -> tuple[int, int]:
    """Positions of the narrow and the wide width in the sweep."""
    narrow, wide = pair_of(sweep.widths)
    return sweep.widths.index(narrow), sweep.widths.index(wide)


def per_example(sweep: Sweep) -> FloatArray:
    """P / N of every width."""
    return np.array(sweep.P) / sweep.N


def surface_of(
    solution: Solution,
    view: Literal["plane", "corridor"],
    *,
    seed: int,
    points: int | tuple[int, int],
    extent: float,
    tolerance: float = 0.0,
) -> Surface:
    """A surface around a solution, by a strategy that gives the same bits every time."""
    surface = sample(
        solution.objective,
        subspace_of(solution, view, seed=seed),
        points=points,
        extent=extent,
        rays=0,
        tolerance=tolerance,
        strategy="repeatable",
        progress=False,
    )
    assert isinstance(surface, Surface)
    return surface


def curve(
    label: str, x: FloatArray, values: FloatArray, style: Style = "line", *, independent: float | None = None
) -> Series:
    """Mean and 95 % band over members, from values of shape (n, members)."""
    return Series(label, x, *band_of(values, independent), style=style)


def at_width(
    quantity: str,
    width: int,
    values: FloatArray,
    unit: str = "1",
    over: str = "members",
    *,
    independent: float | None = None,
) -> Number:
    """Mean and interval of a quantity at one width, see `mean_of`."""
    return mean_of(values, name=f"{quantity}, width {width}", unit=unit, over=over, independent=independent)


def provenance_of(settings: Settings, **facts: Any) -> Mapping[str, Any]:
    """Data, settings, versions, device and time of a study with further facts, as JSON takes them."""
    versions = {"landscape": __version__, "torch": torch.__version__, "numpy": np.__version__}
    return {
        "dataset": settings.dataset,
        "quick": settings.quick,
        "seed": settings.seed,
        **facts,
        "device": str(settings.device),
        "machine": machine(),
        "versions": versions | {"python": platform.python_version()},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def machine() -> dict[str, Any]:
    """Processor, cores this process may use, and threads of torch."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0
    return {"processor": _processor(), "cores": cores, "threads": torch.get_num_threads()}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def sweep_words(sweep: Sweep) -> dict[str, Any]:
    """The facts that a sweep adds to a provenance."""
    return {
        "N": sweep.N,
        "K": sweep.K,
        "widths": list(sweep.widths),
        "P": list(sweep.P),
        "members": len(sweep.seeds),
        "sweep": dict(sweep.plan),
    }
