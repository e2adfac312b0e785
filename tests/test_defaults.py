"""Defaults that the library and its commands share."""

import ast
from pathlib import Path

from landscape import defaults


def test_the_module_imports_nothing() -> None:
    tree = ast.parse(Path(defaults.__file__).read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]


def test_every_default_is_used_by_the_library_and_by_a_command() -> None:
    root = Path(defaults.__file__).parents[1]
    names = [name for name in vars(defaults) if name.isupper()]
    for folder in ("landscape", "cli"):
        texts = [path.read_text(encoding="utf-8") for path in (root / folder).rglob("*.py")]
        unused = [name for name in names if not any(name in text for text in texts if "The module imports" not in text)]
        assert unused == [], folder
