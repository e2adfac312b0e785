"""Solutions: a trained network to look at, whether a member of a run or anybody's model; the spelling of their names.

Once a solution is open nothing tells the two apart. `open_solution` alone knows ``"wide:3"`` from ``"my_model:make"``.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias, TypedDict, Unpack

import torch
from torch import nn

from landscape.defaults import RUNS
from landscape.errors import FileError, InputError, RunError
from landscape.objective.batchnorm import BatchNorm
from landscape.objective.objective import Objective
from landscape.records.base import Scalar
from landscape.sampling.factories import make_arguments, make_model, names_factory
from landscape.space import parameters as space
from landscape.space.checkpoints import read_path, read_tensors, split_state
from landscape.space.paths import TrainingPath
from landscape.train.checkpoints import load_weights
from landscape.train.runs import Run, find_or_train, models_of
from landscape.train.wrappers import bare_module

Checkpoints: TypeAlias = str | Path | Sequence[str | Path]


class Evaluation(TypedDict, total=False):
    """How the loss of a network is evaluated: options of `Objective`."""

    batchnorm: BatchNorm
    num_examples: int | None
    device: torch.device | str
    dtype: torch.dtype


class Opening(Evaluation, total=False):
    """The options of `open_solution`."""

    data: str | None
    weights: str | Path | None
    checkpoints: Checkpoints | None
    stream: bool
    runs: str | Path
    name: str
    progress: bool


@dataclass(frozen=True, eq=False)
class Solution:
    """A trained network to look at: a member of a run, or anybody's model as ``Solution(objective)``.

    Args:
        objective: model, data and loss together; its centre is the network.
        folder: where its surfaces and measures are kept; None keeps them nowhere.
        member: its number in the run; seeds of measures differ from member to member.
        read_path: reads the training path that led to it; None where there is none.
        variant: what tells it from the plain member in the names of its files: ``checkpoints``, ``batchnorm`` or
            ``num_examples`` where they are unusual.
    """

    objective: Objective
    folder: Path | None = None
    member: int = 0
    read_path: Callable[[], TrainingPath] | None = None
    variant: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the network: ``"wide:3"``."""
        return self.objective.name

    @property
    def stem(self) -> str:
        """The name of its files where no other is given: that of the run, or of the function that makes the model."""
        return file_stem(self.name) if self.folder is None else self.folder.name

    @cached_property
    def path(self) -> TrainingPath | None:
        """The training path that led to it, on the objective's device and in its dtype; read when first asked for."""
        return None if self.read_path is None else self.read_path()

    def surface_path(self, view: str, choices: Mapping[str, Scalar]) -> Path | None:
        """Where a view with these choices is kept, in a folder that exists afterwards; None for nowhere."""
        if self.folder is None:
            return None
        key = {**choices, "dtype": str(self.objective.dtype), **self.variant}
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:8]
        folder = self.folder / "surfaces"
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise FileError(f"cannot create {folder} ({error.strerror}); give another --runs") from error
        return folder / f"{view}-{self.member}-{digest}.h5"

    def loss_only(self) -> "Solution":
        """The same network with the training loss as its one metric."""
        return replace(self, objective=self.objective.loss_only())


def open_solution(
    spec: str,
    *,
    data: str | None = None,
    weights: str | Path | None = None,
    checkpoints: Checkpoints | None = None,
    stream: bool = False,
    runs: str | Path = RUNS,
    batchnorm: BatchNorm = "frozen",
    num_examples: int | None = None,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    name: str = "",
    progress: bool = False,
) -> Solution:
    """The network of that name; a preset that no run holds is trained first.

    Args:
        spec: a preset (``"wide"``), a run, a member of either (``"wide:3"``; 0 by default), or
            ``"package.module:factory"``, a function without arguments that returns a module.
        data: of a factory's model, ``"package.module:factory"`` too: it returns what `Objective` takes as ``data``, a
            tuple (train, test) of it, or a dictionary of arguments of `Objective` with ``"data"`` among them.
        weights: a file of weights to look at in place of the network's own.
        checkpoints: a folder (or files) of state dictionaries named by their step, see `read_path`: the last one is the
            solution, all together its training path.
        stream: read the data again for every block of points, see `Objective`; of a factory's model.
        runs: the folder of the runs.
        batchnorm: what BatchNorm statistics do at other points, see `Objective`.
        num_examples: measure on a fixed random subset of so many examples.
        device: where points are evaluated.
        dtype: in which precision.
        name: what to call the network; by default ``spec`` with its member.
        progress: show the progress of a training on stderr.

    Returns:
        The solution. A member of a run keeps its surfaces and measures in the run's folder; anything else nowhere.

    Raises:
        InputError: a name that stands for no network or for two, or options that do not go together.
        RunError: a member that diverged or does not exist.
        FileError: weights or checkpoints that cannot be read.
        ObjectiveError: a factory that raises, or a model that cannot be evaluated.
    """
    if weights is not None and checkpoints is not None:
        raise InputError("the last of the --checkpoints is the solution: leave --weights out")
    evaluation: Evaluation = {"batchnorm": batchnorm, "num_examples": num_examples, "device": device, "dtype": dtype}
    state: _State = {"weights": weights, "checkpoints": checkpoints}
    source, member = _parse_one(spec)
    if member is None:
        if data is None:
            raise InputError("say which data: --data package.module:factory")
        return _open_factory(spec, data, stream, name=name or spec, **state, **evaluation)
    options = [flag for flag, value in (("--data", data), ("--stream", stream)) if value]
    if options:
        raise InputError(f"{', '.join(options)} go with --model package.module:factory, not with {spec!r}")
    run = find_or_train(source, runs=runs, device=str(device), progress=progress)
    return member_of(run, member, **state, **evaluation, name=name)


def open_solutions(spec: str, **options: Unpack[Opening]) -> tuple[Solution, ...]:
    """The networks of that name: narrow and wide of ``"pair"`` (or of ``"pair:3"``), else the one.

    Args:
        spec: as for `open_solution`.
        options: as for `open_solution`.

    Returns:
        One solution or two, the narrow one first.

    Raises:
        LandscapeError: as `open_solution` does.
    """
    names = solution_names(spec)
    return tuple(open_solution(name, **options) for name in (names if len(names) > 1 else (spec,)))


def solution_names(spec: str) -> tuple[str, ...]:
    """The names of the networks that a name stands for, each of one network.

    Args:
        spec: as for `open_solution`.

    Returns:
        One name, or two of ``"pair"``, the narrow one first.

    Raises:
        InputError: a member that is no number.

    >>> [solution_names(spec) for spec in ("wide", "pair:3", "my_model:make")]
    [('wide:0',), ('narrow:3', 'wide:3'), ('my_model:make',)]
    """
    return tuple(source if member is None else f"{source}:{member}" for source, member in _parse(spec))


def open_members(
    name: str,
    num_members: int | None = None,
    *,
    data: str | None = None,
    weights: str | Path | None = None,
    runs: str | Path = RUNS,
    progress: bool = False,
    **evaluation: Unpack[Evaluation],
) -> tuple[Solution, ...]:
    """All members of a run that did not diverge, or the first of them; or the one network that a name stands for.

    Args:
        name: of a run, or a preset that is trained where it is missing; else as for `open_solution`, of one network.
        num_members: how many; all by default.
        data: of a factory's model, see `open_solution`; runs have their own.
        weights: a file of weights to look at in place of one network's own.
        runs: the folder of the runs.
        progress: show the progress of a training on stderr.
        evaluation: ``batchnorm``, ``num_examples``, ``device`` and ``dtype`` of `open_solution`.

    Returns:
        One solution per member, in their order.

    Raises:
        InputError: fewer members than asked for.
        RunError: no run of that name, or every member diverged.
    """
    run_name, member = _parse_one(name)
    if weights is not None or member is None or ":" in name:
        data = data if member is None else None
        return (open_solution(name, data=data, weights=weights, runs=runs, progress=progress, **evaluation),)
    run = find_or_train(run_name, runs=runs, device=str(evaluation.get("device", "cpu")), progress=progress)
    return tuple(member_of(run, member, **evaluation) for member in survivors(run, num_members))


def file_stem(spec: str) -> str:
    """What a file of a network is called by default: its name, or the function that makes it.

    Args:
        spec: as for `open_solution`.

    Returns:
        A file name without suffix.

    >>> [file_stem(spec) for spec in ("wide", "wide:3", "my_model:make")]
    ['wide', 'wide-3', 'make']
    """
    _, member = _parse(spec)[0]
    return spec.rpartition(":")[2] if member is None else spec.replace(":", "-")


def survivors(run: Run, num_members: int | None = None) -> list[int]:
    """The members that did not diverge, or the first of them.

    Raises:
        InputError: fewer of them than asked for.
        RunError: none at all.
    """
    members = [member for member in range(run.members) if member not in run.diverged]
    if num_members is not None and len(members) < num_members:
        raise InputError(f"run {run.name!r} has {len(members)} members that did not diverge, asked for {num_members}")
    if not members:
        raise RunError(
            f"all {run.members} members of run {run.name!r} diverged; train it with a smaller --learning-rate"
        )
    return members[:num_members]


def member_of(
    run: Run,
    member: int = 0,
    *,
    weights: str | Path | None = None,
    checkpoints: Checkpoints | None = None,
    name: str = "",
    **evaluation: Unpack[Evaluation],
) -> Solution:
    """One member of a run, with the data it was trained and tested on; see `open_solution` for the options."""
    model = run.model(member)
    name = name or f"{run.name}:{member}"

    def build(module: nn.Module) -> Objective:
        return _member_objective(run, module, name, **evaluation)

    if weights is not None:
        _load_state(model, read_tensors(weights))
        return Solution(build(model))
    variant = _variant(checkpoints, evaluation)
    if checkpoints is not None:
        objective, path = _follow(model, checkpoints, name, build)
        return Solution(objective, run.folder, member, lambda: path, variant)
    objective = build(model)
    return Solution(objective, run.folder, member, lambda: _run_path(run, member, objective), variant)


def _parse(spec: str) -> tuple[tuple[str, int | None], ...]:
    """The networks that a name stands for, as runs with their members; a factory has no member."""
    return ((spec, None),) if names_factory(spec) else tuple(models_of(spec))


def _parse_one(spec: str) -> tuple[str, int | None]:
    """The run and member, or the factory, of a name that stands for one network."""
    networks = _parse(spec)
    if len(networks) != 1:
        raise InputError(f"{spec} is two networks of different width; name one, such as narrow:0")
    return networks[0]


class _State(TypedDict):
    weights: str | Path | None
    checkpoints: Checkpoints | None


def _open_factory(
    spec: str,
    data: str,
    stream: bool,
    *,
    name: str,
    weights: str | Path | None,
    checkpoints: Checkpoints | None,
    **evaluation: Unpack[Evaluation],
) -> Solution:
    """A model of the user's own, in evaluation mode."""
    model = bare_module(make_model(spec))
    if weights is not None:
        load_weights(model, weights)

    def build(module: nn.Module) -> Objective:
        arguments: dict[str, Any] = {**make_arguments(data), "stream": stream, "name": name, **evaluation}
        return Objective(module.eval(), arguments.pop("data"), **arguments)

    if checkpoints is None:
        return Solution(build(model))
    objective, path = _follow(model, checkpoints, spec, build)
    return Solution(objective, read_path=lambda: path)


def _member_objective(run: Run, model: nn.Module, name: str, **evaluation: Unpack[Evaluation]) -> Objective:
    """The model with the data and the loss of its run."""
    data = run.dataset
    test = (torch.from_numpy(data.x_test), torch.from_numpy(data.y_test)) if len(data.y_test) else None
    return Objective(
        model,
        (torch.from_numpy(data.x_train), torch.from_numpy(data.y_train)),
        loss=run.recipe.loss_function,
        test=test,
        name=name,
        network=run.network.describe(),
        **evaluation,
    )


def _run_path(run: Run, member: int, objective: Objective) -> TrainingPath:
    """The path that a member of a run took, on the objective's device and in its dtype."""
    steps, points, buffers = run.path(member)
    points, buffers = (
        space.convert(part, device=objective.device, dtype=objective.dtype) for part in (points, buffers)
    )
    rows = range(len(steps))
    return TrainingPath(steps, [space.select(points, k) for k in rows], [space.select(buffers, k) for k in rows])


def _follow(
    model: nn.Module, checkpoints: Checkpoints, name: str, build: Callable[[nn.Module], Objective]
) -> tuple[Objective, TrainingPath]:
    """The objective at the last of the checkpoints, and the path they make."""
    steps, states = read_path(checkpoints, model=model)
    theta, state = dict(model.named_parameters()), model.state_dict(keep_vars=True)
    unknown = [key for key in states[-1] if key not in state]
    if unknown:
        raise InputError(
            f"the last checkpoint in {checkpoints} names {', '.join(unknown[:4])}, which {name} lacks; "
            f"it has {', '.join(list(theta)[:3])}, ..."
        )
    _load_state(model, states[-1])
    objective = build(model)
    parts = [split_state(checkpoint, objective.centre) for checkpoint in states]
    # parameters that the objective leaves at its centre are no buffers that move along the path
    constants = {key for key in states[-1] if key in theta and key not in objective.centre}
    buffers = [{key: tensor for key, tensor in tensors.items() if key not in constants} for _, tensors in parts]
    source = str(checkpoints) if isinstance(checkpoints, str | Path) else ", ".join(map(str, checkpoints))
    return objective, TrainingPath(steps, [points for points, _ in parts], buffers, source)


def _load_state(model: nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """Put the parameters and floating-point buffers of a state dictionary into the model."""
    points, buffers = split_state(state, dict(model.named_parameters()))
    model.load_state_dict({**points, **buffers}, strict=False)


def _variant(checkpoints: Checkpoints | None, evaluation: Evaluation) -> dict[str, Scalar]:
    """What is unusual, so that files from before there was a choice keep their names."""
    variant: dict[str, Scalar] = {} if checkpoints is None else {"checkpoints": str(checkpoints)}
    batchnorm, num_examples = evaluation.get("batchnorm", "frozen"), evaluation.get("num_examples")
    if batchnorm != "frozen":
        variant["batchnorm"] = batchnorm
    if num_examples is not None:
        variant["num_examples"] = num_examples
    return variant
