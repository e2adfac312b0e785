"""How numbers are printed: a block for each subject, a table for each comparison."""

from dataclasses import replace

import numpy as np
from problems import bowl, quadratic, tunnel

from cli.numbers import ComparisonRow, FileNumbers, NetworkNumbers
from landscape.measures.ensembles import describe_members, measure
from landscape.measures.measure import MeasureOptions
from landscape.measures.quantities import MemberValues, compare_quantities
from landscape.measures.summary import summarize_record
from landscape.sampling.solutions import Solution


def test_a_file_is_told_by_what_it_holds() -> None:
    plane = FileNumbers("plane.h5", summarize_record(bowl())).text.splitlines()
    assert [line[2:19].rstrip() for line in plane[1:]] == [
        "training loss",
        "half-width",
        "half-width, L2",
        "sublevel area",
        "minima",
    ]
    assert plane[-1] == "  minima            1 in the plane; roughness " + plane[-1].rpartition(" ")[2]
    corridor = FileNumbers("corridor.h5", summarize_record(tunnel())).text
    # walls at (2 - alpha) / 4 on either side
    assert "  corridor width    1 at the start, 0.5 at the end of training, filter norm" in corridor


def test_a_point_that_diverged_is_counted() -> None:
    surface = bowl()
    loss = np.array(surface.loss)
    loss[0, 0] = np.inf
    text = FileNumbers("hole.h5", summarize_record(replace(surface, metrics={"train_loss": loss}))).text
    assert "points measured, 1 diverged" in text


def test_a_network_is_told_by_metrics_then_widths_then_quantities_then_details() -> None:
    solution = Solution(quadratic([1.0, 2.0, 5.0])[0])
    names = ["half_width", "density", "curvature", "free_directions"]
    options = MeasureOptions(k=2, layers=True, directions=3)
    numbers = NetworkNumbers("mine", describe_members([solution]), measure(solution, names, options))
    lines = numbers.text.splitlines()
    labels = [line[2:19].rstrip() for line in lines]
    assert labels[1:5] == ["train loss", "half-width", "half-width, L2", "top eigenvalue"]
    assert "trace             8 loss per squared unit of weight (exact)" in numbers.text
    assert [line.split()[0] for line in lines[-4:]] == ["Frobenius", "spectral", "0", "free"]


def test_a_comparison_is_a_table_of_ratios() -> None:
    first = {"width": MemberValues([np.array([1.0, 1.2, 0.8, 1.1, 0.9])], "L2")}
    second = {"width": MemberValues([np.array([2.0, 2.4, 1.6, 2.2, 1.8])], "L2")}
    row = ComparisonRow("a", "b", compare_quantities(first, second))
    title, head, line = row.text.splitlines()
    assert title == "b against a: means with 95 % intervals over members and directions"
    assert head.split() == ["a", "b", "ratio", "effect", "size", "intervals"]
    assert line.split()[0] == "width"
    assert line.endswith("apart")
    assert row.to_dict()["first"] == "a"
