"""Results of studies and sweeps: what they refuse, and what they become as plain values."""

import json
from typing import Any

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.records.estimates import Number
from landscape.records.findings import Mark, Picture, Plot, Remark, Series, StudyResult, Sweep, Table

X = np.array([1.0, 10.0, 100.0])


def result(**changes: Any) -> StudyResult:
    number = Number(0.5, 0.25, 0.75, "share", "error", "exact")
    values: dict[str, Any] = {"name": "fit", "title": "T", "claim": "C.", "refuted_by": "no", "verdict": "undecided"}
    return StudyResult(**{**values, "numbers": (number,), **changes})


def test_records_refuse_what_does_not_fit_together() -> None:
    with pytest.raises(InputError, match="one shape"):
        Series("s", X, X[:2], X, X)
    with pytest.raises(InputError, match="unknown verdict"):
        Remark("r", "maybe")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="another length"):
        Table(("a",), (("1", "2"),))
    with pytest.raises(InputError, match=r"pieces of that shape"):
        Picture("photo", np.eye(3), np.eye(2))
    with pytest.raises(InputError, match="unknown style"):
        Series("s", X, X, X, X, "dotted")  # type: ignore[arg-type]


def test_a_number_is_found_by_its_name_or_the_error_lists_them_all() -> None:
    assert result().number("error").mean == 0.5
    with pytest.raises(InputError, match="study fit has no number 'none'; it has error"):
        result().number("none")


def test_a_result_becomes_plain_values_without_the_grids_of_its_pictures() -> None:
    plot = Plot("P", "x", "y", (Series("s", X, X, X, X),), marks=(Mark("y", 1.0),))
    values = result(plots=(plot,), pictures=(Picture("photo", np.eye(3), -np.ones((3, 3))),)).to_dict()
    assert json.loads(json.dumps(values)) == values
    assert values["pictures"] == [{"title": "photo", "shape": [3, 3]}]
    assert values["plots"][0]["series"][0]["x"] == [1.0, 10.0, 100.0]


def test_an_accuracy_that_rounding_keeps_below_one_is_no_error() -> None:
    accuracy = np.array([[[[0.9, 0.8]], [[1 - 2**-52, 1.0]]]])
    done = np.array([[True, True]])
    step = np.array([3.0])
    sweep = Sweep(
        ("true",), (2, 4), (160, 310), 50, 10, (0, 1), step, {"train_accuracy": accuracy}, done, {}, np.zeros((1, 2))
    )
    np.testing.assert_allclose(sweep.error("train", "true")[0], [0.1, 0.2])
    assert sweep.error("train", "true")[1].tolist() == [0, 0]
