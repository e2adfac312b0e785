"""``landscape train``."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import click

from landscape.defaults import DEFAULT_MEMBERS
from landscape.train.recipe import LossName, Optimizer, Recipe, Schedule

from .machine import torch_device
from .options import Option, options
from .params import DataDir, Dataset, Device, Force, Json, Quiet, Runs
from .printing import print_json

if TYPE_CHECKING:
    from landscape.train.networks import Family, NetworkConfig
else:
    Family = str


@dataclass(frozen=True)
class Network:
    """A preset, or a network of another family and size; and what the run is called."""

    model: Annotated[str | None, Option("narrow, wide or pair; the network options below change it.", metavar="NAME")]
    family: Annotated[Family | None, Option("mlp, cnn or resnet.")]
    width: Annotated[int | None, Option("Hidden units or channels.")]
    depth: Annotated[int | None, Option("Hidden layers; for a resnet 6n + 2 layers in all.")]
    skip: Annotated[bool | None, Option("Skip connections of a resnet.", flags=("--skip/--no-skip",))]
    name: Annotated[str | None, Option("Name of the run; by default the model, or FAMILY-WIDTH.")]


@dataclass(frozen=True)
class Examples:
    """The data set, and what is done to its labels."""

    dataset: Dataset
    data_dir: DataDir
    labels: Annotated[str, Option("true, random, or noise (with --noise).", "true")]
    noise: Annotated[float, Option("Fraction of training labels replaced, with --labels noise.", 0.0)]
    label_seed: Annotated[int, Option("Seed of random or noisy labels.", 0)]
    num_train: Annotated[int | None, Option("Train on this many examples only.")]


@dataclass(frozen=True)
class Training:
    """The fields of `Recipe`."""

    steps: Annotated[int, Option("Optimizer steps.", Recipe.steps)]
    batch_size: Annotated[int, Option("Examples per step; 0 for all.", Recipe.batch_size)]
    learning_rate: Annotated[float, Option("At the start of the schedule.", Recipe.learning_rate)]
    optimizer: Annotated[Optimizer, Option("adam or sgd.", Recipe.optimizer)]
    schedule: Annotated[Schedule, Option("cosine or constant.", Recipe.schedule)]
    weight_decay: Annotated[float, Option("L2 penalty.", Recipe.weight_decay)]
    loss: Annotated[LossName, Option("cross_entropy or mse.", Recipe.loss)]
    checkpoints: Annotated[int, Option("Points of the path that are kept, log-spaced.", Recipe.checkpoints)]


@click.command(short_help="Train an ensemble, or reuse the run that exists.")
@options
def command(
    network: Network,
    examples: Examples,
    training: Training,
    members: Annotated[int, Option("Networks trained side by side.", DEFAULT_MEMBERS)],
    seed: Annotated[int, Option("Seed of member 0; member k has seed + k.", 0)],
    runs: Runs,
    device: Device,
    force: Force,
    quiet: Quiet,
    as_json: Json,
) -> None:
    """Train all members of a network at once and keep them as a run.

    The same command again reuses the run. A run of that name with another configuration is refused, unless --force.

    \b
    Examples:
      landscape train --model pair
      landscape train --family mlp --width 64 --members 4
      landscape train --model wide --dataset mnist --data-dir DIR --name wide-mnist
    """
    import landscape as ls

    torch_device(device)
    recipe = Recipe(**vars(training))
    descriptions = []
    for name, architecture in _name_networks(network).items():
        config = ls.RunConfig(architecture, _data_arguments(examples), recipe, members, seed)
        run = ls.ensure_run(name, config, runs=runs, device=device, force=force, progress=not quiet)
        descriptions.append({**run.config, "name": name, "folder": str(run.folder)})
        if not as_json:
            click.echo(_summary(name, run.config))
            click.echo(f"  in {run.folder}")
    if as_json:
        print_json({"runs": descriptions})


def _name_networks(network: Network) -> "dict[str, NetworkConfig]":
    """The networks to train by the names of their runs."""
    import landscape as ls

    sizes = {name: getattr(network, name) for name in ("family", "width", "depth", "skip")}
    sizes = {name: value for name, value in sizes.items() if value is not None}
    if network.model and network.model != "pair" and sizes:
        raise click.UsageError("--model is a preset of its own; give it, or --family, --width, --depth and --skip")
    if network.model:
        networks = {name: config.network for name, config in ls.presets(network.model).items()}
    elif "family" in sizes and "width" in sizes:
        networks = {f"{network.family}-{network.width}": ls.NetworkConfig(**sizes)}
    else:
        raise click.UsageError("say what to train: --model narrow, wide or pair, or --family and --width")
    if not network.name:
        return networks
    if len(networks) == 1:
        (architecture,) = networks.values()
        return {network.name: architecture}
    return {f"{network.name}-{name}": config for name, config in networks.items()}


def _data_arguments(examples: Examples) -> dict[str, object]:
    """The arguments of `load_dataset` that differ from its defaults: they are what a run's configuration holds."""
    import landscape as ls

    parameters = inspect.signature(ls.load_dataset).parameters
    arguments = {"name": examples.dataset, **vars(examples)}
    del arguments["dataset"]
    return {name: value for name, value in arguments.items() if value != parameters[name].default}


def _summary(name: str, config: Mapping[str, Any]) -> str:
    from landscape.train.regime import describe

    lines = [f"{name}: P = {config['P']:,}, N = {config['N']:,}, K = {config['K']}, {describe(config['regime'])}"]
    for metric, values in config["final"].items():
        low, high = min(values), max(values)
        lines.append(
            f"  {metric.replace('_', ' ')} {sum(values) / len(values):.4g} "
            f"(members {low:.4g} to {high:.4g}, n = {len(values)})"
        )
    if config["diverged"]:
        lines.append(f"  diverged: members {', '.join(map(str, config['diverged']))}")
    return "\n".join(lines)
