"""The ten studies by name: measured once, read afterwards, refused where they cannot be made."""

from collections.abc import Callable
from pathlib import Path

import pytest

from landscape.errors import FileError, InputError
from landscape.records.findings import StudyResult
from landscape.study.catalogue import STUDIES, list_studies, result_path, run_study
from landscape.study.settings import Settings


def test_a_kept_result_is_read_and_not_measured_again(small: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run_study("fit", small)
    monkeypatch.setattr("landscape.study.fit.study", None)
    assert run_study("fit", small).to_dict() == first.to_dict()
    assert result_path("fit", small).exists()


@pytest.mark.parametrize("name", ["fit", "memorization", "solutions", "field", "tradeoffs", "reliability", "morph"])
def test_every_study_says_what_would_refute_it_and_how_to_repeat_it(
    name: str, result_of: Callable[[str], StudyResult]
) -> None:
    result = result_of(name)
    assert result.refuted_by
    assert result.command.startswith(f"landscape study {name} ")
    assert "--widths 2,48 --quick --seed 0" in result.command
    assert result.provenance["wall_time"] >= 0


def test_unknown_studies_are_refused_and_the_known_ones_named() -> None:
    with pytest.raises(InputError, match=", ".join(list(STUDIES)[:2])):
        run_study("nothing")


def test_a_study_that_needs_more_widths_says_so_before_it_trains(small: Settings) -> None:
    reasons = list_studies(small)
    assert list(reasons) == list(STUDIES)
    assert [name for name, reason in reasons.items() if reason] == ["scaling"]
    with pytest.raises(InputError, match="needs at least 5 widths, got 2"):
        run_study("scaling", small)


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("landscape.study.fit.study", lambda _: StudyResult("fit", "", "", "", "agrees", ()))
    with pytest.raises(FileError, match="another --runs"):
        run_study("fit", Settings(runs=tmp_path / "file", progress=False))
