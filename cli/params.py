"""The options that several commands share: single ones, and groups that a command gets as one object."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import click

from landscape.defaults import DATASET, DEFAULT_MEMORY, DEFAULT_POINTS, DEFAULT_RAYS, LOSS, RUNS

from .options import Option

if TYPE_CHECKING:
    from landscape.objective.batchnorm import BatchNorm
    from landscape.rendering.geometry.heights import HeightScale
    from landscape.space.directions import Normalization
else:  # the library refuses words that it does not know; its own types would load torch before --help is printed
    BatchNorm = HeightScale = Normalization = str

GIB = 2**30
OUTPUT = ("-o", "--output")


class Widths(click.ParamType[tuple[int, ...]]):
    """Whole numbers with commas between them."""

    name = "widths"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """The numbers."""
        try:
            return tuple(int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is not a list of widths such as 4,64,512", param, ctx)


Runs = Annotated[str, Option("Folder of the runs.", RUNS, metavar="DIR", envvar="LANDSCAPE_RUNS")]
Device = Annotated[str, Option("cpu, cuda or cuda:N.", "cpu")]
Dtype = Annotated[str, Option("float32, float64, bfloat16, or tf32 on a GPU.", "float32")]
Quiet = Annotated[bool, Option("No progress bar.", flags=("--quiet", "-q"))]
Force = Annotated[bool, Option("Replace what exists.")]
Json = Annotated[bool, Option("Print one JSON object on stdout.", flags=("--json",))]
Model = Annotated[
    str | None,
    Option("narrow, wide, pair, or a run; member 0 by default. Trained if missing.", metavar="NAME[:MEMBER]"),
]
Metric = Annotated[str, Option("What the height shows.", LOSS)]
Scale = Annotated[HeightScale, Option("Height: auto, linear, log or sqrt.", "auto")]
Data = Annotated[str | None, Option("Data of a model of your own.", metavar="PACKAGE.MODULE:FACTORY")]
Dataset = Annotated[str, Option("digits, mnist, fashion-mnist, cifar10, or FILE.npz.", DATASET)]
DataDir = Annotated[str | None, Option("Folder of the dataset's files.")]


@dataclass(frozen=True)
class Evaluation:
    """The weights and data of a network, and how its loss is evaluated."""

    weights: Annotated[str | None, Option("Weights of a model of your own: .pt or .safetensors.", metavar="FILE")]
    data: Data
    batchnorm: Annotated[
        BatchNorm,
        Option("BatchNorm statistics: frozen, or reestimate at every point on the training data.", "frozen"),
    ]
    num_examples: Annotated[int | None, Option("Measure on a fixed random subset of N examples.", metavar="N")]
    stream: Annotated[bool, Option("Read --data again for every block, where they do not fit.")]


@dataclass(frozen=True)
class Sampling:
    """The grid, the random directions that span it, and the machine that measures it."""

    points: Annotated[int, Option("Grid points a side.", DEFAULT_POINTS)]
    extent: Annotated[
        float | None,
        Option(
            "Half the side of the grid, in filter norms (L2 along top, gradient, ...); by default where "
            "the loss has risen by 1 nat on every side (one extent for all surfaces of a figure)."
        ),
    ]
    direction_seed: Annotated[int, Option("Seed of the random directions.", 0)]
    normalize: Annotated[Normalization, Option("filter, layer or none.", "filter")]
    ignore: Annotated[str, Option("Unperturbed: 1d (biases, norms), nothing, or patterns of names: 1d,*embed*.", "1d")]
    rays: Annotated[int, Option("Directions for the half-width; 0 for none.", DEFAULT_RAYS)]
    tolerance: Annotated[
        float,
        Option(
            "Share of the loss's range within which points may be interpolated; 0 measures all.",
            0.0,
            type=click.FloatRange(0, 1, max_open=True),
        ),
    ]
    strategy: Annotated[str, Option("auto, repeatable, or loop, stacked, affine, chain, streamed.", "auto")]
    memory: Annotated[str, Option("Memory a block may take.", f"{DEFAULT_MEMORY // GIB}GiB")]
    dtype: Dtype
    device: Device
    quiet: Quiet


@dataclass(frozen=True)
class Sweep:
    """What the studies are measured on."""

    quick: Annotated[bool, Option("Smaller sweeps: less than a minute or two each.")]
    dataset: Dataset
    data_dir: DataDir
    widths: Annotated[
        tuple[int, ...] | None,
        Option("Widths to compare; each study has its own.", metavar="W,W,...", type=Widths()),
    ]
    members: Annotated[int | None, Option("Networks per width and condition, at least 2.")]
    steps: Annotated[int | None, Option("Optimizer steps.")]
    num_train: Annotated[int | None, Option("Training examples; other data than the digits take 10,000 by default.")]
    image: Annotated[
        str | None, Option("Picture for the portrait; matplotlib's sample portrait by default.", metavar="FILE")
    ]
    seed: Annotated[
        int,
        Option("Seed of member 0, then counted up, and of all that is drawn; step it by 1000 for other members.", 0),
    ]
