"""The loss of a batch at the centre and at another point, by which rules of losses are found out."""

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

from landscape.errors import InputError, LandscapeError
from landscape.objective.batches import Batch, Split, place
from landscape.objective.promotion import Promotion
from landscape.objective.rules import Value

MOST_COPIED = 2**20  # numbers of a network of which two more copies cost nothing


def number_of(loss: Tensor) -> float:
    """The loss as a number; a loss per example is refused."""
    if not isinstance(loss, Tensor) or loss.numel() != 1:
        kind = f"shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
        raise InputError(f"the loss of a batch must be one number, a mean over its examples; got {kind}")
    return float(loss)


def values_near(
    value: Callable[[Mapping[str, Tensor], Batch], float], state: Mapping[str, Tensor], split: Split
) -> list[Value]:
    """The loss of a batch at the centre and at another point, in float64 where the model can.

    Of a network too large to be copied, at the centre in its own precision alone.
    """
    if sum(tensor.numel() for tensor in state.values()) > MOST_COPIED:
        return [torch.no_grad()(partial(value, state))]
    generator = torch.Generator().manual_seed(0)
    return [
        partial(precise_value, value, point) for point in (state, {n: _moved(t, generator) for n, t in state.items()})
    ]


def _moved(tensor: Tensor, generator: torch.Generator) -> Tensor:
    if not tensor.is_floating_point():
        return tensor
    noise = torch.randn(tensor.shape, generator=generator, dtype=torch.float64).to(tensor.device)
    return (tensor * (1 + 0.3 * noise) + 0.03 * noise).to(tensor.dtype)


@torch.no_grad()
def precise_value(
    value: Callable[[Mapping[str, Tensor], Batch], float], state: Mapping[str, Tensor], batch: Batch
) -> float:
    """The loss of a batch in float64, under a `Promotion` where the code needs it; else as it is."""
    exact = {name: t.double() if t.is_floating_point() else t for name, t in state.items()}
    wide = place(batch, batch[1].device, torch.float64)
    try:
        return value(exact, wide)
    except LandscapeError:
        raise
    except Exception:  # code that keeps float32 tensors of its own
        pass
    try:
        with Promotion(torch.float64):
            return value(exact, wide)
    except Exception:  # whatever is wrong is wrong in the precision that was asked for, or not at all
        return value(state, batch)
