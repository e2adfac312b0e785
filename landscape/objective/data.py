"""A user's data as splits: which batches they hold, and how those are read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset

from landscape.errors import InputError
from landscape.objective.batches import Pack, Split, read, read_subset, stream


@dataclass(frozen=True)
class Reader:
    """How the batches of every split are read, and where they stay.

    Args:
        device: where examples are evaluated.
        dtype: the precision of their real floating-point tensors; None leaves each in its own.
        num_examples: size of a subset of each split; None takes all examples.
        seed: of the subset.
        stream: read the batches again on every pass.
    """

    device: torch.device
    dtype: torch.dtype | None
    num_examples: int | None
    seed: int
    stream: bool

    @property
    def again(self) -> bool:
        """Whether the batches are iterated more than once."""
        return self.stream and self.num_examples is None

    def split(self, name: str, batches: Iterable[Any], pack: Pack) -> Split:
        """The split of that name; ``pack`` makes pairs (inputs, targets) of its batches."""
        if self.num_examples is not None:
            subset = read_subset(name, batches, pack, count=self.num_examples, seed=self.seed)
            return subset.to(self.device, self.dtype)
        return (stream if self.stream else read)(name, batches, pack, device=self.device, dtype=self.dtype)


def batches_of(data: Any, *, any_kind: bool) -> Iterable[Any]:
    """The batches in a user's data: one batch, or an iterable of them."""
    if isinstance(data, Dataset) and not isinstance(data, IterableDataset):
        raise InputError(
            f"data is a {type(data).__name__}, single examples: give its batches, DataLoader(dataset, batch_size=256)"
        )
    if isinstance(data, Mapping) or (any_kind and (isinstance(data, Tensor | tuple) or _is_batch_object(data))):
        return [data]
    if not any_kind and isinstance(data, Sequence) and len(data) == 2 and all(isinstance(t, Tensor) for t in data):
        return [data]
    if not isinstance(data, Iterable) or isinstance(data, str | Tensor):
        raise InputError(
            f"data must be a pair (x, y), a dictionary, or an iterable of such batches, got {type(data).__name__}"
        )
    return data


def _is_batch_object(data: Any) -> bool:
    """Whether it is one batch of a type of its own, such as a graph: it moves to a device by itself."""
    return callable(getattr(data, "to", None)) and not isinstance(data, list | DataLoader)


def by_name(data: object, test: object, extra: Mapping[str, object]) -> dict[str, object]:
    """The data by the name of their split, ``"train"`` first."""
    for name in extra:
        if name in ("train", "test"):
            raise InputError(f"extra examples cannot be named {name!r}: pass them as data or test=")
    return {"train": data} | ({} if test is None else {"test": test}) | dict(extra)


def peek(batches: Iterable[Any], *, again: bool) -> tuple[Any, Iterable[Any]]:
    """The first batch, and all of them: read ``again`` from the start, or gone on with."""
    iterator = iter(batches)
    first = next(iterator, None)
    if first is None:
        raise InputError("the train data hold no examples")
    return first, batches if again else chain([first], iterator)
