"""Small settings that the tests of all studies share; networks that one test trains are read by the others."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from landscape.records.findings import StudyResult
from landscape.study import field, morph
from landscape.study.catalogue import run_study
from landscape.study.settings import Settings


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the networks and results."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def small(runs: Path) -> Iterator[Settings]:
    """Width 2 against width 48, on 60 digits, on coarser grids than a study's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(field, "CORRIDOR_POINTS", 21)
        patch.setattr(field, "PLANE_POINTS", 13)
        patch.setattr(morph, "CORRIDOR_POINTS", 21)
        patch.setattr(morph, "POINTS", 11)
        yield Settings(quick=True, widths=(2, 48), members=2, steps=120, num_train=60, runs=runs, progress=False)


@pytest.fixture(scope="module")
def result_of(small: Settings) -> Callable[[str], StudyResult]:
    """The result of a study on the small settings, measured by the first test that asks for it."""
    return lambda name: run_study(name, small)
