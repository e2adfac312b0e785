"""How numbers are printed: a block for each subject, a table for each comparison."""

from dataclasses import replace

import numpy as np
from problems import bowl

from cli.numbers import ComparisonRow, FileNumbers
from landscape.measures.summary import summarize_record
from landscape.statistics.comparison import compare


def test_a_file_is_a_block_with_a_line_for_each_number_it_holds() -> None:
    lines = FileNumbers("bowl.h5", summarize_record(bowl(curvature=8.0))).text.splitlines()
    assert lines[0].startswith("bowl.h5: ")
    assert [line[2:19].strip() for line in lines[1:]] == [
        "training loss",
        "half-width",
        "half-width, L2",
        "sublevel area",
        "minima",
    ]


def test_a_point_that_diverged_is_counted() -> None:
    surface = bowl()
    loss = np.array(surface.loss)
    loss[0, 0] = np.inf
    text = FileNumbers("hole.h5", summarize_record(replace(surface, metrics={"train_loss": loss}))).text
    assert "points measured, 1 diverged" in text


def test_a_comparison_is_a_table_with_aligned_columns() -> None:
    values = [np.array([[1.0, 1.1], [0.9, 1.0]]), np.array([[2.0, 2.2], [1.8, 2.0]])]
    row = ComparisonRow("narrow", "wide", [compare("half-width", *values, unit="filter norm")])
    title, head, line = row.text.splitlines()
    assert title == "wide against narrow: means with 95 % intervals over members and directions"
    assert head.split() == ["narrow", "wide", "ratio", "effect", "size", "intervals"]
    assert line.index("1 [") == head.index("narrow")
    assert line.index("2 [") == head.index("wide")
    assert row.to_dict()["second"] == "wide"
