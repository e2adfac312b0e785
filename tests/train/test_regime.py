import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landscape.errors import InputError
from landscape.train.regime import describe, regime

counts = st.integers(1, 10**12)


@pytest.mark.parametrize(("P", "kind"), [(1436, "under"), (1437, "critical"), (14370, "critical"), (14371, "over")])
def test_regime_changes_at_one_parameter_per_example_and_beyond_one_per_output(P, kind):  # noqa: N803
    assert regime(P, 1437, 10) == kind


def test_regime_of_a_single_output_has_a_critical_point_of_one_count():
    assert [regime(P, 5, 1) for P in (4, 5, 6)] == ["under", "critical", "over"]


@settings(deadline=None)
@given(counts, counts, st.integers(1, 1000))
def test_regime_never_falls_as_parameters_are_added(P, N, K):  # noqa: N803
    order = ["under", "critical", "over"]
    assert order.index(regime(P, N, K)) <= order.index(regime(P + 1, N, K))


@settings(deadline=None)
@given(counts, counts, st.integers(1, 1000))
def test_regime_equals_its_definition(P, N, K):  # noqa: N803
    assert (regime(P, N, K) == "under") == (P < N)
    assert (regime(P, N, K) == "over") == (P > N * K)


@pytest.mark.parametrize("wrong", [(0, 1, 1), (1, 0, 1), (1, 1, 0), (-3, 1, 1)])
def test_counts_below_one_are_refused_by_name(wrong):
    with pytest.raises(InputError, match="must be at least 1"):
        regime(*wrong)


def test_describe_names_each_regime_and_refuses_others():
    assert describe("under") == "underparameterized"
    assert describe("critical") == "critically parameterized"
    assert describe("over") == "overparameterized"
    with pytest.raises(InputError, match="under, critical, over"):
        describe("sideways")
