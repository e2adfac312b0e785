"""Barriers: how high the loss rises on the way from one solution to another, computed from records alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from landscape.errors import InputError
from landscape.records.base import FloatArray
from landscape.records.estimates import Estimate
from landscape.records.recipe import PairsRecipe, end_of, is_aligned
from landscape.records.recipe_keys import read_recipe
from landscape.records.sampled import Profile
from landscape.statistics.intervals import mean_of_pairs

DEFINITION = "highest rise of the loss along the path above the straight line between its ends"


@dataclass(frozen=True)
class Barrier:
    """Highest rise of the loss along a path above the straight line between its ends.

    Args:
        loss: in the unit of the loss, 0 or more; inf where the loss diverged on the way.
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

    Returns:
        The barriers of loss and accuracy, and where the loss rises highest.

    Raises:
        InputError: the profile is not complete, lacks that split, or has an end that diverged.

    References:
        Frankle et al. 2020, arXiv 1912.05671 (above the mean of the ends); Entezari et al. 2021, arXiv 2110.06296
        (above the line between them: this one).

    Example:
        >>> from landscape.records.sampled import Axis
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


@dataclass(frozen=True)
class Barriers:
    """Barriers over pairs of members.

    Args:
        loss: mean over the pairs with its 95 % interval over the choice of members, in the unit of the loss.
        accuracy: the same for the accuracy, a share in [0, 1]; None where none was measured.
        pairs: barrier of each pair, in the order given.
    """

    loss: Estimate
    accuracy: Estimate | None
    pairs: tuple[Barrier, ...]


def barriers(profiles: Sequence[Profile], *, split: str = "train") -> Barriers:
    """Mean barrier over pairs of solutions, with an interval that knows that pairs share members.

    The interval is Student's t, with pairs counted as `independent_pairs` says: 15 pairs of 6 members as about 2
    independent ones. Treating them as 15 independent numbers would make it too narrow.

    Args:
        profiles: paths between solutions, each pair once; who they join is read from their provenance.
        split: ``"train"`` or ``"test"``: whose loss and accuracy.

    Returns:
        The means with their intervals, and the barrier of each pair in the order of the profiles.

    Raises:
        InputError: fewer than 3 pairs, a pair twice, or a profile that `barrier` refuses.
    """
    identities = [profile.provenance.identity for profile in profiles]
    ends = [(identity.model, end_of(identity.subspace) or "") for identity in identities]
    if len(profiles) < 3 or len({frozenset(pair) for pair in ends}) < len(profiles) or any(a == b for a, b in ends):
        raise InputError(f"a mean over members needs 3 pairs or more, each once and of two members, got {ends}")
    pairs = tuple(barrier(profile, split=split) for profile in profiles)
    falls = [pair.accuracy for pair in pairs if pair.accuracy is not None]
    return Barriers(
        loss=_mean([pair.loss for pair in pairs], ends, profiles[0].provenance.loss_scale.unit),
        accuracy=_mean(falls, ends, "share") if len(falls) == len(pairs) else None,
        pairs=pairs,
    )


def _mean(values: list[float], pairs: list[tuple[str, str]], unit: str) -> Estimate:
    """The mean over pairs with its interval; infinite where one diverged."""
    if not np.all(np.isfinite(values)):
        return Estimate(float("inf"), float("inf"), float("inf"), unit)
    return mean_of_pairs(np.array(values), pairs, unit=unit).estimate


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


def mean_profile(profiles: Sequence[Profile]) -> Profile:
    """The mean over several paths of one kind, with the lowest and highest value at each point.

    Metrics ``NAME``, and ``NAME_low`` and ``NAME_high`` for the band. The barrier of the mean is not the mean barrier,
    which is larger where paths peak at different places.

    Args:
        profiles: one or more, of the same coordinates and metrics.

    Returns:
        The mean profile, under the provenance of the first path.

    Raises:
        InputError: no profiles, or different coordinates or metrics.
    """
    if not profiles:
        raise InputError("a mean needs one profile or more")
    first = profiles[0]
    for profile in profiles[1:]:
        alike = np.array_equal(profile.alpha.values, first.alpha.values)
        if not alike or profile.metrics.keys() != first.metrics.keys():
            raise InputError("a mean needs profiles of the same coordinates and metrics")
    metrics: dict[str, FloatArray] = {}
    for name in first.metrics:
        rows = np.stack([profile.metrics[name] for profile in profiles])
        metrics |= {name: rows.mean(0), f"{name}_low": rows.min(0), f"{name}_high": rows.max(0)}
    provenance = first.provenance
    path = provenance.identity.subspace
    solutions = "aligned" if is_aligned(path) else "as trained"
    # a picture ends near its lines: how far the band goes on is said
    highest = max(float(profile.loss.max()) for profile in profiles)
    band = f"{solutions}: mean of {len(profiles)} pairs, band from lowest to highest, up to {highest:.3g}"
    recipe = PairsRecipe(path.kind, read_recipe({**path.to_dict(), "to": "another member"}), band)
    model = provenance.identity.model.partition(":")[0]
    provenance = replace(provenance, identity=replace(provenance.identity, model=model, subspace=recipe))
    status, error = (np.max([getattr(profile, key) for profile in profiles], axis=0) for key in ("status", "error"))
    return Profile(first.axes, metrics, status, error, provenance)
