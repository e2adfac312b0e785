"""The workload of a run of the benchmarks: how large its grids and trainings are, and where they run."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import torch

from benchmarks.networks import NETWORKS

SIDE = 51
EXTENT = 2.0
TOLERANCE = 0.005
CACHE = Path(tempfile.gettempdir()) / "landscape-benchmarks"


@dataclass(frozen=True)
class Workload:
    """Sizes of grids and trainings, and places.

    Args:
        quick: smaller grids, fewer seeds, shorter training; meant to take about two minutes on two idle cores.
        device: where everything is evaluated.
        networks: names in `NETWORKS`.
        runs: where the trained networks are kept between runs.
        rounds: how often everything is timed, in turn, after a warm-up; the median counts.
        scale: share of the usual grids and training; the tests take less.
    """

    quick: bool = False
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    networks: tuple[str, ...] = tuple(NETWORKS)
    runs: Path = CACHE
    rounds: int = 5
    scale: float = 1.0

    @property
    def training_steps(self) -> int:
        """Optimizer steps of the networks that are sampled."""
        return max(1, round(self.scale * (200 if self.quick else 1500)))

    @property
    def steady_seconds(self) -> float:
        """How long one timing of a sampler should take, so that slow networks get fewer points."""
        return self.scale * (0.08 if self.quick else 1.0)

    @property
    def whole_seconds(self) -> float:
        """How long one whole public call may take one point at a time; grids are made smaller to fit."""
        return self.scale * (0.4 if self.quick else 8.0)


def side_for(seconds_per_point: float, seconds: float, *, limit: int = SIDE) -> int:
    """Points a side of the largest grid that fits into ``seconds``: odd, so that the centre is on it, and at least 2.

    >>> side_for(0.001, 1.0), side_for(1e-6, 1.0), side_for(10.0, 1.0)
    (31, 51, 2)
    """
    side = min(limit, int((seconds / seconds_per_point) ** 0.5))
    return max(2, side - (side + 1) % 2)
