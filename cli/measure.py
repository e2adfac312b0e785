"""``landscape measure``."""

from pathlib import Path
from typing import Any

import click

from . import shared as opt
from .numbers import comparison, text

EXTRA = ("curvature", "density", "sharpness", "cross_section", "free_directions")
PICTURES = ("density", "cross_section")
LONG_SECONDS = 10.0


@click.command(short_help="Widths, curvature, sharpness, free directions of files, runs and models.")
@click.argument("subjects", nargs=-1, required=True, metavar="FILE.h5|RUN[:MEMBER]|MODULE:FACTORY...")
@click.option("--curvature", is_flag=True, help="Largest and smallest Hessian eigenvalues, trace, Frobenius norm.")
@click.option("--layers", is_flag=True, help="With --curvature: of each layer too.")
@click.option("--eigenvalues", "k", default=5, show_default=True, help="So many at either end.")
@click.option("--density", is_flag=True, help="Spectral density of the Hessian; -o draws it.")
@click.option("--sharpness", is_flag=True, help="Rise of the loss in a box, in balls, under noise.")
@click.option("--cross-section", is_flag=True, help="Half-widths along 50 stiff and 50 random directions; -o draws it.")
@click.option("--free", "free_directions", is_flag=True, help="Free directions of the first member: P minus the rank.")
@click.option("--all", "everything", is_flag=True, help="All of these.")
@click.option("--examples", type=int, help="First training examples for --free; all by default.")
@click.option(
    "--rise", default=0.5, show_default=True, help="Rise of the loss that defines a width (nats per example)."
)
@click.option("--directions", default=64, show_default=True, help="Directions per member, for half-widths.")
@click.option("--strategy", default="auto", show_default=True, help="auto, loop, stacked or affine.")
@click.option("--weights", metavar="FILE", help="A checkpoint (.pt, .safetensors) in place of the network's weights.")
@click.option("--data", metavar="PACKAGE.MODULE:FACTORY", help="Data of a model of your own.")
@click.option("-o", "--output", metavar="FILE", help="Picture of --density or --cross-section: png, pdf or svg.")
@opt.force
@opt.runs
@opt.device
@opt.quiet
@opt.as_json
def command(subjects: tuple[str, ...], as_json: bool, **given: Any) -> None:
    """Measure how narrow and how wide, with 95 % intervals over members and directions.

    A surface file is measured from what it holds; a run over all its members, each measure kept in the run's folder as
    soon as it is done; NAME:MEMBER is one of them. With several subjects, each is compared with the first.

    \b
    Examples:
      landscape measure wide.h5
      landscape measure narrow wide --curvature --sharpness
      landscape measure wide:0 --density -o density.pdf
      landscape measure narrow:0 wide:0 --cross-section -o tunnel.png
      landscape measure wide --free --examples 100 --json
      landscape measure narrow:0 --weights step500.pt --curvature
    """
    _refuse_mismatch(given)
    if given["everything"]:
        given |= dict.fromkeys(EXTRA, True)
        given["layers"] = True
    measured = [_measured(subject, given) for subject in subjects]
    rows = _compared(subjects, [found for _, found in measured])
    if given["output"]:
        _draw(subjects, given, [found for _, found in measured])
    values = [described for described, _ in measured]
    if as_json:
        opt.print_json(values[0] if len(values) == 1 else {"measured": values, "comparison": rows})
        return
    parts = [text(subject, described) for subject, described in zip(subjects, values, strict=True)]
    click.echo("\n\n".join(parts + [comparison(one) for one in rows]))


def _refuse_mismatch(given: dict[str, Any]) -> None:
    if given["examples"] is not None and not (given["free_directions"] or given["everything"]):
        raise click.UsageError("--examples chooses what --free is measured on; add --free")
    if given["layers"] and not (given["curvature"] or given["everything"]):
        raise click.UsageError("--layers is for --curvature; add it")
    if given["k"] < 1:
        raise click.UsageError(f"--eigenvalues are at least 1, got {given['k']}")
    if not given["rise"] > 0:
        raise click.UsageError(f"rise must be above 0 nats, got {given['rise']}")
    if given["output"]:
        from landscape.rendering.write import check_target

        if sum(given[name] for name in PICTURES) != 1:
            raise click.UsageError("-o draws one picture: choose --density or --cross-section")
        check_target(given["output"], force=given["force"])


def _measured(subject: str, given: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """What was measured as plain values, and the measures themselves to compare and draw."""
    from landscape.sampling.factories import names_factory

    if (Path(subject).suffix or Path(subject).is_file()) and not names_factory(subject):
        return _of_file(subject, given)
    if names_factory(subject) or given["weights"]:
        return _of_network(subject, given)
    return _of_run(subject, given)


def _of_file(subject: str, given: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    from landscape.files.surfaces import load
    from landscape.measures.quantities import of_record
    from landscape.measures.summary import summarize_record

    asked = [f"--{name.replace('_directions', '').replace('_', '-')}" for name in EXTRA if given[name]]
    if asked and not given["everything"]:
        raise click.UsageError(f"{asked[0]} needs weights and data, but {subject} is a file; name a run")
    record = load(subject)
    return summarize_record(record, rise=given["rise"]), of_record(record, rise=given["rise"])


def _of_network(subject: str, given: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """One network that no run holds: a model of one's own, or a run's with the weights of a checkpoint."""
    from landscape.measures.catalogue import measure_network
    from landscape.measures.ensembles import describe_network
    from landscape.measures.quantities import Measured, summarize

    from .networks import solution_of

    objective = solution_of(subject, **given).objective
    names = _names(given)
    found = measure_network(objective, names, _options(given), progress=not given["quiet"])
    measured = Measured((0,), {name: [value] for name, value in found.items()}, given["rise"])
    return {**describe_network(objective), **summarize(measured)}, measured


def _of_run(subject: str, given: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    from landscape.files.ledger import Ledger
    from landscape.measures.ensembles import cost_of, describe, measure_run
    from landscape.measures.quantities import summarize

    run, member = _run(subject, given)
    if member is not None:
        run.model(member)  # refuses one that diverged or does not exist
    members = None if member is None else (member,)
    names, options, ledger = _names(given), _options(given), Ledger(run.folder)
    if len(names) > 1:
        seconds, size = cost_of(run, names, options, members=members, ledger=ledger)
        if seconds > LONG_SECONDS:
            click.echo(f"{subject}: about {_time(seconds)} and {size / 2**30:.1g} GiB; what is done is kept", err=True)
    device, progress = opt.torch_device(given["device"]), not given["quiet"]
    measured = measure_run(run, names, options, members=members, device=device, ledger=ledger, progress=progress)
    if ledger.problem:
        click.echo(ledger.problem, err=True)
    return {**describe(run, members), **summarize(measured)}, measured


def _run(subject: str, given: dict[str, Any]) -> tuple[Any, int | None]:
    """The run and the member named, None for all."""
    from landscape.train.runs import find_or_train, models_of

    models = models_of(subject)
    if len(models) != 1:
        raise click.UsageError(f"{subject} is two networks; measure narrow wide")
    name, member = models[0]
    run = find_or_train(name, runs=given["runs"], device=given["device"], progress=not given["quiet"])
    return run, member if ":" in subject else None


def _names(given: dict[str, Any]) -> list[Any]:
    return ["half_width", *(name for name in EXTRA if given[name])]


def _options(given: dict[str, Any]) -> Any:
    from landscape.measures.catalogue import Options

    return Options(**{key: given[key] for key in ("k", "layers", "directions", "strategy", "rise", "examples")})


def _compared(subjects: tuple[str, ...], found: list[Any]) -> list[dict[str, Any]]:
    """Each subject against the first, where both hold something that can be compared."""
    from landscape.measures.quantities import comparisons

    first, *others = found
    rows = [
        {"first": subjects[0], "second": subject, "quantities": [one.to_dict() for one in comparisons(first, other)]}
        for subject, other in zip(subjects[1:], others, strict=True)
    ]
    return [row for row in rows if row["quantities"]]


def _draw(subjects: tuple[str, ...], given: dict[str, Any], found: list[Any]) -> None:
    """The picture of the first member of each subject."""
    from landscape.measures.quantities import cross_section_from, spectrum_from
    from landscape.rendering.views.cross_section import draw_cross_section
    from landscape.rendering.views.density import draw_density

    if given["density"]:
        draw_density([spectrum_from(one.values["density"][0]) for one in found], given["output"], titles=subjects)
    else:
        sections = [cross_section_from(one.values["cross_section"][0]) for one in found]
        draw_cross_section(sections, given["output"])
    click.echo(given["output"], err=True)


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
