"""Timing: everything in turn, round after round, so that a machine that drifts drifts for all of them."""

import ctypes
import gc
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import TypeVar

import torch
from tqdm import tqdm

Run = Callable[[], object]
Result = TypeVar("Result")


def in_turn(runs: Mapping[str, Run], *, rounds: int, device: torch.device, label: str) -> dict[str, list[float]]:
    """Seconds of every run in each round, name -> (rounds,); every round starts with another one.

    The runs are expected to be warm. A bar on stderr shows how far it is.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    names = list(runs)
    with tqdm(total=rounds * len(names), desc=label, unit="run", leave=False) as bar:
        for turn in range(rounds):
            shift = turn % max(1, len(names))
            for name in names[shift:] + names[:shift]:
                seconds[name].append(seconds_of(runs[name], device))
                bar.update()
    return seconds


def seconds_of(run: Run, device: torch.device) -> float:
    """How long a run takes: by the clock on a CPU, between two events on a GPU, all of its work done."""
    if device.type != "cuda":
        begin = time.perf_counter()
        run()
        return time.perf_counter() - begin
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize(device)
    with torch.cuda.device(device):
        start.record()
        run()
        end.record()
    end.synchronize()
    return float(start.elapsed_time(end)) / 1e3


def ratio(numerator: list[float], denominator: list[float]) -> float:
    """Median over the rounds of one rate over another of the same round."""
    return median(a / b for a, b in zip(numerator, denominator, strict=True))


def peak_memory(run: Callable[[], Result], device: torch.device) -> tuple[Result, int | None]:
    """What a run returns, and the bytes it needs beyond what is there before it, at its peak.

    On a GPU what PyTorch allocated. On Linux how far the process's peak resident memory (VmHWM, reset before the run)
    rises above its resident memory after freed memory was handed back: a run that reuses memory which the allocator
    keeps shows less. None on other systems.
    """
    if device.type == "cuda":
        return _peak_on_gpu(run, device)
    gc.collect()
    _hand_back()
    before = _resident("VmRSS")
    if before is None or not _reset_peak():
        return run(), None
    result = run()
    peak = _resident("VmHWM")
    return result, None if peak is None else max(0, peak - before)


def _peak_on_gpu(run: Callable[[], Result], device: torch.device) -> tuple[Result, int]:
    torch.cuda.synchronize(device)
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    result = run()
    torch.cuda.synchronize(device)
    return result, torch.cuda.max_memory_allocated(device) - before


def _resident(name: str) -> int | None:
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    match = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    return int(match[1]) * 1024 if match else None


def _reset_peak() -> bool:
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def _hand_back() -> None:
    """Give freed memory back to the system, where the C library can."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):
        return
