"""A measure as one object: how it runs, what it costs, and how its records are stored, compared and told.

The object stands beside the measure's function, and in one line of `catalogue.MEASURES`; ledger, command line, table
and JSON take it from there. No torch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeAlias

from landscape.defaults import DEFAULT_MEMORY, DEFAULT_RAYS, EIGENVALUES
from landscape.measures.quantities import MemberValues, Quantity, Record

if TYPE_CHECKING:
    from landscape.files.ledger import Pieces
    from landscape.objective.objective import Objective

Entry: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class MeasureOptions:
    """How networks are measured; what is not listed has the default of its function.

    Args:
        k: eigenvalues at either end of the Hessian's spectrum.
        layers: measure the curvature of each layer too.
        directions: number of directions of a half-width.
        strategy: of its sampling, see `sample`.
        rise: rise of the loss that defines widths, in its unit; None for the default, see `LossScale`.
        examples: number of training examples, the first ones, for free directions; all by default.
        memory: bytes that a block of points or the gradient's graph may take.
        seed: of everything random; members of a run add 1000 times their number.
    """

    k: int = EIGENVALUES
    layers: bool = False
    directions: int = DEFAULT_RAYS
    strategy: str = "auto"
    rise: float | None = None
    examples: int | None = None
    memory: int = DEFAULT_MEMORY
    seed: int = 0


@dataclass(frozen=True)
class Cost:
    """What a measure of one network takes, roughly.

    Args:
        products: time in products with the Hessian.
        seconds: time that does not scale with them.
        memory: bytes.
    """

    products: float = 0.0
    seconds: float = 0.0
    memory: int = 0


@dataclass(frozen=True)
class Part:
    """A piece of a measure that the ledger stores by itself as soon as it is done.

    Args:
        recipe: everything that fixes the piece, except the network; its key in the ledger.
        run: measures it, as the ledger stores it, with the pieces of a stopped run and whether to show progress.
    """

    recipe: Mapping[str, Any]
    run: Callable[["Pieces", bool], Entry]


@dataclass(frozen=True)
class Line:
    """A line of text about a network: a label and its text; an inner line stands below another."""

    label: str
    text: str
    inner: bool = False


@dataclass(frozen=True)
class Words:
    """Records as text, beside the estimates of their quantities.

    Args:
        heads: lines in place of the quantities' own.
        notes: remarks on quantities, by their name.
        lines: lines below all quantities.
        details: lines at the end.
    """

    heads: tuple[Line, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    details: tuple[Line, ...] = ()


@dataclass(frozen=True, eq=False)
class Measure(Generic[Record]):
    """A measure of one network.

    Args:
        name: in the ledger, on the command line and in JSON.
        parts: the pieces of work, by name, for a network and options.
        parse: makes the record from the entries of all parts.
        to_dict: makes an entry, as JSON takes it, from the record.
        cost: seconds and bytes that a network takes.
        quantities: numbers of the record that are averaged over members and compared, each with its unit.
        summary: entries in JSON of all members together; by default a list of the members' under the measure's name.
        words: text beside the quantities; by default none.
        first_only: whether only the first member of a run is measured, since it takes long.
    """

    name: str
    parts: Callable[["Objective", MeasureOptions], Mapping[str, Part]]
    parse: Callable[[Mapping[str, Entry]], Record]
    to_dict: Callable[[Record], Entry]
    cost: Callable[["Objective", MeasureOptions], Cost]
    quantities: tuple[Quantity[Record], ...] = ()
    summary: Callable[["Results[Record]"], Entry] | None = None
    words: Callable[["Results[Record]"], Words] = lambda results: Words()
    first_only: bool = False


@dataclass(frozen=True, eq=False)
class Results(Generic[Record]):
    """The records of one measure.

    Args:
        measure: which measure.
        members: numbers of the networks in their run, each with a record.
        records: one for each of them.
        rise: rise of the loss that defines widths, in its unit; None for the default, see `LossScale`.
    """

    measure: Measure[Record]
    members: tuple[int, ...]
    records: tuple[Record, ...]
    rise: float | None

    @property
    def words(self) -> Words:
        """The records as text."""
        return self.measure.words(self)

    def quantities(self) -> dict[str, MemberValues]:
        """The numbers that are compared, by name."""
        return {quantity.name: quantity.over(self.records, self.rise) for quantity in self.measure.quantities}

    def to_dict(self) -> Entry:
        """The records as JSON takes them."""
        if self.measure.summary is not None:
            return self.measure.summary(self)
        return {self.measure.name: [self.measure.to_dict(record) for record in self.records]}


def plain(record: object) -> Entry:
    """The fields of a record by name, arrays as lists."""
    return {key: value.tolist() if hasattr(value, "tolist") else value for key, value in vars(record).items()}
