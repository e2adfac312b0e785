"""Why a grid ends where it does: the rule that chose its extent, as the file keeps it."""

from dataclasses import dataclass
from enum import Enum


class Rule(Enum):
    """What set the extent of a grid; each value is its sentence in a file, with ``{reach}`` for the rise."""

    UNKNOWN = ""
    USER = "given"
    ENDS = "from one end to the other"
    NETWORKS = "covers the networks that the plane was laid through"
    DEFAULT = "by default: outputs of 0 have no positive loss to measure a rise by"
    LARGEST = "the largest that is tried: the loss rises by less than {reach:.3g} on a side"
    RISE = "chosen: the loss rises by {reach:.3g} or more at both ends of every axis"
    UPHILL = "chosen: the loss rises by {reach:.3g} or more along the gradient"


@dataclass(frozen=True)
class Limit:
    """Why a grid ends where it does.

    Args:
        rule: what set the extent.
        reach: rise of the training loss on every side that the extent was chosen for, in the loss's unit; 0 for other
            rules.
        num_surfaces: the extent is the largest that any of so many surfaces needs; 1 where it is this surface's own.
        foreign: the sentence of a file whose rule this version does not know; empty otherwise.
    """

    rule: Rule = Rule.UNKNOWN
    reach: float = 0.0
    num_surfaces: int = 1
    foreign: str = ""

    def __str__(self) -> str:
        """The rule as a sentence.

        >>> print(Limit(Rule.RISE, 1.0, num_surfaces=2))
        chosen: the loss rises by 1 or more at both ends of every axis, in the widest of 2 surfaces
        """
        widest = f", in the widest of {self.num_surfaces} surfaces" if self.num_surfaces > 1 else ""
        return self.foreign or self.rule.value.format(reach=self.reach) + widest

    def to_dict(self) -> dict[str, float | str]:
        """The attributes ``reach`` and ``extent`` of a file."""
        return {"reach": self.reach, "extent": str(self)}

    @classmethod
    def parse(cls, reach: float = 0.0, extent: str = "") -> "Limit":
        """The limit that these two attributes of a file state; `to_dict` gives them back as they were.

        >>> Limit.parse(1.0, "the largest that is tried: the loss rises by less than 1 on a side").rule.name
        'LARGEST'
        """
        _, _, tail = extent.partition(", in the widest of ")
        count = tail.removesuffix(" surfaces")
        num_surfaces = int(count) if count.isdecimal() else 1
        limits = (cls(rule, reach, num_surfaces) for rule in Rule)
        return next((limit for limit in limits if str(limit) == extent), cls(reach=reach, foreign=extent))
