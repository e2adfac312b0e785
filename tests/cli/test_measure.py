"""``landscape measure``: files, runs, members and a user's model; text, JSON, comparison and pictures."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from problems import regression_surface
from shell import TRAIN, landscape, mistake, output_of

from cli.measure import OPTIONAL, Measures
from landscape.measures.catalogue import MEASURES
from landscape.train.runs import open_run

SMALL = ["--directions", "3", "--quiet"]


@pytest.mark.usefixtures("work")
def test_a_file_gives_one_json_object_with_fixed_keys() -> None:
    values = json.loads(output_of("measure", "plane.h5", "--json"))
    assert {"mean", "low", "high", "unit", "directions", "rise"} <= set(values["half_width"])
    assert values["half_width"]["directions"] == 4
    assert values["half_width"]["unit"] == "filter norm"
    assert values["half_width_l2"]["unit"] == "L2"
    assert values["topology"]["minima"] == len(values["topology"]["birth"]) >= 1
    assert 0 <= values["topology"]["roughness"] <= 1
    corridor = json.loads(output_of("measure", "corridor.h5", "--json"))
    assert corridor["corridor_width"]["unit"] == "filter norm"
    assert corridor["topology"] is None


@pytest.mark.usefixtures("work")
def test_files_are_told_with_units_and_intervals_and_compared() -> None:
    text = output_of("measure", "plane.h5", "corridor.h5", "--rise", "0.2")
    assert text.count("half-width  ") == 3  # once for each, once to compare
    assert "filter norm (+0.2 nat, 4 directions, 95 % interval)" in text
    assert "corridor width" in text
    assert "sublevel area" in text
    assert text.count("in the plane") == 1
    assert "corridor.h5 against plane.h5: means with 95 % intervals over members and directions" in text


@pytest.mark.usefixtures("work")
def test_a_run_is_all_its_members_and_one_with_a_number_is_that_one() -> None:
    values = json.loads(output_of("measure", "mlp-3", "--json", *SMALL))
    assert (values["half_width"]["members"], values["half_width"]["directions"]) == (2, 6)
    values = json.loads(output_of("measure", "mlp-3:1", "--json", *SMALL))
    assert (values["half_width"]["members"], values["half_width"]["directions"]) == (1, 3)


@pytest.mark.usefixtures("work")
def test_free_directions_of_a_run_are_counted_for_its_first_member() -> None:
    words = ("measure", "mlp-3", "--directions", "2", "--quiet", "--free", "--examples", "5")
    free = json.loads(output_of(*words, "--json"))["free_directions"]
    assert (free["member"], free["N"]) == (0, 5)
    assert free["free"] == free["P"] - free["rank"] == free["explained"] + free["open"]
    assert f"free directions   {free['free']} of {free['P']} on 5 examples, member 0" in output_of(*words)


@pytest.mark.parametrize("words", [[], ["--free"]])
def test_a_run_that_diverged_as_a_whole_says_so(words: list[str], tmp_path: Path) -> None:
    place = ("--runs", str(tmp_path), "--quiet")
    assert landscape(*TRAIN, "--name", "boom", "--optimizer", "sgd", "--learning-rate", "1e20", *place).exit_code == 0
    assert "all 2 members of run 'boom' diverged" in mistake("measure", "boom", *words, *place, status=1)


@pytest.mark.usefixtures("nets")
def test_a_users_model_is_measured_like_any_other() -> None:
    words = ("measure", "own_nets:make", "--data", "own_nets:data", *SMALL)
    values = json.loads(output_of(*words, "--json"))
    assert (values["kind"], values["P"], values["N"]) == ("network", 53, 40)
    assert values["half_width"]["directions"] == 3
    assert output_of(*words).startswith("own_nets:make: ")


def test_a_checkpoint_takes_the_place_of_the_weights(work: Path) -> None:
    assert "no file other.pt" in mistake("measure", "mlp-3:0", "--weights", "other.pt", *SMALL, status=1)
    run = json.loads(output_of("measure", "mlp-3:1", "--json", *SMALL))
    torch.save(open_run("mlp-3", work / "runs").model(1).state_dict(), work / "one.pt")
    values = json.loads(output_of("measure", "mlp-3:0", "--weights", "one.pt", "--json", *SMALL))
    assert values["final"]["train_loss"] == pytest.approx(run["final"]["train_loss"], rel=1e-6)


@pytest.mark.parametrize("measure", ["--density", "--cross-section"])
def test_a_picture_of_one_measure_is_drawn(measure: str, work: Path) -> None:
    result = landscape("measure", "mlp-3:0", measure, "-o", "measure.png", *SMALL)
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines()[-1] == "measure.png"
    assert (work / "measure.png").stat().st_size > 5000


def test_every_measure_of_the_catalogue_has_its_option() -> None:
    names = [measure.name for measure in MEASURES if measure.name != "half_width"]
    assert list(OPTIONAL) == names
    fields = [field.name for field in dataclasses.fields(Measures)]
    assert [name for name in fields if name in names] == names


def choice(**flags: bool) -> Measures:
    names = ("curvature", "layers", "density", "sharpness", "cross_section", "free_directions", "all_measures")
    numbers = {"k": 5, "examples": None, "rise": None, "directions": 64, "strategy": "auto"}
    return Measures(**{**dict.fromkeys(names, False), **numbers, **flags})  # type: ignore[arg-type]


def test_half_widths_are_always_measured_and_all_means_all() -> None:
    assert choice().names == ["half_width"]
    assert choice(density=True).names == ["half_width", "density"]
    assert choice(all_measures=True).names == [measure.name for measure in MEASURES]
    assert choice(all_measures=True).options.layers


def test_flags_are_told_as_they_are_typed() -> None:
    assert choice(free_directions=True, cross_section=True).flags == ["--cross-section", "--free"]


def test_a_loss_that_is_no_log_likelihood_is_measured_in_its_own_unit_at_its_own_scale(tmp_path: Path) -> None:
    path = str(tmp_path / "regression.h5")
    regression_surface().save(path)
    text = output_of("measure", path)
    assert "filter norm (+0.02 squared error, 4 directions" in text
    assert "(loss at most 0.02 squared error above the centre)" in text
    assert "nat" not in text
    values = json.loads(output_of("measure", path, "--json"))
    widths = [values[name] for name in ("half_width", "half_width_l2", "sublevel_area")]
    assert {(width["rise"], width["rise_unit"]) for width in widths} == {(0.02, "squared error per example")}
    assert values["loss"]["unit"] == values["topology"]["unit"] == "squared error per example"
    assert "(+0.01 squared error, 4 directions" in output_of("measure", path, "--rise", "0.01")


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["nowhere.h5"], 1, "nowhere.h5"),
        (["nobody"], 2, "unknown model 'nobody'"),
        (["pair"], 2, "pair is two networks; measure narrow wide"),
        (["plane.h5", "--free"], 2, "--free needs weights and data, but plane.h5 is a file; name a run"),
        (["mlp-3", "--examples", "5"], 2, "add --free"),
        (["mlp-3", "--layers"], 2, "--layers is for --curvature"),
        (["mlp-3", "--eigenvalues", "0"], 2, "--eigenvalues are at least 1"),
        (["plane.h5", "--rise", "0"], 2, "rise must be above 0"),
        (["mlp-3", "-o", "x.png"], 2, "-o draws one picture"),
        (["mlp-3", "--density", "-o", "x.bmp"], 2, ".bmp"),
        (["no_nets:make", "--data", "no_nets:data"], 2, "there is no module 'no_nets' here"),
        (["no_nets:make"], 2, "say which data"),
    ],
)
def test_nonsense_gets_one_clear_line(words: list[str], status: int, message: str) -> None:
    assert message in mistake("measure", *words, status=status)
