"""Options that several commands share, and how they print."""

import json
import shlex
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def options(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator, shown in the order given."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


runs = click.option(
    "--runs", envvar="LANDSCAPE_RUNS", default="runs", show_default=True, metavar="DIR", help="Folder of the runs."
)
device = click.option("--device", default="cpu", show_default=True, help="cpu, cuda or cuda:N.")
quiet = click.option("--quiet", "-q", is_flag=True, help="No progress bar.")
force = click.option("--force", is_flag=True, help="Replace what exists.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
model = click.option(
    "--model", metavar="NAME[:MEMBER]", help="narrow, wide, pair, or a run; member 0 by default. Trained if missing."
)

own = options(
    click.option("--weights", metavar="FILE", help="Weights of a model of your own: .pt or .safetensors."),
    click.option("--data", metavar="PACKAGE.MODULE:FACTORY", help="Data of a model of your own."),
    click.option(
        "--batchnorm",
        default="frozen",
        show_default=True,
        help="BatchNorm statistics: frozen, or reestimate at every point on the training data.",
    ),
    click.option("--num-examples", type=int, metavar="N", help="Measure on a fixed random subset of N examples."),
    click.option("--stream", is_flag=True, help="Read --data again for every block, where they do not fit."),
)
sampling = options(
    click.option("--points", default=51, show_default=True, help="Grid points a side."),
    click.option(
        "--extent",
        type=float,
        help="Half the side of the grid, in filter norms (L2 along top, gradient, ...); by default where "
        "the loss has risen by 1 nat on every side "
        "(one extent for all surfaces of a figure).",
    ),
    click.option("--direction-seed", default=0, show_default=True, help="Seed of the random directions."),
    click.option("--normalize", default="filter", show_default=True, help="filter, layer or none."),
    click.option(
        "--ignore",
        default="1d",
        show_default=True,
        help="Unperturbed: 1d (biases, norms), nothing, or patterns of names: 1d,*embed*.",
    ),
    click.option("--rays", default=64, show_default=True, help="Directions for the half-width; 0 for none."),
    click.option(
        "--tolerance",
        type=click.FloatRange(0, 1, max_open=True),
        default=0.0,
        show_default=True,
        help="Share of the loss's range within which points may be interpolated; 0 measures all.",
    ),
    click.option(
        "--strategy",
        default="auto",
        show_default=True,
        help="auto, repeatable, or loop, stacked, affine, chain, streamed.",
    ),
    click.option("--memory", default="1GiB", show_default=True, help="Memory a block may take."),
    click.option("--dtype", default="float32", show_default=True, help="float32, float64, bfloat16, or tf32 on a GPU."),
    device,
    quiet,
)


def print_json(values: object) -> None:
    """One JSON object on stdout; numbers that are not finite become strings, which JSON lacks."""
    click.echo(json.dumps(_plain(values), indent=2, allow_nan=False))


def command_line() -> str:
    """The command as it was typed, stored with what it makes."""
    return shlex.join(["landscape", *sys.argv[1:]])


def torch_device(name: str) -> Any:
    """The device of that name, if this machine has it."""
    import torch

    try:
        found = torch.device(name)
        torch.empty(1, device=found)
    except (RuntimeError, AssertionError) as error:
        raise click.BadParameter(f"{name!r} is not available here ({str(error).splitlines()[0]})") from error
    return found


def torch_dtype(name: str) -> Any:
    """The dtype of that name; TF32 is float32 that is multiplied otherwise, see `sample`."""
    import torch

    known = {
        "float32": torch.float32,
        "float64": torch.float64,
        "bfloat16": torch.bfloat16,
        "tf32": torch.float32,
    }
    if name not in known:
        raise click.BadParameter(f"unknown dtype {name!r}; expected {', '.join(known)}")
    return known[name]


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


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if (isinstance(value, float) and value != value) or value in (float("inf"), float("-inf")):
        return str(value)
    return value
