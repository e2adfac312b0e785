"""Names: short, and different for every panel and line of a picture."""

from dataclasses import replace

import pytest
from pictures import surface_of
from problems import hill
from sampled_records import sampled

from landscape.records.sampled import Surface
from landscape.rendering.facts.names import ends_of, label_lines, letters, names_of
from landscape.rendering.geometry.profiles import lines_of


def named(model: str, kind: str = "plane") -> Surface:
    return surface_of([[0.0, 1.0]] * 2, kind, model=model)


def test_a_model_is_named_without_its_first_member() -> None:
    assert names_of([named("wide:0"), named("wide:3"), named("")]) == ["wide", "wide, member 3", "surface"]


def test_kinds_are_named_where_they_differ() -> None:
    assert names_of([named("wide:0"), named("wide:0", "corridor")]) == ["wide, plane", "wide, corridor"]


def test_planes_of_one_network_are_told_apart() -> None:
    names = names_of([sampled(kind) for kind in ("random", "path", "three", "eigen")])
    assert names == [
        "net, seed 7",
        "net, principal components",
        "net, through three",
        "net, top and bottom",
    ]


def test_labels_of_lines_name_what_differs_and_no_more() -> None:
    lines = lines_of([hill(), hill(aligned=True)], "train_loss")
    assert [line.label for line in label_lines(lines)] == ["as trained", "aligned"]
    networks = lines_of([hill(), hill(model="wide:0")], "train_loss")
    assert [line.label for line in label_lines(networks)] == ["narrow:0 to narrow:1", "wide:0 to narrow:1"]
    assert [line.label for line in label_lines(lines, ["x", "y"])] == ["x", "y"]
    with pytest.raises(ValueError, match="shorter"):
        label_lines(lines, ["x"])


def test_a_line_ends_at_two_networks() -> None:
    assert ends_of(hill().provenance) == ("narrow:0", "narrow:1")
    assert ends_of(sampled("path line").provenance) == ("start of training", "net:0")
    identity = replace(sampled("path line").provenance.identity, model="")
    assert ends_of(replace(hill().provenance, identity=identity)) == ("start of training", "solution")


def test_letters_go_on_after_z() -> None:
    assert [letters(k) for k in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
