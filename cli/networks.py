"""Networks as they are named on the command line: a member of a run, or a model of the user's own."""

import os
import sys
from typing import Any

import click

from . import shared as opt


def member_of(spec: str, **given: Any) -> Any:
    """The objective of ``NAME:MEMBER``, trained if it is a preset that is missing, or of ``package.module:factory``."""
    from landscape.sampling.factories import names_factory
    from landscape.sampling.solutions import objective_of
    from landscape.train.runs import find_or_train, models_of

    choice = _choice(given)
    if names_factory(spec):
        return _own(spec, given, choice)
    models = models_of(spec)
    if len(models) != 1:
        raise click.UsageError(f"{spec} is two networks of different width; name one, such as narrow:0")
    (name, member), progress = models[0], not given["quiet"]
    run = find_or_train(name, runs=given["runs"], device=given["device"], progress=progress)
    return objective_of(run, member, **choice)


def own_along(spec: str, **given: Any) -> tuple[Any, Any]:
    """The objective of ``package.module:factory``, at the end of its ``--checkpoints`` if given, and their path."""
    from landscape.sampling.factories import objective_along

    if not given.get("checkpoints"):
        return member_of(spec, **given), None
    if given["weights"]:
        raise click.UsageError("the last of the --checkpoints is the solution: leave --weights out")
    _prepare(given)
    return objective_along(spec, given["data"], given["checkpoints"], stream=given["stream"], **_choice(given))


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


def _choice(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "batchnorm": given.get("batchnorm", "frozen"),
        "num_examples": given.get("num_examples"),
        "device": opt.torch_device(given["device"]),
        "dtype": opt.torch_dtype(given["dtype"]),
    }


def _prepare(given: dict[str, Any]) -> None:
    if given["data"] is None:
        raise click.UsageError("say which data: --data package.module:factory")
    sys.path.insert(0, os.getcwd())


def _own(spec: str, given: dict[str, Any], choice: dict[str, Any]) -> Any:
    from landscape.sampling.factories import objective_from

    _prepare(given)
    named = {"weights": given["weights"], "stream": given["stream"], "name": given.get("name", "")}
    return objective_from(spec, given["data"], **named, **choice)
