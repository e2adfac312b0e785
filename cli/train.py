"""``landscape train``."""

from typing import Any

import click

from . import options as opt


@click.command(short_help="Train an ensemble, or reuse the run that exists.")
@click.option("--model", metavar="NAME", help="narrow, wide or pair; the network options below change it.")
@click.option("--family", help="mlp, cnn or resnet.")
@click.option("--width", type=int, help="Hidden units or channels.")
@click.option("--depth", type=int, help="Hidden layers; for a resnet 6n + 2 layers in all.")
@click.option("--skip/--no-skip", default=None, help="Skip connections of a resnet.")
@click.option("--name", help="Name of the run; by default the model, or FAMILY-WIDTH.")
@click.option(
    "--dataset", default="digits", show_default=True, help="digits, mnist, fashion-mnist, cifar10, or FILE.npz."
)
@click.option("--data-dir", help="Folder of the dataset's files.")
@click.option("--labels", default="true", show_default=True, help="true, random, or noise (with --noise).")
@click.option(
    "--noise", default=0.0, show_default=True, help="Fraction of training labels replaced, with --labels noise."
)
@click.option("--label-seed", default=0, show_default=True, help="Seed of random or noisy labels.")
@click.option("--num-train", type=int, help="Train on this many examples only.")
@click.option("--steps", default=1500, show_default=True, help="Optimizer steps.")
@click.option("--batch-size", default=256, show_default=True, help="Examples per step; 0 for all.")
@click.option("--learning-rate", default=1e-2, show_default=True, help="At the start of the schedule.")
@click.option("--optimizer", default="adam", show_default=True, help="adam or sgd.")
@click.option("--schedule", default="cosine", show_default=True, help="cosine or constant.")
@click.option("--weight-decay", default=0.0, show_default=True, help="L2 penalty.")
@click.option("--loss", default="cross_entropy", show_default=True, help="cross_entropy or mse.")
@click.option("--checkpoints", default=49, show_default=True, help="Points of the path that are kept, log-spaced.")
@click.option("--members", default=8, show_default=True, help="Networks trained side by side.")
@click.option("--seed", default=0, show_default=True, help="Seed of member 0; member k has seed + k.")
@opt.runs
@opt.device
@opt.force
@opt.quiet
@opt.as_json
def command(**given: Any) -> None:
    """Train all members of a network at once and keep them as a run.

    The same command again reuses the run. A run of that name with another configuration is refused, unless --force.

    \b
    Examples:
      landscape train --model pair
      landscape train --family mlp --width 64 --members 4
      landscape train --model wide --dataset mnist --data-dir DIR --name wide-mnist
    """
    from landscape.train.runs import ensure_run

    opt.torch_device(given["device"])
    described = []
    for name, config in _configs(given):
        run = ensure_run(
            name, config, runs=given["runs"], device=given["device"], force=given["force"], progress=not given["quiet"]
        )
        described.append(dict(run.config) | {"name": name, "folder": str(run.folder)})
        if not given["as_json"]:
            click.echo(_summary(name, run.config))
            click.echo(f"  in {run.folder}")
    if given["as_json"]:
        opt.print_json({"runs": described})


def _configs(given: dict[str, Any]) -> list[tuple[str, Any]]:
    from landscape.train.networks import NetworkConfig
    from landscape.train.runs import RunConfig, models_of, preset
    from landscape.train.training import Recipe

    recipe = Recipe(
        **{
            key: given[key]
            for key in (
                "steps",
                "batch_size",
                "learning_rate",
                "optimizer",
                "schedule",
                "weight_decay",
                "loss",
                "checkpoints",
            )
        }
    )
    data: dict[str, Any] = {"name": given["dataset"]}
    optional = {"data_dir": None, "labels": "true", "noise": 0.0, "label_seed": 0, "num_train": None}
    data |= {key: given[key] for key, default in optional.items() if given[key] != default}
    changes = {key: given[key] for key in ("family", "width", "depth", "skip") if given[key] is not None}
    if given["model"] and given["model"] != "pair" and changes:
        raise click.UsageError("--model is a preset of its own; give it, or --family, --width, --depth and --skip")
    if given["model"]:
        named = [(name, preset(name).network) for name, _ in models_of(given["model"])]
    elif "family" in changes and "width" in changes:
        network = NetworkConfig(**changes)
        named = [(f"{network.family}-{network.width}", network)]
    else:
        raise click.UsageError("say what to train: --model narrow, wide or pair, or --family and --width")
    if given["name"]:
        names = [given["name"]] if len(named) == 1 else [f"{given['name']}-{name}" for name, _ in named]
        named = [(name, network) for name, (_, network) in zip(names, named, strict=True)]
    return [(name, RunConfig(network, data, recipe, given["members"], given["seed"])) for name, network in named]


def _summary(name: str, config: Any) -> str:
    from landscape.train.regime import describe

    final = config["final"]
    words = [f"{name}: P = {config['P']:,}, N = {config['N']:,}, K = {config['K']}, {describe(config['regime'])}"]
    for metric, values in final.items():
        low, high = min(values), max(values)
        words.append(
            f"  {metric.replace('_', ' ')} {sum(values) / len(values):.4g} "
            f"(members {low:.4g} to {high:.4g}, n = {len(values)})"
        )
    if config["diverged"]:
        words.append(f"  diverged: members {', '.join(map(str, config['diverged']))}")
    return "\n".join(words)
