"""Study 3, reliability: narrow networks get stuck, wide ones reach the target whatever the seed and learning rate."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landscape.records.base import FloatArray
from landscape.records.estimates import Number
from landscape.records.findings import Plot, Remark, Series, StudyResult, Sweep
from landscape.statistics.intervals import mean_of, wilson
from landscape.statistics.verdicts import order_verdict
from landscape.study.settings import Settings
from landscape.study.shared import pair_of, provenance_of, sweep_words
from landscape.study.sweep import Condition, SweepPlan, run_sweep
from landscape.train.recipe import Recipe

CLAIM = "Training a narrow network often gets stuck; training a wide one succeeds reliably."
REFUTATION = "a share of successes at narrow width above the share at wide width, with 95 % intervals apart"
RATES = (1e-3, 1e-2, 1e-1)
MORE_RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
SEEDS, MORE_SEEDS = 32, 64
# The best narrow network proves what can be represented; the others get a quarter more loss.
ALLOWANCE = 1.25


def reliability_plan(settings: Settings) -> SweepPlan:
    """At least 32 seeds at each of several learning rates, in small batches."""
    widths = settings.widths or (_digits_widths(settings) if settings.small else settings.main_widths)
    steps = settings.steps or settings.pick(quick=400, full=1500)
    rates = settings.pick(quick=RATES, full=MORE_RATES)
    conditions = tuple(Condition(f"{rate:g}", recipe={"learning_rate": rate}) for rate in rates)
    recipe = Recipe(steps=steps, batch_size=64, checkpoints=min(25, steps + 1))
    members = settings.members or settings.pick(quick=SEEDS, full=MORE_SEEDS)
    return SweepPlan(settings.data, widths, members, recipe, conditions, seed=settings.seed)


def _digits_widths(settings: Settings) -> tuple[int, ...]:
    return (4, 16, 512) if settings.quick else (4, 16, 64, 512)


@dataclass(frozen=True, eq=False)
class Successes:
    """The runs that reach the target loss, and the step at which they do.

    Args:
        target: loss to reach, nats per example.
        success: whether a run ends at or below it, shape (rates, widths, members).
        steps: first checkpoint at or below the target, inf where it is never reached, same shape.
    """

    target: float
    success: NDArray[np.bool_]
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
    # a run that diverged reaches nothing
    losses = np.nan_to_num(sweep.values["train_loss"], nan=np.inf)
    target = ALLOWANCE * float(losses[:, narrow, -1].min())
    below = losses <= target
    first = np.where(below.any(axis=2), sweep.step[below.argmax(axis=2)], np.inf)
    return Successes(target, losses[:, :, -1] <= target, first)


def study(settings: Settings) -> StudyResult:
    """Share of members that end at or below the target loss, with Wilson intervals, and the steps it takes."""
    sweep = reliability_sweep(settings)
    outcome = successes(sweep)
    pair = pair_of(sweep.widths)
    small, large = (share_of(sweep, outcome, width) for width in pair)
    rates = tuple(map(float, sweep.conditions))
    target = Number(
        outcome.target, outcome.target, outcome.target, "nats per example", "target loss", "1.25 x best narrow run"
    )
    per_rate = tuple(
        wilson(int(success.sum()), len(success), name=f"share that succeeds, width {width}, learning rate {rate:g}")
        for width in pair
        for rate, success in zip(rates, outcome.success[:, sweep.widths.index(width)], strict=True)
    )
    stuck = tuple(_excess(sweep, width) for width in pair)
    return StudyResult(
        name="reliability",
        title="Stuck, or reliable",
        claim=CLAIM,
        refuted_by=REFUTATION,
        verdict=order_verdict(small, "below", large),
        numbers=(small, large, target, *_speeds(sweep, outcome, pair), *stuck, *per_rate),
        remarks=(_own_best(*stuck), *_remarks(rates, per_rate)),
        plots=_plots(sweep, outcome, rates),
        command=settings.reproduce("reliability"),
        provenance=provenance_of(settings, **sweep_words(sweep)),
    )


def share_of(sweep: Sweep, outcome: Successes, width: int, name: str = "share that succeeds") -> Number:
    """Share of runs at all learning rates that reach the target; those of one seed count as one trial."""
    success = outcome.success[:, sweep.widths.index(width)]
    return wilson(int(success.sum()), success.size, independent=success.shape[1], name=f"{name}, width {width}")


def _excess(sweep: Sweep, width: int) -> Number:
    """Loss above the best run of the same width and learning rate: a yardstick that no other width is held to."""
    losses = sweep.values["train_loss"][:, sweep.widths.index(width), -1]
    above = (losses - np.nanmin(losses, axis=1, keepdims=True)).mean(axis=0)
    return mean_of(above, name=f"loss above the best of its kind, width {width}", unit="nats per example", over="seeds")


def _own_best(narrow: Number, wide: Number) -> Remark:
    text = (
        "Seeds of a narrow network end farther above the best one of the same width and learning rate: "
        f"{narrow.text} against {wide.text}."
    )
    return Remark(text, order_verdict(narrow, "above", wide))


def _speeds(sweep: Sweep, outcome: Successes, pair: tuple[int, int]) -> list[Number]:
    """Steps to the target, mean over the learning rates at which a seed reaches it; none where no seed does."""
    numbers = []
    for width in pair:
        steps = outcome.steps[:, sweep.widths.index(width)].T
        means = [row[np.isfinite(row)].mean() for row in steps if np.isfinite(row).any()]
        if means:
            name = f"steps to the target, width {width}"
            numbers.append(mean_of(means, name=name, unit="steps", over="seeds that reach it"))
    return numbers


def _remarks(rates: tuple[float, ...], per_rate: tuple[Number, ...]) -> tuple[Remark, ...]:
    """The same comparison at each learning rate alone."""
    narrow, wide = per_rate[: len(rates)], per_rate[len(rates) :]
    return tuple(
        Remark(
            f"At learning rate {rate:g} the narrow network succeeds less often: {a.text} against {b.text}.",
            order_verdict(a, "below", b),
        )
        for rate, a, b in zip(rates, narrow, wide, strict=True)
    )


def _plots(sweep: Sweep, outcome: Successes, rates: tuple[float, ...]) -> tuple[Plot, ...]:
    x = np.array(rates)
    shares, speeds = [], []
    for row, width in enumerate(sweep.widths):
        rates_of_success = [wilson(int(success.sum()), len(success)) for success in outcome.success[:, row]]
        share, low, high = np.array([[rate.mean, rate.low, rate.high] for rate in rates_of_success]).T
        shares.append(Series(f"width {width}", x, share, low, high))
        quartiles = np.quantile(outcome.steps[:, row], [0.5, 0.25, 0.75], axis=1, method="nearest")
        middle, low, high = np.where(np.isfinite(quartiles), quartiles, np.nan)
        speeds.append(Series(f"width {width}", x, middle, low, high))
    return (
        Plot(f"Loss at or below {outcome.target:.3g}", "learning rate", "share of members", tuple(shares)),
        Plot("Steps to get there (median, quartiles)", "learning rate", "training steps", tuple(speeds), y_scale="log"),
    )
