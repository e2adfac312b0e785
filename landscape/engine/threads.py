"""One block of points on several threads of one core each: for networks whose operations are too small to share.

The parts of a block are the same on every run, and so are the values.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from landscape.engine.known import has_twin
from landscape.objective.objective import Objective

Evaluate = Callable[[Tensor], Tensor]

_TWINS: "WeakKeyDictionary[Objective, list[Objective]]" = WeakKeyDictionary()


def on_threads(build: Callable[[Objective], Evaluate], objective: Objective, workers: int) -> Evaluate:
    """The strategy that splits a block into ``workers`` parts, evaluated at the same time; one, without copies."""
    if not has_twin(objective):
        return build(objective)
    evaluators = [build(twin) for twin in _twins(objective, workers)]
    pool = _pool(workers)

    def evaluate(coordinates: Tensor) -> Tensor:
        parts = [part for part in coordinates.tensor_split(workers) if len(part)]
        results = [pool.submit(evaluator, part) for evaluator, part in zip(evaluators, parts, strict=False)]
        return torch.cat([result.result() for result in results])

    return evaluate


def _twins(objective: Objective, workers: int) -> list[Objective]:
    """The objective once per thread, each with its own model: ``functional_call`` changes a model while it runs."""
    twins = _TWINS.setdefault(objective, [])
    while len(twins) < workers:
        twins.append(objective.twin())
    return twins[:workers]


@lru_cache(maxsize=4)
def _pool(workers: int) -> ThreadPoolExecutor:
    """Threads that each use one core; the number that the caller's own thread uses stays."""
    before = torch.get_num_threads()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="landscape")
    together = threading.Barrier(workers)
    list(pool.map(lambda _: _use_one_core(together), range(workers)))
    torch.set_num_threads(before)
    return pool


def _use_one_core(together: threading.Barrier) -> None:
    """Set this thread to one core, once every thread of the pool runs: else one could be set twice."""
    together.wait()
    torch.get_num_threads()  # takes the process's number, which the next line would otherwise lose to it
    torch.set_num_threads(1)
