"""Facts about an objective's network, each worked out once for the objective and for all copies made of it."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from landscape.objective.objective import Objective, Origin

Fact = TypeVar("Fact")


def once(find: Callable[[Objective], Fact]) -> Callable[[Objective], Fact]:
    """The function ``find`` with a memory: copies in another precision or on fewer examples have the same network."""
    facts: WeakKeyDictionary[Origin, Fact] = WeakKeyDictionary()

    @wraps(find)
    def fact(objective: Objective) -> Fact:
        if objective.origin not in facts:
            facts[objective.origin] = find(objective)
        return facts[objective.origin]

    return fact


@once
def largest_output(objective: Objective) -> int:
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


@once
def has_twin(objective: Objective) -> bool:
    """Whether the model can be copied; one that keeps a loss with its graph, a lock or an open file cannot."""
    try:
        objective.twin()
    except Exception:  # a user's attributes refuse it in any way
        return False
    return True
