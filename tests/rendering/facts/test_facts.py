"""Facts: what tells a record from others of its kind, and how it was measured, with every number."""

from dataclasses import replace

import pytest
from pictures import panel_of
from problems import bowl, hill, tunnel
from sampled_records import sampled

from landscape.measures.widths import half_width
from landscape.rendering.facts.facts import (
    Fact,
    band_words,
    details,
    dimension_words,
    format_value,
    half_width_words,
    settings,
    short_settings,
    sizes,
)
from landscape.rendering.geometry.profiles import lines_of

FACTS = {
    "random": ("direction seed 7", "biases and norm layers unperturbed"),
    "layer": ("all parameters perturbed",),
    "orthogonal": ("direction 2 made orthogonal to direction 1", "of its length kept"),
    "repeats": ("mean over 2 repeats (direction seeds 4, 5), the loss of no one network",),
    "path": ("plane explains ", "off the network's own by "),
    "three": ("training loss at the networks ",),
    "eigen": ("eigenvalues ",),
    "subset": ("measured on 20 of 30 training examples (standard error of the loss at the centre ",),
    "batchnorm": ("BatchNorm statistics re-estimated at every point",),
}


@pytest.mark.parametrize("kind", FACTS)
def test_facts_tell_records_of_one_kind_apart(kind: str) -> None:
    sentence = ", ".join(fact.text() for fact in [*details(sampled(kind)), *settings(sampled(kind))])
    for words in FACTS[kind]:
        assert words in sentence


def test_a_fact_writes_its_numbers_for_people() -> None:
    fact = Fact("{Count} of {Share} at {Name}", {"Count": 12345, "Share": 0.123456, "Name": "net:0"})
    assert fact.text() == "12,345 of 0.123 at net:0"
    assert fact.text(lambda value: f"{value:.1f}") == "12,345 of 0.1 at net:0"
    assert [format_value(value) for value in (1437, 0.25, "a")] == ["1,437", "0.25", "a"]


def test_small_print_leaves_out_what_a_reader_takes_for_granted() -> None:
    texts = [fact.text() for fact in short_settings(sampled("random"))]
    assert not any(text.startswith(("extent", "biases")) for text in texts)
    assert "all parameters perturbed" in [fact.text() for fact in short_settings(sampled("layer"))]


def test_n_is_the_number_of_all_training_examples() -> None:
    identity = sampled("subset").provenance.identity
    assert (identity.N, identity.drawn_from) == (20, 30)
    assert "$N$ = 30" in sizes(identity).text()


def test_a_half_width_that_was_not_reached_is_a_lower_bound() -> None:
    rays = bowl(curvature=2.0).rays
    assert rays is not None
    assert half_width_words(half_width(rays)).startswith("half-width 0.71 [")
    short = replace(rays, radius=rays.radius[:8], loss=rays.loss[:, :8])
    assert half_width_words(half_width(short)).startswith("half-width \u2265 ")


def test_the_width_is_noted_where_the_subspace_has_it() -> None:
    assert dimension_words(panel_of(tunnel())) == "at the last step"
    assert dimension_words(panel_of(bowl())) == r"through the centre along $\beta$"
    assert dimension_words(panel_of(sampled("repeats"))).endswith(" of the mean")


def test_a_band_has_words_and_a_plain_line_has_none() -> None:
    plain, rays = hill(), bowl()
    assert band_words(lines_of([plain], "train_loss")[0]) == ""
    assert band_words(lines_of([rays], "train_loss")[0]) == (
        "line: mean over 64 random directions; band: 10 % to 90 % of them"
    )
    band = hill(train_loss_low=plain.loss, train_loss_high=plain.loss)
    assert band_words(lines_of([band], "train_loss")[0]) == "band: lowest to highest"
