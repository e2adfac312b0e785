"""Every study on a small case: the sign of the effect, and closed forms where there are some."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from landscape.errors import FileError, InputError
from landscape.records.findings import StudyResult, Table
from landscape.study import double_descent, field, morph, reliability
from landscape.study.catalogue import STUDIES, run_study
from landscape.study.portrait import draw, read_photo
from landscape.study.random_features import random_features
from landscape.study.reliability import successes
from landscape.study.settings import Settings
from landscape.study.sweep import run_sweep
from landscape.study.tradeoffs import format_table
from landscape.train.datasets import load_dataset


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Networks that the tests of this file share."""
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
def found(small: Settings) -> dict[str, StudyResult]:
    """The results of the studies that share one sweep."""
    names = ("fit", "memorization", "solutions", "field", "tradeoffs", "reliability")
    return {name: run_study(name, small) for name in names}


def numbers(result: StudyResult, *names: str) -> list[float]:
    return [result.number(name).mean for name in names]


def test_narrow_networks_make_training_errors_and_wide_ones_none(found: dict[str, StudyResult]) -> None:
    narrow, wide = numbers(found["fit"], "training error, width 2", "training error, width 48")
    assert narrow > 0.1
    assert wide == 0
    assert numbers(found["fit"], *(f"networks without a training error, width {width}" for width in (2, 48))) == [0, 1]
    # two members of each: Wilson's intervals of 0 and 2 of 2 overlap
    assert found["fit"].verdict == "undecided"
    limit = found["fit"].number("interpolation threshold")
    assert limit.low < limit.mean < limit.high


def test_only_wide_networks_fit_random_labels(found: dict[str, StudyResult]) -> None:
    name = "training accuracy, random labels, width"
    narrow, wide = numbers(found["memorization"], f"{name} 2", f"{name} 48")
    assert narrow < 0.6
    assert wide == 1
    assert found["memorization"].number("test accuracy after random labels, width 48").high < 0.4


def test_wide_networks_reach_the_target_more_often(found: dict[str, StudyResult]) -> None:
    narrow, wide = numbers(found["reliability"], "share that succeeds, width 2", "share that succeeds, width 48")
    assert narrow < wide


def test_the_target_is_one_that_a_narrow_network_has_reached(small: Settings) -> None:
    sweep = run_sweep(reliability.reliability_plan(small), small.runs, progress=False)
    reached = successes(sweep)
    assert reached.reached[:, 0].any()
    assert np.all(np.isfinite(reached.steps[reached.reached]))


def test_barriers_fall_and_free_directions_grow_with_width(found: dict[str, StudyResult]) -> None:
    result = found["solutions"]
    narrow, wide = numbers(result, "barrier, width 2", "barrier, width 48")
    assert narrow > wide
    narrow, wide = numbers(result, "open free directions, width 2", "open free directions, width 48")
    assert narrow < wide


def test_the_field_is_wider_than_the_tunnel(found: dict[str, StudyResult]) -> None:
    for name in ("half-width", "half-width, L2", "sublevel area", "corridor width at the end"):
        narrow, wide = numbers(found["field"], f"{name}, width 2", f"{name}, width 48")
        assert narrow < wide, name


def test_the_table_has_six_measured_aspects(found: dict[str, StudyResult]) -> None:
    table = found["tradeoffs"].table
    assert table is not None
    aspects = [row[0] for row in table.rows]
    assert aspects == [
        "capacity",
        "training error",
        "optimization",
        "generalization",
        "flexibility",
        "memorization",
    ]
    assert all(row[-1] in ("agrees", "disagrees", "undecided") for row in table.rows)
    narrow, wide = numbers(found["tradeoffs"], "training error, width 2", "training error, width 48")
    assert narrow > wide == 0


def test_the_corridor_opens_as_the_width_grows(small: Settings) -> None:
    result = run_study("morph", small)
    name = "open share of the corridor, width"
    narrow, wide = numbers(result, f"{name} 2", f"{name} 48")
    assert narrow < wide
    assert [surface.kind for surface in result.surfaces] == ["corridor"] * 2 + ["plane"] * 2
    extents = {(surface.beta.values[0], surface.beta.values[-1]) for surface in result.surfaces}
    assert extents == {(-2.0, 2.0)}


def test_the_scaling_exponent_is_positive_on_digits(runs: Path) -> None:
    settings = Settings(
        quick=True, widths=(2, 3, 5, 8, 13), members=2, steps=100, num_train=300, runs=runs, progress=False
    )
    result = run_study("scaling", settings)
    assert result.number("exponent").mean > 0


def test_random_features_peak_where_the_parameters_equal_the_constraints() -> None:
    dataset = load_dataset("digits", num_train=50, labels="noise", noise=0.2)
    found = random_features(dataset, (5, 25, 45, 50, 55, 100, 400))
    assert found.P[found.test.argmax()] == dataset.N * dataset.K
    assert found.test.max() > 3 * found.test[-1]
    # beyond the threshold the training set is fitted exactly: rounding of a system whose condition is 1e3 or better
    assert np.all(found.train[found.features > 50] < 1e-15)
    assert np.all(np.diff(found.train) <= 1e-12)


def test_random_features_are_the_projection_that_least_squares_is() -> None:
    dataset = load_dataset("digits", num_train=30)
    found = random_features(dataset, (7,), seed=3)
    weights = np.random.default_rng(3).standard_normal((64, 7)) / 8
    seen = np.maximum(dataset.x_train.reshape(30, -1).astype(float) @ weights, 0)
    targets = np.eye(10)[dataset.y_train]
    residual = targets - seen @ np.linalg.pinv(seen) @ targets
    assert found.train[0] == pytest.approx(np.square(residual).mean(), rel=1e-10)


def test_double_descent_has_an_inner_peak(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(double_descent, "EXACT_DRAWS", 3)
    settings = Settings(quick=True, widths=(1, 6, 64), members=2, steps=250, num_train=60, runs=runs, progress=False)
    result = run_study("double-descent", settings)
    assert result.number("fall after the peak").mean > 1
    assert result.number("rise to the peak").mean > 1
    assert result.number("peak, random features").mean == pytest.approx(1)


def test_noise_alone_makes_no_peak() -> None:
    generator = np.random.default_rng(0)
    noise = np.exp(generator.standard_normal((100, 10, 4)))
    found = np.log([double_descent._from_peak(each, "left", "").mean for each in noise])
    # chosen and measured on the same draws they would average 1.2
    assert abs(found.mean()) < 3 * found.std() / 10
    real = noise[0] ** 0.01 * np.array([1.0, 2, 8, 2, 1, 1, 1, 1, 1, 1])[:, None]
    assert double_descent._from_peak(real, "right", "").mean == pytest.approx(8, rel=0.1)


def test_a_picture_of_few_straight_lines_is_drawn_exactly_with_enough_of_them() -> None:
    photo = read_photo(side=16)
    few, many = draw(photo, 4, seeds=range(2)), draw(photo, 400, seeds=range(2))
    assert np.all(few.noise < many.noise)
    # more lines than pixels: the fit is exact up to rounding
    assert np.all(many.noise > 100)
    # n lines in general position cut the plane into at most 1 + n + n (n - 1) / 2 pieces
    assert np.all(few.pieces <= 11)


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.png").write_text("text")
    with pytest.raises(FileError, match="cannot be read as a picture"):
        read_photo(str(tmp_path / "no.png"))


def test_a_kept_result_is_read_and_not_measured_again(small: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run_study("fit", small)
    monkeypatch.setattr("landscape.study.fit.study", None)
    assert run_study("fit", small).to_dict() == first.to_dict()


def test_every_study_says_what_would_refute_it_and_how_to_repeat_it(found: dict[str, StudyResult]) -> None:
    for name, result in found.items():
        assert result.refuted_by
        assert result.command.startswith(f"landscape study {name} ")
        assert "--widths 2,48 --quick --seed 0" in result.command


def test_tables_are_written_for_people_and_for_latex() -> None:
    table = Table(("aspect", "share"), (("a & b", "5 %"),))
    assert format_table(table, "markdown") == "| aspect | share |\n|---|---|\n| a & b | 5 % |"
    assert r"a \& b & 5 \% \\" in format_table(table, "latex")
    assert r"\toprule" in format_table(table, "latex")
    with pytest.raises(InputError, match="expected text, markdown, latex"):
        format_table(table, "html")  # type: ignore[arg-type]


def test_unknown_studies_and_settings_are_refused() -> None:
    with pytest.raises(InputError, match=", ".join(list(STUDIES)[:2])):
        run_study("nothing")
    with pytest.raises(InputError, match="at least two widths"):
        Settings(widths=(4,))
    with pytest.raises(InputError, match="at least 2"):
        Settings(members=1)
