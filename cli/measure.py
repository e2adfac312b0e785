"""``landscape measure``."""

from pathlib import Path
from typing import Any

import click

from . import options as opt


@click.command(short_help="Half-width, sublevel area, corridor width of files and runs.")
@click.argument("subjects", nargs=-1, required=True, metavar="FILE.h5|RUN...")
@click.option(
    "--rise", default=0.5, show_default=True, help="Rise of the loss that defines a width (nats per example)."
)
@click.option("--directions", default=64, show_default=True, help="Directions per member, for runs.")
@click.option("--strategy", default="auto", show_default=True, help="auto, loop, stacked or affine.")
@click.option("--free", is_flag=True, help="Free directions of a run's first member: P minus the Jacobian's rank.")
@click.option("--examples", type=int, help="First training examples for --free; all by default.")
@opt.runs
@opt.device
@opt.quiet
@opt.as_json
def command(subjects: tuple[str, ...], as_json: bool, **given: Any) -> None:
    """Measure how narrow and how wide, with 95 % intervals.

    A surface file is measured from what it holds; a run over all its members, 64 directions each.

    \b
    Examples:
      landscape measure wide.h5
      landscape measure wide.h5 --json
      landscape measure narrow wide
      landscape measure wide --free --examples 100
    """
    if given["examples"] is not None and not given["free"]:
        raise click.UsageError("--examples chooses what --free is measured on; add --free")
    measured = [_measured(subject, given) for subject in subjects]
    if as_json:
        opt.print_json(measured[0] if len(measured) == 1 else {"measured": measured})
        return
    click.echo("\n\n".join(_text(subject, values) for subject, values in zip(subjects, measured, strict=True)))


def _measured(subject: str, given: dict[str, Any]) -> dict[str, Any]:
    if Path(subject).suffix or Path(subject).is_file():
        if given["free"]:
            raise click.UsageError(f"--free needs the weights and data of a run, but {subject} is a file; name a run")
        from landscape.measure.summary import summarize_record
        from landscape.store import load

        return summarize_record(load(subject), rise=given["rise"])
    from landscape.measure.ensembles import free_of, summarize_run
    from landscape.train.runs import find_or_train

    progress, device = not given["quiet"], opt.torch_device(given["device"])
    run = find_or_train(subject, runs=given["runs"], device=given["device"], progress=progress)
    free = {}
    if given["free"]:
        free["free_directions"] = free_of(run, examples=given["examples"], device=device, progress=progress)
    summary = summarize_run(
        run,
        rise=given["rise"],
        directions=given["directions"],
        strategy=given["strategy"],
        device=device,
        progress=progress,
    )
    return summary | free


def _text(subject: str, values: dict[str, Any]) -> str:
    lines = [
        f"{subject}: {values['network']}, P = {values['P']:,}, N = {values['N']:,}, K = {values['K']} "
        f"({values['regime']})"
    ]
    lines += _losses(values)
    for key, name in (("half_width", "half-width"), ("half_width_l2", "half-width, L2")):
        if values.get(key):
            lines.append(f"  {name:<16} {_estimate(values[key])}")
    area = values.get("sublevel_area")
    if area:
        sign = "" if area["bounded"] else "at least "
        lines.append(
            f"  {'sublevel area':<16} {sign}{area['area']:.4g} {area['unit']} "
            f"(loss at most {area['rise']:g} above the centre)"
        )
    if values.get("topology"):
        lines.append(f"  {'minima':<16} {_minima(values['topology'])}")
    across = values.get("corridor_width")
    if across:
        first, last = (f"{'' if across['bounded'][k] else 'at least '}{across['width'][k]:.4g}" for k in (0, -1))
        lines.append(f"  {'corridor width':<16} {first} at the start, {last} at the end of training, {across['unit']}")
    if "free_directions" in values:
        lines.append(f"  {'free directions':<16} {_free(values['free_directions'])}")
    return "\n".join(lines)


def _minima(found: dict[str, Any]) -> str:
    rough = "" if found["roughness"] is None else f"; roughness {found['roughness']:.2g}"
    if found["deepest"] == 0:
        return f"{found['minima']} in the plane{rough}"
    return (
        f"{found['minima']} in the plane, {found['persistent']} more persistent than {found['threshold']:g}, "
        f"deepest but the global {found['deepest']:.3g}{rough}"
    )


def _free(free: dict[str, Any]) -> str:
    if free["explained"] is None:
        symmetries = "symmetries are counted for mlp only"
    else:
        symmetries = (
            f"{free['constant_inputs']:,} constant inputs, {free['gated_inputs']:,} gated inputs, "
            f"{free['rescalings']:,} rescalings, {free['dead_units']:,} dead units, {free['open']:,} open"
        )
    kept, dropped = (
        "none" if free[key] is None else f"{free[key]:.2g}" for key in ("smallest_kept", "largest_dropped")
    )
    return (
        f"{free['free']:,} of {free['P']:,} on {free['N']:,} examples, member {free['member']} ({symmetries}); "
        f"smallest singular value kept {kept}, largest dropped {dropped}"
    )


def _losses(values: dict[str, Any]) -> list[str]:
    if "loss" in values:
        loss, points = values["loss"], values["points"]
        diverged = f", {loss['diverged']} diverged" if loss["diverged"] else ""
        low, high = ("?" if loss[key] is None else f"{loss[key]:.4g}" for key in ("min", "max"))
        return [
            f"  {'training loss':<16} {low} to {high} {loss['unit']}, "
            f"{points['measured']} of {points['total']} points measured{diverged}"
        ]
    return [
        f"  {name.replace('_', ' '):<16} {sum(each) / len(each):.4g} (members {min(each):.4g} to {max(each):.4g})"
        for name, each in values["final"].items()
    ]


def _estimate(width: dict[str, Any]) -> str:
    at_least = f"at least (censored {width['censored']}) " if width["censored"] else ""
    over = f"{width['directions']} directions" + (f", {width['members']} members" if width["members"] > 1 else "")
    return (
        f"{at_least}{width['mean']:.4g} [{width['low']:.4g}, {width['high']:.4g}] {width['unit']} "
        f"(+{width['rise']:g} nat, {over}, 95 % interval)"
    )
