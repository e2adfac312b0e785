"""Every measure of a network, in the order of the command line, and their work on one network, stored part by part."""

import time
from collections.abc import Sequence
from typing import Any

import torch

from landscape.errors import InputError
from landscape.files.ledger import Ledger
from landscape.measures.cross_sections import CROSS_SECTION
from landscape.measures.curvature import CURVATURE
from landscape.measures.freedom import FREE_DIRECTIONS
from landscape.measures.half_widths import HALF_WIDTH
from landscape.measures.matrix import hessian
from landscape.measures.measure import Cost, Entry, Measure, MeasureOptions, Part
from landscape.measures.quantities import Record
from landscape.measures.sharpness import SHARPNESS
from landscape.measures.spectrum import DENSITY
from landscape.objective.objective import Objective

MEASURES: tuple[Measure[Any], ...] = (
    HALF_WIDTH,
    CURVATURE,
    DENSITY,
    SHARPNESS,
    CROSS_SECTION,
    FREE_DIRECTIONS,
)
# of what the ledger stores: another number measures everything again
VERSION = 1


def measures_named(names: Sequence[str]) -> tuple[Measure[Any], ...]:
    """The measures of these names, in the order of the names.

    Raises:
        InputError: an unknown name.
    """
    by_name = {measure.name: measure for measure in MEASURES}
    for name in names:
        if name not in by_name:
            raise InputError(f"unknown measure {name!r}; expected {', '.join(by_name)}")
    return tuple(by_name[name] for name in names)


def take(
    measure: Measure[Record], objective: Objective, options: MeasureOptions, ledger: Ledger, *, progress: bool = False
) -> Record:
    """The record of a measure of one network; parts that the ledger holds are not measured again."""
    parts = measure.parts(objective, options)
    return measure.parse({name: _entry(part, objective, ledger, progress) for name, part in parts.items()})


def is_stored(measure: Measure[Any], objective: Objective, options: MeasureOptions, ledger: Ledger) -> bool:
    """Whether the ledger holds all parts of a measure."""
    return all(ledger.get(_key(part, objective)) is not None for part in measure.parts(objective, options).values())


def seconds_per_product(objective: Objective, options: MeasureOptions) -> float:
    """Seconds of a product with the Hessian, the mean of three."""
    matrix = hessian(objective, memory=options.memory).tune()
    vector = torch.ones(matrix.size, dtype=torch.float64, device=objective.device)
    start = time.perf_counter()
    for _ in range(3):
        matrix(vector)
    return (time.perf_counter() - start) / 3


def total_cost(measures: Sequence[Measure[Any]], objective: Objective, options: MeasureOptions) -> Cost:
    """The sum of the times and the largest memory, at least that of an iteration's vectors."""
    costs = [measure.cost(objective, options) for measure in measures]
    return Cost(
        products=sum(cost.products for cost in costs),
        seconds=sum(cost.seconds for cost in costs),
        memory=max([8 * objective.P * min(objective.P, 200), *(cost.memory for cost in costs)]),
    )


def _entry(part: Part, objective: Objective, ledger: Ledger, progress: bool) -> Entry:
    key = _key(part, objective)
    entry: Entry | None = ledger.get(key)
    if entry is None:
        pieces = ledger.pieces(key)
        entry = part.run(pieces, progress)
        ledger.put(key, entry)
        pieces.finish()
    return entry


def _key(part: Part, objective: Objective) -> Entry:
    return {**part.recipe, "version": VERSION, "objective": objective.fingerprint}
