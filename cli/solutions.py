"""Networks, and grids around them, as the options of a command ask for them."""

from typing import TYPE_CHECKING, TypedDict

from .machine import num_bytes, torch_device, torch_dtype
from .printing import command_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from landscape.sampling.extent import Extent
    from landscape.sampling.grid import Sampling as GridOptions
    from landscape.sampling.solutions import Opening, Solution
    from landscape.sampling.views import View
    from landscape.space.directions import Normalization

    from .params import Evaluation, Sampling


class DirectionOptions(TypedDict):
    """How random directions are drawn."""

    seed: int
    normalize: "Normalization"
    ignore: str
    orthogonal: bool
    keep: bool


def opening(evaluation: "Evaluation", sampling: "Sampling", runs: str, *, checkpoints: str | None = None) -> "Opening":
    """The options of `landscape.open_solution`."""
    return {
        "data": evaluation.data,
        "weights": evaluation.weights,
        "checkpoints": checkpoints,
        "stream": evaluation.stream,
        "runs": runs,
        "batchnorm": evaluation.batchnorm,
        "num_examples": evaluation.num_examples,
        "device": torch_device(sampling.device),
        "dtype": torch_dtype(sampling.dtype),
        "progress": not sampling.quiet,
    }


def grid_options(sampling: "Sampling", *, overwrite: bool) -> "GridOptions":
    """How the points of a grid are measured, as `landscape.sample` takes it."""
    return {
        "rays": sampling.rays,
        "tolerance": sampling.tolerance,
        "overwrite": overwrite,
        "strategy": sampling.strategy,
        "memory": num_bytes(sampling.memory),
        "tf32": sampling.dtype == "tf32",
        "command": command_line(),
    }


def random_directions(sampling: "Sampling", *, orthogonal: bool = False, keep: bool = False) -> DirectionOptions:
    """How random directions are drawn, as `landscape.subspace_of` takes it."""
    return {
        "seed": sampling.direction_seed,
        "normalize": sampling.normalize,
        "ignore": sampling.ignore,
        "orthogonal": orthogonal,
        "keep": keep,
    }


def shared_extent(solutions: "Sequence[Solution]", view: "View", sampling: "Sampling") -> "float | Extent | None":
    """The extent that was asked for, or the largest of those that several networks would have; None for one network."""
    import landscape as ls

    if sampling.extent is not None or len(solutions) == 1:
        return sampling.extent
    seed, normalize, ignore = sampling.direction_seed, sampling.normalize, sampling.ignore
    return ls.common_extent(
        [ls.extent_of(solution, view, seed=seed, normalize=normalize, ignore=ignore) for solution in solutions]
    )
