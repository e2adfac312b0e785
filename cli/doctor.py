"""``landscape doctor``."""

import click

from .options import options
from .params import Json, Runs
from .printing import print_json


@click.command(short_help="What this machine can do: devices, drawing, memory, data.")
@options
def command(runs: Runs, as_json: Json) -> None:
    """Check this machine, a line for each finding; exit status 1 if something the main job needs is missing.

    \b
    Examples:
      landscape doctor
      landscape doctor --json
    """
    from .checks import check_machine

    checks = check_machine(runs)
    healthy = all(check.ok for check in checks)
    if as_json:
        print_json({"ok": healthy, "checks": [check._asdict() for check in checks]})
    else:
        for check in checks:
            click.echo(f"{'ok  ' if check.ok else 'FAIL'} {check.name:<10} {check.detail}")
    if not healthy:
        raise click.exceptions.Exit(1)
