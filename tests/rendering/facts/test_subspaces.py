"""The subspace in words: of each kind of record what was sampled, and nothing that was assumed."""

import pytest
from sampled_records import sampled

from landscape.rendering.facts.subspaces import enumerate_names, short_subspace_words, subspace_words

WORDS = {
    "random": "a plane along two random filter-normalized directions",
    "layer": "a plane along two random layer-normalized directions",
    "unscaled": "a plane along two random unscaled directions",
    "orthogonal": "a plane along two random filter-normalized directions",
    "repeats": "a plane along two random filter-normalized directions",
    "path": "the plane of the training path's two principal components",
    "three": "the plane through net:0, net:1 and net:2",
    "eigen": "the plane along the Hessian eigenvectors of the largest and the smallest eigenvalue",
    "given": "a plane along two given directions",
    "corridor": "the corridor along the training path, across it a random filter-normalized direction",
    "line": "a line along a random filter-normalized direction",
    "along": "the line along the gradient",
    "between": "the straight line between two solutions",
    "path line": "the straight line from the start of training to the solution",
}


@pytest.mark.parametrize("kind", WORDS)
def test_the_words_are_those_of_the_subspace_that_was_sampled(kind: str) -> None:
    assert subspace_words(sampled(kind)) == WORDS[kind]
    assert not short_subspace_words(sampled(kind)).startswith(("a plane along", "the "))


def test_several_records_of_one_kind_have_a_plural() -> None:
    assert subspace_words(sampled("random"), plural=True) == "planes along two random filter-normalized directions"
    assert subspace_words(sampled("corridor"), plural=True).startswith(
        "corridors along the training paths, across them"
    )


def test_a_list_of_names_ends_with_and() -> None:
    assert [enumerate_names(names) for names in ([], ["a"], ["a", "b"])] == ["", "a", "a and b"]
