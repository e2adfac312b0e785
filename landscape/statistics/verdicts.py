"""Verdicts that intervals allow: intervals that overlap decide nothing."""

from typing import Literal

from landscape.records.estimates import Estimate
from landscape.records.findings import Verdict

# What counts as the same place: up to a factor.
ABOUT = 1.25


def compared(first: Estimate, expected: Literal["below", "above"], second: Estimate) -> Verdict:
    """Whether ``first`` lies below (above) ``second``: decided only where their 95 % intervals are apart.

    >>> low, high = Estimate(1, 0.5, 1.5, "1"), Estimate(2, 1.4, 2.6, "1")
    >>> compared(low, "below", high), compared(low, "below", Estimate(2, 1.6, 2.4, "1"))
    ('undecided', 'agrees')
    """
    if first.high < second.low:
        return "agrees" if expected == "below" else "disagrees"
    if first.low > second.high:
        return "agrees" if expected == "above" else "disagrees"
    return "undecided"


def about(found: Estimate, value: float, within: float = ABOUT) -> Verdict:
    """Whether ``found`` equals a positive value up to a factor: an interval that merely holds it decides nothing.

    Agrees where the whole 95 % interval lies within the factor of the value, disagrees where it leaves the value out.

    >>> about(Estimate(1.1, 0.9, 1.2, "1"), 1), about(Estimate(1, 0.3, 3, "1"), 1), about(Estimate(3, 2, 4, "1"), 1)
    ('agrees', 'undecided', 'disagrees')
    """
    if found.high < value or found.low > value:
        return "disagrees"
    return "agrees" if value / within <= found.low and found.high <= value * within else "undecided"


def together(*verdicts: Verdict) -> Verdict:
    """Of a claim with several parts: it agrees if all do, and disagrees if one does.

    >>> together("agrees", "agrees"), together("agrees", "undecided"), together("undecided", "disagrees")
    ('agrees', 'undecided', 'disagrees')
    """
    if "disagrees" in verdicts:
        return "disagrees"
    return "agrees" if all(verdict == "agrees" for verdict in verdicts) else "undecided"
