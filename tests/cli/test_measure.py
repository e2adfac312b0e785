import dataclasses
from pathlib import Path

import pytest
from click.testing import CliRunner
from problems import bowl

from cli import main
from cli.measure import Measures
from landscape.files.surfaces import save
from landscape.measures.catalogue import MEASURES


def test_every_measure_of_the_catalogue_has_its_option() -> None:
    names = [measure.name for measure in MEASURES if measure.name != "half_width"]
    fields = [field.name for field in dataclasses.fields(Measures)]
    assert [name for name in fields if name in names] == names


def choice(**flags: bool) -> Measures:
    names = ("curvature", "layers", "density", "sharpness", "cross_section", "free_directions", "everything")
    numbers = {"k": 5, "examples": None, "rise": 0.5, "directions": 64, "strategy": "auto"}
    return Measures(**{**dict.fromkeys(names, False), **numbers, **flags})  # type: ignore[arg-type]


def test_half_widths_are_always_measured_and_all_means_all() -> None:
    assert choice().names == ["half_width"]
    assert choice(density=True).names == ["half_width", "density"]
    assert choice(everything=True).names == [measure.name for measure in MEASURES]
    assert choice(everything=True).options.layers


def test_flags_are_told_as_they_are_typed() -> None:
    assert choice(free_directions=True, cross_section=True).flags == ["--cross-section", "--free"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--layers"], "--layers is for --curvature; add it"),
        (["--eigenvalues", "0"], "--eigenvalues are at least 1, got 0"),
        (["--density", "--cross-section", "-o", "a.png"], "-o draws one picture"),
        (["--curvature"], "--curvature needs weights and data, but plane.h5 is a file; name a run"),
    ],
)
def test_what_does_not_go_together_is_refused(
    options: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save(bowl(), "plane.h5")
    result = CliRunner().invoke(main, ["measure", "plane.h5", *options])
    assert result.exit_code == 2
    assert message in result.stderr
