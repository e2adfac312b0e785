"""``landscape report``."""

from typing import TYPE_CHECKING, Annotated

import click

from .options import Option, options
from .params import OUTPUT, Device, Force, Quiet, Runs, Sweep
from .study import study_settings

if TYPE_CHECKING:
    from landscape.study.settings import Settings


@click.command(short_help="All claims of the document, measured, on one page to read, turn and print.")
@options
def command(
    output: Annotated[str, Option("The page, .html.", "report.html", flags=OUTPUT, metavar="FILE")],
    only: Annotated[str | None, Option("These studies alone; all of them by default.", metavar="NAME,NAME,...")],
    sweep: Sweep,
    runs: Runs,
    device: Device,
    force: Force,
    quiet: Quiet,
) -> None:
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
    import landscape as ls

    ls.check_report(output, force=force)
    settings = study_settings(sweep, runs, device, quiet=quiet)
    obstacles = _choose(only, ls.list_studies(settings))
    results = []
    for name, obstacle in obstacles.items():
        if not obstacle:
            results.append(ls.run_study(name, settings))
        click.echo(f"{name}: {obstacle or results[-1].verdict}")
    left_out = "; ".join(filter(None, obstacles.values()))
    facts = {"Left out": left_out} if left_out else {}
    ls.render_report(results, output, facts=facts | _facts([result.name for result in results], settings))
    click.echo(output)


def _choose(only: str | None, obstacles: dict[str, str]) -> dict[str, str]:
    """All studies with what is in the way of each, or those asked for with nothing in the way."""
    if only is None:
        return obstacles
    names = [name.strip() for name in only.split(",")]
    for name in names:
        if name not in obstacles:
            raise click.BadParameter(f"unknown study {name!r}; expected {', '.join(obstacles)}", param_hint="--only")
    return {name: "" for name in obstacles if name in names}


def _facts(names: list[str], settings: "Settings") -> dict[str, str]:
    import landscape as ls
    from landscape.files.findings import RESULT_FORMAT, SCHEMA

    files = ", ".join(ls.result_path(name, settings).name for name in names)
    return {"Command": settings.command, "Results": f"{files} (HDF5, format {RESULT_FORMAT}, schema {SCHEMA})"}
