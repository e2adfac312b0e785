"""Networks as they are named on the command line: a member of a run, or a model of the user's own."""

import os
import sys
from typing import Any

import click

from . import options as opt


def member_of(spec: str, **given: Any) -> Any:
    """The objective of ``NAME:MEMBER``, trained if it is a preset that is missing, or of ``package.module:factory``."""
    from landscape.evaluate.models import names_factory
    from landscape.evaluate.views import objective_of
    from landscape.train.runs import find_or_train, models_of

    choice = {
        "batchnorm": given.get("batchnorm", "frozen"),
        "num_examples": given.get("num_examples"),
        "device": opt.torch_device(given["device"]),
        "dtype": opt.torch_dtype(given["dtype"]),
    }
    if names_factory(spec):
        return _own(spec, given, choice)
    models = models_of(spec)
    if len(models) != 1:
        raise click.UsageError(f"{spec} is two networks of different width; name one, such as narrow:0")
    (name, member), progress = models[0], not given["quiet"]
    run = find_or_train(name, runs=given["runs"], device=given["device"], progress=progress)
    return objective_of(run, member, **choice)


def _own(spec: str, given: dict[str, Any], choice: dict[str, Any]) -> Any:
    from landscape.evaluate.models import objective_from

    if given["data"] is None:
        raise click.UsageError("say which data: --data package.module:factory")
    sys.path.insert(0, os.getcwd())
    return objective_from(spec, given["data"], weights=given["weights"], stream=given["stream"], **choice)
