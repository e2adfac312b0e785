"""``landscape info``."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import options
from .params import Json, Runs
from .printing import print_json

if TYPE_CHECKING:
    from landscape.files.surfaces import Summary


@click.command(short_help="What a surface file or a run holds, and what made it.")
@click.argument("subject", metavar="FILE.h5|RUN")
@options
def command(subject: str, runs: Runs, as_json: Json) -> None:
    """Print what is in a file and where it came from. Loads neither torch nor VTK.

    \b
    Examples:
      landscape info wide.h5
      landscape info wide.h5 --json
      landscape info wide
    """
    import landscape as ls

    if Path(subject).suffix or Path(subject).is_file():
        summary = ls.summarize(subject)
        lines, values = [_count_points(summary)], dict(summary)
    else:
        lines, values = [], ls.read_config(Path(subject) if Path(subject).is_dir() else Path(runs) / subject)
    if as_json:
        print_json(values)
    else:
        click.echo("\n".join([*lines, *_lines(values)]))


def _count_points(summary: "Summary") -> str:
    from landscape.records.provenance import Provenance
    from landscape.records.sampled import describe_points

    counts, accuracy = summary["status"], Provenance.parse(summary["provenance"]).accuracy
    return ", ".join(describe_points(counts["measured"], sum(counts.values()), accuracy))


def _lines(values: Mapping[str, object], indent: str = "") -> list[str]:
    lines = []
    for key, value in values.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *_lines(value, indent + "  ")]
        else:
            lines.append(f"{indent}{key}: {_short(value)}")
    return lines


def _short(value: object) -> str:
    if isinstance(value, list):
        text = ", ".join(_short(entry) for entry in value)
        return text if len(text) < 100 else f"{text[:90]}... ({len(value)} values)"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
