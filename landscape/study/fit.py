"""Study 1, fit: too small a network cannot fit its training data, a large enough one fits them perfectly."""

import numpy as np

from landscape.records.base import FloatArray
from landscape.records.estimates import Number
from landscape.records.findings import Mark, Plot, Remark, StudyResult
from landscape.statistics.verdicts import order_verdict, place_verdict
from landscape.study.fitting import Fitting, fitting
from landscape.study.settings import Settings
from landscape.study.shared import TRUE, at_width, curve, main_sweep, provenance_of, sweep_words

CLAIM = "A network with too few parameters cannot fit its training data; one with enough fits them perfectly."
REFUTATION = "narrow networks without training errors, or wide networks with some"


def study(settings: Settings) -> StudyResult:
    """Training and test error against P / N, and the interpolation threshold where it is found."""
    fits = fitting(main_sweep(settings), TRUE)
    sweep, test = fits.sweep, fits.sweep.error("test", TRUE)
    numbers = [
        at_width(f"{split} error", sweep.widths[row], errors[row], "share")
        for split, errors in (("training", fits.wrong), ("test", test))
        for row in fits.rows
    ]
    return StudyResult(
        name="fit",
        title="Cannot fit, fits perfectly",
        claim=CLAIM,
        refuted_by=REFUTATION,
        verdict=fits.verdict,
        numbers=(*numbers, *fits.flawless, fits.threshold),
        remarks=(
            Remark("Narrow networks have the higher test error.", order_verdict(numbers[2], "above", numbers[3])),
            _boundary(fits.threshold),
        ),
        plots=_plots(fits, test),
        command=settings.reproduce("fit"),
        provenance=provenance_of(settings, **sweep_words(sweep)),
    )


def _boundary(limit: Number) -> Remark:
    exists = bool(np.isfinite(limit.mean))
    where = f"it is found at {limit.text}" if exists else "no width of this sweep reaches it"
    text = f"The boundary lies where there are as many parameters as examples, P = N: {where}."
    return Remark(text, place_verdict(limit, 1.0) if exists else "undecided")


def _plots(fits: Fitting, test: FloatArray) -> tuple[Plot, ...]:
    sweep, x, limit = fits.sweep, fits.x, fits.threshold.mean
    marks = (*fits.marks, *([Mark("x", limit, "threshold")] if np.isfinite(limit) else []))
    loss = [curve(f"{split} loss", x, sweep.final(f"{split}_loss", TRUE)) for split in ("train", "test")]
    errors = (curve("training error", x, fits.wrong), curve("test error", x, test))
    label = "parameters per example, P / N"
    return (
        Plot("Errors", label, "share of examples wrong", errors, marks=marks),
        Plot("Losses", label, "loss (nats per example)", tuple(loss), y_scale="log", marks=marks),
    )
