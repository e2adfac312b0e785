"""Study 3, reliability: narrow networks get stuck, wide ones reach the target whatever the seed and learning rate."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landscape.records import FloatArray
from landscape.results import Number, Plot, Remark, Series, StudyResult, Sweep
from landscape.study.settings import Settings
from landscape.study.shared import pair_of, provenance_of, sweep_words
from landscape.study.statistics import compared, mean_of, wilson
from landscape.study.sweep import Condition, Plan, run_sweep
from landscape.train.training import Recipe

CLAIM = "Training a narrow network often gets stuck; training a wide one succeeds reliably."
REFUTED = "a share of successes at narrow width that is not below the share at wide width, with 95 % intervals apart"
RATES = (1e-3, 1e-2, 1e-1)
MORE_RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
SEEDS, MORE_SEEDS = 32, 64
# The best narrow network proves what can be represented; the others get a quarter more loss.
ALLOWANCE = 1.25


def reliability_plan(settings: Settings) -> Plan:
    """At least 32 seeds at each of several learning rates, in small batches."""
    widths = settings.widths or (_digits_widths(settings) if settings.small else settings.main_widths)
    steps = settings.steps or settings.pick(quick=400, full=1500)
    rates = settings.pick(quick=RATES, full=MORE_RATES)
    conditions = tuple(Condition(f"{rate:g}", recipe={"learning_rate": rate}) for rate in rates)
    recipe = Recipe(steps=steps, batch_size=64, checkpoints=min(25, steps + 1))
    members = settings.members or settings.pick(quick=SEEDS, full=MORE_SEEDS)
    return Plan(settings.data, widths, members, recipe, conditions, seed=settings.seed)


def _digits_widths(settings: Settings) -> tuple[int, ...]:
    widths: tuple[int, ...] = settings.pick(quick=(4, 16, 512), full=(4, 16, 64, 512))
    return widths


@dataclass(frozen=True, eq=False)
class Successes:
    """Who reached the target and when.

    Args:
        target: loss to reach, nats per example.
        reached: who ends at or below it, shape (rates, widths, members).
        steps: first checkpoint at or below the target, inf where it is never reached, same shape.
    """

    target: float
    reached: NDArray[np.bool_]
    steps: FloatArray


def reliability_sweep(settings: Settings) -> Sweep:
    """The sweep over learning rates and seeds, trained where it is not."""
    return run_sweep(reliability_plan(settings), settings.runs, device=settings.device, progress=settings.progress)


def successes(sweep: Sweep) -> Successes:
    """Successes at a target that the narrow network is known to be able to represent.

    The target is the lowest final loss of any narrow member at any learning rate, times 1.25: what keeps the others
    from it is the training, not the capacity.
    """
    narrow = sweep.widths.index(pair_of(sweep.widths)[0])
    losses = np.nan_to_num(sweep.values["train_loss"], nan=np.inf)
    target = ALLOWANCE * float(losses[:, narrow, -1].min())
    below = losses <= target
    first = np.where(below.any(axis=2), sweep.step[below.argmax(axis=2)], np.inf)
    return Successes(target, losses[:, :, -1] <= target, first)


def study(settings: Settings) -> StudyResult:
    """Share of members that end at or below the target loss, with Wilson intervals, and the steps it takes."""
    sweep = reliability_sweep(settings)
    found = successes(sweep)
    pair = pair_of(sweep.widths)
    small, large = (_share(sweep, found, width) for width in pair)
    rates = tuple(map(float, sweep.conditions))
    target = Number(
        found.target, found.target, found.target, "nats per example", "target loss", "1.25 x best narrow run"
    )
    per_rate = tuple(
        wilson(int(reached.sum()), len(reached), name=f"share that succeeds, width {width}, learning rate {rate:g}")
        for width in pair
        for rate, reached in zip(rates, found.reached[:, sweep.widths.index(width)], strict=True)
    )
    return StudyResult(
        name="reliability",
        title="Stuck, or reliable",
        claim=CLAIM,
        refuted_by=REFUTED,
        verdict=compared(small, "below", large),
        numbers=(small, large, target, *_speeds(sweep, found, pair), *per_rate),
        remarks=_remarks(rates, per_rate),
        plots=_plots(sweep, found, rates),
        command=settings.reproduce("reliability"),
        provenance=provenance_of(settings, **sweep_words(sweep)),
    )


def _share(sweep: Sweep, found: Successes, width: int) -> Number:
    reached = found.reached[:, sweep.widths.index(width)]
    return wilson(int(reached.sum()), reached.size, name=f"share that succeeds, width {width}")


def _speeds(sweep: Sweep, found: Successes, pair: tuple[int, int]) -> list[Number]:
    """Steps to the target of those that reach it; nobody's where nobody does."""
    numbers = []
    for width in pair:
        steps = found.steps[:, sweep.widths.index(width)].ravel()
        steps = steps[np.isfinite(steps)]
        if len(steps):
            numbers.append(
                mean_of(steps, name=f"steps to the target, width {width}", unit="steps", over="that reach it")
            )
    return numbers


def _remarks(rates: tuple[float, ...], per_rate: tuple[Number, ...]) -> tuple[Remark, ...]:
    """The same comparison at each learning rate alone."""
    narrow, wide = per_rate[: len(rates)], per_rate[len(rates) :]
    return tuple(
        Remark(
            f"At learning rate {rate:g} the narrow network succeeds less often: {a.text} against {b.text}.",
            compared(a, "below", b),
        )
        for rate, a, b in zip(rates, narrow, wide, strict=True)
    )


def _plots(sweep: Sweep, found: Successes, rates: tuple[float, ...]) -> tuple[Plot, ...]:
    x = np.array(rates)
    shares, speeds = [], []
    for row, width in enumerate(sweep.widths):
        each = [wilson(int(reached.sum()), len(reached)) for reached in found.reached[:, row]]
        share, low, high = np.array([[number.mean, number.low, number.high] for number in each]).T
        shares.append(Series(f"width {width}", x, share, low, high))
        quartiles = np.quantile(found.steps[:, row], [0.5, 0.25, 0.75], axis=1, method="nearest")
        middle, low, high = np.where(np.isfinite(quartiles), quartiles, np.nan)
        speeds.append(Series(f"width {width}", x, middle, low, high))
    return (
        Plot(f"Loss at or below {found.target:.3g}", "learning rate", "share of members", tuple(shares)),
        Plot("Steps to get there (median, quartiles)", "learning rate", "training steps", tuple(speeds), y_scale="log"),
    )
