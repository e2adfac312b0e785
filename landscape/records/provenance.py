"""What made a record: enough to repeat it, and to refuse to go on from something else."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass
from landscape.records.base import Scalar


@dataclass(frozen=True)
class Provenance:
    """What made a record: enough to repeat it, and to refuse to go on from something else.

    ``weights`` and ``data`` are SHA-256 digests of the bits at the centre and of the examples; ``subspace`` is the
    recipe (kind, seed, normalization, ignored parameters, digest of the directions).

    Args:
        model: the name people use, ``"wide:0"``.
        network: family and size in words, ``"mlp, width 512"``.
        P: parameters of the network.
        N: training examples that were evaluated.
        K: outputs per example; the constraints are N * K.
        regime: ``"under"`` P < N, ``"critical"`` N <= P <= N * K, ``"over"`` P > N * K.
        precision_error: largest difference from float64 relative to the larger of 1 nat and the loss, at
            ``precision_points`` points.
        wall_time: seconds spent sampling, all attempts together.
        tolerance: share of the loss's range within which points may be interpolated; 0 where all are measured.
        held_back_points: measured points the interpolation was held against; 0 where nothing is interpolated.
        interpolation_error: for each metric, the estimated largest interpolation error, in its unit: a multiple
            of the largest error at the held-back points, see `landscape.sampling.adaptive.Filling`.
        inside_error: the same for the training loss where it is at most 0.5 above the centre; 0 where that set was
            measured whole.
        reach: rise of the training loss on every side for which the extent was chosen; 0 where the extent was given.
        extent: why the grid reaches as far as it does, in words.
        drawn_from: where the N examples are a random subset, how many they were drawn from; 0 if they are all.
        standard_error: of the training loss at the centre, in its unit, as an estimate for all examples.
    """

    model: str = ""
    network: str = ""
    P: int = 0
    N: int = 0
    K: int = 0
    regime: str = ""
    weights: str = ""
    data: str = ""
    loss: str = ""
    dtype: str = ""
    batchnorm: str = ""
    subspace: Mapping[str, Scalar] = field(default_factory=dict)
    precision_error: float = float("nan")
    precision_points: int = 0
    strategy: str = ""
    block_size: int = 0
    device: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    created: str = ""
    wall_time: float = 0.0
    tolerance: float = 0.0
    held_back_points: int = 0
    interpolation_error: Mapping[str, float] = field(default_factory=dict)
    inside_error: float = 0.0
    reach: float = 0.0
    extent: str = ""
    drawn_from: int = 0
    standard_error: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, mappings as plain dictionaries: what JSON and HDF5 attributes take."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}
