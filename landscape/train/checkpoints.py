"""Weights from files of others into a module: what tools write, found by the names that the network has."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from torch import Tensor, nn

from landscape.errors import RunError
from landscape.train.state_files import Checkpoint, State, first_names, read_checkpoint
from landscape.train.wrappers import bare_module

# What wrappers put before the names of a network: data-parallel, averaged and compiled models, modules of Lightning.
PREFIXES = ("module", "_orig_mod", "model", "net", "network", "backbone", "_fsdp_wrapped_module", "_forward_module")
# What wrappers put into the middle of a name.
_INSERTS = ("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
_EVERYWHERE = ("module.", "_orig_mod.")
# What wrappers count beside the weights.
_COUNTERS = ("n_averaged",)


def load_weights(model: nn.Module, path: str | Path) -> nn.Module:
    """The model itself with the weights of a file; every key must fit, and nothing is loaded if one does not.

    Understood are checkpoints that nest the weights under any name, names with the prefixes of wrappers (``module.`` of
    data-parallel and averaged models, ``_orig_mod.`` of compiled ones, ``model.``, ``net.`` or ``backbone.`` of a
    Lightning module), folders of ``transformers.Trainer`` with their shards, and files that hold tied weights once.
    Nothing in the file is executed: it is read with ``weights_only=True``, and other objects in it are skipped.

    Args:
        model: gets the weights; the network inside of a data-parallel, averaged or compiled one.
        path: of the file, ``.safetensors``, ``.npz`` or of ``torch.save``, or of a folder.

    Returns:
        The model.

    Raises:
        FileError: no such file, or one that cannot be read or holds no weights.
        RunError: names the model does not have, names the file does not have, or other shapes; all are counted.
    """
    bare = bare_module(model)
    weights = fitted_state(read_checkpoint(path), bare)
    state = bare.state_dict()
    unknown = [name for name in weights if name not in state]
    shapes = [
        f"{name} is {tuple(weights[name].shape)}, the model's {tuple(state[name].shape)}"
        for name in _misshapen(weights, state)
    ]
    problems = [
        f"{len(names)} {problem} ({first_names(names)})"
        for names, problem in (
            (_missing(bare, weights), "missing"),
            (unknown, "unknown"),
            (shapes, "of another shape"),
        )
        if names
    ]
    if problems:
        raise RunError(f"{path} does not fit {type(bare).__name__}: {'; '.join(problems)}")
    bare.load_state_dict(weights, strict=False)
    return model


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, on the CPU.

    Raises:
        FileError: no such file, or one that cannot be read or holds no weights.
    """
    return dict(read_checkpoint(path).state)


def fitted_state(checkpoint: Checkpoint, model: nn.Module) -> State:
    """The state dictionary of a checkpoint that has the model's names, without the prefixes of wrappers.

    Where none has all of them, the checkpoint's one state dictionary is returned, for its faults to be listed.

    Raises:
        FileError: no state dictionary, or several that do not fit.
        RunError: several that fit.
    """
    fits = {
        ".".join(filter(None, (place, prefix.rstrip(".")))): state
        for place, whole in checkpoint.states.items()
        for prefix, state in _bare_states(whole, model).items()
        if not _missing(model, state) and not _misshapen(state, model.state_dict())
    }
    if len(fits) > 1:
        raise RunError(
            f"{checkpoint.path} holds several state dictionaries that fit {type(model).__name__} "
            f"({first_names(fits)}), expected one; save the one to look at alone"
        )
    return next(iter(fits.values())) if fits else without_prefixes(checkpoint.state, model.state_dict().keys())


def without_prefixes(weights: Mapping[str, Tensor], names: Collection[str] = ()) -> State:
    """The weights without the prefixes that all of them have, unless a network has names that begin so itself."""
    state = dict(weights)
    for _ in range(4):  # wrappers nest: compiled, then data-parallel, in either order
        for prefix in _EVERYWHERE:
            weights_alone = {key: tensor for key, tensor in state.items() if key not in _COUNTERS or key in names}
            prefixes = [key.startswith(prefix) for key in weights_alone]
            if prefixes and all(prefixes) and not any(name.startswith(prefix) for name in names):
                state = {key.removeprefix(prefix): tensor for key, tensor in weights_alone.items()}
    for insert in _INSERTS:
        if not any(insert in name for name in names):
            state = {key.replace(insert, ""): tensor for key, tensor in state.items()}
    return state


def _bare_states(weights: State, model: nn.Module) -> dict[str, State]:
    """The weights under each prefix that a wrapper may have put before the model's names; alone where none has."""
    state = without_prefixes(weights, model.state_dict().keys())
    if not _missing(model, state):
        return {"": state}
    return {prefix: _under(prefix, state) for prefix in _prefixes(state)}


def _prefixes(names: Iterable[str]) -> list[str]:
    """Every beginning of the names that is made of what wrappers put there, and the one that all names share."""
    parts = [name.split(".")[:-1] for name in names]
    prefixes: set[str] = set()
    for depth in range(1, max(map(len, parts), default=0) + 1):
        beginnings = {".".join(path[:depth]) for path in parts}
        if len(beginnings) > 1:
            break
        prefixes |= beginnings
    for path in parts:
        for depth in range(1, len(path) + 1):
            if path[depth - 1] not in PREFIXES:
                break
            prefixes.add(".".join(path[:depth]))
    return sorted(f"{prefix}." for prefix in prefixes)


def _under(prefix: str, state: Mapping[str, Tensor]) -> State:
    return {key.removeprefix(prefix): tensor for key, tensor in state.items() if key.startswith(prefix)}


def _misshapen(weights: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> list[str]:
    """Names of the weights that have another shape than the model's."""
    return [name for name, tensor in state.items() if name in weights and weights[name].shape != tensor.shape]


def _missing(model: nn.Module, weights: Mapping[str, Tensor]) -> list[str]:
    """Names the file lacks, but for those tied to one that it has."""
    owners = {name: id(p) for name, p in model.named_parameters(remove_duplicate=False)}
    have = {owners[name] for name in weights if name in owners}
    return [name for name in model.state_dict() if name not in weights and owners.get(name) not in have]
