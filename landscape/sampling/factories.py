"""Models and data of the user's own, named ``package.module:factory``: imported, called and checked."""

import importlib
import os
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import Tensor, nn

from landscape.errors import InputError, ObjectiveError
from landscape.objective.objective import Objective

_SPEC = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)")


def names_factory(spec: str) -> bool:
    """Whether a model is named as ``package.module:factory`` and not as ``NAME`` or ``NAME:member``.

    >>> [names_factory(spec) for spec in ("wide", "wide:3", "my_model:make", "pkg.nets:Net")]
    [False, False, True, True]
    """
    return _SPEC.fullmatch(spec) is not None


def make_model(spec: str) -> nn.Module:
    """The module that a factory returns.

    Args:
        spec: ``"package.module:factory"``; the factory takes no arguments (a class will do).

    Raises:
        InputError: a factory that does not exist, or returns something else.
        ObjectiveError: a module or factory that raises.
    """
    module = _call(spec)
    if not isinstance(module, nn.Module):
        raise InputError(f"{spec} returned {type(module).__name__}, expected a torch.nn.Module")
    return module


def make_arguments(spec: str) -> dict[str, Any]:
    """The arguments of `Objective` in what a factory of data returns, ``"data"`` among them.

    Args:
        spec: ``"package.module:factory"``; returns what `Objective` takes as ``data``, or a tuple (train, test) of it,
            or a dictionary of the arguments of `Objective` with ``"data"`` among them, such as ``loss`` and ``terms``.

    Raises:
        InputError: a factory that does not exist, or returns something else.
        ObjectiveError: a module or factory that raises.
    """
    data = _call(spec)
    if data is None:
        raise InputError(f"{spec} returned None, expected training data")
    if isinstance(data, Mapping) and "data" in data:
        parameters = Objective.__init__.__kwdefaults__ or {}
        unknown = [key for key in data if key != "data" and key not in parameters]
        if unknown:
            raise InputError(f"{spec} returned unknown arguments {unknown}; expected data, {', '.join(parameters)}")
        return dict(data)
    if isinstance(data, tuple) and len(data) == 2 and not any(isinstance(part, Tensor) for part in data):
        return {"data": data[0], "test": data[1]}
    return {"data": data}


def _call(spec: str) -> Any:
    """What the factory returns."""
    factory = _import(spec)
    try:
        return factory()
    except (Exception, SystemExit) as error:
        raise ObjectiveError(f"{spec}() raised {_describe(error)}") from error


def _import(spec: str) -> Callable[[], Any]:
    """The factory of that name."""
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise InputError(f"expected package.module:factory, got {spec!r}")
    name, attribute = match.groups()
    if os.getcwd() not in sys.path:  # a console script has its own folder in the place of the user's
        sys.path.insert(0, os.getcwd())
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        # only the user's own module is missing by a wrong name; one that it imports has failed
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise InputError(
                f"there is no module {error.name!r} here (in {Path.cwd()}) or among the installed packages"
            ) from error
        raise ObjectiveError(f"importing {name} raised {_describe(error)}") from error
    except (Exception, SystemExit) as error:
        raise ObjectiveError(f"importing {name} raised {_describe(error)}") from error
    factory = getattr(module, attribute, None)
    if factory is None:
        raise InputError(f"{name} has no {attribute!r}; it has {_functions(module) or 'no functions'}")
    if not callable(factory) or isinstance(factory, nn.Module):
        raise InputError(f"{spec} is {type(factory).__name__}, expected a function without arguments that returns one")
    return factory  # type: ignore[no-any-return]


def _functions(module: ModuleType) -> str:
    """The first public functions of a module, by name."""
    names = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
    return ", ".join(names[:6])


def _describe(error: BaseException) -> str:
    """The error with the place it came from, in one line."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text} ({Path(frame.filename).name}, line {frame.lineno})"
