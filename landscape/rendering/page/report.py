"""One page of all studies: the tunnel and the field to turn, every claim with its verdict, and what made it all.

Records in, one HTML file out: it opens offline, asks nobody for anything, and prints.
"""

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
from landscape.rendering.page.images import Image, data_address, study_images
from landscape.rendering.views.maps import size_of
from landscape.rendering.write import check_free, write_text

TITLE = "A narrow tunnel, a wide open field"
SIGNS = {"agrees": "\u2713", "disagrees": "\u2717", "undecided": "?"}
WORDS = {"agrees": "the data agree", "disagrees": "the data disagree", "undecided": "the data do not decide"}
# Of the loss at this width the picture for print is made.
STATIC_INCHES, STATIC_DPI = 7.0, 180


@dataclass(frozen=True, eq=False)
class Part:
    """A study as the page shows it.

    Args:
        result: the record of the study.
        headline: the numbers that decide it, one line a number.
        images: its plots, pictures and maps.
    """

    result: StudyResult
    headline: tuple[str, ...]
    images: tuple[Image, ...]


def render_report(results: Sequence[StudyResult], path: str | Path, *, facts: Mapping[str, str] | None = None) -> Path:
    """Write a page of studies' results and return its path.

    Args:
        results: in the order of the page; surfaces of the study ``morph`` stand on top, to be turned.
        path: ends in ``.html``; an existing file is replaced when the page is complete.
        facts: more lines for the end of the page by their names, such as the command and the files of the results.

    Returns:
        The path.

    Raises:
        InputError: no results, two of one name, or a suffix other than ``.html``.
        FileError: the page cannot be written.
    """
    target = web.check_suffix(path)
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
    check_free(web.check_suffix(path), force=force)


def report(results: Sequence[StudyResult], *, facts: Mapping[str, str] | None = None) -> str:
    """The page of `render_report` as HTML text."""
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
        origins=_origins(results),
        facts=[*_facts(results).items(), *(facts or {}).items()],
        signs=SIGNS,
        words=WORDS,
    )


def _lead(results: Sequence[StudyResult]) -> str:
    data = list(dict.fromkeys(str(result.provenance.get("dataset", "")) for result in results))
    claims, verb = (f"{len(results)} claims", "each held") if len(results) > 1 else ("A claim", "held")
    return (
        f"{claims} about networks with too few parameters and with more than enough, "
        f"{verb} against networks trained on the data set {' and '.join(filter(None, data)) or 'given'}."
    )


def _hero(results: Sequence[StudyResult]) -> dict[str, Any] | None:
    """The first screen: the narrow corridor beside that of any width, on one scale."""
    morph = next((result for result in results if result.name == "morph"), None)
    corridors = [] if morph is None else [surface for surface in morph.surfaces if surface.kind == "corridor"]
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
    left, right = narrow.provenance.identity, wide.provenance.identity
    return (
        "Height is the training loss, on one scale. Training runs along the red path, to the white dot; to both sides "
        f"lie steps in a random direction. Left, {size_of(narrow)}: {left.P:,} parameters for {left.N:,} examples. "
        f"Right, {size_of(wide)}: {right.P:,} parameters."
    )


def _static(pair: Sequence[Surface], titles: Sequence[str]) -> str:
    """The two corridors drawn for print, as an address that holds the picture."""
    with TemporaryDirectory() as folder:
        options = FigureOptions(width=STATIC_INCHES, dpi=STATIC_DPI)
        picture = render_figure(pair, Path(folder) / "pair.png", Look(titles=titles), options).path
        return data_address(picture.read_bytes())


def _count(results: Sequence[StudyResult]) -> str:
    verdicts = [result.verdict for result in results]
    agree, disagree, open_ones = (verdicts.count(verdict) for verdict in get_args(Verdict))
    return f"The data agree with {agree} of {len(results)}, disagree with {disagree} and leave {open_ones} undecided"


def _headline(result: StudyResult) -> tuple[str, ...]:
    if result.table is not None:
        verdicts = [row[-1] for row in result.table.rows]
        return (f"{verdicts.count('agrees')} of {len(verdicts)} aspects as the document has them",)
    return tuple(f"{number.name}: {number.text}" for number in result.numbers[:2])


def _against(results: Sequence[StudyResult]) -> list[tuple[StudyResult, dict[str, str]]]:
    """Claims and remarks that the data disagree with: the statement, and what the data say."""
    contradictions = []
    for result in results:
        if result.verdict == "disagrees":
            finding = "; ".join(_headline(result)) + "."
            contradictions.append((result, {"statement": result.claim.rstrip("."), "finding": finding}))
        for remark in result.remarks:
            if remark.verdict == "disagrees":
                statement, _, finding = remark.text.partition(": ")
                contradictions.append((result, {"statement": statement.rstrip("."), "finding": finding}))
    return contradictions


def _origins(results: Sequence[StudyResult]) -> Table:
    """Data, networks, seeds, time and date, a row for each study."""
    header = ("study", "data", "N", "K", "widths", "members", "seed", "seconds", "measured (UTC)")
    return Table(header, tuple(_origin(result.name, result.provenance) for result in results))


def _origin(name: str, provenance: Mapping[str, Any]) -> tuple[str, ...]:
    widths = [int(width) for width in provenance.get("widths", ())]
    seconds = provenance.get("wall_time")
    return (
        name,
        str(provenance.get("image", provenance.get("dataset", ""))),
        f"{provenance['N']:,}" if "N" in provenance else "",
        str(provenance.get("K", "")),
        f"{len(widths)} from {widths[0]} to {widths[-1]}" if widths else "",
        str(provenance.get("members", "")),
        str(provenance.get("seed", "")),
        "" if seconds is None else "< 1" if seconds < 1 else f"{seconds:.0f}",
        str(provenance.get("created", "")).removesuffix("+00:00").replace("T", " "),
    )


def _facts(results: Sequence[StudyResult]) -> dict[str, str]:
    """What all studies have in common: time, machine, versions, recipes, digests of the data."""
    provenances = [result.provenance for result in results]
    seconds = sum(float(provenance.get("wall_time", 0)) for provenance in provenances)
    facts = {
        "Time": f"{seconds:.0f} s for all studies; networks that several share are counted with the first of them",
        "Machine": "; ".join(dict.fromkeys(filter(None, map(_machine, provenances)))),
        "Versions": "; ".join(dict.fromkeys(filter(None, map(_versions, provenances)))),
        "Networks": _recipes(results),
        "Data (SHA-256)": "; ".join(f"{name} {digest[:16]}" for digest, name in _digests(provenances).items()),
    }
    return {name: text for name, text in facts.items() if text}


def _machine(provenance: Mapping[str, Any]) -> str:
    machine = provenance.get("machine", {})
    words = [f"{machine['processor']}, {machine['cores']} cores, {machine['threads']} threads"] if machine else []
    return ", ".join([*words, f"device {provenance['device']}"] if "device" in provenance else words)


def _versions(provenance: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in provenance.get("versions", {}).items())


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
    changes = [condition["recipe"] for condition in sweep["conditions"]]
    rates = [change["learning_rate"] for change in changes if "learning_rate" in change]
    rate = ", ".join(f"{rate:g}" for rate in rates or [recipe["learning_rate"]])
    batch = f"batches of {recipe['batch_size']}" if recipe["batch_size"] else "all examples at once"
    return f"{sweep['family']}, {recipe['steps']:,} steps, {batch}, learning rate {rate}, loss {recipe['loss']}"


def _digests(provenances: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Names of all data by digest; of data with several names the first."""
    names: dict[str, str] = {}
    for provenance in provenances:
        for condition, digest in provenance.get("sweep", {}).get("digests", {}).items():
            names.setdefault(digest, f"{provenance.get('dataset', '')} ({condition})")
        if "image" in provenance and "digest" in provenance:
            names.setdefault(provenance["digest"], provenance["image"])
    return names
