"""Study 2, memorization: wide networks fit random labels without an error, narrow ones cannot (Zhang et al. 2017)."""

import numpy as np

from landscape.records import FloatArray
from landscape.results import Mark, Number, Plot, Remark, StudyResult, Sweep
from landscape.study.settings import Settings
from landscape.study.shared import (
    TRUE,
    at_width,
    curve,
    main_sweep,
    per_example,
    provenance_of,
    reaches,
    rows_of,
    sweep_words,
)
from landscape.study.statistics import compared, mean_of, threshold, together
from landscape.study.sweep import Condition, Plan, run_sweep
from landscape.train.training import Recipe

CLAIM = "A wide network fits even labels that are pure noise; a narrow one cannot."
REFUTED = "wide networks with errors on random training labels, or narrow ones that fit them as well"
RANDOM = "random"
DIGITS_WIDTHS = (2, 4, 8, 16, 32, 64, 128, 256, 512)


def random_plan(settings: Settings) -> Plan:
    """Networks trained on labels drawn uniformly, whatever the picture shows."""
    widths = settings.widths or (DIGITS_WIDTHS if settings.small else settings.main_widths)
    steps = settings.steps or settings.pick(quick=1500, full=3000)
    members = settings.members or settings.pick(quick=5, full=8)
    labels = {"labels": "random", "label_seed": settings.seed}
    recipe = Recipe(steps=steps, checkpoints=min(9, steps + 1))
    return Plan(settings.data, widths, members, recipe, (Condition(RANDOM, labels),), seed=settings.seed)


def random_sweep(settings: Settings) -> Sweep:
    """That sweep, trained where it is not."""
    return run_sweep(random_plan(settings), settings.runs, device=settings.device, progress=settings.progress)


def study(settings: Settings) -> StudyResult:
    """Training accuracy on random labels against P / N.

    References:
        Zhang et al. 2017, arXiv 1611.03530, section 2.1.
    """
    sweep, true = random_sweep(settings), main_sweep(settings)
    fitted = sweep.final("train_accuracy", RANDOM)
    narrow, wide = rows_of(sweep)
    small, large = (
        at_width("training accuracy, random labels", sweep.widths[k], fitted[k], "share") for k in (narrow, wide)
    )
    learned = sweep.final("test_accuracy", RANDOM)[wide]
    chance = mean_of([1 / sweep.K] * 2)
    unseen = at_width("test accuracy after random labels", sweep.widths[wide], learned, "share")
    found = threshold(per_example(sweep), 1 - fitted, 0.5 / sweep.N)
    limit = Number(
        found.mean, found.low, found.high, "P / N", "threshold, random labels", "between neighbouring widths"
    )
    return StudyResult(
        name="memorization",
        title="Random labels",
        claim=CLAIM,
        refuted_by=REFUTED,
        verdict=together(reaches(fitted[wide], 1 - 0.5 / sweep.N), compared(small, "below", large)),
        numbers=(small, large, unseen, limit),
        remarks=(
            Remark(
                f"A narrow network memorizes little: beyond chance ({1 / sweep.K:.2g}) it fits "
                f"{small.mean - chance.mean:.2g} of the random labels.",
                compared(small, "below", Number(0.5, 0.5, 0.5, "share")),
            ),
        ),
        plots=(_plot(sweep, true, fitted),),
        command=settings.reproduce("memorization"),
        provenance=provenance_of(settings, **sweep_words(sweep)),
    )


def _plot(sweep: Sweep, true: Sweep, fitted: FloatArray) -> Plot:
    series = (
        curve("random labels, training", per_example(sweep), fitted),
        curve("true labels, training", per_example(true), true.final("train_accuracy", TRUE)),
        curve("random labels, test", per_example(sweep), sweep.final("test_accuracy", RANDOM)),
    )
    marks = (
        Mark("x", 1.0, "P = N"),
        Mark("x", float(sweep.K), "P = N K"),
        Mark("y", float(np.divide(1, sweep.K)), "chance"),
    )
    return Plot("Accuracy", "parameters per example, P / N", "share of labels right", series, marks=marks)
