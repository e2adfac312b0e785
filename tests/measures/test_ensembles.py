import json
from pathlib import Path

import pytest
from problems import examples, quadratic, small_mlp

from landscape.errors import InputError
from landscape.files.ledger import Ledger
from landscape.measures.curvature import Curvature
from landscape.measures.ensembles import cost_of, describe_members, measure, measure_members
from landscape.measures.measure import MeasureOptions
from landscape.objective.objective import Objective
from landscape.sampling.solutions import Solution
from landscape.space.parameters import digest

OPTIONS = MeasureOptions(k=2, directions=3)


def members(folder: Path | None = None) -> list[Solution]:
    return [Solution(Objective(small_mlp(3, seed=seed), examples(10)), folder, member=seed) for seed in (0, 2)]


def test_the_curvature_of_a_quadratic_is_its_prescribed_spectrum() -> None:
    measurements = measure(Solution(quadratic([1.0, 2.0, 5.0])[0]), ["curvature"], OPTIONS)
    (curvature,) = measurements["curvature"]
    assert isinstance(curvature, Curvature)
    assert curvature.top.values == pytest.approx((5.0, 2.0))
    assert curvature.bottom.values == pytest.approx((1.0, 2.0))
    assert measurements.quantities()["trace"].estimate.mean == pytest.approx(8.0)


def test_what_was_measured_is_listed_and_nothing_else() -> None:
    measurements = measure(Solution(quadratic([1.0, 2.0])[0]), ["sharpness"])
    assert "sharpness" in measurements
    assert "curvature" not in measurements
    with pytest.raises(InputError, match="'curvature' was not measured; there are sharpness"):
        measurements["curvature"]


def test_members_have_seeds_of_their_own_and_share_one_ledger(tmp_path: Path) -> None:
    measure_members(members(tmp_path), ["half_width", "sharpness"], OPTIONS)
    entries = Ledger(tmp_path).entries.values()
    assert [entry["key"]["seed"] for entry in entries] == [1000, 0, 3000, 2000]


def test_free_directions_are_those_of_the_first_network() -> None:
    measurements = measure_members(members(), ["half_width", "free_directions"], OPTIONS)
    assert [len(measurements[name]) for name in ("half_width", "free_directions")] == [2, 1]
    assert measurements.to_dict()["free_directions"]["member"] == 0


def test_json_holds_numbers_of_all_members_first_then_lists_then_estimates() -> None:
    names = ["half_width", "curvature", "density", "sharpness", "cross_section", "free_directions"]
    values = measure_members(members(), names, OPTIONS).to_dict()
    assert list(values) == [
        "half_width",
        "half_width_l2",
        "free_directions",
        "curvature",
        "density",
        "sharpness",
        "cross_section",
        "estimates",
    ]
    assert [len(values[name]) for name in ("curvature", "cross_section")] == [2, 2]
    json.dumps(values)


def test_a_stored_record_costs_nothing(tmp_path: Path) -> None:
    solutions = members(tmp_path)
    seconds, memory = cost_of(solutions, ["half_width", "curvature"], OPTIONS)
    assert seconds > 0
    assert memory > 0
    measure_members(solutions, ["half_width", "curvature"], OPTIONS)
    assert cost_of(solutions, ["half_width", "curvature"], OPTIONS) == (0.0, 0)


def test_a_folder_that_cannot_be_written_is_a_problem_in_one_line_and_no_error(tmp_path: Path) -> None:
    measurements = measure_members(members(tmp_path / "gone"), ["half_width"], OPTIONS)
    assert len(measurements.problems) == 1
    assert "not kept" in measurements.problems[0]


def test_a_network_is_described_by_its_sizes_and_metrics() -> None:
    solution = members()[0]
    subject = describe_members([solution])
    assert (subject.kind, subject.members, subject.P, subject.N) == ("network", 1, solution.objective.P, 10)
    assert subject.final["train_loss"] == [solution.objective.at_centre()["train_loss"]]


def test_the_model_is_bit_identical_afterwards() -> None:
    model = small_mlp(3)
    before = digest(model.state_dict().items())
    measure(Solution(Objective(model, examples(10))), ["half_width", "curvature", "sharpness"], OPTIONS)
    assert digest(model.state_dict().items()) == before
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())


def test_refuses_no_networks_and_unknown_names() -> None:
    with pytest.raises(InputError, match="one network or more"):
        measure_members([])
    with pytest.raises(InputError, match="unknown measure 'size'"):
        measure(members()[0], ["size"])
