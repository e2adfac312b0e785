"""The ``landscape`` command: a file per subcommand, loaded when it is asked for."""

import importlib
import os
from typing import Any

import click

from landscape.errors import InputError, LandscapeError, reason
from landscape.version import __version__

# OpenMP threads that spin while they wait make a busy machine 10 to 50 times slower; read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

COMMANDS = ("train", "sample", "connect", "measure", "study", "report", "render", "view", "export", "info", "doctor")


class Misuse(click.ClickException):
    """The command line asks for something that cannot be, as with an unknown option."""

    exit_code = 2


class LazyGroup(click.Group):
    """Subcommands live in modules of their own name; library errors become one line and an exit status."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of use, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; 1 for what failed, 2 for what was asked wrongly."""
        try:
            return super().invoke(ctx)
        except LandscapeError as error:
            kind = Misuse if isinstance(error, InputError) else click.ClickException
            raise kind(" ".join(str(error).split())) from error
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:  # a mistake of ours, or of a user's code, gets one line as well
            if ctx.params.get("debug"):
                raise
            text = f"{type(error).__name__}: {reason(error)}; landscape --debug {ctx.invoked_subcommand} ... shows more"
            raise click.ClickException(text) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="landscape")
@click.option("--debug", is_flag=True, help="Show where an unexpected error comes from.")
def main(debug: bool) -> None:
    """See and measure the loss landscape of neural networks.

    From nothing to the figure:  landscape render --model wide
    """
