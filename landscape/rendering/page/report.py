"""One page of all studies: the tunnel and the field to turn, every claim with its verdict, and what made it all.

Records in, one HTML file out: it opens offline, asks nobody for anything, and prints.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

from markupsafe import Markup

from landscape.errors import InputError
from landscape.records.findings import StudyResult, Table, Verdict
from landscape.records.sampled import Surface
from landscape.rendering.facts.glossary import words_for
from landscape.rendering.figure import FigureOptions, render_figure
from landscape.rendering.look import Look
from landscape.rendering.page import web
from landscape.rendering.page.document import asset, document
from landscape.rendering.study import Image, size_of, study_images
from landscape.rendering.write import write_text

TITLE = "A narrow tunnel, a wide open field"
SIGNS = {"agrees": "\u2713", "disagrees": "\u2717", "undecided": "?"}
WORDS = {"agrees": "the data agree", "disagrees": "the data disagree", "undecided": "the data do not decide"}
# Of the loss at this width the picture for print is made.
STATIC_INCHES, STATIC_DPI = 7.0, 180


@dataclass(frozen=True, eq=False)
class Part:
    """A study as the page shows it.

    Args:
        result: what was found.
        headline: the numbers that decide it, one line each.
        images: its plots, pictures and maps.
    """

    result: StudyResult
    headline: tuple[str, ...]
    images: tuple[Image, ...]


def render_report(results: Sequence[StudyResult], path: str | Path, *, facts: Mapping[str, str] | None = None) -> Path:
    """Write the page of some studies' results and return where it is.

    Args:
        results: in the order of the page; surfaces of the study ``morph`` stand on top, to be turned.
        path: ends in ``.html``; what exists is replaced when the page is complete.
        facts: more lines for the end of the page, such as the command and the files the results are kept in.

    Raises:
        InputError: no results, two of one name, or a suffix other than ``.html``.
        FileError: the page cannot be written.
    """
    target = Path(path)
    _check_suffix(target)
    write_text(report(results, facts=facts), target)
    return target


def check_report(path: str | Path, *, force: bool = False) -> None:
    """Refuse a page that could not be written, or that would replace a file landscape did not make.

    Args:
        path: of the page that is planned.
        force: whether a file that landscape did not make may be replaced.

    Raises:
        InputError: the suffix is not ``.html``.
        FileError: the folder is missing or locked, or something else lies there and ``force`` is off.
    """
    _check_suffix(Path(path))
    web.check_page(path, force=force)


def _check_suffix(target: Path) -> None:
    if target.suffix.lower() not in web.SUFFIXES:
        raise InputError(f"cannot write a page to {target.name!r}: the suffix must be .html")


def report(results: Sequence[StudyResult], *, facts: Mapping[str, str] | None = None) -> str:
    """That page as text."""
    names = [result.name for result in results]
    if not names or len(set(names)) != len(names):
        raise InputError(f"a report needs results of different studies, got {', '.join(names) or 'none'}")
    parts = [Part(result, _headline(result), study_images(result)) for result in results]
    return document(
        "report.html",
        TITLE,
        sheets=[asset("report.css")],
        lead=_lead(results),
        hero=_hero(results),
        count=_count(results),
        parts=parts,
        against=_against(results),
        glossary=words_for(results),
        made=_made(results),
        facts=[*_facts(results).items(), *(facts or {}).items()],
        signs=SIGNS,
        words=WORDS,
    )


def _lead(results: Sequence[StudyResult]) -> str:
    data = list(dict.fromkeys(str(result.provenance.get("dataset", "")) for result in results))
    what = f"{len(results)} claims" if len(results) > 1 else "A claim"
    held = "each held" if len(results) > 1 else "held"
    return (
        f"{what} about networks with too few parameters and with more than enough, "
        f"{held} against networks trained on the data set {' and '.join(filter(None, data)) or 'given'}."
    )


def _hero(results: Sequence[StudyResult]) -> dict[str, Any] | None:
    """The first screen: the narrow corridor beside that of any width, on one scale."""
    morph = next((result for result in results if result.name == "morph"), None)
    corridors = [] if morph is None else [each for each in morph.surfaces if each.kind == "corridor"]
    if morph is None or len(corridors) < 2:
        return None
    widths = [size_of(surface).removeprefix("width ") for surface in corridors]
    ends = [str(width) for width in morph.provenance.get("pair", (widths[0], widths[-1]))]
    narrow, wide = (widths.index(end) for end in ends)
    component = web.component(
        [corridors[narrow], *corridors],
        Look(titles=[widths[narrow], *widths]),
        web.PageOptions(stack="width", start=wide, fixed=1),
    )
    pair = (corridors[narrow], corridors[wide])
    titles = [size_of(surface) for surface in pair]
    return {
        "words": _hero_words(*pair),
        "component": Markup(component),
        "picture": _static(pair, titles),
        "alt": f"Training loss along the training path and across it, {titles[0]} beside {titles[1]}.",
    }


def _hero_words(narrow: Surface, wide: Surface) -> str:
    few, many = narrow.provenance.identity, wide.provenance.identity
    return (
        "Height is the training loss, on one scale. Training runs along the red path, to the white dot; to both sides "
        f"lie steps in a random direction. Left, {size_of(narrow)}: {few.P:,} parameters for {few.N:,} examples. "
        f"Right, {size_of(wide)}: {many.P:,} parameters."
    )


def _static(pair: Sequence[Surface], titles: Sequence[str]) -> str:
    """The two corridors drawn for print, as an address that holds the picture."""
    with TemporaryDirectory() as folder:
        options = FigureOptions(width=STATIC_INCHES, dpi=STATIC_DPI)
        picture = render_figure(pair, Path(folder) / "pair.png", Look(titles=titles), options).path
        return f"data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode()}"


def _count(results: Sequence[StudyResult]) -> str:
    agrees, disagrees, undecided = ([r.verdict for r in results].count(each) for each in get_args(Verdict))
    return f"The data agree with {agrees} of {len(results)}, disagree with {disagrees} and leave {undecided} undecided"


def _headline(result: StudyResult) -> tuple[str, ...]:
    if result.table is not None:
        verdicts = [row[-1] for row in result.table.rows]
        return (f"{verdicts.count('agrees')} of {len(verdicts)} aspects as the document has them",)
    return tuple(f"{number.name}: {number.text}" for number in result.numbers[:2])


def _against(results: Sequence[StudyResult]) -> list[tuple[StudyResult, dict[str, str]]]:
    """Claims and remarks that the data disagree with: what was said, and what was found."""
    found = []
    for result in results:
        if result.verdict == "disagrees":
            found.append((result, {"said": result.claim.rstrip("."), "found": "; ".join(_headline(result)) + "."}))
        for remark in result.remarks:
            if remark.verdict == "disagrees":
                said, _, measured = remark.text.partition(": ")
                found.append((result, {"said": said.rstrip("."), "found": measured}))
    return found


def _made(results: Sequence[StudyResult]) -> Table:
    """Data, networks, seeds, time and date, a row for each study."""
    header = ("study", "data", "N", "K", "widths", "members", "seed", "seconds", "measured (UTC)")
    return Table(header, tuple(_row(result.name, result.provenance) for result in results))


def _row(name: str, made: Mapping[str, Any]) -> tuple[str, ...]:
    widths = [int(width) for width in made.get("widths", ())]
    taken = made.get("wall_time")
    return (
        name,
        str(made.get("image", made.get("dataset", ""))),
        f"{made['N']:,}" if "N" in made else "",
        str(made.get("K", "")),
        f"{len(widths)} from {widths[0]} to {widths[-1]}" if widths else "",
        str(made.get("members", "")),
        str(made.get("seed", "")),
        "" if taken is None else "< 1" if taken < 1 else f"{taken:.0f}",
        str(made.get("created", "")).removesuffix("+00:00").replace("T", " "),
    )


def _facts(results: Sequence[StudyResult]) -> dict[str, str]:
    """What all studies have in common: time, machine, versions, recipes, digests of the data."""
    made = [result.provenance for result in results]
    seconds = sum(float(each.get("wall_time", 0)) for each in made)
    facts = {
        "Time": f"{seconds:.0f} s for all studies; networks that several share are counted with the first of them",
        "Machine": "; ".join(dict.fromkeys(filter(None, map(_machine, made)))),
        "Versions": "; ".join(dict.fromkeys(filter(None, map(_versions, made)))),
        "Networks": _recipes(results),
        "Data (SHA-256)": "; ".join(f"{name} {digest[:16]}" for digest, name in _digests(made).items()),
    }
    return {name: text for name, text in facts.items() if text}


def _machine(made: Mapping[str, Any]) -> str:
    machine = made.get("machine", {})
    words = [f"{machine['processor']}, {machine['cores']} cores, {machine['threads']} threads"] if machine else []
    return ", ".join([*words, f"device {made['device']}"] if "device" in made else words)


def _versions(made: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in made.get("versions", {}).items())


def _recipes(results: Sequence[StudyResult]) -> str:
    """How the networks of which studies were trained."""
    by_recipe: dict[str, list[str]] = {}
    for result in results:
        words = _recipe(result.provenance.get("sweep", {})) or str(result.provenance.get("fit", ""))
        by_recipe.setdefault(words, []).append(result.name)
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in by_recipe.items() if words)


def _recipe(sweep: Mapping[str, Any]) -> str:
    """Family and recipe of a sweep in words."""
    recipe = sweep.get("recipe", {})
    if not recipe:
        return ""
    rates = [each["recipe"]["learning_rate"] for each in sweep["conditions"] if "learning_rate" in each["recipe"]]
    rate = ", ".join(f"{rate:g}" for rate in rates or [recipe["learning_rate"]])
    batch = f"batches of {recipe['batch_size']}" if recipe["batch_size"] else "all examples at once"
    return f"{sweep['family']}, {recipe['steps']:,} steps, {batch}, learning rate {rate}, loss {recipe['loss']}"


def _digests(made: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Digests of all data, each with the name it is first met under."""
    found: dict[str, str] = {}
    for each in made:
        for condition, digest in each.get("sweep", {}).get("digests", {}).items():
            found.setdefault(digest, f"{each.get('dataset', '')} ({condition})")
        if "image" in each and "digest" in each:
            found.setdefault(each["digest"], each["image"])
    return found
