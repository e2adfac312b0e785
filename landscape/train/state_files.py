"""State dictionaries in the files that training tools write, read without running anything that a file holds."""

import json
import pickle
import re
import warnings
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from landscape.errors import FileError

State: TypeAlias = dict[str, Tensor]

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".npz")
WRAPPERS = ("state_dict", "model_state_dict", "model")
# What a folder of `transformers.Trainer` or of `save_pretrained` may hold its weights in, the first that is there.
FOLDER_FILES = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "adapter_model.safetensors",
    "adapter_model.bin",
)
# Fields of a checkpoint that count its training, the finest first.
STEP_FIELDS = ("global_step", "step", "iter", "iteration", "epoch")
_NUM_NAMES = 4
_NUM_RETRIES = 20
_DEPTH = 3


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What a file or folder of weights holds.

    Args:
        path: of the file or folder.
        states: every dictionary of tensors by its place (``"state_dict"``, ``"model.net"``; empty for the whole file).
        steps: the fields that count training steps, by name.
        contents: what is in the file, in words.
    """

    path: Path
    states: Mapping[str, State]
    steps: Mapping[str, float]
    contents: str

    @property
    def state(self) -> State:
        """The one state dictionary of the checkpoint: under a known name, or the only one.

        Raises:
            FileError: none, or several.
        """
        if not self.states:
            raise FileError(
                f"{self.path} holds no weights by name but {self.contents}; expected model.state_dict(), also nested "
                "in a dictionary, as under 'state_dict' or 'model'"
            )
        if len(self.states) > 1:
            raise FileError(
                f"{self.path} holds several state dictionaries ({first_names(self.states)}), expected one; save the "
                "one to look at alone"
            )
        return next(iter(self.states.values()))


def read_checkpoint(path: str | Path) -> Checkpoint:
    """The state dictionaries in a file, or in a folder as ``transformers.Trainer`` writes it, on the CPU.

    Files of PyTorch are read by ``torch.load(weights_only=True)``; objects of other classes beside the weights become
    inert placeholders, whose classes are never imported. Tensors are mapped into memory where the format allows it.

    Raises:
        FileError: nothing there, another kind of file, a damaged one, or one that holds something else.
    """
    place = Path(path)
    if place.is_dir():
        return _read_folder(place)
    if place.suffix not in SUFFIXES:
        raise FileError(f"cannot read tensors from {place}: expected a file named {', '.join(SUFFIXES)}")
    if not place.is_file():
        raise FileError(f"there is no file {place} with weights; check the name")
    if place.suffix == ".safetensors":
        tensors, metadata = _read_safetensors(place)
        return Checkpoint(place, {"": tensors} if tensors else {}, _steps(metadata), describe(tensors))
    content = _read_arrays(place) if place.suffix == ".npz" else _read_torch(place)
    if not isinstance(content, Mapping):
        raise FileError(
            f"{place} holds more than tensors: {describe(content)}, which is not opened (weights_only=True); expected "
            "a dictionary of tensors: save model.state_dict()"
        )
    return Checkpoint(place, _states(content), _steps(content), describe(content))


def is_checkpoint(path: Path) -> bool:
    """Whether a path is named as a file of weights, or is a folder that holds them as `transformers` writes them."""
    return _folder_file(path) is not None if path.is_dir() else path.suffix in SUFFIXES


def first_names(names: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    whole = [name or "the file itself" for name in names]
    return ", ".join(whole[:_NUM_NAMES]) + (f", and {len(whole) - _NUM_NAMES} more" if len(whole) > _NUM_NAMES else "")


def describe(content: object) -> str:
    """What a file holds, in words: ``dict with epoch, net (12 tensors)``."""
    if not isinstance(content, Mapping):
        return f"an object of class {type(content).__name__}" if isinstance(content, _Inert) else type(content).__name__
    if not content:
        return f"{type(content).__name__} with nothing in it"
    return f"{type(content).__name__} with {first_names(f'{key}{_kind(value)}' for key, value in content.items())}"


def _kind(value: object) -> str:
    """A remark on what stands under a name."""
    if isinstance(value, _Inert):
        return f" (an object of class {type(value).__name__})"
    if isinstance(value, Mapping) and (count := sum(isinstance(part, Tensor) for part in value.values())):
        return f" ({count} tensors)"
    return ""


def _read_folder(folder: Path) -> Checkpoint:
    name = _folder_file(folder)
    if name is None:
        listing = first_names(sorted(file.name for file in folder.iterdir())) or "nothing"
        raise FileError(f"{folder} holds no weights but {listing}; expected one of {', '.join(FOLDER_FILES)}")
    if name.endswith(".json"):
        state = _read_shards(folder, name)
        states, steps, contents = {"": state}, {}, describe(state)
    else:
        checkpoint = read_checkpoint(folder / name)
        states, steps, contents = dict(checkpoint.states), dict(checkpoint.steps), checkpoint.contents
    progress = folder / "trainer_state.json"
    if progress.is_file():
        steps |= _steps(_read_json(progress))
    return Checkpoint(folder, states, steps, contents)


def _folder_file(folder: Path) -> str | None:
    return next((name for name in FOLDER_FILES if (folder / name).is_file()), None)


def _read_shards(folder: Path, index: str) -> State:
    """The tensors that an index spreads over several files."""
    places = _read_json(folder / index).get("weight_map")
    if not isinstance(places, Mapping) or not places:
        raise FileError(f"{folder / index} lists no weights; expected a 'weight_map' from names to files")
    state: State = {}
    for shard in sorted(set(places.values())):
        if Path(shard).name != shard:
            raise FileError(f"{folder / index} names the file {shard!r}; expected one beside it")
        state |= read_checkpoint(folder / shard).state
    missing = [name for name in places if name not in state]
    if missing:
        raise FileError(f"the files that {folder / index} names lack {first_names(missing)}; copy the folder again")
    return state


def _read_json(place: Path) -> dict[str, Any]:
    try:
        content = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileError(f"{place} cannot be read: {error!s:.120}") from error
    if not isinstance(content, dict):
        raise FileError(f"{place} holds {type(content).__name__}, expected names with values")
    return content


def _read_safetensors(place: Path) -> tuple[State, dict[str, str]]:
    try:
        with safe_open(place, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError) as error:
        raise _unreadable(place, error) from error


def _read_arrays(place: Path) -> State:
    try:
        with np.load(place, allow_pickle=False) as arrays:
            return {name: torch.from_numpy(np.array(arrays[name])) for name in arrays}
    except (OSError, ValueError, TypeError, EOFError, KeyError, AttributeError) as error:
        raise _unreadable(place, error) from error


def _read_torch(place: Path) -> Any:
    """What ``torch.save`` wrote, with a placeholder for every object whose class is not known to be harmless."""
    try:
        with warnings.catch_warnings():
            # a file that says otherwise than torch what pickle protocol it was written in is read all the same
            warnings.simplefilter("ignore")
            return _load_inert(place)
    except (pickle.UnpicklingError, AttributeError, TypeError) as error:
        objects = first_names(_unknown_globals(place))
        raise FileError(
            f"{place} holds more than tensors{objects and f' ({objects})'}, or is no file of torch.save, and is not "
            "opened (weights_only=True); save model.state_dict(), or use .safetensors"
        ) from error
    except (OSError, RuntimeError, EOFError, ValueError, LookupError) as error:
        raise _unreadable(place, error) from error


class _Inert:
    """An object of a file that is skipped: it keeps nothing and does nothing."""

    def __new__(cls, *args: object) -> Any:
        return object.__new__(cls)

    def __init__(self, *args: object) -> None:
        """Ignore what the object would be made of."""

    def __setstate__(self, state: object) -> None:
        """Ignore what the object would hold."""


class _InertDict(_Inert):
    """A dictionary of a class of its own, read as a plain one."""

    def __new__(cls, *args: object) -> Any:
        return OrderedDict()


class _InertList(_Inert):
    """A list of a class of its own, read as a plain one."""

    def __new__(cls, *args: object) -> Any:
        return []


def _load_inert(place: Path) -> Any:
    names = _unknown_globals(place)
    bases: dict[str, type[_Inert]] = dict.fromkeys(names, _Inert)
    for _ in range(_NUM_RETRIES):
        placeholders: list[Any] = [(_placeholder(name, base), name) for name, base in bases.items()]
        try:
            with torch.serialization.safe_globals(placeholders):
                return torch.load(place, map_location="cpu", weights_only=True, mmap=bool(_is_zip(place)))
        except pickle.UnpicklingError as error:
            # only now it shows that a class is a dictionary or a list; pickles do not say so by themselves
            match = re.search(r"Can only (SETITEM|append|extend).*<class '([^']+)'>", str(error))
            if match is None or bases.get(match[2]) is not _Inert:
                raise
            bases[match[2]] = _InertDict if match[1] == "SETITEM" else _InertList
    raise pickle.UnpicklingError(f"{place} holds objects of more than {_NUM_RETRIES} classes of containers")


def _placeholder(name: str, base: type[_Inert]) -> type[_Inert]:
    module, _, title = name.rpartition(".")
    return type(title, (base,), {"__module__": module, "__qualname__": title})


def _unknown_globals(place: Path) -> list[str]:
    """Names of the classes and functions in a file that torch does not know to be harmless; nothing is imported."""
    try:
        return sorted(torch.serialization.get_unsafe_globals_in_checkpoint(place)) if _is_zip(place) else []
    except (pickle.UnpicklingError, RuntimeError, ValueError, TypeError, LookupError, EOFError, AttributeError):
        return []  # a damaged file; reading it says so


def _is_zip(place: Path) -> bool:
    """Whether the file is of the kind that ``torch.save`` writes since 2020, not a bare pickle."""
    with place.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _unreadable(place: Path, error: Exception) -> FileError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return FileError(f"cannot read weights from {place}, is it a whole file of its kind? ({reason:.120})")


def _states(content: Mapping[Any, Any]) -> dict[str, State]:
    """The state dictionaries in a file by their place: the one under the names of convention, or all there are."""
    places: list[str] = []
    while nested := next((key for key in WRAPPERS if _holds_state(content.get(key))), None):
        places.append(nested)
        content = content[nested]
    states = {".".join([*places, place]).rstrip("."): state for place, state in _states_within(content, _DEPTH)}
    matrices = {place: s for place, s in states.items() if any(tensor.dim() for tensor in s.values())}
    return matrices or states  # a lone number is a counter or a score if there is anything larger


def _holds_state(value: object) -> bool:
    return isinstance(value, Mapping) and any(True for _ in _states_within(value, _DEPTH))


def _states_within(content: Mapping[Any, Any], depth: int) -> Iterable[tuple[str, State]]:
    tensors = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
    if tensors and all(isinstance(name, str) for name in content):
        yield "", tensors
    for key, value in content.items() if depth else ():
        # an optimizer keeps tensors too, but none that a network has
        if isinstance(value, Mapping) and "param_groups" not in value:
            yield from ((f"{key}.{place}".rstrip("."), state) for place, state in _states_within(value, depth - 1))


def _steps(content: Mapping[Any, Any]) -> dict[str, float]:
    """The fields that count training steps, where they hold a number."""
    return {
        field: float(content[field])
        for field in STEP_FIELDS
        if field in content and re.fullmatch(r"(tensor\()?\d+(\.\d*)?\)?", str(content[field]))
    }
