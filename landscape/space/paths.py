"""Training paths: the checkpoints of a run, or of files."""

from collections.abc import Sequence
from dataclasses import dataclass

from landscape.records.base import FloatArray
from landscape.space.parameters import Parameters


@dataclass(frozen=True, eq=False)
class TrainingPath:
    """A training path: the checkpoints of a run, or of files.

    Args:
        steps: training step of each, shape (T,).
        points: parameters of each, the last one the solution.
        buffers: floating-point buffers (BatchNorm statistics) of each.
        source: where it comes from; empty for the run itself.
    """

    steps: FloatArray
    points: Sequence[Parameters]
    buffers: Sequence[Parameters]
    source: str = ""
