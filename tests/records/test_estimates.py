"""Numbers with their interval and unit, as text."""

from math import inf

import pytest

from landscape.records.estimates import Estimate, Number, readable


def test_an_estimate_prints_its_interval_and_unit() -> None:
    assert str(Estimate(1.4321, 1.2, 1.61, "filter norm")) == "1.43 [1.2, 1.61] filter norm"


def test_one_value_alone_has_no_interval() -> None:
    alone = Estimate(2.0, -inf, inf, "L2")
    assert (alone.has_interval, str(alone)) == (False, "2 L2")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Number(0.5, 0.25, 0.75, "share"), "50 [25, 75] %"),
        (Number(0.5, 0.25, 0.75, "share of P"), "50 [25, 75] % of P"),
        (Number(1210, 1210, 1210, "P"), "1,210 parameters"),
        (Number(0.5, -inf, inf, "1"), "0.5"),
    ],
)
def test_a_number_is_told_in_the_words_of_its_unit(number: Number, text: str) -> None:
    assert number.text == text


def test_a_number_without_name_and_origin_is_its_estimate() -> None:
    assert Number(1, 0, 2, "L2", "half-width", "exact").estimate == Estimate(1, 0, 2, "L2")


def test_three_digits_are_kept_and_thousands_set_apart() -> None:
    assert [readable(value) for value in (0.12345, 1234.0, -2345678.0, 1e9)] == [
        "0.123",
        "1,230",
        "-2,350,000",
        "1e+09",
    ]
