"""Networks as they are named on the command line: a member of a run, or a model of the user's own."""

import os
import sys
from typing import Any

import click

from . import shared as opt


def solution_of(spec: str, **given: Any) -> Any:
    """The solution of ``NAME:MEMBER``, trained if it is a preset that is missing, or of ``package.module:factory``."""
    from landscape.sampling.solutions import open_solution

    return open_solution(spec, **opening(spec, given))


def opening(spec: str, given: dict[str, Any]) -> dict[str, Any]:
    """The options of `open_solution`."""
    if given.get("checkpoints") and given.get("weights"):
        raise click.UsageError("the last of the --checkpoints is the solution: leave --weights out")
    own = _is_own(spec)
    if own and given["data"] is None:
        raise click.UsageError("say which data: --data package.module:factory")
    sys.path.insert(0, os.getcwd())
    return {
        "data": given.get("data") if own else None,
        "weights": given.get("weights"),
        "checkpoints": given.get("checkpoints"),
        "stream": given.get("stream", False) and own,
        "runs": given["runs"],
        "batchnorm": given.get("batchnorm", "frozen"),
        "num_examples": given.get("num_examples"),
        "device": opt.torch_device(given["device"]),
        "dtype": opt.torch_dtype(given.get("dtype", "float32")),
        "name": given.get("name", ""),
        "progress": not given["quiet"],
    }


def refuse_own_options(model: str | None, given: dict[str, Any]) -> None:
    """Refuses options of a model of the user's own beside anything else."""
    own = [f"--{key}" for key in ("weights", "data", "stream", "checkpoints") if given.get(key)]
    if not own or (model is not None and (own == ["--checkpoints"] or _is_own(model))):
        return  # a run may follow other checkpoints than its own
    other = "surface files" if model is None else repr(model)
    raise click.UsageError(f"{', '.join(own)} go with --model package.module:factory, not with {other}")


def _is_own(model: str) -> bool:
    from landscape.sampling.factories import names_factory

    return names_factory(model)
