"""``landscape info``."""

from pathlib import Path
from typing import Any

import click

from . import options as opt


@click.command(short_help="What a surface file or a run holds, and what made it.")
@click.argument("subject", metavar="FILE.h5|RUN")
@opt.runs
@opt.as_json
def command(subject: str, runs: str, as_json: bool) -> None:
    """Print what is in a file and where it came from. Loads neither torch nor VTK.

    \b
    Examples:
      landscape info wide.h5
      landscape info wide.h5 --json
      landscape info wide
    """
    described = _described(subject, runs)
    if as_json:
        opt.print_json(described)
        return
    if "status" in described and "provenance" in described:
        from landscape.records.provenance import Provenance
        from landscape.records.sampled import describe_points

        counts = described["status"]
        accuracy = Provenance.parse(described["provenance"]).accuracy
        click.echo(", ".join(describe_points(counts["measured"], sum(counts.values()), accuracy)))
    click.echo("\n".join(_lines(described)))


def _described(subject: str, runs: str) -> dict[str, Any]:
    if Path(subject).suffix or Path(subject).is_file():
        from landscape.files.surfaces import summarize

        return dict(summarize(subject))
    from landscape.train.configs import read_config

    folder = Path(subject) if Path(subject).is_dir() else Path(runs) / subject
    return read_config(folder)


def _lines(values: dict[str, Any], indent: str = "") -> list[str]:
    lines = []
    for key, value in values.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *_lines(value, indent + "  ")]
        else:
            lines.append(f"{indent}{key}: {_short(value)}")
    return lines


def _short(value: Any) -> str:
    if isinstance(value, list):
        text = ", ".join(_short(entry) for entry in value)
        return text if len(text) < 100 else f"{text[:90]}... ({len(value)} values)"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
