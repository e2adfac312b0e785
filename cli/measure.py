"""``landscape measure``."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click

from landscape.defaults import DEFAULT_RAYS, EIGENVALUES

from .machine import torch_device
from .numbers import ComparisonRow, FileNumbers, NetworkNumbers
from .options import Option, options
from .params import OUTPUT, Data, Device, Force, Json, Quiet, Runs
from .printing import print_json

if TYPE_CHECKING:
    from landscape.measures.measure import MeasureOptions
    from landscape.sampling.solutions import Solution

OPTIONAL = ("curvature", "density", "sharpness", "cross_section", "free_directions")
PICTURES = ("density", "cross_section")
LONG_SECONDS = 10.0


@dataclass(frozen=True)
class Measures:
    """What is measured besides half-widths, and how; the measures have the names of the catalogue."""

    curvature: Annotated[bool, Option("Largest and smallest Hessian eigenvalues, trace, Frobenius norm.")]
    layers: Annotated[bool, Option("With --curvature: of each layer too.")]
    k: Annotated[int, Option("So many at either end.", EIGENVALUES, flags=("--eigenvalues",))]
    density: Annotated[bool, Option("Spectral density of the Hessian; -o draws it.")]
    sharpness: Annotated[bool, Option("Rise of the loss in a box, in balls, under noise.")]
    cross_section: Annotated[bool, Option("Half-widths along 50 stiff and 50 random directions; -o draws it.")]
    free_directions: Annotated[
        bool, Option("Free directions of the first member: P minus the rank.", flags=("--free",))
    ]
    all_measures: Annotated[bool, Option("All of these.", flags=("--all",))]
    examples: Annotated[int | None, Option("First training examples for --free; all by default.")]
    rise: Annotated[float | None, Option("Rise of the loss that defines a width.  [default: 0.5 nat, or by the loss]")]
    directions: Annotated[int, Option("Directions per member, for half-widths.", DEFAULT_RAYS)]
    strategy: Annotated[str, Option("auto, loop, stacked or affine.", "auto")]

    @property
    def names(self) -> list[str]:
        """The measures of the catalogue that are taken; half-widths always."""
        return ["half_width", *(name for name in OPTIONAL if self.all_measures or getattr(self, name))]

    @property
    def flags(self) -> list[str]:
        """The measures that need a network, as they were typed."""
        return [f"--{name.replace('_directions', '').replace('_', '-')}" for name in OPTIONAL if getattr(self, name)]

    @property
    def options(self) -> "MeasureOptions":
        """How networks are measured."""
        import landscape as ls

        return ls.MeasureOptions(
            k=self.k,
            layers=self.layers or self.all_measures,
            directions=self.directions,
            strategy=self.strategy,
            rise=self.rise,
            examples=self.examples,
        )


@dataclass(frozen=True)
class Networks:
    """Which weights and data networks have, and the picture of what is measured."""

    weights: Annotated[
        str | None, Option("A checkpoint (.pt, .safetensors) in place of the network's weights.", metavar="FILE")
    ]
    data: Data
    output: Annotated[
        str | None,
        Option("Picture of --density or --cross-section: png, pdf or svg.", flags=OUTPUT, metavar="FILE"),
    ]
    force: Force


@dataclass(frozen=True)
class Machine:
    """Where runs are and networks are measured, and whether progress is shown."""

    runs: Runs
    device: Device
    quiet: Quiet


@click.command(short_help="Widths, curvature, sharpness, free directions of files, runs and models.")
@click.argument("subjects", nargs=-1, required=True, metavar="FILE.h5|RUN[:MEMBER]|MODULE:FACTORY...")
@options
def command(subjects: tuple[str, ...], measures: Measures, networks: Networks, machine: Machine, as_json: Json) -> None:
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
    _refuse_mismatch(measures, networks)
    blocks = [_measure(subject, measures, networks, machine) for subject in subjects]
    rows = _compare(blocks)
    if networks.output:
        _draw([block for block in blocks if isinstance(block, NetworkNumbers)], measures, networks.output)
    if as_json:
        values = [block.to_dict() for block in blocks]
        print_json(
            values[0] if len(values) == 1 else {"measured": values, "comparison": [row.to_dict() for row in rows]}
        )
        return
    click.echo("\n\n".join([block.text for block in blocks] + [row.text for row in rows]))


def _refuse_mismatch(measures: Measures, networks: Networks) -> None:
    import landscape as ls

    if measures.examples is not None and not (measures.free_directions or measures.all_measures):
        raise click.UsageError("--examples chooses what --free is measured on; add --free")
    if measures.layers and not (measures.curvature or measures.all_measures):
        raise click.UsageError("--layers is for --curvature; add it")
    if measures.k < 1:
        raise click.UsageError(f"--eigenvalues are at least 1, got {measures.k}")
    if measures.rise is not None and not measures.rise > 0:
        raise click.UsageError(f"rise must be above 0, got {measures.rise}")
    if networks.output:
        if sum(getattr(measures, name) for name in PICTURES) != 1:
            raise click.UsageError("-o draws one picture: choose --density or --cross-section")
        ls.check_target(networks.output, force=networks.force)


def _measure(subject: str, measures: Measures, networks: Networks, machine: Machine) -> FileNumbers | NetworkNumbers:
    """A file by what it holds, anything else by the measures that were asked for."""
    import landscape as ls

    suffix = Path(subject).suffix
    if Path(subject).is_file() or (suffix and ":" not in suffix):
        if measures.flags and not measures.all_measures:
            raise click.UsageError(f"{measures.flags[0]} needs weights and data, but {subject} is a file; name a run")
        return FileNumbers(subject, ls.summarize_record(ls.load(subject), rise=measures.rise))
    if len(ls.solution_names(subject)) != 1:
        raise click.UsageError(f"{subject} is two networks; measure narrow wide")
    solutions = ls.open_members(
        subject,
        data=networks.data,
        weights=networks.weights,
        runs=machine.runs,
        device=torch_device(machine.device),
        progress=not machine.quiet,
    )
    return _measure_network(subject, measures, solutions, quiet=machine.quiet)


def _measure_network(
    title: str, measures: Measures, solutions: "tuple[Solution, ...]", *, quiet: bool
) -> NetworkNumbers:
    import landscape as ls

    options = measures.options
    if len(measures.names) > 1 and solutions[0].folder is not None:
        seconds, size = ls.cost_of(solutions, measures.names, options)
        if seconds > LONG_SECONDS:
            click.echo(f"{title}: about {_time(seconds)} and {size / 2**30:.1g} GiB; what is done is kept", err=True)
    measurements = ls.measure_members(solutions, measures.names, options, progress=not quiet)
    for problem in measurements.problems:
        click.echo(problem, err=True)
    return NetworkNumbers(title, ls.describe_members(solutions, whole=":" not in title), measurements)


def _compare(blocks: list[FileNumbers | NetworkNumbers]) -> list[ComparisonRow]:
    """Each subject against the first, where both hold something that can be compared."""
    import landscape as ls

    first = blocks[0]
    rows = [
        ComparisonRow(first.title, block.title, ls.compare_quantities(first.quantities(), block.quantities()))
        for block in blocks[1:]
    ]
    return [row for row in rows if row.comparisons]


def _draw(blocks: list[NetworkNumbers], measures: Measures, output: str) -> None:
    """The picture of the first member of each subject."""
    import landscape as ls

    titles = [block.title for block in blocks]
    if measures.density:
        ls.draw_density([block.measurements["density"][0] for block in blocks], output, titles=titles)
    else:
        ls.draw_cross_section([block.measurements["cross_section"][0] for block in blocks], output)
    click.echo(output, err=True)


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
