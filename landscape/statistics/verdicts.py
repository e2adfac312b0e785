"""Verdicts that intervals allow: intervals that overlap decide nothing."""

from typing import Literal

from landscape.records.estimates import Estimate
from landscape.records.findings import Verdict

# What counts as the same place: up to a factor.
ABOUT = 1.25


def order_verdict(first: Estimate, order: Literal["below", "above"], second: Estimate) -> Verdict:
    """Whether ``first`` lies below (above) ``second``: decided only where their 95 % intervals are apart.

    >>> low, high = Estimate(1, 0.5, 1.5, "1"), Estimate(2, 1.4, 2.6, "1")
    >>> order_verdict(low, "below", high), order_verdict(low, "below", Estimate(2, 1.6, 2.4, "1"))
    ('undecided', 'agrees')
    """
    if first.high < second.low:
        return "agrees" if order == "below" else "disagrees"
    if first.low > second.high:
        return "agrees" if order == "above" else "disagrees"
    return "undecided"


def place_verdict(estimate: Estimate, value: float, within: float = ABOUT) -> Verdict:
    """Whether an estimate equals a positive value up to a factor: an interval that merely holds it decides nothing.

    Agrees where the whole 95 % interval lies within the factor of the value, disagrees where it leaves the value out.

    >>> near, wide, far = Estimate(1.1, 0.9, 1.2, "1"), Estimate(1, 0.3, 3, "1"), Estimate(3, 2, 4, "1")
    >>> place_verdict(near, 1), place_verdict(wide, 1), place_verdict(far, 1)
    ('agrees', 'undecided', 'disagrees')
    """
    if estimate.high < value or estimate.low > value:
        return "disagrees"
    return "agrees" if value / within <= estimate.low and estimate.high <= value * within else "undecided"


def joint_verdict(*verdicts: Verdict) -> Verdict:
    """The verdict on a claim of several parts, which agrees if all of them do, and disagrees if one does.

    >>> both = joint_verdict("agrees", "agrees")
    >>> both, joint_verdict("agrees", "undecided"), joint_verdict("undecided", "disagrees")
    ('agrees', 'undecided', 'disagrees')
    """
    if "disagrees" in verdicts:
        return "disagrees"
    return "agrees" if all(verdict == "agrees" for verdict in verdicts) else "undecided"
