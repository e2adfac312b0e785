"""What tools wrap around a network: data-parallel, averaged and compiled modules, which compute what is inside."""

from torch import nn
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.optim.swa_utils import AveragedModel

from landscape.errors import InputError

# Wrappers that split the parameters over machines.
_SHARDING = ("FullyShardedDataParallel", "DeepSpeedEngine")


def bare_module(model: nn.Module) -> nn.Module:
    """The network inside its wrappers, whose parameters have the names that its author gave them.

    Args:
        model: any module; ``DataParallel``, ``DistributedDataParallel``, ``AveragedModel`` and what ``torch.compile``
            returns are taken off.

    Raises:
        InputError: a ``ScriptModule``, or a wrapper that holds only a part of the parameters.
    """
    while True:
        inner = _inner(model)
        if inner is None:
            break
        model = inner
    for name, module in model.named_modules():
        kind = type(module).__name__
        if kind in _SHARDING:
            raise InputError(f"{_of_model(name)} is a {kind}, which holds a part of the parameters; gather them first")
        # a name, since torch.jit is about to leave
        if any(parent.__name__ == "ScriptModule" for parent in type(module).__mro__):
            raise InputError(
                f"{_of_model(name)} is a ScriptModule ({kind}), compiled code whose parameters cannot be exchanged; "
                "pass the module that it was scripted or traced from, with its weights (load_state_dict)"
            )
    return model


def _inner(model: nn.Module) -> nn.Module | None:
    if isinstance(model, DataParallel | DistributedDataParallel | AveragedModel):
        return model.module
    compiled = getattr(model, "_orig_mod", None)
    return compiled if isinstance(compiled, nn.Module) else None


def _of_model(name: str) -> str:
    return f"the model's part {name!r}" if name else "the model"
