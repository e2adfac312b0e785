"""The fastest plan, found by timing candidates on a few points; none is taken that disagrees with the plain loop."""

import time
from collections.abc import Iterable

import torch
from torch import Tensor

from landscape.defaults import DEFAULT_MEMORY
from landscape.engine.devices import synchronize
from landscape.engine.plans import (
    Plan,
    candidates,
    largest_examples,
    reading_seldom,
    repeatable_plan,
    streamed_plan,
)
from landscape.engine.strategies import STRATEGIES, Strategy
from landscape.errors import InputError
from landscape.objective.objective import Objective
from landscape.space.subspaces import Subspace

TRIAL_SHARE = 0.01
MIN_TRIAL_SECONDS = 0.01
TRIAL_POINTS = 51
MIN_TRIAL_POINTS = 4
TRIAL_EXAMPLES = 64
POINT_SECONDS = 0.03
REPEATS = 3
TIMING_SECONDS = 0.006
MAX_DISAGREEMENT = 0.05
# How much faster than the loop a trial of a few points must be to be believed: the machine does other things too.
LEAD = 1.15
# All the points in less than this: another trial would cost what it could gain.
QUICK_SECONDS = 0.4


def choose(
    objective: Objective,
    subspace: Subspace,
    coordinates: Tensor,
    *,
    strategy: str = "auto",
    memory: int = DEFAULT_MEMORY,
    num_points: int | None = None,
    strategies: dict[Plan, Strategy] | None = None,
) -> Plan:
    """The fastest plan on the first of ``coordinates`` whose values agree with one point at a time.

    Trials use as many of the examples as one point takes a few hundredths of a second for, and stop after 1 % of the
    time that one point at a time would take for all coordinates.

    Args:
        objective: what is evaluated.
        subspace: where.
        coordinates: of the points, shape (k, dims), float64 on the CPU.
        strategy: leaves only the candidates of that name; ``"repeatable"`` is the chain where there can be one, else
            the loop, without a trial: no clock decides on bits.
        memory: bytes that a block may take.
        num_points: how many points will be evaluated, where that is not all coordinates.
        strategies: where the plan's strategy is left for whoever uses it, if a trial has built it on all examples.

    Raises:
        InputError: an unknown strategy, or one that cannot be used on this network and subspace.
    """
    if strategy not in ("auto", "repeatable", *STRATEGIES):
        raise InputError(f"unknown strategy {strategy!r}; expected auto, repeatable, {', '.join(STRATEGIES)}")
    if strategy == "streamed" or (strategy in ("auto", "repeatable") and not subspace.resident):
        return streamed_plan(objective, subspace, memory)
    if strategy == "repeatable":
        return reading_seldom(repeatable_plan(objective, subspace, coordinates, memory), objective, memory)
    plans = [plan for plan in candidates(objective, coordinates, memory) if strategy in ("auto", plan.name)]
    if len(plans) == 1 and strategy == "loop":
        return reading_seldom(plans[0], objective, memory)
    trial = _Trial(objective, subspace, coordinates, memory, num_points or len(coordinates))
    rates = trial.rates(plans)
    if not rates:
        raise InputError(f"strategy {strategy!r} cannot be used here: {trial.refusal}; use --strategy auto")
    fastest = max(rates, key=lambda plan: rates[plan] * (LEAD if plan.name == "loop" else 1.0))
    if strategies is not None and fastest in trial.strategies and trial.objective is objective:
        strategies[fastest] = trial.strategies[fastest]
    return reading_seldom(fastest, objective, memory)


class _Trial:
    """Candidates timed against each other and compared with one point at a time."""

    def __init__(
        self, objective: Objective, subspace: Subspace, coordinates: Tensor, memory: int, num_points: int
    ) -> None:
        self.subspace, self.coordinates = subspace, coordinates
        self.strategies: dict[Plan, Strategy] = {}
        self.quick_rate = num_points / QUICK_SECONDS
        self.objective, seconds = _on_a_fraction(objective, subspace, coordinates, memory)
        plain = Plan("loop", 1, largest_examples(objective, memory)).build(self.objective, subspace)
        start = time.perf_counter()
        self.reference = plain(coordinates[:2])
        synchronize(objective.device)
        self.plain_rate = len(self.reference) / (time.perf_counter() - start)
        seconds = 1 / self.plain_rate if self.objective is objective else seconds
        self.budget = max(MIN_TRIAL_SECONDS, TRIAL_SHARE * seconds * num_points)
        self.size = min(TRIAL_POINTS, max(MIN_TRIAL_POINTS, int(self.budget / (2 * seconds))))
        self.refusal = "its values do not agree with one point at a time"

    def rates(self, plans: Iterable[Plan]) -> dict[Plan, float]:
        """Points per second of the plans that can be used, until time is up or one is fast enough."""
        rates: dict[Plan, float] = {}
        slower: set[str] = set()
        for plan in plans:
            if plan.name in slower:
                continue
            if self.budget < 0 and rates:
                break
            rate = self.rate(plan)
            if not rate:
                continue
            rates[plan] = rate
            if rate >= self.quick_rate:
                break
            if plan.name == "chain":  # does the same as these with less, and threads can at most double the loop
                slower.update(("affine", "stacked", *(["loop"] if rate > 2 * self.plain_rate else [])))
        return rates

    def rate(self, plan: Plan) -> float | None:
        """Points per second, or None where the plan cannot be used or disagrees with the plain loop."""
        start = time.perf_counter()
        points = self.coordinates[: min(plan.block, self.size)]
        try:
            evaluate = plan.build(self.objective, self.subspace)
            first = time.perf_counter()
            values = evaluate(points)
            synchronize(self.objective.device)
            seconds, enough = time.perf_counter() - first, len(points) / self.quick_rate
            if not self._agrees(values[:2]):
                return None
            if seconds > enough:  # the first time is the slowest
                seconds = _seconds(evaluate, points, self.objective, enough=enough)
            self.strategies[plan] = evaluate
        except Exception as error:  # a user's code may fail under vmap in any way; the plain loop has run
            self.refusal = str(error).splitlines()[0] if str(error) else type(error).__name__
            return None
        finally:
            self.budget -= time.perf_counter() - start
        return len(points) / seconds

    def _agrees(self, values: Tensor) -> bool:
        """Whether the values are those of the plain loop, to the rounding of the objective's precision."""
        room = min(1e3 * torch.finfo(self.objective.dtype).eps, MAX_DISAGREEMENT)
        return torch.allclose(values, self.reference[: len(values)], rtol=room, atol=room, equal_nan=True)


def _on_a_fraction(
    objective: Objective, subspace: Subspace, coordinates: Tensor, memory: int
) -> tuple[Objective, float]:
    """The objective on so many of its examples that a point is quick, and the seconds of a point on all of them."""
    size = min(TRIAL_EXAMPLES, largest_examples(objective, memory))
    small = objective.on_first_examples(size)
    evaluate = Plan("loop", 1, size).build(small, subspace)
    evaluate(coordinates[:1])
    seconds = _seconds(evaluate, coordinates[:1], small)
    total = seconds * sum(s.num_examples for s in objective.splits) / sum(s.num_examples for s in small.splits)
    if total <= POINT_SECONDS:
        return objective, total
    return objective.on_first_examples(max(1, int(objective.N * POINT_SECONDS / total))), total


def _seconds(evaluate: Strategy, coordinates: Tensor, objective: Objective, *, enough: float = 0.0) -> float:
    """Seconds that a warm strategy takes, the least of a few runs where they are short and not ``enough``."""
    if objective.device.type == "cuda":
        for _ in range(2):  # the second call captures a graph
            evaluate(coordinates)
    synchronize(objective.device)
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        evaluate(coordinates)
        synchronize(objective.device)
        times.append(time.perf_counter() - start)
        if sum(times) > TIMING_SECONDS or times[-1] <= enough:
            break
    return min(times)
