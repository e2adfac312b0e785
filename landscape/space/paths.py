"""Training paths, and the networks that a subspace was laid through, in its coordinates."""

from collections.abc import Sequence
from dataclasses import dataclass

from landscape.records.base import FloatArray
from landscape.space.parameters import Parameters


@dataclass(frozen=True, eq=False)
class TrainingPath:
    """A training path: the checkpoints of a run, or of files.

    Args:
        steps: training step of each checkpoint, shape (T,).
        points: parameters of each checkpoint, the last one the solution.
        buffers: floating-point buffers (BatchNorm statistics) of each checkpoint, or none.
        source: where the checkpoints come from; empty for the run itself.
    """

    steps: FloatArray
    points: Sequence[Parameters]
    buffers: Sequence[Parameters] = ()
    source: str = ""


@dataclass(frozen=True, eq=False)
class Trail:
    """A training path in the coordinates of a subspace.

    Args:
        path: the checkpoints.
        places: coordinates of the checkpoints or, where they lie off the subspace, of their projections, shape (T, 2).
        explained: share of the path's squared distance from its end that lies in the subspace; None where the path
            runs within it.
    """

    path: TrainingPath
    places: FloatArray
    explained: float | None = None


@dataclass(frozen=True, eq=False)
class Landmarks:
    """The networks that a plane was laid through.

    Args:
        names: of the networks; none where they have none.
        places: their coordinates, shape (networks, 2).
    """

    names: tuple[str, ...]
    places: FloatArray
