import pytest
from problems import examples, quadratic, small_mlp

from landscape.files.ledger import Ledger
from landscape.measures.catalogue import take
from landscape.measures.curvature import CURVATURE, Curvature, layers_of
from landscape.measures.measure import MeasureOptions, Results
from landscape.objective.objective import Objective


def curvature(objective: Objective, **options: int) -> Curvature:
    return take(CURVATURE, objective, MeasureOptions(**options), Ledger(None))  # type: ignore[arg-type]


def test_a_quadratic_has_the_ends_trace_and_norm_of_its_spectrum() -> None:
    record = curvature(quadratic([-0.0, 1.0, 2.0, 4.0])[0], k=2)
    assert record.top.values == pytest.approx((4.0, 2.0))
    assert record.bottom.values == pytest.approx((0.0, 1.0), abs=1e-12)
    assert record.bottom.negative == 0
    assert (record.trace.value, record.norm.value) == (pytest.approx(7.0), pytest.approx(21.0**0.5))


def test_layers_are_those_of_modules_and_their_traces_add_up_to_the_whole() -> None:
    objective = Objective(small_mlp(3), examples(20))
    assert list(layers_of(objective)) == ["1", "3", "5"]
    # so few parameters that all traces are exact
    record = curvature(objective, k=1, layers=True)
    assert list(record.layers) == ["1", "3", "5"]
    total = sum(block.trace.value for block in record.layers.values())
    assert total == pytest.approx(record.trace.value, rel=0.2)


def test_words_say_how_exact_the_numbers_are_and_count_negative_eigenvalues() -> None:
    records = tuple(curvature(quadratic([1.0, 2.0], seed=seed)[0], k=1) for seed in (0, 1))
    words = Results(CURVATURE, (0, 1), records, 0.5).words
    assert words.notes["trace"] == " (exact)"
    assert words.notes["lowest eigenvalue"].endswith("; none is negative")
    saddle = curvature(Objective(small_mlp(3), examples(20)), k=2, layers=True)
    words = Results(CURVATURE, (0,), (saddle,), 0.5).words
    assert words.notes["lowest eigenvalue"].endswith(f"; {saddle.bottom.negative} of the 2 lowest are negative")
    assert [line.label for line in words.details] == ["1", "3", "5"]
