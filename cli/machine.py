"""Devices, precisions and amounts of memory, as they are written on the command line."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import torch


def torch_device(name: str) -> "torch.device":
    """The device of that name, if this machine has it."""
    import torch

    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise click.BadParameter(f"{name!r} is not available here ({str(error).splitlines()[0]})") from error
    return device


def torch_dtype(name: str) -> "torch.dtype":
    """The dtype of that name; TF32 is float32 that is multiplied otherwise, see `landscape.sample`."""
    import torch

    dtypes = {
        "float32": torch.float32,
        "float64": torch.float64,
        "bfloat16": torch.bfloat16,
        "tf32": torch.float32,
    }
    if name not in dtypes:
        raise click.BadParameter(f"unknown dtype {name!r}; expected {', '.join(dtypes)}")
    return dtypes[name]


def num_bytes(size: str) -> int:
    """``"512MiB"`` as a number of bytes."""
    units = {"kib": 2**10, "mib": 2**20, "gib": 2**30, "kb": 10**3, "mb": 10**6, "gb": 10**9, "b": 1, "": 1}
    text = size.strip().lower()
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    try:
        value = float(number) * units[text[len(number) :].strip()]
    except (ValueError, KeyError):
        raise click.BadParameter(f"memory is a number with a unit, such as 512MiB or 2GiB, got {size!r}") from None
    if not 1 <= value < 2**60:
        raise click.BadParameter(f"memory must be at least one byte, got {size!r}")
    return int(value)
