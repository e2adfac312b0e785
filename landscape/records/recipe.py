"""How a subspace came about: one frozen record for each way to make one, kept in a file as a flat mapping.

The names of a record's fields are the keys of the file; None stands for a key that the file does not have.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from landscape.records.base import Scalar
from landscape.records.directions import Direction, direction_entries

BAND = "smallest to largest"
INPUT_PLANE, INPUT_LINE = "input plane", "input line"
# Keys that stand behind all others but the digest.
LAST = ("cosine", "orthogonal", "length_kept")


@dataclass(frozen=True)
class SubspaceRecipe:
    """How a subspace came about; of a kind that this version does not know, where it is no subclass.

    Args:
        kind: ``"line"``, ``"plane"``, ``"corridor"``, ``"curve"``, ...
        digest: the first 16 digits of the SHA-256 digest of the bits of the directions; empty while not computed.
        notes: further keys, as a user or another version stored them.
        order: the keys in the order of the file, where it is not today's; empty otherwise.
    """

    kind: str = ""
    digest: str = field(default="", kw_only=True)
    notes: Mapping[str, Scalar] = field(default_factory=dict, kw_only=True)
    order: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def single(self) -> "SubspaceRecipe":
        """The recipe of one of several subspaces that a mean was taken over; the recipe itself where there is one."""
        return self

    def to_dict(self) -> dict[str, Scalar]:
        """Keys and values in the order of a file."""
        entries = self._entries()
        return {name: entries[name] for name in self.order or entries}

    def _entries(self) -> dict[str, Scalar]:
        values = {name: value for name, value in self._values().items() if value is not None}
        last = {name: values.pop(name) for name in LAST if name in values}
        return {**nonempty(kind=self.kind), **values, **self.notes, **last, **nonempty(digest=self.digest)}

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in entry_names(type(self))}


@dataclass(frozen=True)
class RandomRecipe(SubspaceRecipe):
    """A line or plane along random directions.

    Args:
        seed: of the line, or of the plane, whose directions have the seeds ``2 * seed`` and ``2 * seed + 1``.
        normalize: what they are scaled to: ``"filter"``, ``"layer"`` or ``"none"``.
        ignore: parameters that stay: ``"1d"``, ``"nothing"``, or patterns of names.
        cosine: of the two directions as drawn.
        orthogonal: whether the second was made orthogonal to the first.
        length_kept: the share of its length that the second kept then.
    """

    seed: int = 0
    normalize: str = "filter"
    ignore: str | None = None
    cosine: float | int | None = None
    orthogonal: bool | None = None
    length_kept: float | int | None = None


@dataclass(frozen=True)
class DirectionsRecipe(SubspaceRecipe):
    """A line or plane along directions that a user named or gave.

    Args:
        directions: what each direction is; none where only the directions themselves were given.
        unit: what a step of 1 is along both, where it is one for both.
        normalize: what the directions were scaled to afterwards; None where they were left as they are.
        cosine: of the two directions as given.
        orthogonal: whether the second was made orthogonal to the first.
        length_kept: the share of its length that the second kept then.
    """

    directions: tuple[Direction, ...] = ()
    unit: str | None = None
    normalize: str | None = None
    cosine: float | int | None = None
    orthogonal: bool | None = None
    length_kept: float | int | None = None

    def _values(self) -> dict[str, Any]:
        keys = {
            f"{key} {number}": value
            for number, direction in enumerate(self.directions, start=1)
            for key, value in direction_entries(direction).items()
        }
        values = super()._values()
        del values["directions"]
        return {"unit": values.pop("unit"), **keys, **values}


@dataclass(frozen=True)
class CorridorRecipe(SubspaceRecipe):
    """A training path with one random direction across it; fields as in `RandomRecipe`."""

    kind: str = "corridor"
    seed: int | None = None
    ignore: str | None = None
    normalize: str | None = None


@dataclass(frozen=True)
class PathLineRecipe(SubspaceRecipe):
    """The straight line from the start of training to the solution.

    Args:
        between: whether the line runs from one end to another.
        of: what the line belongs to, always the path.
        checkpoints: where the path was read from, if not from a run.
    """

    kind: str = "line"
    between: bool = True
    of: str = "path"
    checkpoints: str | None = None


@dataclass(frozen=True)
class PathPlaneRecipe(SubspaceRecipe):
    """The plane of a training path's two principal components.

    Args:
        of: what the plane belongs to, always the path.
        unit: what a step of 1 is.
        explained: share of the path's squared distance from its end that lies in the plane.
        checkpoints: where the path was read from, if not from a run.
    """

    kind: str = "plane"
    of: str = "path"
    unit: str | None = None
    explained: float | int | None = None
    checkpoints: str | None = None


@dataclass(frozen=True)
class NetworksRecipe(SubspaceRecipe):
    """The plane through three networks.

    Args:
        through: their names, separated by commas; may be empty.
        unit: what a step of 1 is.
        cosine: of the ways from the first network to the two others.
    """

    kind: str = "plane"
    through: str = ""
    unit: str | None = None
    cosine: float | int | None = None


@dataclass(frozen=True)
class ConnectionRecipe(SubspaceRecipe):
    """The straight line from one solution to another.

    Args:
        between: whether the line runs from one end to the other.
        to: name of the network at the end.
        aligned: whether the hidden units of the end were permuted to match those of the start.
        sweeps: sweeps that the alignment took.
        converged: whether the alignment converged.
    """

    kind: str = "line"
    between: bool | None = True
    to: str | None = None
    aligned: bool | None = None
    sweeps: int | None = None
    converged: bool | None = None


@dataclass(frozen=True)
class CurveRecipe(SubspaceRecipe):
    """A curve from one solution to another with a trained bend; ``between`` and behind as in `ConnectionRecipe`.

    Args:
        form: ``"bezier"`` or ``"polygon"``.
        seed: of the draws while the bend was trained.
        steps: optimizer steps.
        learning_rate: at the start.
        batch_size: examples per step; 0 takes all.
    """

    kind: str = "curve"
    form: str | None = None
    between: bool | None = None
    seed: int | None = None
    steps: int | None = None
    learning_rate: float | int | None = None
    batch_size: int | None = None
    to: str | None = None
    aligned: bool | None = None
    sweeps: int | None = None
    converged: bool | None = None


@dataclass(frozen=True)
class LiRecipe(SubspaceRecipe):
    """A line or plane of a surface file of Li et al.

    Args:
        source: whose file it is.
        dir_file: name of the file with the directions; may be empty.
    """

    source: str = "Li et al."
    dir_file: str = ""


@dataclass(frozen=True)
class InputRecipe(SubspaceRecipe):
    """A line or plane in the input space of a network, through one example.

    Args:
        kind: ``"input plane"`` or ``"input line"``.
        first: the first direction: ``"gradient sign"`` or ``"gradient"`` of the example's loss.
        second: the second one: ``"random sign"`` or ``"random normal"``; None of a line.
        seed: of the second.
        unit: what a step of 1 is along each of them.
        gradient_norm: L2 norm of the gradient at the example.
        target: the example's class, where it is one.
    """

    kind: str = INPUT_PLANE
    first: str = ""
    second: str | None = None
    seed: int | None = None
    unit: str = ""
    gradient_norm: float | int | None = None
    target: int | None = None


@dataclass(frozen=True)
class GridRecipe(SubspaceRecipe):
    """A grid that was computed elsewhere; what its axes are is not known."""

    kind: str = "grid"


@dataclass(frozen=True)
class RaysRecipe(SubspaceRecipe):
    """Rays from the centre as a profile.

    Args:
        band: what line and band are, in words.
    """

    kind: str = "rays"
    band: str = ""


@dataclass(frozen=True)
class RepeatsRecipe(SubspaceRecipe):
    """A mean over subspaces that differ in their seed.

    Args:
        of: what they share: the recipe of the first without its digest and without the angle of its directions.
        seeds: of the subspaces.
        band: what the band is, in words.
    """

    of: SubspaceRecipe = field(default_factory=SubspaceRecipe)
    seeds: tuple[int, ...] = ()
    band: str = BAND

    @property
    def single(self) -> SubspaceRecipe:
        """What the subspaces share."""
        return self.of

    def _entries(self) -> dict[str, Scalar]:
        seeds = ", ".join(map(str, self.seeds))
        repeats: dict[str, Scalar] = {"repeats": len(self.seeds), "seeds": seeds, "band": self.band}
        return {**self.of.to_dict(), **repeats, **nonempty(digest=self.digest)}


@dataclass(frozen=True)
class PairsRecipe(SubspaceRecipe):
    """A mean over the paths between several pairs of solutions.

    Args:
        of: the recipe of the first path, with ``to`` for all ends.
        band: what line and band are, in words.
    """

    of: SubspaceRecipe = field(default_factory=SubspaceRecipe)
    band: str = ""

    @property
    def single(self) -> SubspaceRecipe:
        """The recipe of the first path."""
        return self.of

    def _entries(self) -> dict[str, Scalar]:
        return {**self.of.to_dict(), "band": self.band}


def end_of(recipe: SubspaceRecipe) -> str | None:
    """Name of the network that a path leads to; None where it leads to none, or to one without a name."""
    path = recipe.single
    return path.to if isinstance(path, ConnectionRecipe | CurveRecipe) else None


def shape_of(recipe: SubspaceRecipe) -> str:
    """The form of a curve, ``"bezier"`` or ``"polygon"``; for all else the kind of the subspace, ``"line"``."""
    path = recipe.single
    return path.form or path.kind if isinstance(path, CurveRecipe) else path.kind


def runs_between(recipe: SubspaceRecipe) -> bool:
    """Whether a line or curve runs from one network to another."""
    path = recipe.single
    if isinstance(path, CurveRecipe):
        return bool(path.between) or path.to is not None
    return isinstance(path, ConnectionRecipe | PathLineRecipe)


def is_aligned(recipe: SubspaceRecipe) -> bool:
    """Whether the hidden units of the end of a path were permuted to match those of its start."""
    path = recipe.single
    return isinstance(path, ConnectionRecipe | CurveRecipe) and bool(path.aligned)


def seed_of(recipe: SubspaceRecipe) -> int | None:
    """The seed of a subspace that has one alone."""
    subspace = recipe.single
    return subspace.seed if isinstance(subspace, RandomRecipe | CorridorRecipe | CurveRecipe | InputRecipe) else None


def entry_names(kind: type[SubspaceRecipe]) -> list[str]:
    """The keys that a kind of recipe has beside those of every recipe."""
    return [entry.name for entry in fields(kind) if entry.name not in ("kind", "digest", "notes", "order")]


def nonempty(**entries: str) -> dict[str, str]:
    """The keys whose value is not empty."""
    return {name: value for name, value in entries.items() if value}
