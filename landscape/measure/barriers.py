"""Barriers: how high the loss rises on the way from one solution to another, computed from records alone."""

from dataclasses import dataclass

import numpy as np

from landscape.errors import InputError
from landscape.records import FloatArray, Profile

DEFINITION = "highest rise of the loss along the path above the straight line between its ends"


@dataclass(frozen=True)
class Barrier:
    """Highest rise of the loss along a path above the straight line between its ends.

    Args:
        loss: nats per example, 0 or more; inf where the loss diverged on the way.
        accuracy: deepest fall of the accuracy below the straight line between its ends, a share in [0, 1]; None where
            no accuracy was measured.
        where: coordinate of the highest rise of the loss; the start of the path where there is none.
        points: samples of the path; between them the barrier may be higher.
    """

    loss: float
    accuracy: float | None
    where: float
    points: int


def barrier(profile: Profile, *, split: str = "train") -> Barrier:
    """The barrier along a profile, ``max_a L(a) - [(1 - a) L(0) + a L(1)]`` with ``a`` from 0 to 1 along the path.

    The rise is measured above the line between the two ends and not above their mean or their lower one, so that ends
    of different loss alone make no barrier. It is 0 at the ends, hence never negative.

    Args:
        profile: samples from one solution (first) to the other (last), complete.
        split: ``"train"`` or ``"test"``: whose loss and accuracy.

    Raises:
        InputError: the profile is not complete, lacks that split, or has an end that diverged.

    References:
        Frankle et al. 2020, arXiv 1912.05671 (above the mean of the ends); Entezari et al. 2021, arXiv 2110.06296
        (above the line between them: this one).

    Example:
        >>> from landscape.records import Axis
        >>> alpha = np.linspace(0, 1, 5)
        >>> axis, none = Axis("alpha", alpha), np.zeros(5)
        >>> values = {"train_loss": 4 * alpha * (1 - alpha)}
        >>> barrier(Profile((axis,), values, np.ones(5), none)).loss
        1.0
    """
    if f"{split}_loss" not in profile.metrics:
        raise InputError(f"no {split}_loss in this profile; it holds {', '.join(profile.metrics) or 'nothing'}")
    rise = _above_the_ends(profile, f"{split}_loss")
    accuracy = f"{split}_accuracy"
    fall = _above_the_ends(profile, accuracy, sign=-1) if accuracy in profile.metrics else None
    highest = int(np.argmax(rise))
    return Barrier(
        loss=float(rise[highest]),
        accuracy=None if fall is None else float(fall.max()),
        where=float(profile.alpha.values[highest]),
        points=len(profile.alpha),
    )


def _above_the_ends(profile: Profile, name: str, *, sign: int = 1) -> FloatArray:
    """How far ``sign`` times the metric lies above the straight line between its ends, shape (n,); 0 at both."""
    values, alpha = sign * profile.metrics[name], profile.alpha.values
    if len(values) < 2 or not profile.complete or np.any(np.isnan(values)):
        raise InputError(f"a barrier needs a complete profile of 2 points or more; {name} is missing at some")
    if not np.all(np.isfinite(values[[0, -1]])):
        raise InputError(f"{name} is not finite at an end of the path: a barrier runs between two solutions")
    share = (alpha - alpha[0]) / (alpha[-1] - alpha[0])
    rise = np.asarray(values - ((1 - share) * values[0] + share * values[-1]), dtype=np.float64)
    rise[[0, -1]] = 0.0
    return rise
