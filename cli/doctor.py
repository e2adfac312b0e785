"""``landscape doctor``."""

import click

from . import options as opt


@click.command(short_help="What this machine can do: devices, drawing, memory, data.")
@opt.runs
@opt.as_json
def command(runs: str, as_json: bool) -> None:
    """Check this machine, a line for each finding; exit status 1 if something the main job needs is missing.

    \b
    Examples:
      landscape doctor
      landscape doctor --json
    """
    from .checks import findings

    found = findings(runs)
    if as_json:
        opt.print_json({"ok": all(check.ok for check in found), "checks": [check._asdict() for check in found]})
    else:
        for check in found:
            click.echo(f"{'ok  ' if check.ok else 'FAIL'} {check.name:<10} {check.detail}")
    if not all(check.ok for check in found):
        raise click.exceptions.Exit(1)
