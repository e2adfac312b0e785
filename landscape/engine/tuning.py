"""Which strategy, how many points and examples at a time: timed on a few points, within a memory budget."""

import copy
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from landscape.defaults import DEFAULT_MEMORY as DEFAULT_MEMORY
from landscape.engine.chain import plain_stack
from landscape.engine.cuda_graphs import Graphed
from landscape.engine.strategies import STRATEGIES, Strategy
from landscape.engine.threads import threaded
from landscape.errors import InputError, ObjectiveError
from landscape.objective.batches import Split
from landscape.objective.objective import REFERENCE_CHUNK, Objective
from landscape.space.directions import Redrawn
from landscape.space.subspaces import Affine, Corridor, Subspace

TRIAL_SHARE = 0.01
MIN_TRIAL_SECONDS = 0.01
TRIAL_POINTS = 51
MIN_TRIAL_POINTS = 4
TRIAL_EXAMPLES = 64
POINT_SECONDS = 0.03
REPEATS = 3
TIMED_SECONDS = 0.006
STREAM_BLOCK = 256
GRAPH_POINTS = 16
MAX_DISAGREEMENT = 0.05
# How much faster than the loop a trial of a few points must be to be believed: the machine does other things too.
LEAD = 1.15
# All the points in less than this: another trial would cost what it could gain.
QUICK_SECONDS = 0.4
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
            measure = threaded(lambda own: make(own, subspace, self.examples), bare, self.workers)
        else:
            measure = make(bare, subspace, self.examples)
        if objective.device.type == "cuda" and objective.fixed_inputs and self.name != "streamed":
            measure = Graphed(measure, objective.device)
        return _with_terms(objective, subspace, measure) if objective.terms else measure

    def halved(self) -> "Plan":
        """The plan with half the block, then one thread and half the examples; then memory cannot be saved further."""
        if self.block > 1:
            return replace(self, block=self.block // 2)
        if self.examples > 1:
            return replace(self, examples=self.examples // 2, workers=1)
        raise ObjectiveError(f"out of memory on {self.name!r} with one point and one example at a time")


def choose(
    objective: Objective,
    subspace: Subspace,
    coordinates: Tensor,
    *,
    strategy: str = "auto",
    memory: int = DEFAULT_MEMORY,
    expected: int | None = None,
    built: dict[Plan, Strategy] | None = None,
) -> Plan:
    """The fastest plan on the first of ``coordinates`` whose values agree with one point at a time.

    Trials use as many of the examples as one point takes a few hundredths of a second for, and stop after 1 % of the
    time that one point at a time would take for all coordinates.

    Args:
        strategy: leaves only the candidates of that name; ``"repeatable"`` is the chain where there can be one, else
            the loop, without a trial: no clock decides on bits.
        expected: how many points will be evaluated, where that is not all coordinates.
        built: where the plan's strategy is left for whoever uses it, if a trial has built it on all examples.

    Raises:
        InputError: an unknown strategy, or one that cannot be used on this network and subspace.
    """
    if strategy not in ("auto", "repeatable", *STRATEGIES):
        raise InputError(f"unknown strategy {strategy!r}; expected auto, repeatable, {', '.join(STRATEGIES)}")
    if strategy == "streamed" or (strategy in ("auto", "repeatable") and not is_stored(subspace)):
        return _streamed(objective, subspace, memory)
    if strategy == "repeatable":
        return _reading_seldom(_repeatable(objective, subspace, coordinates, memory), objective, memory)
    trial = _Trial(objective, subspace, coordinates, memory, expected or len(coordinates))
    candidates = [plan for plan in _candidates(objective, coordinates, memory) if strategy in ("auto", plan.name)]
    if len(candidates) == 1 and strategy == "loop":
        return _reading_seldom(candidates[0], objective, memory)
    rates: dict[Plan, float] = {}
    for plan in iter(candidates):
        if trial.budget < 0 and rates:
            break
        rate = trial.rate(plan)
        if rate:
            rates[plan] = rate
            if rate >= trial.quick_rate:
                break
            if plan.name == "chain":  # does the same as these with less, and threads can at most double the loop
                beaten = ("affine", "stacked", *(["loop"] if rate > 2 * trial.plain_rate else []))
                candidates[:] = [other for other in candidates if other.name not in beaten]
    if not rates:
        raise InputError(f"strategy {strategy!r} cannot be used here: {trial.refusal}; use --strategy auto")
    best = max(rates, key=lambda plan: rates[plan] * (LEAD if plan.name == "loop" else 1.0))
    if built is not None and best in trial.built and trial.objective is objective:
        built[best] = trial.built[best]
    return _reading_seldom(best, objective, memory)


def plain_plan(objective: Objective, memory: int = DEFAULT_MEMORY) -> Plan:
    """One point at a time on as many threads as there are: where there is too little to do for a choice."""
    threads = _num_threads(objective)
    examples = min(max(1, _largest_examples(objective, memory) // threads), REFERENCE_CHUNK)
    return Plan("loop", threads, examples, threads)


def is_stored(subspace: Subspace) -> bool:
    """Whether the subspace's directions are kept in memory, not drawn again as they are needed."""
    return not any(isinstance(direction, Redrawn) for direction in getattr(subspace, "directions", ()))


def _streamed(objective: Objective, subspace: Subspace, memory: int) -> Plan:
    """The only plan that never holds a whole point; it is not compared with one that does."""
    plan = Plan("streamed", 1, min(_largest_examples(objective, memory), objective.N))
    try:
        plan.build(objective, subspace)
    except ValueError as error:
        raise InputError(f"strategy 'streamed' cannot be used here: {error}; use --strategy loop") from error
    return plan


def _repeatable(objective: Objective, subspace: Subspace, coordinates: Tensor, memory: int) -> Plan:
    """The first candidate that needs no trial: of one machine and number of threads always the same."""
    chained = isinstance(subspace, Affine | Corridor) and plain_stack(objective) is not None
    name = "chain" if chained else "loop"
    return next(plan for plan in _candidates(objective, coordinates, memory) if plan.name == name)


class _Trial:
    """Candidates timed against each other and compared with one point at a time."""

    def __init__(
        self, objective: Objective, subspace: Subspace, coordinates: Tensor, memory: int, expected: int
    ) -> None:
        self.subspace, self.coordinates = subspace, coordinates
        self.built: dict[Plan, Strategy] = {}
        self.quick_rate = expected / QUICK_SECONDS
        self.objective, seconds = _fraction(objective, subspace, coordinates, memory)
        plain = Plan("loop", 1, _largest_examples(objective, memory)).build(self.objective, subspace)
        started = time.perf_counter()
        self.expected = plain(coordinates[:2])
        synchronize(objective.device)
        self.plain_rate = len(self.expected) / (time.perf_counter() - started)
        seconds = 1 / self.plain_rate if self.objective is objective else seconds
        self.budget = max(MIN_TRIAL_SECONDS, TRIAL_SHARE * seconds * expected)
        self.num_points = min(TRIAL_POINTS, max(MIN_TRIAL_POINTS, int(self.budget / (2 * seconds))))
        self.refusal = "its values do not agree with one point at a time"

    def rate(self, plan: Plan) -> float | None:
        """Points per second, or None where the plan cannot be used or disagrees with the plain loop."""
        started = time.perf_counter()
        points = self.coordinates[: min(plan.block, self.num_points)]
        try:
            evaluate = plan.build(self.objective, self.subspace)
            begun = time.perf_counter()
            values = evaluate(points)
            synchronize(self.objective.device)
            seconds, enough = time.perf_counter() - begun, len(points) / self.quick_rate
            if not self._agrees(values[:2]):
                return None
            if seconds > enough:  # the first time is the slowest
                seconds = _timed(evaluate, points, self.objective, enough=enough)
            self.built[plan] = evaluate
        except Exception as error:
            if self.objective.fixed_inputs and not _is_refusal(error):
                raise  # elsewhere a user's code may fail under vmap in any way; the plain loop has run
            self.refusal = str(error).splitlines()[0] if str(error) else type(error).__name__
            return None
        finally:
            self.budget -= time.perf_counter() - started
        return len(points) / seconds

    def _agrees(self, values: Tensor) -> bool:
        room = min(1e3 * torch.finfo(self.objective.dtype).eps, MAX_DISAGREEMENT)
        return torch.allclose(values, self.expected[: len(values)], rtol=room, atol=room, equal_nan=True)


def _fraction(objective: Objective, subspace: Subspace, coordinates: Tensor, memory: int) -> tuple[Objective, float]:
    """The objective on so many of its examples that a point is quick, and the seconds of a point on all of them."""
    size = min(TRIAL_EXAMPLES, _largest_examples(objective, memory))
    small = _first_chunks(objective, size)
    evaluate = Plan("loop", 1, size).build(small, subspace)
    evaluate(coordinates[:1])
    seconds = _timed(evaluate, coordinates[:1], small)
    total = seconds * sum(s.num_examples for s in objective.splits) / sum(s.num_examples for s in small.splits)
    if total <= POINT_SECONDS:
        return objective, total
    return _first_chunks(objective, max(1, int(objective.N * POINT_SECONDS / total))), total


def _first_chunks(objective: Objective, size: int) -> Objective:
    small = copy.copy(objective)
    first = [(split.name, next(iter(split.chunks(size)))) for split in objective.splits]
    small.splits = tuple(Split(name, (batch,), len(batch[1])) for name, batch in first)
    return small


def _is_refusal(error: Exception) -> bool:
    """Whether a strategy says that it does not fit, or runs out of memory or of what vmap can do."""
    known = isinstance(error, RuntimeError) and (is_out_of_memory(error) or "vmap" in str(error))
    return known or isinstance(error, ValueError)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an allocation failed, on a GPU or on the CPU."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def synchronize(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _reading_seldom(plan: Plan, objective: Objective, memory: int) -> Plan:
    """On streamed data, the loop with as many points to a block as fit a quarter of the memory: one pass serves all."""
    if not objective.streamed or plan.name != "loop":
        return plan
    block = max(1, memory // (4 * objective.P * objective.dtype.itemsize))
    return replace(plan, block=min(block, STREAM_BLOCK))


def _with_terms(objective: Objective, subspace: Subspace, measure: Strategy) -> Strategy:
    """The strategy with the terms of the parameters behind its columns."""

    def evaluate(coordinates: Tensor) -> Tensor:
        terms = objective.terms_at(subspace.at(coordinates.to(objective.device)))
        return torch.cat([measure(coordinates), terms], dim=1)

    return evaluate


def _candidates(objective: Objective, coordinates: Tensor, memory: int) -> Iterator[Plan]:
    """Sizes worth a trial, the most promising first: what fits the cache of a CPU, or fills a GPU, and the budget."""
    cuda = objective.device.type == "cuda"
    threads = _num_threads(objective)
    everything = max(split.num_examples for split in objective.splits)
    most = min(_largest_examples(objective, memory) // CHAIN_SHARE // threads or 1, everything)
    fits = max(1, min(CACHE_BYTES // _bytes_per_example(objective), most))
    fits = min(most, -(-everything // max(1, round(everything / fits))))  # chunks of one size
    plans: dict[Plan, None] = {}
    # whole rows of a grid, which share work
    row = min(_row(coordinates), CHAIN_BLOCK)
    for workers in sorted({threads, 1}, reverse=True):
        block = min(CHAIN_BLOCK // row * row * workers, len(coordinates))
        plans[Plan("chain", block, most, workers)] = None
        for examples in sorted({fits, most if cuda or workers == 1 else fits}):
            at_once = min(GRAPH_POINTS, _largest_block(objective, examples, memory)) if cuda else workers
            plans[Plan("loop", min(at_once, len(coordinates)), examples, workers)] = None
    for examples in (4096,) if cuda else (2048, 256):
        for name in ("affine", "stacked"):
            size = min(examples, most)
            block = min(1024 if cuda else 16 * threads, len(coordinates), _largest_block(objective, size, memory))
            if block > 1:
                plans[Plan(name, block, size, min(threads, block))] = None
    yield from plans


def _num_threads(objective: Objective) -> int:
    """How many may share a block; a user's own loss and data need not bear two."""
    return 1 if objective.device.type == "cuda" or not objective.fixed_inputs else torch.get_num_threads()


def _row(coordinates: Tensor) -> int:
    """How many of the first points differ in their last coordinate alone."""
    other = (coordinates[:, :-1] != coordinates[0, :-1]).any(dim=1).nonzero()
    return int(other[0]) if len(other) else len(coordinates)


def _timed(evaluate: Strategy, coordinates: Tensor, objective: Objective, *, enough: float = 0.0) -> float:
    """Seconds that a warm strategy takes, the least of a few runs where they are short and not ``enough``."""
    if objective.device.type == "cuda":
        for _ in range(2):  # the second call captures a graph
            evaluate(coordinates)
    synchronize(objective.device)
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        evaluate(coordinates)
        synchronize(objective.device)
        times.append(time.perf_counter() - started)
        if sum(times) > TIMED_SECONDS or times[-1] <= enough:
            break
    return min(times)


def _largest_examples(objective: Objective, memory: int) -> int:
    return max(1, memory // (2 * _bytes_per_example(objective)))


def _largest_block(objective: Objective, examples: int, memory: int) -> int:
    per_point = examples * _bytes_per_example(objective) + 2 * objective.P * objective.dtype.itemsize
    return max(1, memory // (2 * per_point))


def _bytes_per_example(objective: Objective) -> int:
    """Memory one example needs at one point: three times the largest output of any layer, as no gradient is kept."""
    if "largest" not in objective.known:
        objective.known["largest"] = _largest_output(objective)
    return int(3 * objective.known["largest"] * objective.dtype.itemsize)


def _largest_output(objective: Objective) -> int:
    """Numbers per example in the largest output of any layer."""
    sizes: list[int] = [1]

    def note(module: nn.Module, args: Sequence[object], output: object) -> None:
        if isinstance(output, Tensor):
            sizes.append(output.numel() // max([1, *output.shape[:1]]))

    handles = [module.register_forward_hook(note) for module in objective.model.modules()]
    try:
        with torch.no_grad():
            objective.outputs({}, objective.splits[0].head(1)[0])
    finally:
        for handle in handles:
            handle.remove()
    return max(sizes)
