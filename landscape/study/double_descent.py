"""Study 6, double descent: test error rises to a peak where the network just fits noisy labels, then falls again."""

from typing import Literal

import numpy as np

from landscape.records.base import FloatArray
from landscape.records.estimates import Number
from landscape.records.findings import Mark, Plot, Remark, Series, StudyResult, Sweep
from landscape.statistics.intervals import band_of, mean_of
from landscape.statistics.shapes import Peak, peak
from landscape.statistics.verdicts import joint_verdict, order_verdict, place_verdict
from landscape.study.random_features import random_features
from landscape.study.settings import Settings
from landscape.study.shared import provenance_of, sweep_words
from landscape.study.sweep import Condition, SweepPlan, run_sweep
from landscape.train.datasets import load_dataset
from landscape.train.recipe import Recipe

CLAIM = "With more parameters the test error first gets worse, peaks, and then falls far below the peak."
REFUTATION = (
    "no rise to a peak inside the sweep, or a fall after it to more than half of the peak, beyond the intervals"
)
# Far below the peak: less than a half of it.
FAR = 2.0
NUM_TRAIN, NOISE = 200, 0.2
QUICK_WIDTHS = (1, 2, 3, 4, 6, 8, 16, 32, 64, 512)
WIDTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, 512)
# Features over examples, dense around 1, where the peak must be.
RATIOS = (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
EXACT_DRAWS = 12


def descent_plan(settings: Settings) -> SweepPlan:
    """Several draws of examples and of label noise; squared error, full-batch Adam."""
    steps = settings.steps or settings.pick(quick=1000, full=3000)
    conditions = tuple(Condition(f"draw{k}", _data(settings, k)) for k in range(settings.pick(quick=4, full=8)))
    recipe = Recipe(steps=steps, batch_size=0, loss="mse", checkpoints=2)
    members = settings.members or settings.pick(quick=2, full=4)
    widths = settings.widths or settings.pick(quick=QUICK_WIDTHS, full=WIDTHS)
    return SweepPlan(settings.data, widths, members, recipe, conditions, seed=settings.seed)


def study(settings: Settings) -> StudyResult:
    """Test error against P / (N K) with label noise, trained and in closed form.

    References:
        Belkin et al. 2019, arXiv 1812.11118; Nakkiran et al. 2020, arXiv 1912.02292.
    """
    plan = descent_plan(settings)
    sweep = run_sweep(plan, settings.runs, device=settings.device, progress=settings.progress)
    x = np.array(sweep.P) / (sweep.N * sweep.K)
    errors, exact = _geometric(sweep, "test_loss"), _exact(settings)
    ratios = np.array([count / sweep.N for count in _counts(sweep.N)])
    top, top_exact = peak(x, np.log(errors)), peak(ratios, np.log(exact))
    places = [_place(top, "trained networks"), _place(top_exact, "random features")]
    fall, rise = _from_peak(errors, "right", "fall after the peak"), _from_peak(errors, "left", "rise to the peak")
    fall_exact = _from_peak(exact, "right", "fall after the peak, random features")
    level, far = (Number(value, value, value, "times") for value in (1.0, FAR))
    return StudyResult(
        name="double-descent",
        title="Double descent",
        claim=CLAIM,
        refuted_by=REFUTATION,
        verdict=joint_verdict(order_verdict(fall, "above", far), order_verdict(rise, "above", level)),
        numbers=(places[0], fall, rise, places[1], fall_exact),
        remarks=(
            Remark(
                f"For random features, in closed form, the peak lies at P = N K: it is found at {places[1].text}.",
                place_verdict(top_exact, 1.0),
            ),
            Remark(
                f"For trained networks the peak lies at P = N K as well: it is found at {places[0].text}.",
                place_verdict(top, 1.0),
            ),
            _second(x, errors, top),
        ),
        plots=_plots(sweep, x, errors, ratios, exact),
        command=settings.reproduce("double-descent"),
        provenance=provenance_of(settings, **sweep_words(sweep), random_feature_draws=EXACT_DRAWS),
    )


def _place(top: Peak, name: str) -> Number:
    how = "from neighbour to neighbour, over draws"
    return Number(top.mean, top.low, top.high, "P / (N K)", f"peak, {name}", how)


def _data(settings: Settings, draw: int) -> dict[str, object]:
    seed, count = settings.seed + draw, settings.num_train or NUM_TRAIN
    return {"num_train": count, "labels": "noise", "noise": NOISE, "label_seed": seed, "seed": seed}


def _geometric(sweep: Sweep, metric: str) -> FloatArray:
    """Geometric mean over the members of each draw, (widths, draws): one bad network does not make the peak."""
    losses = sweep.values[metric][:, :, -1]
    return np.asarray(np.exp(np.log(losses).mean(axis=-1)).T)


def _counts(num_examples: int) -> tuple[int, ...]:
    return tuple(max(1, round(ratio * num_examples)) for ratio in RATIOS)


def _exact(settings: Settings) -> FloatArray:
    """Test errors of random features, (features, draws)."""
    rows = []
    for draw in range(EXACT_DRAWS):
        dataset = load_dataset(**{**settings.data, **_data(settings, draw)})
        rows.append(random_features(dataset, _counts(dataset.N), seed=settings.seed + draw).test)
    return np.stack(rows, axis=1)


def _from_peak(values: FloatArray, side: Literal["left", "right"], name: str) -> Number:
    """Error at the peak over the smallest one on one side of it, draw by draw, geometric mean.

    Both places are chosen on the other draws: chosen on the draw itself, noise alone would make a peak.

    Args:
        values: shape (widths, draws).
        side: of the peak.
        name: of the number.
    """
    ratios = []
    for draw in range(values.shape[1]):
        # leaving the draw out keeps its own noise from choosing the places
        means = np.log(np.delete(values, draw, axis=1)).mean(axis=1)
        top = int(means.argmax())
        lowest = top + int(means[top:].argmin()) if side == "right" else int(means[: top + 1].argmin())
        ratios.append(np.log(values[top, draw] / values[lowest, draw]))
    log_ratio = mean_of(ratios, over="draws")
    mean, low, high = (float(np.exp(end)) for end in (log_ratio.mean, log_ratio.low, log_ratio.high))
    return Number(mean, low, high, "times", name, f"geometric mean, {log_ratio.how}")


def _second(x: FloatArray, values: FloatArray, top: Peak) -> Remark:
    place = int(np.flatnonzero(x == top.mean)[0])
    means = values.mean(axis=1)
    before = mean_of(values[: place + 1][means[: place + 1].argmin()])
    after = mean_of(values[place:][means[place:].argmin()])
    text = f"The second descent goes below the best narrow network: {after.mean:.3g} against {before.mean:.3g}."
    return Remark(text, order_verdict(after, "below", before) if top.inner else "undecided")


def _plots(sweep: Sweep, x: FloatArray, errors: FloatArray, ratios: FloatArray, exact: FloatArray) -> tuple[Plot, ...]:
    label, error = "parameters per constraint, P / (N K)", "squared error per example and output"
    mark = (Mark("x", 1.0, "P = N K"),)
    training = np.maximum(_geometric(sweep, "train_loss"), 1e-8)
    curves = (_log_curve("test", x, errors), _log_curve("training (floor 1e-8)", x, training))
    return (
        Plot("Trained networks", label, error, curves, y_scale="log", marks=mark),
        Plot("Random features, exact", label, error, (_log_curve("test", ratios, exact),), y_scale="log", marks=mark),
    )


def _log_curve(label: str, x: FloatArray, values: FloatArray) -> Series:
    """Geometric mean over draws with its band."""
    mean, low, high = (np.exp(end) for end in band_of(np.log(values)))
    return Series(label, x, mean, low, high)
