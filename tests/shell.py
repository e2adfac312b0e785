"""The command as a user types it, and the one line that a mistake gets."""

from click.testing import CliRunner, Result

from cli import main

TRAIN = "train --family mlp --width 3 --num-train 60 --steps 15 --members 2 --checkpoints 4".split()
GRID = ["--points", "5", "--rays", "4", "--quiet"]


def landscape(*words: str) -> Result:
    """``landscape WORDS``, run in this process."""
    return CliRunner().invoke(main, list(words), prog_name="landscape")


def output_of(*words: str) -> str:
    """What a command that succeeds prints on stdout."""
    result = landscape(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def mistake(*words: str, status: int) -> str:
    """The one line of stderr that starts with ``Error: ``; nothing else than that line and usage, no traceback."""
    result = landscape(*words)
    assert result.exit_code == status, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, result.stderr
    return lines[0]
