"""Which strategy, how many points and examples at a time: timed on a few points, within a memory budget."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from landscape.errors import InputError, ObjectiveError
from landscape.evaluate.objective import Objective
from landscape.evaluate.strategies import STRATEGIES, Strategy
from landscape.space.subspaces import Subspace

DEFAULT_MEMORY = 2**30
TRIAL_SHARE = 0.05
MIN_TRIAL_SECONDS = 0.3
REPEATS = 3
MIN_BLOCK = 8
STREAM_BLOCK = 256


@dataclass(frozen=True)
class Plan:
    """A strategy with its sizes.

    Args:
        name: one of `STRATEGIES`.
        block: points evaluated in one pass, with one synchronization at its end.
        examples: examples taken at a time.
    """

    name: str
    block: int
    examples: int

    def build(self, objective: Objective, subspace: Subspace) -> Strategy:
        """The strategy, ready to take coordinates."""
        measure = STRATEGIES[self.name](objective.without_terms(), subspace, self.examples)
        return _with_terms(objective, subspace, measure) if objective.terms else measure

    def halved(self) -> "Plan":
        """The plan with half the block, then half the examples; at one of each, memory cannot be saved further."""
        if self.block > 1:
            return Plan(self.name, self.block // 2, self.examples)
        if self.examples > 1:
            return Plan(self.name, 1, self.examples // 2)
        raise ObjectiveError(f"out of memory on {self.name!r} with one point and one example at a time")


def choose(
    objective: Objective,
    subspace: Subspace,
    coordinates: Tensor,
    *,
    strategy: str = "auto",
    memory: int = DEFAULT_MEMORY,
) -> Plan:
    """The fastest plan on the first of ``coordinates`` whose values agree with one point at a time.

    Trials stop after a twentieth of the time that one point at a time would take for all coordinates. ``strategy``
    leaves only the candidates of that name.

    Raises:
        InputError: an unknown strategy, or one that cannot be used on this network and subspace.
    """
    if strategy not in ("auto", *STRATEGIES):
        raise InputError(f"unknown strategy {strategy!r}; expected auto, {', '.join(STRATEGIES)}")
    plain = Plan("loop", 1, _largest_examples(objective, memory))
    seconds, expected = _timed(plain.build(objective, subspace), coordinates[:1], objective)
    plain_rate = 1 / seconds
    budget = max(MIN_TRIAL_SECONDS, TRIAL_SHARE * seconds * len(coordinates))
    rates = {plain: plain_rate} if strategy in ("auto", "loop") else {}
    for plan in _candidates(objective, coordinates, memory):
        if strategy not in ("auto", plan.name) or (budget < 0 and rates):
            continue
        started = time.perf_counter()
        rate = _rate(plan, objective, subspace, coordinates, expected)
        if rate:
            rates[plan] = rate
        budget -= time.perf_counter() - started
    if not rates:
        raise InputError(
            f"strategy {strategy!r} cannot be used here: the first layer does not see the raw input alone, "
            "or the subspace is not affine; use --strategy auto"
        )
    best = max(rates, key=lambda plan: rates[plan])
    return _reading_seldom(best, objective, memory) if objective.streamed else best


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an allocation failed, on a GPU or on the CPU."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def synchronize(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _reading_seldom(plan: Plan, objective: Objective, memory: int) -> Plan:
    """The plan with as many points to a block as their parameters fit a quarter of the memory: one pass serves all."""
    if plan.name != "loop":
        return plan
    block = max(1, memory // (4 * objective.P * objective.dtype.itemsize))
    return Plan(plan.name, min(block, STREAM_BLOCK), plan.examples)


def _candidates(objective: Objective, coordinates: Tensor, memory: int) -> Iterator[Plan]:
    """Sizes worth a trial: blocks that fit the cache of a CPU, or fill a GPU, and always the budget."""
    cuda = objective.device.type == "cuda"
    blocks, slices = ((1024, 128), (2**20, 4096)) if cuda else ((32, 16), (2048, 256))
    most = max(1, min(_largest_examples(objective, memory) // MIN_BLOCK, objective.N))
    plans: dict[Plan, None] = {}
    for examples in slices:
        for name in ("affine", "stacked"):
            for block in blocks:
                size = min(examples, most)
                fitting = min(block, len(coordinates), _largest_block(objective, size, memory))
                if fitting > 1:
                    plans[Plan(name, fitting, size)] = None
    yield from plans


def _rate(plan: Plan, objective: Objective, subspace: Subspace, coordinates: Tensor, expected: Tensor) -> float | None:
    """Points per second, or None where the plan cannot be used or disagrees with the plain loop."""
    try:
        evaluate = plan.build(objective, subspace)
        seconds, values = _timed(evaluate, coordinates[: plan.block], objective)
    except Exception as error:
        if not objective.fixed_inputs:
            return None  # a user's code may fail under vmap in any way; the plain loop has run
        if not isinstance(error, ValueError | RuntimeError):
            raise
        if isinstance(error, RuntimeError) and not (is_out_of_memory(error) or "vmap" in str(error)):
            raise
        return None
    tolerance = 1e3 * torch.finfo(objective.dtype).eps
    agrees = torch.allclose(values[:1], expected, rtol=tolerance, atol=tolerance, equal_nan=True)
    return plan.block / seconds if agrees else None


def _with_terms(objective: Objective, subspace: Subspace, measure: Strategy) -> Strategy:
    """The strategy with the terms of the parameters behind its columns."""

    def evaluate(coordinates: Tensor) -> Tensor:
        terms = objective.terms_at(subspace.at(coordinates.to(objective.device)))
        return torch.cat([measure(coordinates), terms], dim=1)

    return evaluate


def _timed(evaluate: Strategy, coordinates: Tensor, objective: Objective) -> tuple[float, Tensor]:
    values = evaluate(coordinates)
    synchronize(objective.device)
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        evaluate(coordinates)
        synchronize(objective.device)
        times.append(time.perf_counter() - started)
        if sum(times) > MIN_TRIAL_SECONDS:
            break
    return min(times), values


def _largest_examples(objective: Objective, memory: int) -> int:
    return max(1, memory // (2 * _bytes_per_example(objective)))


def _largest_block(objective: Objective, examples: int, memory: int) -> int:
    per_point = examples * _bytes_per_example(objective) + 2 * objective.P * objective.dtype.itemsize
    return max(1, memory // (2 * per_point))


def _bytes_per_example(objective: Objective) -> int:
    """Memory one example needs at one point: three times the largest output of any layer, as no gradient is kept."""
    sizes: list[int] = [1]

    def note(module: nn.Module, args: Sequence[object], output: object) -> None:
        if isinstance(output, Tensor):
            sizes.append(output.numel() // max(1, *output.shape[:1]))

    handles = [module.register_forward_hook(note) for module in objective.model.modules()]
    try:
        with torch.no_grad():
            objective.outputs({}, objective.splits[0].head(1)[0])
    finally:
        for handle in handles:
            handle.remove()
    return 3 * max(sizes) * objective.dtype.itemsize
