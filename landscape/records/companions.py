"""What a surface carries beside its values: a training path, networks in its plane, rays from its centre."""

from dataclasses import dataclass, field

import numpy as np

from landscape.errors import InputError
from landscape.records.base import FloatArray, freeze_arrays
from landscape.records.loss_scale import LossScale


@dataclass(frozen=True, eq=False)
class Trajectory:
    """A training path in the coordinates of the grid it is stored with.

    Args:
        step: training step of each checkpoint, shape (k,).
        alpha: first coordinate, shape (k,).
        beta: second coordinate, shape (k,).
        loss: the network's own training loss at the checkpoint, shape (k,). On a plane this is not the plane's loss at
            (alpha, beta), unless the path lies in the plane.
        length: L2 length of the path from the start to the checkpoint, chord by chord, shape (k,).
        explained: share of the path's squared distance from its end that lies in the grid's subspace, in [0, 1].
        on_plane: loss of the plane at (alpha, beta), where the checkpoint itself lies off the plane; shape (k,).
    """

    step: FloatArray
    alpha: FloatArray
    beta: FloatArray
    loss: FloatArray
    length: FloatArray
    explained: float = 1.0
    on_plane: FloatArray | None = None

    def __post_init__(self) -> None:
        names = ["step", "alpha", "beta", "loss", "length", *(["on_plane"] if self.on_plane is not None else [])]
        freeze_arrays(self, *names)
        if len({np.shape(getattr(self, name)) for name in names}) != 1:
            raise InputError(f"trajectory: {', '.join(names)} must have one shape (k,)")

    @property
    def gap(self) -> FloatArray | None:
        """The plane's loss minus the network's own at each checkpoint, shape (k,); None where the path is in the grid.

        A contour drawn under a path tells the loss on the path only where this is small.
        """
        return None if self.on_plane is None else self.on_plane - self.loss


@dataclass(frozen=True, eq=False)
class Marks:
    """Networks that lie in the grid's subspace.

    Args:
        names: of the networks, k of them.
        alpha: first coordinate, shape (k,).
        beta: second coordinate, shape (k,).
        loss: the training loss there, shape (k,).
    """

    names: tuple[str, ...]
    alpha: FloatArray
    beta: FloatArray
    loss: FloatArray

    def __post_init__(self) -> None:
        freeze_arrays(self, "alpha", "beta", "loss")
        object.__setattr__(self, "names", tuple(self.names))
        if any(getattr(self, name).shape != (len(self.names),) for name in ("alpha", "beta", "loss")):
            raise InputError(f"marks: alpha, beta and loss need one value for each of {len(self.names)} networks")


@dataclass(frozen=True, eq=False)
class Rays:
    """Loss along many random filter-normalized directions from one centre.

    Args:
        radius: distance from the centre in filter norms, from 0 up, shape (r,).
        loss: training loss, shape (directions, r).
        length: L2 length of a step of one filter norm along each direction, shape (directions,).
        seed: seed of the first direction; direction ``k`` has seed ``seed + k``.
        scale: the unit of the loss and the rise at which half-widths are measured by default.
    """

    radius: FloatArray
    loss: FloatArray
    length: FloatArray
    seed: int = 0
    scale: LossScale = field(default_factory=LossScale)

    def __post_init__(self) -> None:
        freeze_arrays(self, "radius", "loss", "length")
        if self.loss.shape != (len(self.length), len(self.radius)):
            raise InputError(f"rays: loss has shape {self.loss.shape}, expected {(len(self.length), len(self.radius))}")
        if self.radius.size == 0 or self.radius[0] != 0 or not np.all(np.diff(self.radius) > 0):
            raise InputError("rays: the radius must start at 0 and increase")
