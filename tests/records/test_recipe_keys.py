"""Recipes from keys and values: a type for each way to make a subspace, and every file to the letter."""

import json

import pytest

from landscape.records.directions import Eigenvector, Gradient, NamedDirection, RandomDirection
from landscape.records.recipe import (
    ConnectionRecipe,
    CorridorRecipe,
    CurveRecipe,
    DirectionsRecipe,
    LiRecipe,
    NetworksRecipe,
    PairsRecipe,
    PathLineRecipe,
    PathPlaneRecipe,
    RandomRecipe,
    RaysRecipe,
    RepeatsRecipe,
    SubspaceRecipe,
)
from landscape.records.recipe_keys import mean_recipe, parse_recipe, read_recipe

# As files of schema 1 hold them, to the letter.
FILES: dict[type[SubspaceRecipe], list[str]] = {
    RandomRecipe: [
        '{"kind": "line", "seed": 0, "normalize": "filter", "ignore": "1d", "digest": "a"}',
        '{"kind": "plane", "seed": 1, "normalize": "layer", "ignore": "*bias", "cosine": 0.25, "orthogonal": true, '
        '"length_kept": 0.75, "digest": "a"}',
    ],
    CorridorRecipe: ['{"kind": "corridor", "seed": 0, "ignore": "1d", "normalize": "filter", "digest": "a"}'],
    PathLineRecipe: ['{"kind": "line", "between": true, "of": "path", "checkpoints": "folder", "digest": "a"}'],
    PathPlaneRecipe: ['{"kind": "plane", "of": "path", "unit": "L2", "explained": 0.5, "digest": "a"}'],
    NetworksRecipe: ['{"kind": "plane", "through": "a:0, a:1, a:2", "unit": "L2", "cosine": 0.5, "digest": "a"}'],
    ConnectionRecipe: [
        '{"kind": "line", "between": true, "to": "a:1", "digest": "a"}',
        '{"kind": "line", "between": true, "to": "a:1", "aligned": true, "sweeps": 2, "converged": true}',
    ],
    CurveRecipe: [
        '{"kind": "curve", "form": "bezier", "digest": "a"}',
        '{"kind": "curve", "form": "polygon", "between": true, "seed": 0, "steps": 50, "learning_rate": 0.01, '
        '"batch_size": 256, "to": "a:1", "aligned": false, "digest": "a"}',
    ],
    DirectionsRecipe: [
        '{"kind": "plane", "name 1": "top", "eigenvalue 1": 1.5, "residual 1": 1e-15, "unit 1": "L2", '
        '"name 2": "random", "seed 2": 1, "ignore 2": "1d", "normalize 2": "filter", "unit 2": "filter norm", '
        '"cosine": 0.5, "digest": "a"}',
        '{"kind": "line", "name 1": "gradient", "norm 1": 0.5, "normalize": "filter", "digest": "a"}',
        '{"kind": "plane", "unit": "L2", "name 1": "top", "name 2": "to a:1", "cosine": 0.5, "digest": "a"}',
        '{"kind": "line", "digest": "a"}',
    ],
    LiRecipe: ['{"kind": "plane", "source": "Li et al.", "dir_file": ""}'],
    RaysRecipe: ['{"kind": "rays", "band": "line: mean over 8 random directions"}'],
    RepeatsRecipe: [
        '{"kind": "plane", "seed": 0, "normalize": "filter", "ignore": "1d", "orthogonal": true, "repeats": 3, '
        '"seeds": "0, 1, 2", "band": "smallest to largest", "digest": "a"}',
        '{"kind": "corridor", "seed": 0, "ignore": "1d", "normalize": "filter", "repeats": 2, "seeds": "4, 1", '
        '"band": "smallest to largest", "digest": "a"}',
    ],
    PairsRecipe: [
        '{"kind": "line", "between": true, "to": "another member", "aligned": true, "digest": "a", "band": "mean"}'
    ],
    SubspaceRecipe: ["{}", '{"kind": "torus", "radius": 2, "digest": "a"}'],
}
TEXTS = [(kind, text) for kind, texts in FILES.items() for text in texts]


@pytest.mark.parametrize(("kind", "text"), TEXTS)
def test_a_file_s_recipe_has_its_type_and_is_given_back_to_the_letter(kind: type, text: str) -> None:
    recipe = parse_recipe(json.loads(text))
    assert type(recipe) is kind
    assert not recipe.order, "the order of today's files"
    assert json.dumps(recipe.to_dict()) == text


@pytest.mark.parametrize(
    "text",
    [
        '{"digest": "a", "kind": "corridor", "normalize": "filter", "seed": 0}',
        '{"kind": "plane", "colour": "red", "seed": 0, "normalize": "filter"}',
        '{"kind": "line", "between": true, "to": "a:1", "aligned": true, "digest": ""}',
        '{"kind": "", "digest": "a"}',
        '{"kind": 3}',
        '{"kind": "plane", "seed": "many", "normalize": 2}',
        '{"kind": "plane", "repeats": 3, "seeds": "a, b", "band": ""}',
        '{"kind": "plane", "repeats": 3, "seeds": "1, 2", "band": 7}',
        '{"kind": "plane", "name 1": "top", "seed 1": 3, "name 2": "bottom"}',
    ],
)
def test_a_recipe_of_another_version_is_given_back_to_the_letter(text: str) -> None:
    assert json.dumps(parse_recipe(json.loads(text)).to_dict()) == text


def test_an_order_that_is_not_today_s_costs_no_meaning() -> None:
    recipe = parse_recipe({"normalize": "filter", "seed": 5, "kind": "plane"})
    assert isinstance(recipe, RandomRecipe)
    assert (recipe.seed, list(recipe.to_dict())) == (5, ["normalize", "seed", "kind"])


def test_values_of_other_types_have_no_meaning() -> None:
    assert type(parse_recipe({"kind": "plane", "seed": "many", "normalize": 2})) is SubspaceRecipe


def test_directions_are_records_of_their_kind() -> None:
    recipe = parse_recipe(json.loads(FILES[DirectionsRecipe][0]))
    assert isinstance(recipe, DirectionsRecipe)
    assert recipe.directions == (
        Eigenvector("top", 1.5, 1e-15, "L2"),
        RandomDirection(1, "1d", "filter", "filter norm"),
    )
    gradient = DirectionsRecipe("plane", (Gradient(0.5), NamedDirection("to a:1")))
    assert parse_recipe(gradient.to_dict()) == gradient


def test_keys_of_a_user_are_notes_before_the_angle() -> None:
    recipe = read_recipe({"kind": "plane", "author": "me", "unit": "L2", "cosine": 0.5})
    assert recipe.notes == {"author": "me"}
    assert list(recipe.to_dict()) == ["kind", "unit", "author", "cosine"]


def test_a_mean_shares_all_but_digest_and_angle() -> None:
    planes = [RandomRecipe("plane", seed, ignore="1d", cosine=0.5, digest=str(seed)) for seed in (3, 1)]
    mean = mean_recipe(planes, (3, 1), "d")
    assert mean.single == RandomRecipe("plane", 3, ignore="1d")
    assert (mean.kind, mean.digest, mean.to_dict()["seeds"]) == ("plane", "d", "3, 1")
    assert parse_recipe(mean.to_dict()) == mean
