"""The table of six aspects, and its formats."""

from collections.abc import Callable

import pytest

from landscape.errors import InputError
from landscape.records.estimates import Number
from landscape.records.findings import StudyResult, Table
from landscape.study.tradeoffs import Aspect, format_table


def test_the_table_has_six_measured_aspects(result_of: Callable[[str], StudyResult]) -> None:
    tradeoffs = result_of("tradeoffs")
    assert tradeoffs.table is not None
    aspects = ["capacity", "training error", "optimization", "generalization", "flexibility", "memorization"]
    assert [row[0] for row in tradeoffs.table.rows] == aspects
    assert all(row[-1] in ("agrees", "disagrees", "undecided") for row in tradeoffs.table.rows)
    narrow, wide = (tradeoffs.number(f"training error, width {width}").mean for width in (2, 48))
    assert narrow > wide == 0


def test_an_aspect_is_decided_by_the_order_that_the_document_says() -> None:
    low, high = Number(0.1, 0.0, 0.2, "share"), Number(0.8, 0.7, 0.9, "share")
    assert Aspect("capacity", "rank", "below", "too low; very high", low, high).verdict == "agrees"
    assert Aspect("capacity", "rank", "above", "very high; too low", low, high).verdict == "disagrees"
    assert Aspect("capacity", "rank", "below", "too low; very high", low, low).verdict == "undecided"


def test_tables_are_written_for_people_and_for_latex() -> None:
    table = Table(("aspect", "share"), (("a & b", "5 %"),))
    assert format_table(table, "text") == "aspect  share\na & b   5 %"
    assert format_table(table, "markdown") == "| aspect | share |\n|---|---|\n| a & b | 5 % |"
    assert r"a \& b & 5 \% \\" in format_table(table, "latex")
    assert r"\toprule" in format_table(table, "latex")
    with pytest.raises(InputError, match="expected text, markdown, latex"):
        format_table(table, "html")  # type: ignore[arg-type]
