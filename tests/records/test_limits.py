"""Why a grid ends where it does: a rule and a sentence that a file keeps."""

import pytest

from landscape.records.limits import Limit, Rule


@pytest.mark.parametrize("rule", Rule)
@pytest.mark.parametrize("num_surfaces", [1, 3])
def test_a_bound_is_read_back_from_its_attributes(rule: Rule, num_surfaces: int) -> None:
    limit = Limit(rule, 0.5, num_surfaces)
    assert Limit.parse(**limit.to_dict()) == limit  # type: ignore[arg-type]


def test_the_sentence_states_the_rise_with_three_digits() -> None:
    assert str(Limit(Rule.RISE, 1.23456)) == "chosen: the loss rises by 1.23 or more at both ends of every axis"
    assert str(Limit(Rule.LARGEST, 1.0)) == "the largest that is tried: the loss rises by less than 1 on a side"


@pytest.mark.parametrize("sentence", ["chosen by hand", "given, in the widest of many surfaces", "given "])
def test_a_sentence_of_another_version_is_kept_to_the_letter_and_states_no_rule(sentence: str) -> None:
    limit = Limit.parse(2.0, sentence)
    assert limit.rule is Rule.UNKNOWN
    assert limit.to_dict() == {"reach": 2.0, "extent": sentence}
