"""Verdicts by intervals whose ends are known."""

import numpy as np

from landscape.statistics.intervals import mean_of
from landscape.statistics.shapes import threshold
from landscape.statistics.verdicts import joint_verdict, order_verdict, place_verdict


def test_an_interval_that_merely_holds_a_value_does_not_place_it_there() -> None:
    assert place_verdict(mean_of([0.95, 1.0, 1.0, 1.0, 1.1]), 1) == "agrees"
    assert place_verdict(mean_of([0.2, 1.9]), 1) == "undecided"
    assert place_verdict(mean_of([2.0, 2.0, 2.1]), 1) == "disagrees"
    assert place_verdict(threshold(np.array([1.0, 2.0]), np.ones((2, 3)), 0.5), 1.5) == "disagrees"


def test_overlapping_intervals_decide_nothing() -> None:
    low, high = mean_of([1.0, 1.1, 1.2]), mean_of([1.15, 1.25, 1.4])
    assert order_verdict(low, "below", high) == "undecided"
    assert order_verdict(low, "below", mean_of([5.0, 5.0])) == "agrees"
    assert order_verdict(low, "above", mean_of([5.0, 5.0])) == "disagrees"


def test_one_value_alone_decides_nothing() -> None:
    assert order_verdict(mean_of([1.0]), "below", mean_of([9.0, 9.0])) == "undecided"


def test_a_claim_of_parts_agrees_if_all_do_and_falls_with_the_first() -> None:
    assert joint_verdict("agrees", "agrees") == "agrees"
    assert joint_verdict("agrees", "undecided", "disagrees") == "disagrees"
    assert joint_verdict("undecided", "agrees") == "undecided"
