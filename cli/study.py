"""``landscape study``."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, get_args

import click

from .machine import torch_device
from .options import Option, options
from .params import OUTPUT, Device, Force, Quiet, Runs, Sweep
from .printing import command_line, print_json

if TYPE_CHECKING:
    from landscape.records.findings import StudyResult
    from landscape.study.settings import Settings
    from landscape.study.tradeoffs import TableFormat

FILMS = (".mp4", ".webm", ".gif")
Format: TypeAlias = Literal["text", "markdown", "latex", "json"]


@dataclass(frozen=True)
class Output:
    """Where the figure or the result goes, and how tables are printed."""

    output: Annotated[
        str | None,
        Option(
            "Draw to it: png, pdf or svg; film morph: mp4, webm or gif; or keep a copy of the result: h5.",
            flags=OUTPUT,
            metavar="FILE",
        ),
    ]
    format: Annotated[Format, Option("How tables are printed: text, markdown, latex or json.", "text")]


@click.command(short_help="One claim of the document, measured: the verdict, its numbers and a figure.")
@click.argument("name", metavar="NAME")
@options
def command(
    name: str,
    sweep: Sweep,
    output: Output,
    runs: Runs,
    device: Device,
    force: Force,
    quiet: Quiet,
) -> None:
    """Measure one claim of the document: fit, memorization, reliability, solutions, field, double-descent, scaling,
    tradeoffs, portrait, morph, or all of them.

    Networks are trained once and shared by the studies; results are kept in the runs folder. A killed study goes on
    where it stopped. --force measures again.

    \b
    Examples:
      landscape study fit --quick
      landscape study reliability -o reliability.pdf
      landscape study tradeoffs --quick --format latex
      landscape study all --quick
      landscape study morph --quick -o morph.mp4
      landscape study field --dataset mnist --data-dir DIR
    """
    import landscape as ls

    if output.format not in get_args(Format):
        raise click.BadParameter(f"unknown format {output.format!r}; expected text, markdown, latex or json")
    settings = study_settings(sweep, runs, device, quiet=quiet)
    obstacles = ls.list_studies(settings) if name == "all" else {name: ""}
    if output.output is not None:
        _check(output.output, list(obstacles), force=force)
    results = []
    for study, obstacle in obstacles.items():
        if obstacle:
            click.echo(f"{study}: left out, {obstacle}", err=True)
            continue
        results.append(ls.run_study(study, settings, force=force))
        if output.format != "json":
            click.echo(("\n" if len(results) > 1 else "") + _text(results[-1], output.format))
    if output.format == "json":
        values = [result.to_dict() for result in results]
        print_json(values[0] if len(values) == 1 else {"studies": values})
    if output.output is not None:
        _write(results[0], output.output, force=force, quiet=quiet)
        click.echo(output.output, err=output.format == "json")


def study_settings(sweep: Sweep, runs: str, device: str, *, quiet: bool) -> "Settings":
    """What the studies are measured on, with the command that asks for it."""
    import landscape as ls

    torch_device(device)
    return ls.Settings(**vars(sweep), runs=runs, device=device, progress=not quiet, command=command_line())


def _check(output: str, names: list[str], *, force: bool) -> None:
    """Refuse what could not be written, before anything is trained."""
    import landscape as ls

    if len(names) > 1:
        raise click.UsageError("--output takes the figure of one study; name it instead of all")
    suffix = Path(output).suffix.lower()
    if suffix in FILMS and names != ["morph"]:
        raise click.UsageError(f"only the study morph can be filmed, not {names[0]}; draw to png, pdf or svg")
    if suffix in FILMS:
        ls.check_picture(output, force=force)
    elif suffix == ".h5":
        ls.check_writable(output, force=force)
    else:
        ls.check_target(output, force=force)


def _write(result: "StudyResult", output: str, *, force: bool, quiet: bool) -> None:
    import landscape as ls

    suffix = Path(output).suffix.lower()
    if suffix in FILMS:
        ls.film_study(result, output, progress=not quiet)
    elif suffix == ".h5":
        ls.save_result(result, output, overwrite=force)
    else:
        ls.render_study(result, output)


def _text(result: "StudyResult", table_format: "TableFormat") -> str:
    from landscape.study.tradeoffs import format_table

    if result.table is not None and table_format != "text":
        return format_table(result.table, table_format)
    lines = [f"{result.name}: {result.verdict}", f"  claim: {result.claim}", f"  refuted by: {result.refuted_by}"]
    if result.table is not None:
        lines += ["", *(f"  {line}" for line in format_table(result.table).splitlines())]
    else:
        size = max(len(number.name) for number in result.numbers)
        lines += [f"  {number.name:<{size}}  {number.text} ({number.how})" for number in result.numbers]
        lines += [f"  {remark.verdict}: {remark.text}" for remark in result.remarks]
    return "\n".join([*lines, f"  {result.command}"])
