"""Models and data of the user's own, named ``package.module:factory``, as an objective."""

import importlib
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from landscape.errors import InputError, ObjectiveError
from landscape.objective.objective import Objective
from landscape.sampling.grid import Grid, sample
from landscape.sampling.repeats import sample_repeats
from landscape.sampling.solutions import View, refuse_mismatch, subspace_of
from landscape.space.checkpoints import read_path, split_state
from landscape.space.paths import TrainingPath
from landscape.space.subspaces import Affine, Subspace
from landscape.train.checkpoints import load_weights

_SPEC = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)")


def names_factory(spec: str) -> bool:
    """Whether a model is named as ``package.module:factory`` and not as ``NAME`` or ``NAME:member``.

    >>> [names_factory(spec) for spec in ("wide", "wide:3", "my_model:make", "pkg.nets:Net")]
    [False, False, True, True]
    """
    return _SPEC.fullmatch(spec) is not None


def objective_from(
    model: str, data: str, *, weights: str | Path | None = None, name: str = "", **options: Any
) -> Objective:
    """The objective of a model and data that are named by their factories, in evaluation mode.

    Args:
        model: ``"package.module:factory"``; the factory takes no arguments and returns a module (a class will do).
        data: ``"package.module:factory"``; returns what `Objective` takes as ``data``, or a tuple (train, test) of it,
            or a dictionary of the arguments of `Objective` with ``"data"`` among them, such as ``loss`` and ``terms``.
        weights: a ``.pt`` or ``.safetensors`` file; by default the model stays as the factory made it.
        options: further arguments of `Objective`.

    Raises:
        InputError: a factory that does not exist, or returns something else.
        ObjectiveError: a module or factory that raises.
    """
    module = _module(model)
    if weights is not None:
        load_weights(module, weights)
    return _built(module, model, data, name, options)


def objective_along(
    model: str, data: str, checkpoints: str | Path, *, name: str = "", **options: Any
) -> tuple[Objective, TrainingPath]:
    """The objective of such a model at the last of its checkpoints, and the path they make.

    Args:
        model: as in `objective_from`.
        data: as in `objective_from`.
        checkpoints: a folder of state dictionaries named by their step (see `read_path`), such as a `PathRecorder`
            writes.
        options: further arguments of `Objective`.

    Raises:
        InputError: a factory that does not exist, or checkpoints of another network.
        FileError: nothing to read.
    """
    module = _module(model)
    steps, states = read_path(checkpoints)
    theta, known = dict(module.named_parameters()), module.state_dict(keep_vars=True)
    unknown = [key for key in states[-1] if key not in known]
    if unknown:
        raise InputError(
            f"the last checkpoint in {checkpoints} names {', '.join(unknown[:4])}, which {model} lacks; "
            f"it has {', '.join(list(theta)[:3])}, ..."
        )
    placed, buffers = split_state(states[-1], theta)
    module.load_state_dict({**placed, **buffers}, strict=False)
    objective = _built(module, model, data, name, options)
    split = [split_state(state, objective.centre) for state in states]
    left = {key for key in states[-1] if key in theta and key not in objective.centre}
    moving = [{key: tensor for key, tensor in others.items() if key not in left} for _, others in split]
    return objective, TrainingPath(steps, [points for points, _ in split], moving, str(checkpoints))


def sample_own(
    objective: Objective,
    view: View,
    *,
    walked: TrainingPath | None = None,
    seed: int = 0,
    repeats: int = 1,
    keep: bool = False,
    points: int,
    choice: Mapping[str, Any],
    then: Callable[[Objective, Subspace, Grid], Grid] | None = None,
    **options: Any,
) -> Grid:
    """A view of a model of the user's own, sampled.

    Args:
        view: see `subspace_of`.
        walked: its training path, for the views that follow one.
        repeats: mean and band over so many seeds of the random directions, from ``seed`` up.
        keep: store the directions in the file.
        choice: ``normalize``, ``ignore`` and ``orthogonal`` of random directions.
        then: as of `sample_view`.
        options: passed on to `sample`.

    Raises:
        InputError: choices that do not go together.
    """
    refuse_mismatch(view, choice.get("orthogonal", False), None if walked is None else walked.source, repeats)

    def made(number: int) -> Subspace:
        subspace = subspace_of(None, objective, view, seed=number, path=walked, **choice)
        return replace(subspace, keep=keep) if isinstance(subspace, Affine) else subspace

    rows = len(walked.steps) if walked is not None and view == "corridor" else points
    if repeats == 1:
        subspace = made(seed)
        record = sample(objective, subspace, points=(rows, points), **options)
        return record if then is None else then(objective, subspace, record)
    return sample_repeats(objective, made, seeds=range(seed, seed + repeats), points=(rows, points), **options)


def _module(spec: str) -> nn.Module:
    module = _made(spec)
    if not isinstance(module, nn.Module):
        raise InputError(f"{spec} returned {type(module).__name__}, expected a torch.nn.Module")
    return module


def _built(module: nn.Module, spec: str, data: str, name: str, options: dict[str, Any]) -> Objective:
    arguments = {**_arguments(_made(data), data), **options}
    return Objective(module.eval(), arguments.pop("data"), name=name or spec, **arguments)


def _arguments(given: Any, spec: str) -> dict[str, Any]:
    """The arguments of `Objective` in what a data factory returned."""
    if given is None:
        raise InputError(f"{spec} returned None, expected training data")
    if isinstance(given, Mapping) and "data" in given:
        known = Objective.__init__.__kwdefaults__ or {}
        unknown = [key for key in given if key != "data" and key not in known]
        if unknown:
            raise InputError(f"{spec} returned unknown arguments {unknown}; expected data, {', '.join(known)}")
        return dict(given)
    if isinstance(given, tuple) and len(given) == 2 and not any(isinstance(part, Tensor) for part in given):
        return {"data": given[0], "test": given[1]}
    return {"data": given}


def _made(spec: str) -> Any:
    """What the factory returns."""
    factory = _imported(spec)
    try:
        return factory()
    except (Exception, SystemExit) as error:
        raise ObjectiveError(f"{spec}() raised {_described(error)}") from error


def _imported(spec: str) -> Callable[[], Any]:
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise InputError(f"expected package.module:factory, got {spec!r}")
    name, attribute = match.groups()
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise InputError(
                f"there is no module {error.name!r} here (in {Path.cwd()}) or among the installed packages"
            ) from error
        raise ObjectiveError(f"importing {name} raised {_described(error)}") from error
    except (Exception, SystemExit) as error:
        raise ObjectiveError(f"importing {name} raised {_described(error)}") from error
    factory = getattr(module, attribute, None)
    if factory is None:
        raise InputError(f"{name} has no {attribute!r}; it has {_functions(module) or 'no functions'}")
    if not callable(factory) or isinstance(factory, nn.Module):
        raise InputError(f"{spec} is {type(factory).__name__}, expected a function without arguments that returns one")
    return factory  # type: ignore[no-any-return]


def _functions(module: Any) -> str:
    own = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
    return ", ".join(own[:6])


def _described(error: BaseException) -> str:
    """The error with the place it came from, in one line."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text} ({Path(frame.filename).name}, line {frame.lineno})"
