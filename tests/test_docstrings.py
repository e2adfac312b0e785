"""Docstrings of the public face tell the truth about its signatures."""

import inspect
import re
from typing import Any

import pytest

import landscape

NAMES = [name for name in landscape.__all__ if name != "__version__"]
SECTION = re.compile(r"^(Args|Attributes|Returns|Yields|Raises|References|Example|Examples|Note):", re.MULTILINE)


def sections(public: Any) -> dict[str, str]:
    """Google-style sections of a docstring by name; the text before the first is under ``""``."""
    return split(inspect.getdoc(public) or "")


def split(docstring: str) -> dict[str, str]:
    """Sections of a docstring without indentation."""
    parts = SECTION.split(docstring)
    return {"": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


def documented(section: str) -> set[str]:
    """Names that stand before a colon at the section's own indentation: ``x: ...`` or ``x, y: ...``."""
    names = re.findall(r"^ {4}(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: \([^)]*\))?:", section, re.MULTILINE)
    return {name.strip("* ") for text in names for name in text.split(",")}


def parameters(public: Any) -> set[str]:
    return {name for name in inspect.signature(public).parameters if name != "self"}


def arguments(public: Any) -> set[str]:
    """What is documented of the parameters; a record inherits fields with what its base says of them."""
    homes = inspect.getmro(public)[:-1] if inspect.isclass(public) else (public,)
    texts = [home.__doc__ or "" for home in homes]
    return {name for text in texts for name in documented(split(inspect.cleandoc(text)).get("Args", ""))}


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_documented(name: str) -> None:
    public = getattr(landscape, name)
    if inspect.isclass(public) and issubclass(public, Exception):
        return
    assert arguments(public) == parameters(public)


@pytest.mark.parametrize("name", [name for name in NAMES if inspect.isfunction(getattr(landscape, name))])
def test_what_is_returned_is_documented(name: str) -> None:
    public = getattr(landscape, name)
    returned = inspect.signature(public).return_annotation
    assert (returned is None) == ("Returns" not in sections(public))


@pytest.mark.parametrize("name", NAMES)
def test_the_first_line_is_a_sentence(name: str) -> None:
    first = sections(getattr(landscape, name))[""].partition("\n\n")[0]
    assert first.rstrip().endswith(".")
    assert first[0].isupper() or first.startswith("``")
