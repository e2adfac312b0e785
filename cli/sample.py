"""``landscape sample``."""

from typing import Any

import click

from . import options as opt


@click.command(short_help="Measure a plane, corridor or line and keep it as HDF5.")
@opt.model
@click.option("--view", default="plane", show_default=True, help="plane, corridor or line.")
@click.option("-o", "--output", metavar="FILE.h5", help="By default NAME.h5, or NAME-VIEW.h5.")
@opt.own
@opt.sampling
@opt.runs
@opt.force
def command(model: str | None, view: str, output: str | None, force: bool, **given: Any) -> None:
    """Measure loss and accuracy on a grid around one trained network.

    A model of your own is named by a function without arguments that returns it, and so are its data: pairs (x, y),
    dictionaries for model(**batch).loss, a tuple (train, test), or {"data": ..., "loss": ...} with any argument of
    landscape.Objective.

    A complete file of the same recipe is kept, an interrupted one is gone on with; anything else in its place is
    refused, unless --force.

    \b
    Examples:
      landscape sample --model wide -o wide.h5
      landscape sample --model wide --tolerance 0.005 -o wide-fast.h5
      landscape sample --model wide --extent 3 -o wide-far.h5
      landscape sample --model narrow:3 --view corridor --points 101 -o tunnel.h5
      landscape sample --model my_model:make --weights net.pt --data my_model:data -o mine.h5
    """
    from landscape.evaluate.models import names_factory
    from landscape.train.runs import models_of

    if model is None:
        raise click.UsageError("say which model: --model narrow, wide, the name of a run, or package.module:factory")
    own = {key: given.pop(key) for key in ("weights", "data", "stream")}
    if names_factory(model):
        target = output or f"{model.rpartition(':')[2]}.h5"
        _print(target, sampled_own(model, view, target, force=force, **own, **given))
        return
    if any(own.values()):
        raise click.UsageError(
            f"--weights, --data and --stream go with --model package.module:factory, not with {model!r}"
        )
    models = models_of(model)
    if output is not None and len(models) > 1:
        raise click.UsageError("-o names one file, but pair is two; sample narrow and wide by themselves")
    given["extent"] = extent_for(models, view, **given) if len(models) > 1 else given["extent"]
    for name, member in models:
        target = output or f"{name}{'' if view == 'plane' else '-' + view}.h5"
        _print(target, sampled(name, member, view, target, force=force, **given))


def _print(target: str, record: Any) -> None:
    from landscape.records import describe_points

    made = record.provenance
    click.echo(
        f"{target}: {record.kind} of {made.model}, "
        f"{', '.join(describe_points(record.num_measured, record.status.size, made))} "
        f"({made.strategy.split('/')[0]}, {made.wall_time:.1f} s, error against float64 {made.precision_error:.1e})"
    )
    if made.drawn_from:
        click.echo(
            f"  on {made.N:,} of {made.drawn_from:,} training examples: "
            f"standard error of the loss at the centre {made.standard_error:.2g}"
        )


def sampled_own(model: str, view: str, path: str, *, force: bool, **given: Any) -> Any:
    """A plane or line of a model of the user's own, measured."""
    import os
    import sys

    from landscape.evaluate.models import objective_from
    from landscape.evaluate.sampling import sample
    from landscape.space.subspaces import random_line, random_plane

    if given["data"] is None:
        raise click.UsageError("say which data: --data package.module:factory")
    if view not in ("plane", "line"):
        raise click.UsageError(f"a model of your own has no {view} here: expected --view plane or line")
    sys.path.insert(0, os.getcwd())
    objective = objective_from(
        model,
        given["data"],
        weights=given["weights"],
        batchnorm=given["batchnorm"],
        num_examples=given["num_examples"],
        stream=given["stream"],
        device=opt.torch_device(given["device"]),
        dtype=opt.torch_dtype(given["dtype"]),
    )
    random = random_plane if view == "plane" else random_line
    subspace = random(objective, seed=given["direction_seed"], normalize=given["normalize"], ignore=given["ignore"])
    return sample(
        objective,
        subspace,
        points=given["points"],
        extent=given["extent"],
        rays=given["rays"],
        tolerance=given["tolerance"],
        strategy=given["strategy"],
        memory=opt.num_bytes(given["memory"]),
        path=path,
        overwrite=force,
        command=opt.command_line(),
        progress=not given["quiet"],
    )


def extent_for(models: list[tuple[str, int]], view: str, *, extent: float | None, runs: str, **given: Any) -> Any:
    """The extent that was given, or else one for all models, the largest of those that each would have."""
    from landscape.evaluate.extent import common_extent
    from landscape.evaluate.views import extent_of
    from landscape.train.runs import find_or_train

    if extent is not None:
        return extent
    device, progress = opt.torch_device(given["device"]), not given["quiet"]
    trained = [(find_or_train(name, runs=runs, device=given["device"], progress=progress), k) for name, k in models]
    choices = {"seed": given["direction_seed"], "normalize": given["normalize"], "ignore": given["ignore"]}
    return common_extent(
        [extent_of(run, view, member=member, device=device, **choices) for run, member in trained]  # type: ignore[arg-type]
    )


def sampled(
    name: str, member: int, view: str, path: str | None, *, runs: str, force: bool = False, **given: Any
) -> Any:
    """A view of a model, trained and measured where it is missing."""
    from landscape.evaluate.views import sample_view
    from landscape.train.runs import find_or_train

    device, progress = opt.torch_device(given["device"]), not given["quiet"]
    run = find_or_train(name, runs=runs, device=given["device"], progress=progress)
    return sample_view(
        run,
        view,  # type: ignore[arg-type]
        member=member,
        seed=given["direction_seed"],
        normalize=given["normalize"],
        ignore=given["ignore"],
        points=given["points"],
        extent=given["extent"],
        path=path,
        device=device,
        dtype=opt.torch_dtype(given["dtype"]),
        batchnorm=given.get("batchnorm", "frozen"),
        num_examples=given.get("num_examples"),
        rays=given["rays"],
        tolerance=given["tolerance"],
        strategy=given["strategy"],
        memory=opt.num_bytes(given["memory"]),
        overwrite=force,
        command=opt.command_line(),
        progress=progress,
    )
