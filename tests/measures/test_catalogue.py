from pathlib import Path

import pytest
from interruptions import stop_after
from problems import examples, small_mlp

from landscape.errors import InputError
from landscape.files.ledger import Ledger
from landscape.measures.catalogue import MEASURES, is_stored, measures_named, take, total_cost
from landscape.measures.freedom import FREE_DIRECTIONS
from landscape.measures.measure import Measure, MeasureOptions
from landscape.objective.objective import Objective
from landscape.records.companions import Rays

OPTIONS = MeasureOptions(k=2, layers=True, directions=3)


@pytest.fixture(scope="module")
def objective() -> Objective:
    return Objective(small_mlp(3), examples(10))


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_a_record_is_read_again_from_the_ledger_as_it_was_measured(
    measure: Measure[object], objective: Objective, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_stored(measure, objective, OPTIONS, Ledger(tmp_path))
    first = take(measure, objective, OPTIONS, Ledger(tmp_path))
    assert is_stored(measure, objective, OPTIONS, Ledger(tmp_path))
    stop_after(0, monkeypatch)
    again = take(measure, objective, OPTIONS, Ledger(tmp_path))
    assert repr(measure.to_dict(again)) == repr(measure.to_dict(first))
    assert type(again) is type(first)
    assert not list(tmp_path.glob("measures/*"))


def test_another_option_that_fixes_a_record_is_measured_again(objective: Objective, tmp_path: Path) -> None:
    (measure,) = measures_named(["half_width"])
    ledger = Ledger(tmp_path)
    rays = take(measure, objective, MeasureOptions(directions=3), ledger)
    assert isinstance(rays, Rays)
    assert rays.loss.shape[0] == 3
    assert is_stored(measure, objective, MeasureOptions(directions=3, rise=0.1), ledger)
    assert not is_stored(measure, objective, MeasureOptions(directions=4), ledger)
    assert not is_stored(measure, objective, MeasureOptions(directions=3, seed=1), ledger)


def test_names_are_those_of_the_catalogue_and_unlike() -> None:
    names = [measure.name for measure in MEASURES]
    assert len(set(names)) == len(names)
    assert [measure.name for measure in measures_named(["density", "half_width"])] == ["density", "half_width"]
    with pytest.raises(InputError, match="unknown measure 'size'; expected half_width, curvature"):
        measures_named(["size"])


def test_quantities_have_unlike_names() -> None:
    names = [quantity.name for measure in MEASURES for quantity in measure.quantities]
    assert len(set(names)) == len(names)


def test_costs_add_up_in_time_and_the_largest_counts_in_memory(objective: Objective) -> None:
    cost = total_cost(MEASURES, objective, OPTIONS)
    parts = [measure.cost(objective, OPTIONS) for measure in MEASURES]
    assert cost.products == sum(part.products for part in parts)
    assert cost.seconds == FREE_DIRECTIONS.cost(objective, OPTIONS).seconds > 0
    assert cost.memory >= max(part.memory for part in parts)
