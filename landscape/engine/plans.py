"""Plans: which strategy evaluates how many points and examples at once, within a memory budget."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from landscape.defaults import DEFAULT_MEMORY
from landscape.engine.cuda_graphs import Replay
from landscape.engine.first_layer import has_affine_rows
from landscape.engine.known import has_twin, largest_output
from landscape.engine.stack import plain_stack
from landscape.engine.strategies import STRATEGIES, Strategy
from landscape.engine.threads import on_threads
from landscape.errors import InputError, ObjectiveError
from landscape.objective.objective import REFERENCE_CHUNK, Objective
from landscape.space.subspaces import Subspace

STREAM_BLOCK = 256
GRAPH_POINTS = 16
CHAIN_BLOCK = 255
# The chain holds the first layer's outputs at the centre and along two directions, their sum, and the class scores.
CHAIN_SHARE = 8
CACHE_BYTES = 2**23


@dataclass(frozen=True)
class Plan:
    """A strategy with its sizes.

    Args:
        name: one of `STRATEGIES`.
        block: points evaluated in one pass, with one synchronization at its end.
        examples: examples taken at a time.
        workers: threads that share a block; 1 leaves the threads to the single operations.
    """

    name: str
    block: int
    examples: int
    workers: int = 1

    @classmethod
    def parse(cls, text: str, block: int) -> "Plan":
        """The plan of a file: what `str` wrote, and its block size."""
        name, examples, *workers = text.split("/")
        return cls(name, block, int(examples), *map(int, workers))

    def __str__(self) -> str:
        """``"stacked/256"`` or, with threads, ``"chain/1437/2"``."""
        return f"{self.name}/{self.examples}" + (f"/{self.workers}" if self.workers > 1 else "")

    def build(self, objective: Objective, subspace: Subspace) -> Strategy:
        """The strategy, ready to take coordinates."""
        make, bare = STRATEGIES[self.name], objective.without_terms()
        if self.workers > 1:
            evaluate = on_threads(lambda twin: make(twin, subspace, self.examples), bare, self.workers)
        else:
            evaluate = make(bare, subspace, self.examples)
        # The streamed strategy reads its coordinates on the CPU, which no graph can hold.
        if objective.device.type == "cuda" and objective.fixed_inputs and self.name != "streamed":
            evaluate = Replay(evaluate, objective.device)
        return _with_terms(objective, subspace, evaluate) if objective.terms else evaluate

    def half(self) -> "Plan":
        """The plan with half the block, then one thread and half the examples; then memory cannot be saved further."""
        if self.block > 1:
            return replace(self, block=self.block // 2)
        if self.examples > 1:
            return replace(self, examples=self.examples // 2, workers=1)
        raise ObjectiveError(f"out of memory on {self.name!r} with one point and one example at a time")


def plain_plan(objective: Objective, memory: int = DEFAULT_MEMORY) -> Plan:
    """One point at a time on as many threads as there are: where there is too little to do for a choice."""
    threads = _num_threads(objective)
    examples = min(max(1, largest_examples(objective, memory) // threads), REFERENCE_CHUNK)
    return Plan("loop", threads, examples, threads)


def streamed_plan(objective: Objective, subspace: Subspace, memory: int) -> Plan:
    """The only plan that never holds a whole point; it is not compared with one that does."""
    plan = Plan("streamed", 1, min(largest_examples(objective, memory), objective.N))
    try:
        plan.build(objective, subspace)
    except ValueError as error:
        raise InputError(f"strategy 'streamed' cannot be used here: {error}; use --strategy loop") from error
    return plan


def repeatable_plan(objective: Objective, subspace: Subspace, coordinates: Tensor, memory: int) -> Plan:
    """The first candidate that needs no trial: of one machine and number of threads always the same."""
    name = "chain" if has_affine_rows(subspace) and plain_stack(objective) is not None else "loop"
    return next(plan for plan in candidates(objective, coordinates, memory) if plan.name == name)


def candidates(objective: Objective, coordinates: Tensor, memory: int) -> Iterator[Plan]:
    """Sizes worth a trial, the most promising first: what fits the cache of a CPU, or fills a GPU, and the budget."""
    cuda = objective.device.type == "cuda"
    threads = _num_threads(objective)
    num_examples = max(split.num_examples for split in objective.splits)
    budget = min(largest_examples(objective, memory) // CHAIN_SHARE // threads or 1, num_examples)
    fits = max(1, min(CACHE_BYTES // _bytes_per_example(objective), budget))
    fits = min(budget, -(-num_examples // max(1, round(num_examples / fits))))  # chunks of one size
    plans: dict[Plan, None] = {}  # without doubles, in order
    # whole rows of a grid, which share work
    row = min(_row_length(coordinates), CHAIN_BLOCK)
    for workers in sorted({threads, 1}, reverse=True):
        block = min(CHAIN_BLOCK // row * row * workers, len(coordinates))
        plans[Plan("chain", block, budget, workers)] = None
        for examples in sorted({fits, budget if cuda or workers == 1 else fits}):
            at_once = min(GRAPH_POINTS, _largest_block(objective, examples, memory)) if cuda else workers
            plans[Plan("loop", min(at_once, len(coordinates)), examples, workers)] = None
    for examples in (4096,) if cuda else (2048, 256):
        for name in ("affine", "stacked"):
            size = min(examples, budget)
            block = min(1024 if cuda else 16 * threads, len(coordinates), _largest_block(objective, size, memory))
            if block > 1:
                plans[Plan(name, block, size, min(threads, block))] = None
    yield from plans


def reading_seldom(plan: Plan, objective: Objective, memory: int) -> Plan:
    """On streamed data, the loop with as many points to a block as fit a quarter of the memory: one pass serves all."""
    if not objective.streamed or plan.name != "loop":
        return plan
    block = max(1, memory // (4 * objective.P * objective.dtype.itemsize))
    return replace(plan, block=min(block, STREAM_BLOCK))


def largest_examples(objective: Objective, memory: int) -> int:
    """As many examples as one point can take at a time within half the budget."""
    return max(1, memory // (2 * _bytes_per_example(objective)))


def _with_terms(objective: Objective, subspace: Subspace, evaluate: Strategy) -> Strategy:
    """The strategy with the terms of the parameters behind its columns."""

    def evaluate_with_terms(coordinates: Tensor) -> Tensor:
        terms = objective.terms_at(subspace.at(coordinates.to(objective.device)))
        return torch.cat([evaluate(coordinates), terms], dim=1)

    return evaluate_with_terms


def _num_threads(objective: Objective) -> int:
    """How many may share a block; a user's own loss and data need not bear two, and each needs a model of its own."""
    shared = objective.device.type != "cuda" and objective.fixed_inputs and has_twin(objective)
    return torch.get_num_threads() if shared else 1


def _row_length(coordinates: Tensor) -> int:
    """How many of the first points differ in their last coordinate alone."""
    next_rows = (coordinates[:, :-1] != coordinates[0, :-1]).any(dim=1).nonzero()
    return int(next_rows[0]) if len(next_rows) else len(coordinates)


def _largest_block(objective: Objective, examples: int, memory: int) -> int:
    """As many points as fit half the budget with so many examples each."""
    per_point = examples * _bytes_per_example(objective) + 2 * objective.P * objective.dtype.itemsize
    return max(1, memory // (2 * per_point))


def _bytes_per_example(objective: Objective) -> int:
    """Memory one example needs at one point: three times the largest output of any layer, as no gradient is kept."""
    return int(3 * largest_output(objective) * objective.dtype.itemsize)
