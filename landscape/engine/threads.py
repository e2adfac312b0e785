"""One block of points on several threads of one core each: for networks whose operations are too small to share.

The parts of a block are the same on every run, and so are the values.
"""

import copy
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import chain
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from landscape.objective.objective import Objective

Evaluate = Callable[[Tensor], Tensor]

_COPIES: "WeakKeyDictionary[Objective, list[Objective]]" = WeakKeyDictionary()


def threaded(build: Callable[[Objective], Evaluate], objective: Objective, workers: int) -> Evaluate:
    """The strategy that splits a block into ``workers`` parts, evaluated at the same time."""
    evaluators = [build(own) for own in _copies(objective, workers)]
    pool = _pool(workers)

    def evaluate(coordinates: Tensor) -> Tensor:
        parts = [part for part in coordinates.tensor_split(workers) if len(part)]
        results = [pool.submit(each, part) for each, part in zip(evaluators, parts, strict=False)]
        return torch.cat([result.result() for result in results])

    return evaluate


def _copies(objective: Objective, workers: int) -> list[Objective]:
    """The objective once per thread: a model of its own each, which shares all tensors with the user's."""
    made = _COPIES.setdefault(objective, [])
    shared = {id(tensor): tensor for tensor in chain(objective.model.parameters(), objective.model.buffers())}
    while len(made) < workers:
        own = copy.copy(objective)
        own.model = copy.deepcopy(objective.model, dict(shared))
        made.append(own)
    return made[:workers]


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
    together.wait()
    torch.get_num_threads()  # takes the process's number, which the next line would otherwise lose to it
    torch.set_num_threads(1)
