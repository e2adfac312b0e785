"""The ten studies by name, measured once: the same settings give the file that exists."""

import time
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from landscape.errors import FileError, InputError
from landscape.files.findings import load_result, save_result
from landscape.records.findings import StudyResult
from landscape.statistics.shapes import FEWEST
from landscape.study.settings import Settings
from landscape.study.sweep import FOLDER
from landscape.version import __version__

STUDIES = {
    "fit": "fit",
    "memorization": "memorization",
    "reliability": "reliability",
    "solutions": "solutions",
    "field": "field",
    "double-descent": "double_descent",
    "scaling": "scaling",
    "tradeoffs": "tradeoffs",
    "portrait": "portrait",
    "morph": "morph",
}


def run_study(name: str, settings: Settings | None = None, *, force: bool = False) -> StudyResult:
    """The result of a study, measured now or read from ``runs/studies`` where the same settings were measured before.

    Every number follows from the settings: the same seeds give the same numbers, bit for bit, on one kind of machine
    and number of threads.

    Args:
        name: one of `STUDIES`.
        settings: data, widths, members, steps and seed; the defaults where none are given.
        force: measure again; networks that are trained stay.

    Returns:
        The result, which is in its file (`result_path`) as well.

    Raises:
        InputError: an unknown study, or one that cannot be made from these settings.
        FileError: the folder of the runs cannot be written.
    """
    if name not in STUDIES:
        raise InputError(f"unknown study {name!r}; expected {', '.join(STUDIES)}")
    settings = settings or Settings()
    path = result_path(name, settings)
    if path.exists() and not force:
        return load_result(path)
    if reason := why_not(name, settings):
        raise InputError(reason)
    study: Callable[[Settings], StudyResult] = import_module(f"landscape.study.{STUDIES[name]}").study
    start = time.perf_counter()
    result = study(settings)
    origin = {"wall_time": round(time.perf_counter() - start, 1), "called_as": settings.command}
    result = replace(result, provenance={**result.provenance, **origin})
    _save(result, path)
    return result


def why_not(name: str, settings: Settings) -> str:
    """Why a study cannot be made from these choices; empty where it can."""
    widths = settings.main_widths
    if name == "scaling" and len(widths) < FEWEST:
        return f"scaling needs at least {FEWEST} widths, got {len(widths)}; give more with --widths"
    return ""


def list_studies(settings: Settings | None = None) -> dict[str, str]:
    """Every study by name, with the reason why it cannot be made from these settings.

    Args:
        settings: data, widths, members, steps and seed; the defaults where none are given.

    Returns:
        The reasons by name, in the order of the document; empty where the study can be made.
    """
    return {name: why_not(name, settings or Settings()) for name in STUDIES}


def result_path(name: str, settings: Settings) -> Path:
    """Where the result of a study is kept.

    Args:
        name: of the study.
        settings: what it is measured on; other settings, another file.

    Returns:
        A file in the folder of the runs, whether it exists or not.
    """
    return Path(settings.runs) / FOLDER / f"{name}-{settings.key(name, __version__)}.h5"


def _save(result: StudyResult, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot create {path.parent} ({error.strerror}); give another --runs") from error
    save_result(result, path)
