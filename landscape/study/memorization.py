"""Study 2, memorization: wide networks fit random labels without an error, narrow ones cannot (Zhang et al. 2017)."""

from landscape.records.estimates import Number
from landscape.records.findings import Mark, Plot, Remark, StudyResult, Sweep
from landscape.statistics.verdicts import order_verdict
from landscape.study.fitting import Fitting, fitting
from landscape.study.settings import Settings
from landscape.study.shared import TRUE, at_width, curve, main_sweep, per_example, provenance_of, sweep_words
from landscape.study.sweep import Condition, SweepPlan, run_sweep
from landscape.train.recipe import Recipe

CLAIM = "A wide network fits even labels that are pure noise; a narrow one cannot."
REFUTATION = "wide networks with errors on random training labels, or narrow ones that fit them as well"
RANDOM = "random"
DIGITS_WIDTHS = (2, 4, 8, 16, 32, 64, 128, 256, 512)


def random_plan(settings: Settings) -> SweepPlan:
    """Networks trained on labels drawn uniformly, whatever the picture shows."""
    widths = settings.widths or (DIGITS_WIDTHS if settings.small else settings.main_widths)
    steps = settings.steps or settings.pick(quick=1500, full=3000)
    labels = {"labels": "random", "label_seed": settings.seed}
    recipe = Recipe(steps=steps, checkpoints=min(9, steps + 1))
    conditions = (Condition(RANDOM, labels),)
    return SweepPlan(settings.data, widths, settings.num_members, recipe, conditions, seed=settings.seed)


def random_sweep(settings: Settings) -> Sweep:
    """The sweep of `random_plan`, trained where it is not."""
    return run_sweep(random_plan(settings), settings.runs, device=settings.device, progress=settings.progress)


def study(settings: Settings) -> StudyResult:
    """Training accuracy on random labels against P / N.

    References:
        Zhang et al. 2017, arXiv 1611.03530, section 2.1.
    """
    fits, true = fitting(random_sweep(settings), RANDOM, labels=", random labels"), main_sweep(settings)
    sweep, wide = fits.sweep, fits.rows[1]
    training = [
        at_width("training accuracy, random labels", sweep.widths[row], 1 - fits.wrong[row], "share")
        for row in fits.rows
    ]
    accuracy = sweep.final("test_accuracy", RANDOM)[wide]
    unseen = at_width("test accuracy after random labels", sweep.widths[wide], accuracy, "share")
    return StudyResult(
        name="memorization",
        title="Random labels",
        claim=CLAIM,
        refuted_by=REFUTATION,
        verdict=fits.verdict,
        numbers=(*training, unseen, *fits.flawless, fits.threshold),
        remarks=(_little(training[0], sweep.K),),
        plots=(_plot(fits, true),),
        command=settings.reproduce("memorization"),
        provenance=provenance_of(settings, **sweep_words(sweep)),
    )


def _little(narrow: Number, K: int) -> Remark:  # noqa: N803
    """Halfway from chance to all of them parts little from much."""
    half = 0.5 * (1 / K + 1)
    text = (
        f"A narrow network memorizes little: it fits {narrow.text} of the random labels, less than halfway "
        f"({half:.0%}) from chance ({1 / K:.0%}) to all of them."
    )
    return Remark(text, order_verdict(narrow, "below", Number(half, half, half, "share")))


def _plot(fits: Fitting, true: Sweep) -> Plot:
    sweep = fits.sweep
    series = (
        curve("random labels, training", fits.x, 1 - fits.wrong),
        curve("true labels, training", per_example(true), true.final("train_accuracy", TRUE)),
        curve("random labels, test", fits.x, sweep.final("test_accuracy", RANDOM)),
    )
    marks = (*fits.marks, Mark("y", 1 / sweep.K, "chance"))
    return Plot("Accuracy", "parameters per example, P / N", "share of labels right", series, marks=marks)
