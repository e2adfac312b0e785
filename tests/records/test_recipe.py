"""Recipes: their keys in the order of files, and what they answer."""

from typing import Any

import pytest

from landscape.records.directions import Eigenvector, RandomDirection
from landscape.records.recipe import (
    ConnectionRecipe,
    CurveRecipe,
    DirectionsRecipe,
    PairsRecipe,
    PathLineRecipe,
    RandomRecipe,
    RepeatsRecipe,
    SubspaceRecipe,
    end_of,
    is_aligned,
    runs_between,
    seed_of,
    shape_of,
)


def test_a_key_without_a_value_is_left_out_and_the_digest_stands_last() -> None:
    recipe = RandomRecipe("plane", 3, cosine=0.5, orthogonal=True, digest="a")
    assert list(recipe.to_dict().items()) == [
        ("kind", "plane"),
        ("seed", 3),
        ("normalize", "filter"),
        ("cosine", 0.5),
        ("orthogonal", True),
        ("digest", "a"),
    ]


def test_directions_are_numbered_from_one() -> None:
    recipe = DirectionsRecipe("plane", (Eigenvector("top", 2.0), RandomDirection(1, "1d", "layer")), unit="L2")
    assert list(recipe.to_dict()) == [
        "kind",
        "unit",
        "name 1",
        "eigenvalue 1",
        "name 2",
        "seed 2",
        "ignore 2",
        "normalize 2",
    ]


def test_repeats_stand_behind_what_they_share() -> None:
    recipe = RepeatsRecipe("line", RandomRecipe("line", 4, orthogonal=True), (4, 5), digest="a")
    assert list(recipe.to_dict())[3:] == ["orthogonal", "repeats", "seeds", "band", "digest"]
    assert (recipe.to_dict()["repeats"], recipe.to_dict()["seeds"]) == (2, "4, 5")


def test_the_shape_of_a_curve_is_its_form() -> None:
    recipes = (CurveRecipe(form="polygon"), CurveRecipe(), ConnectionRecipe())
    assert [shape_of(recipe) for recipe in recipes] == ["polygon", "curve", "line"]


@pytest.mark.parametrize(
    ("recipe", "between", "to", "aligned"),
    [
        (ConnectionRecipe(to="a:1", aligned=True), True, "a:1", True),
        (PairsRecipe("line", ConnectionRecipe(to="another member")), True, "another member", False),
        (CurveRecipe(form="bezier", between=True, to="a:1", aligned=True), True, "a:1", True),
        (CurveRecipe(form="bezier"), False, None, False),
        (PathLineRecipe(), True, None, False),
        (RandomRecipe("line"), False, None, False),
    ],
)
def test_a_path_runs_between_its_ends(recipe: SubspaceRecipe, between: bool, to: Any, aligned: bool) -> None:
    assert (runs_between(recipe), end_of(recipe), is_aligned(recipe)) == (between, to, aligned)


def test_only_subspaces_with_one_seed_have_a_seed() -> None:
    assert seed_of(RepeatsRecipe("plane", RandomRecipe("plane", 7), (7, 8))) == 7
    assert seed_of(DirectionsRecipe("line", (RandomDirection(7, "1d", "filter"),))) is None
