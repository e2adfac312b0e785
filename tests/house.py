"""Reading the code as text: what the house rules count.

python tests/house.py landscape/engine    lists what they find in a file or folder
python tests/house.py --plan              prints the rooms and their files, as CONTRIBUTING has them
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIBRARY = ("landscape", "cli")
MOST_VAGUE = 0.015  # share of bound names; in the packages this code was learned from 0.0 to 1.3 %
MOST_ANY = 0.05  # share of annotations of the command line
MOST_LINES = {"file": 400, "function": 60, "body": 40}

PRONOUNS = """
all another any anything both each either everything few it its many more most neither none nothing one ones other
others own rest same several some something such that them these they this those two what which who whom whose
"""
PARTICIPLES = """
begun bent bound broken brought built chosen done drawn driven fallen forgotten found frozen given gone grown held
hidden kept known laid led lost made meant met paid said seen sent shown sought spent spoken stood struck taken
thought thrown told torn understood won worn written going doing being having moving coming lying
"""
VAGUE = frozenset((PRONOUNS + PARTICIPLES).split())
NOUNS = frozenset(
    [
        "all",
        "another",
        "any",
        "anything",
        "both",
        "each",
        "either",
        "everything",
        "few",
        "it",
        "its",
        "many",
        "more",
        "most",
        "neither",
        "none",
        "nothing",
        "one",
        "ones",
        "other",
        "others",
        "own",
        "rest",
        "same",
        "several",
        "some",
        "something",
        "such",
        "that",
        "them",
        "these",
        "they",
        "this",
        "those",
        "two",
        "what",
        "which",
        "who",
        "whom",
        "whose",
    ]
)
PARTICIPLES = frozenset(
    [
        "begun",
        "bent",
        "bound",
        "broken",
        "brought",
        "built",
        "chosen",
        "done",
        "drawn",
        "driven",
        "fallen",
        "forgotten",
        "found",
        "frozen",
        "given",
        "gone",
        "grown",
        "held",
        "hidden",
        "kept",
        "known",
        "laid",
        "led",
        "lost",
        "made",
        "meant",
        "met",
        "paid",
        "said",
        "seen",
        "sent",
        "shown",
        "sought",
        "spent",
        "spoken",
        "stood",
        "struck",
        "taken",
        "thought",
        "thrown",
        "told",
        "torn",
        "understood",
        "won",
        "worn",
        "written",
        "going",
        "doing",
        "being",
        "having",
        "moving",
        "coming",
        "lying",
    ]
)
NOUNS = frozenset({"bed", "embed", "feed", "need", "seed", "speed", "weed", "unneeded"})


@dataclass(frozen=True)
class Name:
    """A name that the code binds."""

    text: str
    path: Path
    line: int

    @property
    def vague(self) -> bool:
        """Whether it is a pronoun or a participle, and so says nothing of the thing."""
        word = self.text.strip("_").lower()
        regular = word.isalpha() and word.endswith("ed") and len(word) > 3 and word not in NOUNS
        return word in VAGUE or regular


def modules(*places: Path | str) -> list[Path]:
    """The Python files in folders of the checkout, sorted."""
    paths = [ROOT / place for place in places or LIBRARY]
    return sorted(path for place in paths for path in ([place] if place.is_file() else place.rglob("*.py")))


def tree(path: Path) -> ast.Module:
    """A file, parsed."""
    return ast.parse(path.read_text(encoding="utf-8"))


def bound_names(path: Path) -> Iterator[Name]:
    """Every name that a file binds: parameters, variables, attributes, functions, classes, aliases of imports."""
    for node in ast.walk(tree(path)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield Name(node.name, path, node.lineno)
            case ast.arg() if node.arg not in ("self", "cls"):
                yield Name(node.arg, path, node.lineno)
            case ast.Name(ctx=ast.Store()):
                yield Name(node.id, path, node.lineno)
            case ast.Attribute(ctx=ast.Store()):
                yield Name(node.attr, path, node.lineno)
            case ast.ExceptHandler(name=str(text)):
                yield Name(text, path, node.lineno)
            case ast.alias(asname=str(text)) if text != node.name:
                yield Name(text, path, node.lineno)


def annotations(path: Path) -> Iterator[str]:
    """Every annotation of a file, as text."""
    for node in ast.walk(tree(path)):
        match node:
            case ast.arg(annotation=ast.expr() as annotation) | ast.AnnAssign(annotation=annotation):
                yield ast.unparse(annotation)
            case (
                ast.FunctionDef(returns=ast.expr() as annotation)
                | ast.AsyncFunctionDef(returns=ast.expr() as annotation)
            ):
                yield ast.unparse(annotation)


@dataclass(frozen=True)
class Function:
    """How long a function is: in all, and without its docstring."""

    name: str
    path: Path
    line: int
    lines: int
    body: int

    @property
    def long(self) -> bool:
        """Whether it should be two."""
        return self.lines > MOST_LINES["function"] or self.body > MOST_LINES["body"]


def functions(path: Path) -> Iterator[Function]:
    """Every function and method of a file."""
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        docstring = 0
        if ast.get_docstring(node) is not None:
            docstring = (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
        yield Function(node.name, path, node.lineno, lines, lines - docstring)


def num_lines(path: Path) -> int:
    """Lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def sentence(path: Path) -> str:
    """The first sentence of a file's docstring, without its full stop."""
    return (ast.get_docstring(tree(path)) or "").partition("\n")[0].rstrip(".")


def plan(place: str = "landscape") -> str:
    """The rooms and their files, a line each: what CONTRIBUTING shows."""
    lines = []
    for folder in [ROOT / place, *sorted(path for path in (ROOT / place).rglob("*") if path.is_dir())]:
        files = sorted(folder.glob("*.py"))
        if folder != ROOT / place and files:
            lines += ["", f"{folder.relative_to(ROOT)}/  {sentence(folder / '__init__.py')}"]
        lines += [f"  {path.name:<20} {sentence(path)}" for path in files if path.name != "__init__.py"]
    return "\n".join(lines)


def main(*places: str) -> None:
    """Print what the rules find in these places."""
    paths = modules(*places)
    names = [name for path in paths for name in bound_names(path)]
    vague = [name for name in names if name.vague]
    for name in vague:
        print(f"{name.path.relative_to(ROOT)}:{name.line}: {name.text}")
    for path in paths:
        if num_lines(path) > MOST_LINES["file"]:
            print(f"{path.relative_to(ROOT)}: {num_lines(path)} lines")
        for function in functions(path):
            if function.long:
                print(
                    f"{path.relative_to(ROOT)}:{function.line}: {function.name} has {function.lines} lines, "
                    f"{function.body} without its docstring"
                )
    kinds = [text for path in paths for text in annotations(path)]
    loose = sum("Any" in text for text in kinds)
    print(f"vague names: {len(vague)} of {len(names)}, {100 * len(vague) / max(len(names), 1):.2f} %")
    print(f"annotations with Any: {loose} of {len(kinds)}, {100 * loose / max(len(kinds), 1):.1f} %")


if __name__ == "__main__":
    print(plan()) if sys.argv[1:] == ["--plan"] else main(*sys.argv[1:])
