"""What the numbers were measured on."""

import importlib.metadata
import os
import platform
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.timing import seconds_of

PACKAGES = ("landscape", "torch", "numpy", "loss-landscapes", "loss-landscape-3d", "Landscaper", "hessian-eigenthings")


def hardware(device: torch.device) -> dict[str, str | int | float]:
    """Processor, threads, memory and the measured float32 matrix-product peak of the device."""
    facts: dict[str, str | int | float] = {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0,
        "threads": torch.get_num_threads(),
        "omp_wait_policy": os.environ.get("OMP_WAIT_POLICY", ""),
        "system": f"{platform.system()} {platform.machine()}",
        "matrix_product_gflops": round(matrix_product_peak(device) / 1e9, 1),
    }
    if device.type == "cuda":
        facts["device_memory"] = torch.cuda.get_device_properties(device).total_memory
        facts["cuda"] = str(torch.version.cuda)
    return facts


def versions() -> dict[str, str | None]:
    """Versions of everything that is measured; None where it is not installed."""
    return {"python": platform.python_version()} | {name: version_of(name) for name in PACKAGES}


def matrix_product_peak(device: torch.device) -> float:
    """Best of 7 of ``torch.mm`` on square float32 matrices, in floating-point operations per second."""
    product, operations = matrix_product(device)
    product()
    return operations / min(seconds_of(product, device) for _ in range(7))


def matrix_product(device: torch.device) -> tuple[Callable[[], torch.Tensor], int]:
    """A product of square float32 matrices that are large enough for the device, and its floating-point operations."""
    size = 8192 if device.type == "cuda" else 1024
    left, right = torch.rand(2, size, size, device=device)
    return lambda: torch.mm(left, right), 2 * size**3


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def version_of(name: str) -> str | None:
    """Version of a package; None where it is not installed."""
    if name == "landscape":
        from landscape import __version__

        return __version__
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
