"""Study 7, scaling: the test loss falls as a power of the number of parameters, as far as the law holds."""

import numpy as np

from landscape.records.base import FloatArray
from landscape.records.estimates import Number
from landscape.records.findings import Mark, Plot, Remark, Series, StudyResult, Sweep, Verdict
from landscape.statistics.intervals import band_of
from landscape.statistics.shapes import PowerLaw, power_law
from landscape.statistics.verdicts import joint_verdict, order_verdict
from landscape.study.settings import Settings
from landscape.study.shared import TRUE, curve, main_sweep, provenance_of, sweep_words

CLAIM = "More parameters lower the test loss: over a range it falls as a power of their number."
REFUTATION = (
    "an exponent whose 95 % interval lies at or below 0, or a mean that lies, with its interval, 15 % off the law"
)
# A looser fit than this is not called a power law.
OFF = 0.15


def study(settings: Settings) -> StudyResult:
    """A power law of the test loss in P from the narrowest network on, and where it stops holding."""
    sweep = main_sweep(settings)
    losses = sweep.final("test_loss", TRUE)
    x = np.array(sweep.P, dtype=np.float64)
    law = power_law(x, losses)
    off = _deviation(x, losses, law)
    follows = _follows(x, losses, law)
    end = Number(law.end.mean, law.end.low, law.end.high, "P", "end of the power law", law.end.how)
    return StudyResult(
        name="scaling",
        title="Scaling",
        claim=CLAIM,
        refuted_by=REFUTATION,
        verdict=joint_verdict(_falls(law), follows),
        numbers=(law.exponent, end, law.exponent_after, _exactly("largest deviation from the law", off, "share")),
        remarks=(Remark(_words(off), follows), _forever(law, sweep)),
        plots=(_plot(x, losses, law),),
        command=settings.reproduce("scaling"),
        provenance=provenance_of(settings, **sweep_words(sweep)),
    )


def _falls(law: PowerLaw) -> Verdict:
    if law.exponent.low > 0:
        return "agrees"
    return "disagrees" if law.exponent.high <= 0 else "undecided"


def _follows(x: FloatArray, losses: FloatArray, law: PowerLaw) -> Verdict:
    """Whether the means up to the end of the law lie within 15 % of it: undecided where only their intervals do."""
    inside = x <= law.end.mean
    law_values = law.scale * x[inside] ** -law.exponent.mean
    _, low, high = (ends[inside] / law_values for ends in band_of(losses))
    if _deviation(x, losses, law) <= OFF:
        return "agrees"
    return "disagrees" if np.any((low > 1 + OFF) | (high < 1 - OFF)) else "undecided"


def _words(off: float) -> str:
    return f"Up to its end the points follow the power law within {OFF:.0%}: the farthest is {off:.0%} off."


def _deviation(x: FloatArray, losses: FloatArray, law: PowerLaw) -> float:
    """Largest distance from the law up to its end, as a share of it."""
    inside = x <= law.end.mean
    law_values = law.scale * x[inside] ** -law.exponent.mean
    return float(np.abs(losses.mean(axis=1)[inside] / law_values - 1).max())


def _forever(law: PowerLaw, sweep: Sweep) -> Remark:
    if not law.stops:
        text = f"The law goes on: it does up to the widest network of this sweep, P = {sweep.P[-1]:,}."
        return Remark(text, "undecided")
    text = (
        f"The law goes on: it stops at P = {law.end.text}, where the exponent changes "
        f"from {law.exponent.text} to {law.exponent_after.text}."
    )
    return Remark(
        text, "undecided" if order_verdict(law.exponent, "above", law.exponent_after) == "undecided" else "disagrees"
    )


def _exactly(name: str, value: float, unit: str) -> Number:
    return Number(value, value, value, unit, name, "of the means")


def _plot(x: FloatArray, losses: FloatArray, law: PowerLaw) -> Plot:
    law_values = law.scale * x**-law.exponent.mean
    series = (
        curve("test loss", x, losses),
        Series(f"power law, exponent {law.exponent.mean:.2f}", x, law_values, law_values, law_values, style="fit"),
    )
    marks = (Mark("x", law.end.mean, "law stops"),) if law.stops else ()
    return Plot("Test loss", "parameters, P", "test loss (nats per example)", series, y_scale="log", marks=marks)
