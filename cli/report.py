"""``landscape report``."""

from typing import Any

import click

from . import options as opt
from .study import choices


@click.command(short_help="All claims of the document, measured, on one page to read, turn and print.")
@click.option("-o", "--output", default="report.html", show_default=True, metavar="FILE", help="The page, .html.")
@click.option("--only", metavar="NAME,NAME,...", help="These studies alone; all of them by default.")
@choices
@opt.runs
@opt.device
@opt.force
@opt.quiet
def command(output: str, only: str | None, force: bool, quiet: bool, **given: Any) -> None:
    """Measure every claim that is not measured yet, and write one self-contained page: surfaces to turn, a section for
    each claim with its verdict, numbers, plots and command, and what made it all.

    Results are kept in the runs folder: a killed report goes on where it stopped, and with all of them there it only
    draws. The page opens offline and asks no other machine for anything.

    \b
    Examples:
      landscape report -o report.html --quick
      landscape report --quick --only fit,morph
      landscape report --dataset mnist --data-dir DIR --only fit,field,solutions
    """
    from landscape.rendering.page.report import check_report, render_report
    from landscape.study.catalogue import run_study, why_not
    from landscape.study.settings import Settings

    check_report(output, force=force)
    opt.torch_device(given["device"])
    settings = Settings(**given, progress=not quiet, command=opt.command_line())
    names = _names(only)
    left_out = {name: reason for name in names if only is None and (reason := why_not(name, settings))}
    results = []
    for name in names:
        if name not in left_out:
            results.append(run_study(name, settings))
        click.echo(f"{name}: {left_out.get(name) or results[-1].verdict}")
    facts = {"Left out": "; ".join(left_out.values())} if left_out else {}
    render_report(results, output, facts=facts | _facts([each.name for each in results], settings))
    click.echo(output)


def _names(only: str | None) -> list[str]:
    from landscape.study.catalogue import STUDIES

    chosen = list(STUDIES) if only is None else [name.strip() for name in only.split(",")]
    for name in chosen:
        if name not in STUDIES:
            raise click.BadParameter(f"unknown study {name!r}; expected {', '.join(STUDIES)}", param_hint="--only")
    return [name for name in STUDIES if name in chosen]


def _facts(names: list[str], settings: Any) -> dict[str, str]:
    from landscape.files.findings import RESULT_FORMAT, SCHEMA
    from landscape.study.catalogue import result_path

    files = ", ".join(result_path(name, settings).name for name in names)
    return {"Command": settings.command, "Results": f"{files} (HDF5, format {RESULT_FORMAT}, schema {SCHEMA})"}
