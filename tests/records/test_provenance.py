"""Provenance: four parts in memory, flat attributes in a file."""

import math
from dataclasses import fields

import pytest

from landscape.records.limits import Limit, Rule
from landscape.records.provenance import ATTRIBUTES, Accuracy, Identity, Making, Provenance
from landscape.records.recipe_keys import parse_recipe

# As files of schema 1 have had them from the first; readers of other languages rely on the names.
OF_SCHEMA_1 = """model network P N K regime weights data loss dtype batchnorm subspace precision_error precision_points
    strategy block_size device versions command created wall_time tolerance held_back_points interpolation_error
    inside_error reach extent drawn_from standard_error"""


def test_a_file_has_the_attributes_of_schema_1_in_their_order() -> None:
    assert list(Provenance().to_dict()) == OF_SCHEMA_1.split()


def test_every_field_of_a_part_is_an_attribute_of_the_same_name() -> None:
    names = [entry.name for part in (Identity, Accuracy, Making) for entry in fields(part)]
    assert sorted([*names, "reach", "extent"]) == sorted(ATTRIBUTES)


def test_what_guessing_costs_is_an_attribute_only_where_it_is_known() -> None:
    provenance = Provenance(Identity(loss="mse_loss", guess=0.25))
    assert provenance.to_dict()["guess"] == 0.25
    assert Provenance.parse(provenance.to_dict()) == provenance
    assert Provenance().guess == 0.0  # type: ignore[attr-defined]


def test_the_default_rise_follows_what_guessing_costs_else_the_extent_and_is_half_a_nat_for_log_likelihoods() -> None:
    extent = Limit(Rule.RISE, 0.125)
    rises = [
        Provenance(Identity(loss=loss, guess=guess), extent=extent).loss_scale.rise
        for loss, guess in (("mse_loss", 0.5), ("mse_loss", 0.0), ("", 0.0), ("BCEWithLogitsLoss", 0.0))
    ]
    assert rises == [0.25, 0.0625, 0.0625, 0.5]
    assert Provenance(Identity(loss="mse_loss")).loss_scale.rise == 0.5, "a scale nobody knows"


def test_a_provenance_is_read_back_from_its_attributes() -> None:
    provenance = Provenance(
        Identity("wide:0", P=3, subspace=parse_recipe({"kind": "plane"})),
        Accuracy(1e-7, 5, inside_error=0.25),
        Making("loop", 4, versions={"torch": "2"}),
        Limit(Rule.RISE, 1.0, 2),
    )
    assert Provenance.parse(provenance.to_dict()) == provenance


def test_a_note_on_precision_is_an_attribute_only_where_there_is_one() -> None:
    note = Provenance(accuracy=Accuracy(precision_note="weights must be float32 (net.py:3)"))
    assert list(note.to_dict()) == [*OF_SCHEMA_1.split(), "precision_note"]
    assert Provenance.parse(note.to_dict()).accuracy.precision_note == note.precision_note
    assert Provenance().precision_note == ""
    assert note.accuracy.precision_text == "not checked in float64: weights must be float32 (net.py:3)"
    assert Accuracy(1e-7).precision_text == "error against float64 1.0e-07"


def test_a_mean_over_records_keeps_the_error_of_those_that_were_checked() -> None:
    worst = Accuracy.worst([Accuracy(math.nan, precision_note="why"), Accuracy(1e-7)])
    assert (worst.precision_error, worst.precision_note) == (1e-7, "why")


def test_a_name_that_is_missing_has_its_default_value_and_one_that_is_unknown_is_left_alone() -> None:
    provenance = Provenance.parse({"P": 3, "colour": "red"})
    assert (provenance.identity, provenance.accuracy.tolerance) == (Identity(P=3), 0.0)


def test_the_worst_of_several_accuracies_takes_the_largest_error_of_each_kind() -> None:
    several = [
        Accuracy(1e-7, 5, 0.01, 50, {"train_loss": 0.25, "test_loss": 0.125}, inside_error=0.00104),
        Accuracy(3e-7, 5, 0.01, 40, {"train_loss": 0.5}, inside_error=0.0012),
    ]
    assert Accuracy.worst(several) == Accuracy(
        3e-7, 5, 0.01, 50, {"test_loss": 0.125, "train_loss": 0.5}, inside_error=0.0012
    )


def test_provenance_becomes_plain_values() -> None:
    values = Provenance(Identity(model="wide:0", subspace=parse_recipe({"kind": "plane"}))).to_dict()
    assert values["model"] == "wide:0"
    assert type(values["subspace"]) is dict
    assert list(values)[:3] == ["model", "network", "P"]


def test_the_flat_names_of_files_are_read_too() -> None:
    provenance = Provenance(Identity(P=3), making=Making("loop"))
    assert (provenance.P, provenance.strategy, provenance.reach) == (3, "loop", 0.0)  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="a provenance has no 'colour'; it has model, network, P"):
        _ = provenance.colour  # type: ignore[attr-defined]
