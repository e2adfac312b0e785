"""The house rules, counted: short files and functions, names that are nouns, a test file for every module."""

from pathlib import Path

import pytest
from house import (
    LIBRARY,
    MOST_ANY,
    MOST_LINES,
    MOST_VAGUE,
    ROOT,
    annotations,
    bound_names,
    functions,
    modules,
    num_lines,
    plan,
)


def listed(lines: list[str]) -> str:
    return "\n".join(lines[:40])


@pytest.mark.parametrize("place", LIBRARY)
def test_names_are_nouns(place: str) -> None:
    names = [name for path in modules(place) for name in bound_names(path)]
    vague = [name for name in names if name.vague]
    lines = [f"{name.path.relative_to(ROOT)}:{name.line}: {name.text}" for name in vague]
    assert len(vague) <= MOST_VAGUE * len(names), listed(lines)


def test_the_command_line_is_typed() -> None:
    kinds = [text for path in modules("cli") for text in annotations(path)]
    loose = [text for text in kinds if "Any" in text]
    assert len(loose) <= MOST_ANY * len(kinds), listed(loose)


def test_files_are_short() -> None:
    counts = {path: num_lines(path) for path in modules(*LIBRARY, "tests", "benchmarks")}
    assert not [f"{path}: {count}" for path, count in counts.items() if count > MOST_LINES["file"]]


def test_functions_are_short() -> None:
    long = [function for path in modules() for function in functions(path) if function.long]
    assert not long, listed(
        [f"{one.path}:{one.line}: {one.name}, {one.lines} lines, {one.body} of code" for one in long]
    )


def home_of_tests(module: Path) -> Path:
    inside = module.relative_to(ROOT)
    return ROOT / "tests" / Path(*inside.parts[inside.parts[0] == "landscape" : -1]) / f"test_{module.name}"


def test_every_module_has_its_tests() -> None:
    missing = [path for path in modules() if path.name not in ("__init__.py", "version.py", "__main__.py")]
    lines = [f"{path.relative_to(ROOT)}: no {home_of_tests(path).relative_to(ROOT)}" for path in missing]
    assert not [line for line, path in zip(lines, missing, strict=True) if not home_of_tests(path).exists()]


def test_every_test_file_is_named_after_a_module() -> None:
    homes = {home_of_tests(path) for path in modules()}
    strays = [path for path in modules("tests") if path.name.startswith("test_") and path.parent != ROOT / "tests"]
    assert {path for path in strays if path not in homes} <= {ROOT / "tests" / "rendering" / "test_golden.py"}


def test_the_contributors_guide_shows_the_house_as_it_is() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert plan() in guide, "python tests/house.py --plan prints what belongs there"
