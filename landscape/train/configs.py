"""A run's ``config.json``, read without loading torch."""

import json
from pathlib import Path
from typing import Any

from landscape.errors import RunError

CONFIG = "config.json"
FORMAT = "landscape run"
SCHEMA = 1


def read_config(folder: Path) -> dict[str, Any]:
    """What was trained and how, from the folder of a run.

    Args:
        folder: of the run.

    Returns:
        What ``config.json`` holds: the configuration, P, N, K, the regime, the final losses of the members.

    Raises:
        RunError: the folder does not exist, is no run, or was made by another schema.
    """
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(f"{folder} is not a run: it holds no {CONFIG}; train one with landscape train") from None
    except (OSError, ValueError) as error:
        raise RunError(f"{folder / CONFIG} cannot be read ({error}); train the run again (--force)") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise RunError(f"{folder} is not a run: its {CONFIG} was not written by landscape train")
    if config.get("schema") != SCHEMA:
        raise RunError(
            f"{folder} has schema {config.get('schema')!r}, this version reads {SCHEMA}; use the version that made it"
        )
    return config
