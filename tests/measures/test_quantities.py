import numpy as np
import pytest

from landscape.measures.quantities import MemberValues, Quantity, compare_quantities, quantity

WIDTH: Quantity[tuple[float, ...]] = Quantity(
    "width", "L2", lambda record, rise: rise * np.array(record), lambda record, rise: sum(w > 2 for w in record)
)


def test_numbers_follow_from_record_and_rise_and_lower_bounds_add_up() -> None:
    values = WIDTH.over([(1.0, 2.0), (3.0, 4.0)], 0.5)
    np.testing.assert_array_equal(values.values, [[0.5, 1.0], [1.5, 2.0]])
    assert (values.unit, values.at_least) == ("L2", 2)


def test_the_estimate_is_the_mean_of_the_members_means() -> None:
    values = MemberValues([np.array([1.0, 3.0]), np.array([4.0, 6.0, 8.0])], "L2")
    assert values.estimate.mean == pytest.approx(4.0)
    assert values.to_dict()["members"] == 2


def test_a_quantity_of_one_number_reads_it_from_the_record_alone() -> None:
    values = quantity("length", "1", lambda record: float(len(record))).over(["ab", "cde"], 0.5)
    np.testing.assert_array_equal(values.values, [[2.0], [3.0]])
    assert values.at_least == 0


def test_only_what_both_hold_is_compared() -> None:
    first = {"width": MemberValues([np.array([1.0, 2.0])], "L2"), "trace": MemberValues([np.array([3.0])], "1")}
    second = {"width": MemberValues([np.array([2.0, 4.0])], "L2")}
    (comparison,) = compare_quantities(first, second)
    assert comparison.quantity == "width"
    assert comparison.second.mean / comparison.first.mean == pytest.approx(2.0)
