"""The glossary: a report explains the words of its studies and no others."""

from landscape.records.findings import StudyResult
from landscape.rendering.facts.glossary import GLOSSARY, words_for


def result(name: str) -> StudyResult:
    return StudyResult(name, name, "a claim", "its opposite", "agrees", ())


def test_words_of_every_section_are_always_explained() -> None:
    assert [word for word, _ in words_for([])] == [word for word, _, studies in GLOSSARY if not studies]


def test_a_study_adds_its_own_words_alone() -> None:
    common = dict(words_for([]))
    assert dict(words_for([result("portrait")])).keys() - common.keys() == {"dB PSNR"}
    assert dict(words_for([result("fit"), result("memorization")])).keys() - common.keys() == {
        "interpolation threshold"
    }


def test_every_word_has_one_meaning() -> None:
    words = [word for word, _, _ in GLOSSARY]
    assert len(set(words)) == len(words)
    assert all(meaning.endswith(".") for _, meaning, _ in GLOSSARY)
