"""What a direction is, as the recipe of a line or plane keeps it: a random draw, an eigenvector, a way to a network."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from landscape.records.base import Scalar

EIGENVECTORS = ("top", "second", "bottom")


@dataclass(frozen=True)
class RandomDirection:
    """A Gaussian draw, scaled to the network.

    Args:
        seed: of the draw.
        ignore: parameters that stay: ``"1d"``, ``"nothing"``, or patterns of names.
        normalize: what it is scaled to: ``"filter"``, ``"layer"`` or ``"none"``.
        unit: what a step of 1 is; empty where the recipe of the whole subspace says so.
    """

    seed: int
    ignore: str
    normalize: str
    unit: str = ""
    name: str = "random"


@dataclass(frozen=True)
class Eigenvector:
    """An eigenvector of the Hessian of the training loss.

    Args:
        name: ``"top"``, ``"second"`` or ``"bottom"``: of the largest, second largest or smallest eigenvalue.
        eigenvalue: in the loss's unit per squared unit of parameters.
        residual: ``||H v - lambda v||``.
        unit: what a step of 1 is.
    """

    name: str
    eigenvalue: float | int | None = None
    residual: float | int | None = None
    unit: str = ""


@dataclass(frozen=True)
class Gradient:
    """The gradient of the training loss, uphill.

    Args:
        norm: its L2 norm, before it was scaled to length 1.
        unit: what a step of 1 is.
    """

    norm: float | int | None = None
    unit: str = ""
    name: str = "gradient"


@dataclass(frozen=True)
class NamedDirection:
    """A direction with a name of its own: the way to another network, a file, or none.

    Args:
        name: ``"to wide:1"`` for the way to a network, the path of a file, or empty.
        unit: what a step of 1 is; empty where the direction itself is.
    """

    name: str = ""
    unit: str = ""


Direction: TypeAlias = RandomDirection | Eigenvector | Gradient | NamedDirection

# The order of the keys in a file.
KEYS = ("name", "eigenvalue", "residual", "norm", "seed", "ignore", "normalize", "unit")


def direction_entries(direction: Direction) -> dict[str, Scalar]:
    """A direction's keys and values in the order of a file.

    >>> direction_entries(Gradient(0.5, "L2"))
    {'name': 'gradient', 'norm': 0.5, 'unit': 'L2'}
    """
    entries = {key: getattr(direction, key, None) for key in KEYS}
    return {key: value for key, value in entries.items() if value not in (None, "")}


def read_direction(entries: Mapping[str, Any]) -> Direction:
    """The direction that these keys and values state; keys that a direction of its kind has not are left out."""
    name = entries.get("name")
    kind: type[Direction] = NamedDirection
    if name == "random" and {"seed", "ignore", "normalize"} <= entries.keys():
        kind = RandomDirection
    elif name in EIGENVECTORS:
        kind = Eigenvector
    elif name == "gradient":
        kind = Gradient
    return kind(**{entry.name: entries[entry.name] for entry in fields(kind) if entry.name in entries})
