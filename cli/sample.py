"""``landscape sample``."""

from typing import Any

import click

from . import options as opt


@click.command(short_help="Measure a plane, corridor or line and keep it as HDF5.")
@opt.model
@click.option("--view", default="plane", show_default=True, help="plane, corridor or line.")
@click.option("-o", "--output", metavar="FILE.h5", help="By default NAME.h5, or NAME-VIEW.h5.")
@opt.sampling
@opt.runs
@opt.force
def command(model: str | None, view: str, output: str | None, force: bool, **given: Any) -> None:
    """Measure loss and accuracy on a grid around one trained network.

    A complete file of the same recipe is kept, an interrupted one is gone on with; anything else in its place is
    refused, unless --force.

    \b
    Examples:
      landscape sample --model wide -o wide.h5
      landscape sample --model wide --tolerance 0.005 -o wide-fast.h5
      landscape sample --model wide --extent 3 -o wide-far.h5
      landscape sample --model narrow:3 --view corridor --points 101 -o tunnel.h5
    """
    from landscape.records import describe_points
    from landscape.train.runs import models_of

    if model is None:
        raise click.UsageError("say which model: --model narrow, wide, or the name of a run")
    models = models_of(model)
    if output is not None and len(models) > 1:
        raise click.UsageError("-o names one file, but pair is two; sample narrow and wide by themselves")
    given["extent"] = extent_for(models, view, **given) if len(models) > 1 else given["extent"]
    for name, member in models:
        target = output or f"{name}{'' if view == 'plane' else '-' + view}.h5"
        record = sampled(name, member, view, target, force=force, **given)
        made = record.provenance
        click.echo(
            f"{target}: {record.kind} of {made.model}, "
            f"{', '.join(describe_points(record.num_measured, record.status.size, made))} "
            f"({made.strategy.split('/')[0]}, {made.wall_time:.1f} s, error against float64 {made.precision_error:.1e})"
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

    tf32 = given["dtype"] == "tf32"
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
        dtype=opt.torch_dtype("float32" if tf32 else given["dtype"]),
        tf32=tf32,
        rays=given["rays"],
        tolerance=given["tolerance"],
        strategy=given["strategy"],
        memory=opt.num_bytes(given["memory"]),
        overwrite=force,
        command=opt.command_line(),
        progress=progress,
    )
