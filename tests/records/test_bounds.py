"""Why a grid ends where it does: a rule and a sentence that a file keeps."""

import pytest

from landscape.records.bounds import Bound, Rule


@pytest.mark.parametrize("rule", Rule)
@pytest.mark.parametrize("num_surfaces", [1, 3])
def test_a_bound_is_read_back_from_its_attributes(rule: Rule, num_surfaces: int) -> None:
    bound = Bound(rule, 0.5, num_surfaces)
    assert Bound.parse(**bound.to_dict()) == bound  # type: ignore[arg-type]


def test_the_sentence_states_the_rise_with_three_digits() -> None:
    assert str(Bound(Rule.RISE, 1.23456)) == "chosen: the loss rises by 1.23 or more at both ends of every axis"
    assert str(Bound(Rule.LARGEST, 1.0)) == "the largest that is tried: the loss rises by less than 1 on a side"


@pytest.mark.parametrize("sentence", ["chosen by hand", "given, in the widest of many surfaces", "given "])
def test_a_sentence_of_another_version_is_kept_to_the_letter_and_states_no_rule(sentence: str) -> None:
    bound = Bound.parse(2.0, sentence)
    assert bound.rule is Rule.UNSTATED
    assert bound.to_dict() == {"reach": 2.0, "extent": sentence}
