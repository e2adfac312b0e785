"""``landscape connect``."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from . import shared as opt

PICTURES = (".png", ".pdf", ".svg")
CURVES = {"line": "straight line", "bezier": "Bezier curve", "polygon": "polygonal chain with one bend"}


@click.command(short_help="The path between two networks and its barrier.")
@click.argument("start", metavar="A")
@click.argument("end", metavar="B", required=False)
@click.option("--align", "aligned", is_flag=True, help="First permute the hidden units of B to match A.")
@click.option("--curve", default="line", show_default=True, help="line, or bezier or polygon with a trained bend.")
@click.option("--curve-steps", type=click.IntRange(1), help="Optimizer steps of the bend.  [default: 1500]")
@click.option("--members", type=click.IntRange(3), help="All pairs of so many members of A, instead of B.")
@click.option("--points", default=25, show_default=True, help="Points on the path, both ends among them.")
@click.option(
    "-o", "--output", multiple=True, metavar="FILE", help="Keep the profile (.h5) or draw it (.png, .pdf, .svg)."
)
@click.option("--strategy", default="auto", show_default=True, help="auto, loop, stacked or affine.")
@click.option(
    "--model", metavar="PACKAGE.MODULE:FACTORY", help="A model of your own: A and B are files of its weights."
)
@click.option("--data", metavar="PACKAGE.MODULE:FACTORY", help="Data of a model of your own.")
@click.option("--num-examples", type=int, metavar="N", help="With --model: measure on a fixed random subset of N.")
@click.option("--dtype", default="float32", show_default=True, help="float32, float64, bfloat16, or tf32 on a GPU.")
@opt.device
@opt.runs
@opt.quiet
@opt.force
@opt.as_json
def command(start: str, end: str | None, output: tuple[str, ...], as_json: bool, **given: Any) -> None:
    """Measure the loss along a path from network A to network B, and its barrier.

    A and B are NAME or NAME:MEMBER, of one family, size and data set; presets are trained if missing. With --model they
    are two files of weights (.pt, .safetensors) of a model of your own. The barrier is
    the highest rise of the training loss along the path above the straight line between its ends, at the points
    measured. With BatchNorm the statistics are measured anew at every point.

    With --members N, all pairs of N members of A: the mean barrier with its 95 % interval over the choice of members;
    with --align both as they are and aligned.

    \b
    Examples:
      landscape connect narrow:0 narrow:1
      landscape connect wide:0 wide:1 --align -o wide-line.h5 -o wide-line.png
      landscape connect narrow:0 narrow:1 --curve bezier
      landscape connect narrow --members 6 --align
      landscape connect a.pt b.pt --model my_model:make --data my_model:data --align
    """
    files, pictures = _sorted_outputs(output, force=given["force"])
    if given["model"] is None and (given["data"] or given["num_examples"]):
        raise click.UsageError("--data and --num-examples go with --model package.module:factory")
    if given["model"] is not None and given["members"] is not None:
        raise click.UsageError("--members counts members of a run: leave --model out")
    if (end is None) == (given["members"] is None):
        raise click.UsageError("Missing argument 'B': name two networks, or one with --members N for all its pairs")
    if end is None:
        _all_pairs(start, files, pictures, as_json=as_json, **given)
    else:
        _one_pair(start, end, files, pictures, as_json=as_json, **given)


def _one_pair(start: str, end: str, files: list[str], pictures: list[str], *, as_json: bool, **given: Any) -> None:
    from landscape.measures.barriers import barrier

    profile = connected(start, end, files[0] if files else None, **given)
    found = barrier(profile)
    _draw([profile], pictures, [_label(profile)])
    if as_json:
        opt.print_json(_values(profile, found))
        return
    click.echo(_text(profile, found))
    for path in (*files, *pictures):
        click.echo(f"  kept in {path}")


def connected(start: str, end: str, path: str | None, **given: Any) -> Any:
    """The profile between two models, trained where they are missing."""
    from landscape.sampling.connections import sample_between

    here, there = (_end(spec, given) for spec in (start, end))
    return sample_between(here, there, path=path, overwrite=given["force"], **_options(given))


def _end(spec: str, given: dict[str, Any]) -> Any:
    """A member of a run, or one file of weights of the model of the user's own."""
    from landscape.sampling.factories import names_factory

    from .networks import solution_of

    if given["model"] is None:
        _one(spec)
        return solution_of(spec, **{**given, "batchnorm": "reestimate"})
    if not names_factory(given["model"]):
        raise click.UsageError(f"--model is package.module:factory here, got {given['model']!r}")
    return solution_of(given["model"], **{**given, "weights": spec, "batchnorm": "reestimate", "name": Path(spec).name})


def _all_pairs(name: str, files: list[str], pictures: list[str], *, as_json: bool, **given: Any) -> None:
    from landscape.measures.barriers import barriers, mean_profile
    from landscape.sampling.connections import sample_pairs
    from landscape.sampling.solutions import open_members

    from .networks import opening

    if files:
        raise click.UsageError(f"{files[0]} keeps one profile; with --members name pictures alone, or use --json")
    if ":" in name:
        raise click.UsageError(f"with --members name a run without a member, such as {name.partition(':')[0]}")
    options = _options(given)
    chosen = {key: opening(name, given)[key] for key in ("runs", "device", "dtype", "progress")}
    solutions = open_members(_one(name)[0], given["members"], batchnorm="reestimate", **chosen)
    kinds = (False, True) if options.pop("aligned") else (False,)
    sampled = {aligned: sample_pairs(solutions, aligned=aligned, **options) for aligned in kinds}
    found = {aligned: barriers(profiles) for aligned, profiles in sampled.items()}
    titles = [
        f"{'aligned' if aligned else 'as trained'}, barrier {one.loss.mean:.3g}" for aligned, one in found.items()
    ]
    _draw([mean_profile(profiles) for profiles in sampled.values()], pictures, titles)
    if as_json:
        opt.print_json(_pair_values(name, given, sampled, found))
        return
    click.echo(_pair_text(name, given, sampled, found))
    for path in pictures:
        click.echo(f"  kept in {path}")


def _options(given: dict[str, Any]) -> dict[str, Any]:
    """What the library is given in either case."""
    passed = {key: given[key] for key in ("aligned", "curve", "curve_steps", "points", "strategy")}
    return passed | {
        "tf32": given["dtype"] == "tf32",
        "command": opt.command_line(),
        "progress": not given["quiet"],
    }


def _one(spec: str) -> tuple[str, int]:
    from landscape.train.runs import models_of

    models = models_of(spec)
    if len(models) != 1:
        raise click.UsageError(f"{spec} is two networks of different width; name one, such as narrow:0")
    return models[0]


def _sorted_outputs(output: tuple[str, ...], *, force: bool) -> tuple[list[str], list[str]]:
    """The profile's file, at most one, and the pictures, whose places are free."""
    from landscape.rendering.write import check_target

    pictures = [path for path in output if Path(path).suffix.lower() in PICTURES]
    files = [path for path in output if path not in pictures]
    if len(files) > 1 or any(Path(path).suffix.lower() != ".h5" for path in files):
        raise click.UsageError(f"-o takes one .h5 and pictures ({', '.join(PICTURES)}), got {', '.join(output)}")
    for path in pictures:
        check_target(path, force=force)
    return files, pictures


def _draw(profiles: list[Any], pictures: list[str], titles: list[str]) -> None:
    import landscape

    for path in pictures:
        for line in landscape.render(profiles, path, titles=titles).messages:
            click.echo(line, err=True)


def _values(profile: Any, found: Any) -> dict[str, Any]:
    identity, recipe = profile.provenance.identity, profile.provenance.identity.subspace
    return {
        "start": identity.model,
        "end": recipe["to"],
        "curve": recipe.get("form", "line"),
        "aligned": recipe["aligned"],
        **_measured(found),
        "points": found.points,
        "unit": "nats per example",
        "batchnorm": identity.batchnorm,
        "alignment": {key: recipe[key] for key in ("sweeps", "converged")} if recipe["aligned"] else None,
        "alpha": profile.alpha.values.tolist(),
        "metrics": {name: values.tolist() for name, values in profile.metrics.items()},
    }


def _measured(found: Any) -> dict[str, Any]:
    return {"barrier": found.loss, "barrier_accuracy": found.accuracy, "where": found.where}


def _pair_values(name: str, given: dict[str, Any], sampled: dict[bool, Any], found: dict[bool, Any]) -> dict[str, Any]:
    identity = sampled[False][0].provenance.identity
    values: dict[str, Any] = {
        "model": name,
        "members": given["members"],
        "curve": given["curve"],
        "points": given["points"],
        "batchnorm": identity.batchnorm,
        "plain": None,
        "aligned": None,
    }
    for aligned, one in found.items():
        ends = [
            (profile.provenance.identity.model, profile.provenance.identity.subspace["to"])
            for profile in sampled[aligned]
        ]
        values["aligned" if aligned else "plain"] = {
            "barrier": asdict(one.loss),
            "barrier_accuracy": None if one.accuracy is None else asdict(one.accuracy),
            "pairs": [{"start": a, "end": b, **_measured(pair)} for (a, b), pair in zip(ends, one.pairs, strict=True)],
        }
    return values


def _text(profile: Any, found: Any) -> str:
    from landscape.measures.barriers import DEFINITION

    identity, loss = profile.provenance.identity, profile.loss
    lines = [
        f"{identity.model} to {identity.subspace['to']}{_how(identity)}: {identity.network}, "
        f"P = {identity.P:,}, N = {identity.N:,}, K = {identity.K}",
        f"  {'training loss':<16} {loss[0]:.4g} and {loss[-1]:.4g} at the ends, at most {loss.max():.4g} on the way",
        f"  {'barrier':<16} {found.loss:.4g} nats per example, highest at {found.where:.3g} of the way "
        f"({found.points} points)",
    ]
    if found.accuracy is not None:
        lines.append(f"  {'accuracy barrier':<16} {found.accuracy:.4g} (share of training examples)")
    return "\n".join([*lines, *_notes(identity), f"  barrier: {DEFINITION}; accuracy: deepest fall below it"])


def _pair_text(name: str, given: dict[str, Any], sampled: dict[bool, Any], found: dict[bool, Any]) -> str:
    from landscape.measures.barriers import DEFINITION

    identity = sampled[False][0].provenance.identity
    lines = [
        f"{name}, {len(sampled[False])} pairs of {given['members']} members: {identity.network}, "
        f"P = {identity.P:,}, N = {identity.N:,}, K = {identity.K}",
    ]
    for aligned, one in found.items():
        curve = "" if given["curve"] == "line" else f", {given['curve']}"
        label = f"barrier{', aligned' if aligned else ''}{curve}"
        losses = [pair.loss for pair in one.pairs]
        lines.append(f"  {label:<26} {one.loss} (mean, 95 % interval; pairs {min(losses):.3g} to {max(losses):.3g})")
        if one.accuracy is not None:
            lines.append(f"  {'accuracy ' + label:<26} {one.accuracy} of training examples")
    return "\n".join([*lines, *_notes(identity), f"  barrier: {DEFINITION}; accuracy: deepest fall below it"])


def _how(identity: Any) -> str:
    """What the path is, where it is not the plain straight line."""
    recipe = identity.subspace
    aligned = ""
    if recipe["aligned"]:
        ended = "" if recipe["converged"] else ", not converged"
        aligned = f", aligned ({recipe['sweeps']} sweeps{ended})"
    return aligned + (f", {CURVES[recipe['form']]}" if "form" in recipe else "")


def _label(profile: Any) -> str:
    recipe = profile.provenance.identity.subspace
    return CURVES[recipe.get("form", "line")] + (", aligned" if recipe["aligned"] else "")


def _notes(identity: Any) -> list[str]:
    return ["  BatchNorm statistics measured anew at every point"] if identity.batchnorm == "reestimate" else []
