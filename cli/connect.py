"""``landscape connect``."""

from dataclasses import asdict
from typing import Any

import click

from . import options as opt


@click.command(short_help="The line between two networks and its barrier.")
@click.argument("start", metavar="A")
@click.argument("end", metavar="B")
@click.option("--align", "aligned", is_flag=True, help="First permute the hidden units of B to match A.")
@click.option("--points", default=25, show_default=True, help="Points on the line, both ends among them.")
@click.option("-o", "--output", metavar="FILE.h5", help="Keep the profile there.")
@click.option("--strategy", default="auto", show_default=True, help="auto, loop, stacked or affine.")
@click.option("--dtype", default="float32", show_default=True, help="float32, float64, bfloat16, or tf32 on a GPU.")
@opt.device
@opt.runs
@opt.quiet
@opt.force
@opt.as_json
def command(start: str, end: str, output: str | None, as_json: bool, **given: Any) -> None:
    """Measure the loss along the straight line from network A to network B, and its barrier.

    A and B are NAME or NAME:MEMBER, of one family, size and data set; presets are trained if missing. The barrier is
    the highest rise of the training loss along the line above the straight line between its ends, at the points
    measured.

    \b
    Examples:
      landscape connect narrow:0 narrow:1
      landscape connect wide:0 wide:1 --align -o wide-line.h5
    """
    from landscape.measure.barriers import barrier

    profile = connected(start, end, output, **given)
    found = barrier(profile)
    if as_json:
        opt.print_json(_values(profile, found))
        return
    click.echo(_text(profile, found))
    if output is not None:
        click.echo(f"  kept in {output}")


def connected(start: str, end: str, path: str | None, *, aligned: bool, runs: str, force: bool, **given: Any) -> Any:
    """The profile between two models, trained where they are missing."""
    from landscape.evaluate.connections import sample_between
    from landscape.train.runs import find_or_train

    device, dtype, progress = opt.torch_device(given["device"]), opt.torch_dtype(given["dtype"]), not given["quiet"]
    (first, a), (second, b) = _one(start), _one(end)
    here, there = (
        find_or_train(name, runs=runs, device=given["device"], progress=progress) for name in (first, second)
    )
    return sample_between(
        (here, a),
        (there, b),
        aligned=aligned,
        points=given["points"],
        device=device,
        dtype=dtype,
        tf32=given["dtype"] == "tf32",
        strategy=given["strategy"],
        path=path,
        overwrite=force,
        command=opt.command_line(),
        progress=progress,
    )


def _one(spec: str) -> tuple[str, int]:
    from landscape.train.runs import models_of

    models = models_of(spec)
    if len(models) != 1:
        raise click.UsageError(f"{spec} is two networks of different width; name one, such as narrow:0")
    return models[0]


def _values(profile: Any, found: Any) -> dict[str, Any]:
    made = profile.provenance
    measured = asdict(found)
    return {
        "start": made.model,
        "end": made.subspace["to"],
        "curve": "line",
        "aligned": made.subspace["aligned"],
        "barrier": measured["loss"],
        "barrier_accuracy": measured["accuracy"],
        "where": measured["where"],
        "points": measured["points"],
        "unit": "nats per example",
        "alpha": profile.alpha.values.tolist(),
        "metrics": {name: values.tolist() for name, values in profile.metrics.items()},
    }


def _text(profile: Any, found: Any) -> str:
    from landscape.measure.barriers import DEFINITION

    made, loss = profile.provenance, profile.loss
    aligned = ", aligned" if made.subspace["aligned"] else ""
    lines = [
        f"{made.model} to {made.subspace['to']}{aligned}: {made.network}, P = {made.P:,}, N = {made.N:,}, K = {made.K}",
        f"  {'training loss':<16} {loss[0]:.4g} and {loss[-1]:.4g} at the ends, at most {loss.max():.4g} on the line",
        f"  {'barrier':<16} {found.loss:.4g} nats per example, highest at {found.where:.3g} of the way "
        f"({found.points} points)",
    ]
    if found.accuracy is not None:
        lines.append(f"  {'accuracy barrier':<16} {found.accuracy:.4g} (share of training examples)")
    return "\n".join([*lines, f"  barrier: {DEFINITION}; accuracy: deepest fall below it"])
