"""The recipe of a training run, torch-free: its defaults are those of the command line."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from landscape.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

Optimizer: TypeAlias = Literal["adam", "sgd"]
Schedule: TypeAlias = Literal["cosine", "constant"]
LossName: TypeAlias = Literal["cross_entropy", "mse"]


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; with the data and the network it fixes the result.

    Args:
        steps: optimizer steps.
        batch_size: examples per step; 0 takes all of them.
        learning_rate: at the start of the schedule.
        optimizer: ``"adam"`` or ``"sgd"`` (momentum 0.9).
        schedule: ``"cosine"`` (to 0 at the last step) or ``"constant"``.
        weight_decay: added to the gradient as ``weight_decay * theta`` (L2), 0 by default.
        loss: ``"cross_entropy"`` (nats per example) or ``"mse"`` (mean over examples and outputs, one-hot targets).
        checkpoints: points of the path that are kept, log-spaced in the step, start and end among them.
    """

    steps: int = 1500
    batch_size: int = 256
    learning_rate: float = 1e-2
    optimizer: Optimizer = "adam"
    schedule: Schedule = "cosine"
    weight_decay: float = 0.0
    loss: LossName = "cross_entropy"
    checkpoints: int = 49

    def __post_init__(self) -> None:
        _require(self.steps >= 1, f"steps must be at least 1, got {self.steps}")
        _require(self.batch_size >= 0, f"batch_size must be 0 (all examples) or more, got {self.batch_size}")
        _require(0 < self.learning_rate < math.inf, f"learning_rate must be above 0, got {self.learning_rate}")
        _require(0 <= self.weight_decay < math.inf, f"weight_decay must be at least 0, got {self.weight_decay}")
        _require(self.checkpoints >= 2, f"checkpoints must be at least 2, got {self.checkpoints}")
        _require(self.optimizer in ("adam", "sgd"), f"unknown optimizer {self.optimizer!r}; expected adam or sgd")
        _require(
            self.schedule in ("cosine", "constant"), f"unknown schedule {self.schedule!r}; expected cosine or constant"
        )
        _require(self.loss in ("cross_entropy", "mse"), f"unknown loss {self.loss!r}; expected cross_entropy or mse")

    def to_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)

    @property
    def loss_function(self) -> "Callable[[Tensor, Tensor], Tensor]":
        """``loss(outputs, classes)``, the mean over a batch."""
        from landscape.train.losses import cross_entropy, mean_squared_error

        return cross_entropy if self.loss == "cross_entropy" else mean_squared_error


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise InputError(message)
