"""Networks without a training error, narrow against wide: the part that fit and memorization have in common."""

from dataclasses import dataclass

import numpy as np

from landscape.records.base import FloatArray
from landscape.records.estimates import Number
from landscape.records.findings import Mark, Sweep, Verdict
from landscape.statistics.intervals import wilson
from landscape.statistics.shapes import threshold
from landscape.statistics.verdicts import joint_verdict, order_verdict
from landscape.study.shared import per_example, rows_of


@dataclass(frozen=True, eq=False)
class Fitting:
    """Training errors of a sweep under one condition, and which of its networks make none.

    Args:
        sweep: complete.
        wrong: share of training examples wrong at the end, shape (widths, members).
        rows: places of the narrow and the wide width.
        flawless: share of their members without a training error, with Wilson's intervals.
        threshold: P / N from which on less than half an example is wrong, in the mean over members.
    """

    sweep: Sweep
    wrong: FloatArray
    rows: tuple[int, int]
    flawless: tuple[Number, Number]
    threshold: Number

    @property
    def verdict(self) -> Verdict:
        """Agrees where no narrow member is flawless, every wide one is, and the intervals of the shares are apart."""
        narrow, wide = self.flawless
        return joint_verdict(_equals(narrow, 0), _equals(wide, 1), order_verdict(narrow, "below", wide))

    @property
    def x(self) -> FloatArray:
        """P / N of every width."""
        return per_example(self.sweep)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Where there are as many parameters as examples, and as constraints."""
        return Mark("x", 1.0, "P = N"), Mark("x", float(self.sweep.K), "P = N K")


def fitting(sweep: Sweep, condition: str, *, labels: str = "") -> Fitting:
    """The training errors of a sweep under one condition; ``labels`` says in the numbers' names what they are."""
    wrong = sweep.error("train", condition)
    narrow, wide = rows_of(sweep)
    crossing = threshold(per_example(sweep), wrong, 0.5 / sweep.N)
    how = "between neighbouring widths, bootstrap over members" if crossing.exists else "not reached in this sweep"
    limit = Number(crossing.mean, crossing.low, crossing.high, "P / N", f"interpolation threshold{labels}", how)
    flawless = _flawless(sweep, wrong, narrow, labels), _flawless(sweep, wrong, wide, labels)
    return Fitting(sweep, wrong, (narrow, wide), flawless, limit)


def _flawless(sweep: Sweep, wrong: FloatArray, row: int, labels: str) -> Number:
    right = int(np.count_nonzero(wrong[row] < 0.5 / sweep.N))
    name = f"networks without a training error{labels}, width {sweep.widths[row]}"
    return wilson(right, wrong.shape[1], name=name)


def _equals(share: Number, value: int) -> Verdict:
    """Whether a share is 0 or 1, as the claim has it; the opposite of all members refutes it."""
    if share.mean == value:
        return "agrees"
    return "disagrees" if share.mean == 1 - value else "undecided"
