"""The checks of ``landscape doctor``: each one line on this machine."""

import importlib.metadata
import os
import platform
import tempfile
from pathlib import Path
from typing import NamedTuple

from landscape.defaults import DATASET

PACKAGES = ("torch", "numpy", "scipy", "h5py", "safetensors", "matplotlib", "pyvista", "click", "tqdm")


class Check(NamedTuple):
    """A line on this machine: whether a thing is as it should be, and the details."""

    name: str
    ok: bool
    detail: str


def check_machine(runs: str) -> list[Check]:
    """Every check, in the order in which the main job needs them."""
    return [_python(), *_packages(), _device(), _memory(), _data(), _runs(runs), _drawing()]


def _python() -> Check:
    return Check("python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _packages() -> list[Check]:
    versions = {name: _version(name) for name in PACKAGES}
    missing = [name for name, version in versions.items() if version is None]
    present = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    if missing:
        return [Check("packages", False, f"missing {', '.join(missing)}: pip install {' '.join(missing)}")]
    return [Check("packages", True, present)]


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _device() -> Check:
    try:
        import torch
    except ImportError as error:
        return Check("device", False, f"torch cannot be loaded: {error}")
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
        return Check("device", True, f"cuda: {', '.join(names)} (use --device cuda)")
    return Check("device", True, f"cpu, {torch.get_num_threads()} threads; no CUDA device")


def _memory() -> Check:
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return Check("memory", True, "free memory unknown on this system")
    return Check("memory", free > 2**30, f"{free / 2**30:.1f} GiB free (1 GiB is enough for the presets)")


def _data() -> Check:
    import landscape as ls

    try:
        digits = ls.load_dataset(DATASET)
    except ls.LandscapeError as error:
        return Check("data", False, str(error))
    return Check("data", True, f"digits: {digits.N} training and {len(digits.y_test)} test examples")


def _runs(runs: str) -> Check:
    folder = Path(runs)
    existing = next((parent for parent in (folder, *folder.resolve().parents) if parent.is_dir()), Path("."))
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        return Check("runs", False, f"cannot write in {existing} ({error.strerror}); give another --runs")
    names = sorted(path.parent.name for path in folder.glob("*/config.json"))
    return Check("runs", True, f"{runs}: {', '.join(names) or 'no run yet'}")


def _drawing() -> Check:
    import landscape as ls

    return Check("drawing", True, str(ls.find_backend()))
