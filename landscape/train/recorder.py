"""A path of checkpoints recorded from any training loop: plain PyTorch, Lightning, ``transformers.Trainer``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from landscape.errors import FileError, InputError
from landscape.files.replace import file_errors, replacement
from landscape.records.base import FloatArray
from landscape.train.recipe import Recipe
from landscape.train.training import checkpoint_steps
from landscape.train.wrappers import bare_module

DEFAULT_CHECKPOINTS = 49

State = dict[str, Tensor]


class PathRecorder:
    """A recorder that keeps parameters and floating-point buffers of a model at some steps of its training.

    Call ``record(step)`` before the first step and after every one; most calls return at once. The model is read, never
    changed, and a kept checkpoint is a copy on the CPU.

    Args:
        model: what is trained; of a data-parallel, averaged or compiled one the network inside. Its names are kept, so
            pass the module that the objective is built from.
        steps: length of the training, of which ``num`` steps are kept, log-spaced, start and end among them; or the
            steps themselves.
        num: checkpoints kept of a training of that length.
        folder: where each checkpoint becomes a file ``step-N.safetensors``, read back as a memory map, so that a path
            may be larger than the memory. It must be empty or new. By default checkpoints stay in memory.

    Raises:
        InputError: no steps, a ``ScriptModule``, or a model whose parameters are not on this machine as a whole.
        FileError: the folder holds something, or cannot be written.

    Example:
        >>> model = nn.Linear(1, 1)
        >>> recorder = PathRecorder(model, steps=100, num=3)
        >>> for step in range(101):
        ...     recorder.record(step)
        >>> recorder.steps.tolist()
        [0.0, 9.0, 100.0]
    """

    def __init__(
        self,
        model: nn.Module,
        steps: int | Sequence[int],
        *,
        num: int = DEFAULT_CHECKPOINTS,
        folder: str | Path | None = None,
    ) -> None:
        self.model = model = bare_module(model)
        self._parameters = [name for name, _ in model.named_parameters()]
        self.schedule = _schedule(steps, num)
        self.folder = None if folder is None else _empty(Path(folder))
        self._checkpoints: dict[int, State | Path] = {}

    @property
    def steps(self) -> FloatArray:
        """Steps that were kept, shape (T,)."""
        return np.array(sorted(self._checkpoints), dtype=np.float64)

    def record(self, step: int, *, force: bool = False) -> None:
        """Keep the model as it is now if this step is in the schedule; a step once.

        Args:
            step: of the training, 0 before the first.
            force: keep it also outside the schedule.

        Raises:
            InputError: a step before one that was kept.
        """
        if step in self._checkpoints or not (force or step in self.schedule):
            return
        if self._checkpoints and step < max(self._checkpoints):
            raise InputError(f"step {step} comes after step {max(self._checkpoints)}: a path has one direction")
        state = _state(self.model)
        self._checkpoints[step] = (
            state if self.folder is None else _write(state, self.folder / f"step-{step:09d}.safetensors")
        )

    def path(self) -> tuple[list[State], FloatArray]:
        """Parameters of every checkpoint and their steps (T,): what `corridor_along` and `path_plane` take.

        Checkpoints in files are memory-mapped, and stay so in `path_plane`; a corridor holds all of them.
        """
        # files hold their tensors by alphabet, but a direction is drawn in the model's own order
        return [{name: state[name] for name in self._parameters} for state in self._states()], self.steps

    def buffers(self) -> list[State]:
        """Floating-point buffers (BatchNorm statistics) of every checkpoint; empty for a model without any."""
        states = self._states()
        names = sorted(states[0].keys() - set(self._parameters))
        return [{name: state[name] for name in names} for state in states] if names else []

    def _states(self) -> list[State]:
        if not self._checkpoints:
            raise InputError("nothing is recorded yet: call record(0) before the first step, and record(step) after it")
        return [_read(place) if isinstance(place, Path) else place for _, place in sorted(self._checkpoints.items())]


def lightning_callback(recorder: PathRecorder) -> Any:
    """A Lightning ``Callback`` that records at optimizer steps: ``Trainer(callbacks=[lightning_callback(recorder)])``.

    The end of training is always kept. Steps are Lightning's ``global_step``, which counts the steps of every
    optimizer.

    Args:
        recorder: keeps the checkpoints; its model is the one that is trained.

    Returns:
        The callback.

    Raises:
        InputError: Lightning is not installed.
    """
    callback = _extra("lightning.pytorch", "lightning").Callback

    class Recording(callback):  # type: ignore[misc, valid-type]
        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            recorder.record(trainer.global_step)

        def on_train_batch_end(self, trainer: Any, *args: Any, **kwargs: Any) -> None:
            recorder.record(trainer.global_step)

        def on_train_end(self, trainer: Any, pl_module: Any) -> None:
            recorder.record(trainer.global_step, force=True)

    return Recording()


def trainer_callback(recorder: PathRecorder) -> Any:
    """A ``transformers.TrainerCallback`` that records at optimizer steps: ``Trainer(..., callbacks=[...])``.

    The end of training is always kept.

    Args:
        recorder: keeps the checkpoints; its model is the one that the ``Trainer`` gets.

    Returns:
        The callback.

    Raises:
        InputError: ``transformers`` is not installed.
    """
    callback = _extra("transformers", "transformers").TrainerCallback

    class Recording(callback):  # type: ignore[misc, valid-type]
        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            recorder.record(state.global_step)

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            recorder.record(state.global_step)

        def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            recorder.record(state.global_step, force=True)

    return Recording()


def _schedule(steps: int | Sequence[int], num: int) -> set[int]:
    if isinstance(steps, int):
        return checkpoint_steps(Recipe(steps=steps, checkpoints=num))
    schedule = {int(step) for step in steps}
    if not schedule or min(schedule) < 0:
        raise InputError(f"a path needs steps from 0 on, got {list(steps)}")
    return schedule


def _state(model: nn.Module) -> State:
    """A copy of the parameters, tied ones once, and of the floating-point buffers, on the CPU."""
    tensors = [*model.named_parameters(), *((n, b) for n, b in model.named_buffers() if b.is_floating_point())]
    for name, tensor in tensors:
        if tensor.is_meta or type(tensor.data) is not Tensor:
            raise InputError(
                f"{name!r} is not on this machine as a whole (meta or sharded): gather the model before it is recorded"
            )
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors}


def _write(state: State, place: Path) -> Path:
    """The file of one checkpoint, there only when it is complete."""
    with file_errors(place), replacement(place) as temporary:
        try:
            save_file(state, temporary)
        except SafetensorError as error:
            raise OSError(str(error)) from error
    return place


def _read(place: Path) -> State:
    try:
        with safe_open(place, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise FileError(f"cannot read {place}: {error}; record the path again") from error


def _empty(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        full = any(folder.iterdir())
    except OSError as error:
        raise FileError(f"cannot use the folder {folder} ({error.strerror}); give another one") from error
    if full:
        raise FileError(f"{folder} is not empty: a path is recorded into a folder of its own")
    return folder


def _extra(module: str, name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(f"{name} is not installed; pip install {name}") from error
