"""Study 1, fit: too small a network cannot fit its training data, a large enough one fits them perfectly."""

import numpy as np

from landscape.records import FloatArray
from landscape.results import Mark, Number, Plot, Remark, StudyResult, Sweep, Verdict
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
from landscape.study.statistics import Threshold, compared, mean_of, threshold, together

CLAIM = "A network with too few parameters cannot fit its training data; one with enough fits them perfectly."
REFUTED = "narrow networks without training errors, or wide networks with some"


def study(settings: Settings) -> StudyResult:
    """Training and test error against P / N, and the interpolation threshold where it is found."""
    sweep = main_sweep(settings)
    train, test = sweep.error("train", TRUE), sweep.error("test", TRUE)
    narrow, wide = rows_of(sweep)
    found = _threshold(sweep, train)
    verdict = together(_fails(sweep, train[narrow]), reaches(1 - train[wide], 1 - 0.5 / sweep.N))
    numbers = [
        at_width(f"{split} error", sweep.widths[row], errors[row], "share")
        for split, errors in (("training", train), ("test", test))
        for row in (narrow, wide)
    ]
    return StudyResult(
        name="fit",
        title="Cannot fit, fits perfectly",
        claim=CLAIM,
        refuted_by=REFUTED,
        verdict=verdict,
        numbers=(*numbers, found),
        remarks=(
            Remark("Narrow networks have the higher test error.", compared(numbers[2], "above", numbers[3])),
            _boundary(found),
        ),
        plots=_plots(sweep, train, test, found),
        command=settings.reproduce("fit"),
        provenance=provenance_of(settings, **sweep_words(sweep)),
    )


def _fails(sweep: Sweep, errors: FloatArray) -> Verdict:
    """Whether every narrow member makes at least one training error."""
    return reaches(errors, 0.5 / sweep.N)


def _threshold(sweep: Sweep, train: FloatArray) -> Number:
    """The P / N from which on half a training example or less is wrong, in the mean over members."""
    found: Threshold = threshold(per_example(sweep), train, 0.5 / sweep.N, unit="P / N")
    how = "between neighbouring widths, bootstrap over members" if found.found else "not reached in this sweep"
    return Number(found.mean, found.low, found.high, "P / N", "interpolation threshold", how)


def _boundary(found: Number) -> Remark:
    one = mean_of([1.0, 1.0])
    verdict: Verdict = "undecided"
    if np.isfinite(found.mean):
        apart = compared(found, "below", one) == "agrees" or compared(found, "above", one) == "agrees"
        verdict = "disagrees" if apart else "undecided"
    where = f"it is found at {found.text}" if np.isfinite(found.mean) else "no width of this sweep reaches it"
    return Remark(f"The boundary lies where there are as many parameters as examples, P = N: {where}.", verdict)


def _plots(sweep: Sweep, train: FloatArray, test: FloatArray, found: Number) -> tuple[Plot, ...]:
    x = per_example(sweep)
    marks = [Mark("x", 1.0, "P = N"), Mark("x", float(sweep.K), "P = N K")]
    if np.isfinite(found.mean):
        marks.append(Mark("x", found.mean, "threshold"))
    loss = [curve(f"{split} loss", x, sweep.final(f"{split}_loss", TRUE)) for split in ("train", "test")]
    errors = (curve("training error", x, train), curve("test error", x, test))
    label = "parameters per example, P / N"
    return (
        Plot("Errors", label, "share of examples wrong", errors, marks=tuple(marks)),
        Plot("Losses", label, "loss (nats per example)", tuple(loss), y_scale="log", marks=tuple(marks)),
    )
