"""A model's parameters and buffers, read once: the centre of the landscape, and what stays where it is."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from landscape.errors import InputError, ObjectiveError
from landscape.objective.batches import convert
from landscape.space import parameters as space
from landscape.space.parameters import Parameters

Selection: TypeAlias = Literal["all", "trainable"]

RANDOM_IN_TRAIN_MODE = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)


def first_parameter(model: nn.Module) -> nn.Parameter:
    """A parameter that tells device and dtype.

    Raises:
        ObjectiveError: a model in train mode whose loss would depend on chance, or one without parameters.
    """
    for name, module in model.named_modules():
        if module.training and isinstance(module, RANDOM_IN_TRAIN_MODE):
            raise ObjectiveError(
                f"{type(module).__name__} {name!r} is in train mode, so the loss would depend on chance or on the "
                "batch; call model.eval() first"
            )
    first = next(model.parameters(), None)
    if first is None:
        raise ObjectiveError("the model has no parameters: there is no landscape to look at")
    return first


def precision_of(model: nn.Module, dtype: torch.dtype | None) -> tuple[torch.dtype, torch.dtype | None]:
    """The precision of an objective, by default the coarsest of the model's, and that of its data; None as they are."""
    if dtype is not None:
        return dtype, dtype
    dtypes = _precisions(model.parameters()) or [torch.get_default_dtype()]  # without any, its parameters are refused
    return dtypes[0], dtypes[0] if len(dtypes) == 1 else None


def precision_name(model: nn.Module, state: Parameters) -> str:
    """``"float32"``, or the dtypes of the parameters in a state, the coarsest first: ``"bfloat16+float32"``."""
    dtypes = _precisions(state[name] for name, _ in model.named_parameters())
    return "+".join(str(dtype).removeprefix("torch.") for dtype in dtypes)


def _precisions(tensors: Iterable[Tensor]) -> list[torch.dtype]:
    """The real floating-point dtypes among tensors, the coarsest first."""
    return sorted({t.dtype for t in tensors if t.is_floating_point()}, key=lambda dtype: -torch.finfo(dtype).eps)


def read_state(
    model: nn.Module, selection: Selection, *, device: torch.device, dtype: torch.dtype | None
) -> tuple[Parameters, dict[str, Tensor]]:
    """Copies of the parameters that span the landscape, and of what stays: buffers and parameters left out.

    All in ``dtype``; each in its own where that is None.
    """
    if selection not in ("all", "trainable"):
        raise InputError(f"parameters must be 'all' or 'trainable', got {selection!r}")
    constants: dict[str, Tensor] = {
        name: parameter
        for name, parameter in model.named_parameters()
        if selection == "trainable" and not parameter.requires_grad
    }
    centre = space.centre_of(model, device=device, dtype=dtype, without=constants)
    constants |= dict(model.named_buffers())
    return centre, {name: convert(value, device, dtype).clone() for name, value in constants.items()}
