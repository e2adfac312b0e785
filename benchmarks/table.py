"""``python -m benchmarks.table results.json [--markdown]``: the results as tables, the README's among them."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

Entry = Mapping[str, Any]
Columns = Mapping[str, Callable[[Entry], str]]
FASTER_ON_GPU = 20.0


def number(value: float | None, digits: int = 3) -> str:
    """Three significant digits, thousands apart; a dash where there is none.

    >>> number(12345.6), number(0.01234), number(None)
    ('12,300', '0.0123', '-')
    """
    if value is None:
        return "-"
    value = float(f"{value:.{digits}g}")
    return f"{value:,.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"


def times(value: float | None) -> str:
    """A factor.

    >>> times(6.04), times(None)
    ('6.0x', '-')
    """
    return "-" if value is None else f"{value:.1f}x" if value >= 1.95 else f"{value:.2f}x"


def size(value: int | None) -> str:
    """Bytes in MB."""
    return "-" if value is None else f"{value / 1e6:,.0f} MB"


def share(value: float | None) -> str:
    """Per cent, two digits."""
    if value is None:
        return "-"
    return f"{100 * value:.0f} %" if value >= 0.1 else f"{100 * value:.2g} %"


SURFACE: Columns = {
    "network": lambda row: row["network"],
    "contender": lambda row: row["contender"],
    "points/s": lambda row: number(row["points_per_second"]),
    "x best peer": lambda row: times(row["factor_best_peer"]),
    "x tuned loop": lambda row: times(row["factor_tuned"]),
    "largest difference": lambda row: number(row["max_abs_difference"], 2),
    "evaluated": lambda row: number(row["evaluations"], 6),
    "of peak": lambda row: share(row["share_of_peak"]),
    "memory": lambda row: size(row["peak_memory"]),
    "note": lambda row: row["note"],
}
SCALING: Columns = {
    "with": lambda row: row["quantity"],
    "of": lambda row: f"{row['what']}, {row['network']}",
    "sizes": lambda row: f"{row['sizes'][0]:,} to {row['sizes'][-1]:,}",
    "seconds": lambda row: f"{number(row['seconds'][0])} to {number(row['seconds'][-1])}",
    "exponent": lambda row: f"{row['exponent']:.2f}",
    "at the end": lambda row: f"{row['exponent_last']:.2f}",
}
TRAINING: Columns = {
    "network": lambda row: row["network"],
    "contender": lambda row: row["contender"],
    "members": lambda row: number(row["members"]),
    "seconds": lambda row: number(row["seconds"]),
    "x ours one by one": lambda row: times(row["factor_one_by_one"]),
    "x plain loop": lambda row: times(row["factor_plain"]),
    "train loss": lambda row: number(row["final_loss"]),
}
TOLERANCE: Columns = {
    "network": lambda row: row["network"],
    "view": lambda row: row["view"],
    "surfaces": lambda row: number(row["surfaces"]),
    "fewer evaluations": lambda row: f"{times(row['least'])} to {times(row['most'])}",
    "largest error": lambda row: share(row["error"]),
    "where low, nats": lambda row: number(row["error_low"], 2),
    "within": lambda row: f"{row['within']} of {row['surfaces']}",
}
CURVATURE: Columns = {
    "network": lambda row: row["network"],
    "what": lambda row: row["what"],
    "ours": lambda row: number(row["ours"]),
    "other": lambda row: number(row["other"]),
    "x": lambda row: times(row["factor"]),
    "beside": lambda row: row["contender"],
    "error": lambda row: share(row["error"]),
    "its error": lambda row: share(row["error_other"]),
    "note": lambda row: row["note"],
}
TABLES: dict[str, Columns] = {
    "rows": SURFACE,
    "scaling": SCALING,
    "training": TRAINING,
    "tolerance": TOLERANCE,
    "curvature": CURVATURE,
}


def tables(results: Entry, *, markdown: bool = False) -> str:
    """Every section of the results that there is a table for; in Markdown without notes, as the README has them."""
    parts = []
    for section, columns in TABLES.items():
        entries = results.get(section)
        if not entries:
            continue
        if section == "rows":
            columns = _with_bar(columns, results)
            if markdown:
                columns = {name: show for name, show in columns.items() if name != "note"}
        lines = summarize(entries) if section == "tolerance" else entries
        parts.append(table(lines, columns, markdown=markdown))
    return "\n\n".join(parts)


def table(entries: Iterable[Entry], columns: Columns, *, markdown: bool) -> str:
    """One line an entry under a line of headings; columns without a word are left out."""
    cells = [[show(entry) for show in columns.values()] for entry in entries]
    indices = [index for index in range(len(columns)) if any(row[index] not in ("", "-") for row in cells)]
    lines = [[row[index] for index in indices] for row in [list(columns), *cells]]
    if markdown:
        lines.insert(1, ["---"] * len(indices))
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
    widths = [max(len(line[index]) for line in lines) for index in range(len(indices))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def summarize(entries: Sequence[Entry]) -> list[Entry]:
    """One entry per network and view: the smallest and the largest factor, the largest error, how many are within."""
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry["network"], entry["view"]), []).append(entry)
    return [
        {
            "network": network,
            "view": view,
            "surfaces": len(group),
            "least": min(entry["factor"] for entry in group),
            "most": max(entry["factor"] for entry in group),
            "error": max(entry["error"] for entry in group),
            "error_low": max(entry["error_low"] for entry in group),
            "within": sum(entry["within"] for entry in group),
        }
        for (network, view), group in groups.items()
    ]


def _with_bar(columns: Columns, results: Entry) -> Columns:
    """On a GPU, whether the exact sampler is 20 times as fast as the tuned loop."""
    if results.get("hardware", {}).get("device", "cpu") == "cpu":
        return columns

    def bar(row: Entry) -> str:
        if not row["contender"].startswith("landscape, exact") or row["factor_tuned"] is None:
            return ""
        return "yes" if row["factor_tuned"] >= FASTER_ON_GPU else "no"

    return {**columns, f">= {FASTER_ON_GPU:.0f}x tuned": bar}


def merge(results: Sequence[Entry]) -> dict[str, Any]:
    """Several results as one: of a network that two of them hold, the rows of the later one.

    >>> first, second = {"rows": [{"network": "a", "n": 1}, {"network": "b", "n": 1}]}, {"rows": [{"network": "a"}]}
    >>> merge([first, second])["rows"]
    [{'network': 'b', 'n': 1}, {'network': 'a'}]
    """
    whole: dict[str, Any] = {}
    for result in results:
        for name, value in result.items():
            if name in TABLES:
                subjects = {_subject(entry) for entry in value}
                value = [entry for entry in whole.get(name, []) if _subject(entry) not in subjects] + value
            whole[name] = value
    return whole


def _subject(entry: Entry) -> str:
    return str(entry.get("quantity", entry["network"]))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--markdown", is_flag=True, help="As the README has it.")
def main(files: tuple[Path, ...], markdown: bool) -> None:
    """Print the tables of FILES that python -m benchmarks --json wrote.

    Of a network that several hold, the rows of the last.

    Example:  python -m benchmarks.table benchmarks/results/cpu.json --markdown
    """
    results = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    click.echo(tables(merge(results), markdown=markdown))


if __name__ == "__main__":
    main()
