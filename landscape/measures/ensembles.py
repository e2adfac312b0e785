"""Measures of one network or of several: records are taken once, and stored beside the weights at once."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from landscape.errors import InputError
from landscape.files.ledger import Ledger
from landscape.measures.catalogue import is_stored, measures_named, seconds_per_product, take, total_cost
from landscape.measures.measure import Measure, MeasureOptions, Results, Words
from landscape.measures.quantities import MemberValues
from landscape.objective.objective import Objective
from landscape.sampling.solutions import Solution
from landscape.train.regime import regime
from landscape.train.runs import open_run

# apart in the seeds of two members
_SEEDS = 1000


@dataclass(frozen=True, eq=False)
class Measurements:
    """The records of several measures of one network, or of several networks of one kind.

    ``measurements["curvature"]`` are the records of that measure, one for each member.

    Args:
        members: numbers of the networks in their run.
        results: the records of each measure, in the order of the measures' names.
        problems: folders that could not be read or written, in a line each.
    """

    members: tuple[int, ...]
    results: tuple[Results[Any], ...]
    problems: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> tuple[Any, ...]:
        """The records of the measure of that name, one for each member that was measured."""
        for results in self.results:
            if results.measure.name == name:
                return results.records
        raise InputError(f"{name!r} was not measured; there are {', '.join(r.measure.name for r in self.results)}")

    def __contains__(self, name: str) -> bool:
        return any(results.measure.name == name for results in self.results)

    @property
    def words(self) -> tuple[Words, ...]:
        """The records of each measure as text."""
        return tuple(results.words for results in self.results)

    def quantities(self) -> dict[str, MemberValues]:
        """The numbers that are averaged over members and compared between networks, by name."""
        return {name: values for results in self.results for name, values in results.quantities().items()}

    def to_dict(self) -> dict[str, Any]:
        """The records and estimates by name, as JSON takes them; measures that sum up all members come first."""
        results = sorted(self.results, key=lambda part: part.measure.summary is None)
        entries = {name: entry for part in results for name, entry in part.to_dict().items()}
        return {**entries, "estimates": {name: values.to_dict() for name, values in self.quantities().items()}}


@dataclass(frozen=True)
class Subject:
    """What was measured, in words: a run, some of its members, or one network.

    Args:
        model: its name.
        network: the network in words.
        P: parameters.
        N: training examples.
        K: outputs per example.
        regime: ``"under"``, ``"critical"`` or ``"over"``.
        kind: ``"run"`` or ``"network"``.
        members: number of networks.
        diverged: members of the run that diverged.
        final: metrics of each network, by name.
    """

    model: str
    network: str
    P: int
    N: int
    K: int
    regime: str
    kind: str
    members: int
    diverged: tuple[int, ...]
    final: Mapping[str, Sequence[float]]

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, as JSON takes them."""
        return asdict(self)


def measure(
    solution: Solution,
    names: Sequence[str] = ("half_width",),
    options: MeasureOptions | None = None,
    *,
    progress: bool = False,
) -> Measurements:
    """Measures of one network; records that its folder holds are not taken again.

    Args:
        solution: from `open_solution`, or ``Solution(objective)`` of any model; never changed.
        names: of measures: ``"half_width"``, ``"curvature"``, ``"density"``, ``"sharpness"``, ``"cross_section"``,
            ``"free_directions"``.
        options: how it is measured.
        progress: show bars on stderr.

    Returns:
        The records by name: ``measure(solution, ["curvature"])["curvature"]`` holds one.

    Raises:
        InputError: an unknown name, or options that a measure refuses.
        ObjectiveError: a measure that does not converge or is not finite.
    """
    return measure_members((solution,), names, options, progress=progress)


def measure_members(
    solutions: Sequence[Solution],
    names: Sequence[str] = ("half_width",),
    options: MeasureOptions | None = None,
    *,
    progress: bool = False,
) -> Measurements:
    """Measures of several networks of one kind; records that their folders hold are not taken again.

    Each record is stored in the folder of its network as soon as it is done, so that a stopped measure goes on.

    Args:
        solutions: from `open_members`, at least one; never changed.
        names: of measures, see `measure`; free directions are those of the first network.
        options: how they are measured; the seeds differ from member to member.
        progress: show bars on stderr.

    Returns:
        The records by name, one for each network, in their order.

    Raises:
        InputError: no networks, an unknown name, or options that a measure refuses.
        ObjectiveError: a measure that does not converge or is not finite.
    """
    if not solutions:
        raise InputError("a measure needs one network or more")
    measures, options, ledgers = measures_named(names), options or MeasureOptions(), _ledgers(solutions)
    records: dict[str, list[Any]] = {measure.name: [] for measure in measures}
    title = solutions[0].name.partition(":")[0]
    with tqdm(solutions, disable=not progress, unit="member", desc=f"{title} measures") as bar:
        for index, solution in enumerate(bar):
            seeds = _of_member(options, solution)
            for item in _applicable(measures, index):
                record = take(item, solution.objective, seeds, ledgers[solution.folder], progress=progress)
                records[item.name].append(record)
    members = tuple(solution.member for solution in solutions)
    return Measurements(
        members,
        tuple(Results(measure, members, tuple(records[measure.name]), options.rise) for measure in measures),
        tuple(ledger.problem for ledger in ledgers.values() if ledger.problem),
    )


def cost_of(solutions: Sequence[Solution], names: Sequence[str], options: MeasureOptions) -> tuple[float, int]:
    """Rough seconds and bytes that `measure_members` will take, without the records that the folders hold.

    Args:
        solutions: from `open_members`, at least one.
        names: of measures, see `measure`.
        options: how they are measured.

    Returns:
        Seconds, and the bytes of the largest step.
    """
    measures, ledgers = measures_named(names), _ledgers(solutions)
    objective = solutions[0].objective
    costs = []
    for index, solution in enumerate(solutions):
        seeds, ledger = _of_member(options, solution), ledgers[solution.folder]
        applicable = _applicable(measures, index)
        absent = [measure for measure in applicable if not is_stored(measure, solution.objective, seeds, ledger)]
        if absent:
            costs.append(total_cost(absent, objective, options))
    if not costs:
        return 0.0, 0
    product = seconds_per_product(objective, options)
    return sum(product * cost.products + cost.seconds for cost in costs), max(cost.memory for cost in costs)


def describe_members(solutions: Sequence[Solution], *, whole: bool = False) -> Subject:
    """The run that networks are members of, with the final metrics of these or of all its members; or one network.

    Args:
        solutions: members of a run, or a network that no run holds.
        whole: whether all members are meant, those that diverged too.

    Returns:
        Sizes, regime, members and final metrics, for people.
    """
    folder = solutions[0].folder
    if folder is None:
        return _describe_network(solutions[0].objective)
    run = open_run(folder.name, folder.parent)
    members = range(run.members) if whole else [solution.member for solution in solutions]
    return Subject(
        model=run.name,
        network=run.network.describe(),
        **{name: run.config[name] for name in ("P", "N", "K", "regime")},
        kind="run",
        members=len(members),
        diverged=tuple(run.diverged),
        final={name: [values[member] for member in members] for name, values in run.final().items()},
    )


def _describe_network(objective: Objective) -> Subject:
    """One network and its metrics."""
    return Subject(
        model=objective.name,
        network=objective.network,
        P=objective.P,
        N=objective.N,
        K=objective.K,
        regime=regime(objective.P, objective.N, objective.K),
        kind="network",
        members=1,
        diverged=(),
        final={name: [value] for name, value in objective.at_centre().items()},
    )


def _ledgers(solutions: Sequence[Solution]) -> dict[Path | None, Ledger]:
    """One ledger for each folder: members of a run share it."""
    return {folder: Ledger(folder) for folder in {solution.folder: None for solution in solutions}}


def _of_member(options: MeasureOptions, solution: Solution) -> MeasureOptions:
    return replace(options, seed=options.seed + _SEEDS * solution.member)


def _applicable(measures: Sequence[Measure[Any]], index: int) -> list[Measure[Any]]:
    """The measures of one network by its place among several."""
    return [measure for measure in measures if index == 0 or not measure.first_only]
