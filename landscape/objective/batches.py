"""Examples in batches: kept on the device, drawn as a fixed subset, or streamed again for every block of points."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from landscape.errors import InputError, ObjectiveError
from landscape.space import parameters as space

Batch: TypeAlias = tuple[Any, Tensor]
Pack: TypeAlias = Callable[[Any], Batch]
Weigh: TypeAlias = Callable[["Inputs"], Tensor]


@dataclass(frozen=True, eq=False)
class Inputs:
    """A batch as its owner gave it, any nesting of tensors, cut by examples like one tensor: ``inputs[:2]``."""

    tree: Any

    def __len__(self) -> int:
        return next((len(tensor) for _, tensor in leaves(self.tree) if tensor.dim()), 0)

    @cached_property
    def aligned(self) -> bool:
        """Whether all tensors count the same examples, so that the batch can be cut."""
        return len({len(tensor) for _, tensor in leaves(self.tree) if tensor.dim()}) == 1

    def __getitem__(self, rows: slice | Tensor) -> "Inputs":
        return Inputs(mapped(self.tree, lambda t: t[rows] if t.dim() else t)) if self.aligned else self


@dataclass(frozen=True, eq=False)
class Stream:
    """Batches read again on every pass, placed and weighed as they come."""

    source: Iterable[Any]
    pack: Pack
    device: torch.device
    dtype: torch.dtype
    weigh: Weigh | None = None

    def __iter__(self) -> Iterator[Batch]:
        for given in self.source:
            batch = placed(self.pack(given), self.device, self.dtype)
            yield batch if self.weigh is None else (batch[0], self.weigh(batch[0]))

    def __getitem__(self, index: int) -> Batch:
        return next(batch for position, batch in enumerate(self) if position == index)


@dataclass(frozen=True, eq=False)
class Split:
    """Examples by name; ``name`` prefixes the metrics measured on them.

    Args:
        name: ``"train"``, ``"test"``, ...
        batches: pairs (inputs, targets) with a common first dimension; the last one may be smaller. A tuple stays on
            the device, a `Stream` is read again on every pass.
        num_examples: N of this split.
        digest: SHA-256 of a stream, else empty.
        drawn_from: how many examples a subset was drawn from; 0 where none was drawn.
    """

    name: str
    batches: tuple[Batch, ...] | Stream
    num_examples: int
    digest: str = ""
    drawn_from: int = 0

    def chunks(self, size: int) -> Iterable[Batch]:
        """The same examples in the same order, at most ``size`` at a time; what cannot be cut comes whole."""
        return list(_cut(self.batches, size)) if isinstance(self.batches, tuple) else _Chunks(self, size)

    def head(self, count: int) -> Batch:
        """The first ``count`` examples of the first batch."""
        inputs, targets = self.batches[0]
        return inputs[:count], targets[:count]

    def to(self, device: torch.device, dtype: torch.dtype) -> "Split":
        """The same examples on another device or in another precision."""
        if isinstance(self.batches, Stream):
            return replace(self, batches=replace(self.batches, device=device, dtype=dtype))
        return replace(self, batches=tuple(placed(batch, device, dtype) for batch in self.batches))

    def weighed(self, weigh: Weigh) -> "Split":
        """The same examples, each with its weight in the mean (mean 1 over the split) as its target."""
        if isinstance(self.batches, Stream):
            return replace(self, batches=replace(self.batches, weigh=weigh))
        return replace(self, batches=tuple((inputs, weigh(inputs)) for inputs, _ in self.batches))


@dataclass(frozen=True, eq=False)
class _Chunks:
    """The chunks of a stream: as many passes as one likes, each of which must bring all examples."""

    split: Split
    size: int

    def __iter__(self) -> Iterator[Batch]:
        count = 0
        for batch in _cut(self.split.batches, self.size):
            count += len(batch[1])
            yield batch
        if count != self.split.num_examples:
            raise ObjectiveError(
                f"a pass over the {self.split.name} data brought {count} examples, the first one "
                f"{self.split.num_examples}: streamed data must be the same on every pass"
            )


def read(name: str, given: Iterable[Any], pack: Pack, *, device: torch.device, dtype: torch.dtype) -> Split:
    """A split that stays on the device; ``given`` is read once."""
    batches = tuple(placed(pack(batch), device, dtype) for batch in given)
    return Split(name, batches, _some(name, sum(len(targets) for _, targets in batches)))


def read_subset(name: str, given: Iterable[Any], pack: Pack, *, count: int, seed: int) -> Split:
    """A split of ``count`` examples drawn without replacement, all equally likely, in their order; read once.

    Every example gets a uniform number in turn, and those with the smallest numbers are kept: the same data in the same
    order give the same subset, whatever the batches, and never much more than the subset is in memory.
    """
    if count < 2:
        raise InputError(f"a subset needs at least 2 examples for a standard error, got num_examples={count}")
    generator = np.random.default_rng(seed)
    kept: list[tuple[np.ndarray, Batch]] = []
    total = 0
    for batch in map(pack, given):
        if isinstance(batch[0], Inputs) and not batch[0].aligned:
            raise InputError("no subset can be drawn: the tensors of a batch have different first dimensions")
        total += len(batch[1])
        kept.append((generator.random(len(batch[1])), batch))
        if sum(len(keys) for keys, _ in kept) > 2 * count:
            kept = _smallest(kept, count)
    batches = tuple(_joined([batch for _, batch in _smallest(kept, count)]))
    _some(name, total)
    return Split(name, batches, min(count, total), drawn_from=total if total > count else 0)


def stream(name: str, given: Iterable[Any], pack: Pack, *, device: torch.device, dtype: torch.dtype) -> Split:
    """A split that is read again on every pass; two passes are compared before anything is measured.

    Raises:
        InputError: data that can be read only once, or come otherwise on the second pass.
    """
    if iter(given) is given:
        raise InputError(
            f"the {name} data can be read only once, but stream=True reads them for every block of points; "
            "give a list or a DataLoader"
        )
    batches = Stream(given, pack, device, dtype)
    (count, first), (_, second) = _inspected(batches), _inspected(batches)
    if first != second:
        raise InputError(
            f"the {name} data came otherwise on the second pass: streamed data must be the same every time; use "
            "DataLoader(..., shuffle=False) without random augmentation, or stream=False, which reads them once"
        )
    return Split(name, batches, _some(name, count), digest=first)


def placed(batch: Batch, device: torch.device, dtype: torch.dtype) -> Batch:
    """The batch on the device, its real floating-point tensors in ``dtype``."""

    def place(tensor: Tensor) -> Tensor:
        return tensor.detach().to(device=device, dtype=dtype if tensor.is_floating_point() else tensor.dtype)

    inputs, targets = batch
    return Inputs(mapped(inputs.tree, place)) if isinstance(inputs, Inputs) else place(inputs), place(targets)


def named_tensors(batches: Iterable[Batch], prefix: str) -> Iterator[tuple[str, Tensor]]:
    """Every tensor of the batches by name, the order of a digest."""
    for index, (inputs, targets) in enumerate(batches):
        if isinstance(inputs, Inputs):
            yield from ((f"{prefix}.{index}.{path}", tensor) for path, tensor in leaves(inputs.tree))
        else:
            yield from ((f"{prefix}.{index}.x", inputs), (f"{prefix}.{index}.y", targets))


def digest_of(splits: Sequence[Split]) -> str:
    """SHA-256 of all examples, in the order of the splits."""
    if all(isinstance(split.batches, tuple) for split in splits):
        return space.digest(pair for split in splits for pair in named_tensors(split.batches, split.name))
    own = (split.digest or space.digest(named_tensors(split.batches, split.name)) for split in splits)
    return hashlib.sha256(",".join(own).encode()).hexdigest()


def mapped(tree: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """The same nesting with every tensor changed; mappings become plain dictionaries."""
    if isinstance(tree, Tensor):
        return change(tree)
    if isinstance(tree, Mapping):
        return {key: mapped(value, change) for key, value in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(mapped(value, change) for value in tree))
    return type(tree)(mapped(value, change) for value in tree) if isinstance(tree, list | tuple) else tree


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Tensor]]:
    """Every tensor of a nesting with its path."""
    if isinstance(tree, Tensor):
        yield path, tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from leaves(value, f"{path}.{key}".lstrip("."))
    elif isinstance(tree, list | tuple):
        for index, value in enumerate(tree):
            yield from leaves(value, f"{path}.{index}".lstrip("."))


def _cut(batches: Iterable[Batch], size: int) -> Iterator[Batch]:
    for inputs, targets in batches:
        if isinstance(inputs, Inputs) and not inputs.aligned:
            yield inputs, targets
            continue
        for start in range(0, len(targets), size):
            yield inputs[start : start + size], targets[start : start + size]


def _some(name: str, count: int) -> int:
    if not count:
        raise InputError(f"the {name} data hold no examples")
    return count


def _inspected(batches: Iterable[Batch]) -> tuple[int, str]:
    """Examples and digest of one pass."""
    count = 0

    def counted() -> Iterator[Batch]:
        nonlocal count
        for batch in batches:
            count += len(batch[1])
            yield batch

    digest = space.digest(named_tensors(counted(), "stream"))
    return count, digest


def _smallest(kept: Sequence[tuple[np.ndarray, Batch]], count: int) -> list[tuple[np.ndarray, Batch]]:
    """The rows with the ``count`` smallest keys, in their order."""
    keys = np.concatenate([keys for keys, _ in kept]) if kept else np.empty(0)
    limit = np.partition(keys, count - 1)[count - 1] if len(keys) > count else np.inf
    chosen = [(own, batch, np.flatnonzero(own <= limit)) for own, batch in kept]
    return [(own[rows], _rows(batch, rows)) for own, batch, rows in chosen if len(rows)]


def _rows(batch: Batch, rows: np.ndarray) -> Batch:
    index = torch.from_numpy(rows).to(batch[1].device)
    return batch[0][index], batch[1][index]


def _joined(batches: Sequence[Batch]) -> Iterator[Batch]:
    """Neighbours of one shape as one batch."""
    group: list[Batch] = []
    for batch in batches:
        if group and _form(group[-1]) != _form(batch):
            yield _concatenated(group)
            group = []
        group.append(batch)
    if group:
        yield _concatenated(group)


def _form(batch: Batch) -> list[tuple[str, torch.Size]]:
    inputs, targets = batch
    tensors = leaves(inputs.tree if isinstance(inputs, Inputs) else inputs)
    return [(path, tensor.shape[1:]) for path, tensor in tensors] + [("targets", targets.shape[1:])]


def _concatenated(batches: Sequence[Batch]) -> Batch:
    first, targets = batches[0][0], torch.cat([targets for _, targets in batches])
    if not isinstance(first, Inputs):
        return torch.cat([inputs for inputs, _ in batches]), targets
    parts = [iter([tensor for _, tensor in leaves(inputs.tree)]) for inputs, _ in batches]

    def cat(tensor: Tensor) -> Tensor:
        own = [next(part) for part in parts]
        return torch.cat(own) if tensor.dim() else tensor

    return Inputs(mapped(first.tree, cat)), targets
