"""Examples in batches: kept on the device, drawn as a fixed subset, or streamed again for every block of points."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from landscape.errors import InputError, ObjectiveError
from landscape.space import parameters as space
from landscape.train.losses import full

Batch: TypeAlias = tuple[Any, Tensor]
Pack: TypeAlias = Callable[[Any], Batch]
Weigh: TypeAlias = Callable[["Inputs"], Tensor]
Metric: TypeAlias = Callable[[Tensor, Tensor], Tensor]

UNCUT = 2**62


@dataclass(frozen=True, eq=False)
class Inputs:
    """A user's batch, any nesting of tensors, cut by examples like one tensor: ``inputs[:2]``."""

    tree: Any

    def __len__(self) -> int:
        return next((len(tensor) for _, tensor in leaves(self.tree) if tensor.dim()), 1) if self.aligned else 1

    @cached_property
    def aligned(self) -> bool:
        """Whether all tensors count the same examples, so that the batch can be cut; an object stays as it is."""
        lengths = {len(tensor) for _, tensor in leaves(self.tree) if tensor.dim()}
        return len(lengths) == 1 and not any(True for _ in _objects(self.tree))

    def __getitem__(self, rows: slice | Tensor) -> "Inputs":
        return Inputs(map_tensors(self.tree, lambda t: t[rows] if t.dim() else t)) if self.aligned else self


@dataclass(frozen=True, eq=False)
class Stream:
    """Batches read again on every pass, placed and weighed as they come."""

    source: Iterable[Any]
    pack: Pack
    device: torch.device
    dtype: torch.dtype | None
    weigh: Weigh | None = None

    def __iter__(self) -> Iterator[Batch]:
        for batch in map(self.pack, self.source):
            inputs, targets = place(batch, self.device, self.dtype)
            yield inputs, targets if self.weigh is None else self.weigh(inputs)

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
        metrics: what is measured on (outputs, targets) of a batch, by name, ``"loss"`` first; the mean over batches,
            each counted by its examples, is the metric of the split.
        whole: whether a batch is one unit that must not be cut.
    """

    name: str
    batches: tuple[Batch, ...] | Stream
    num_examples: int
    digest: str = ""
    drawn_from: int = 0
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    whole: bool = False

    def chunks(self, size: int) -> Iterable[Batch]:
        """The same examples in the same order, at most ``size`` at a time; what cannot be cut comes whole."""
        size = UNCUT if self.whole else size
        return list(_cut(self.batches, size)) if isinstance(self.batches, tuple) else _Chunks(self, size)

    def head(self, count: int) -> Batch:
        """The first ``count`` examples of the first batch, or that batch where it must not be cut."""
        inputs, targets = self.batches[0]
        return (inputs, targets) if self.whole else (inputs[:count], targets[:count])

    def first(self, count: int) -> "Split":
        """The first ``count`` examples, or as many as the first batch holds."""
        batch = next(iter(self.chunks(count)))
        return replace(self, batches=(batch,), num_examples=len(batch[1]), digest="", drawn_from=0)

    def measure(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """All metrics of one batch at one point, means over its examples, shape (metrics,)."""
        outputs = full(outputs)
        return torch.stack([metric(outputs, targets).to(outputs.dtype) for metric in self.metrics.values()])

    def to(self, device: torch.device, dtype: torch.dtype | None) -> "Split":
        """The same examples on another device or in another precision."""
        if isinstance(self.batches, Stream):
            return replace(self, batches=replace(self.batches, device=device, dtype=dtype))
        return replace(self, batches=tuple(place(batch, device, dtype) for batch in self.batches))

    def weigh(self, weigh: Weigh) -> "Split":
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


def read(name: str, source: Iterable[Any], pack: Pack, *, device: torch.device, dtype: torch.dtype | None) -> Split:
    """A split that stays on the device; ``source`` is read once."""
    batches = tuple(place(pack(batch), device, dtype) for batch in source)
    return Split(name, batches, _not_zero(name, sum(len(targets) for _, targets in batches)))


def read_subset(name: str, source: Iterable[Any], pack: Pack, *, count: int, seed: int) -> Split:
    """A split of ``count`` examples drawn without replacement, all equally likely, in their order; read once.

    Every example gets a uniform number in turn, and those with the smallest numbers are kept: the same data in the same
    order give the same subset, whatever the batches, and never much more than the subset is in memory.
    """
    if count < 2:
        raise InputError(f"a subset needs at least 2 examples for a standard error, got num_examples={count}")
    generator = np.random.default_rng(seed)
    subset: list[tuple[np.ndarray, Batch]] = []
    total = 0
    for batch in map(pack, source):
        if isinstance(batch[0], Inputs) and not batch[0].aligned:
            raise InputError("no subset can be drawn: the tensors of a batch have different first dimensions")
        total += len(batch[1])
        subset.append((generator.random(len(batch[1])), batch))
        # the rows are thinned out now and then, so that twice the subset is in memory at most
        if sum(len(keys) for keys, _ in subset) > 2 * count:
            subset = _smallest(subset, count)
    batches = tuple(join([batch for _, batch in _smallest(subset, count)]))
    _not_zero(name, total)
    return Split(name, batches, min(count, total), drawn_from=total if total > count else 0)


def stream(name: str, source: Iterable[Any], pack: Pack, *, device: torch.device, dtype: torch.dtype | None) -> Split:
    """A split that is read again on every pass; two passes are compared before anything is measured.

    Raises:
        InputError: data that can be read only once, or come otherwise on the second pass.
    """
    if iter(source) is source:
        raise InputError(
            f"the {name} data can be read only once, but stream=True reads them for every block of points; "
            "give a list or a DataLoader"
        )
    batches = Stream(source, pack, device, dtype)
    (count, first), (_, second) = _count_and_digest(batches), _count_and_digest(batches)
    if first != second:
        raise InputError(
            f"the {name} data came otherwise on the second pass: streamed data must be the same every time; use "
            "DataLoader(..., shuffle=False) without random augmentation, or stream=False, which reads them once"
        )
    return Split(name, batches, _not_zero(name, count), digest=first)


def place(batch: Batch, device: torch.device, dtype: torch.dtype | None) -> Batch:
    """The batch on the device, its real floating-point tensors in ``dtype``, each in its own for None."""
    inputs, targets = batch
    if isinstance(inputs, Inputs):
        inputs = Inputs(map_tensors(inputs.tree, lambda tensor: convert(tensor, device, dtype), device))
    else:
        inputs = convert(inputs, device, dtype)
    return inputs, convert(targets, device, dtype)


def convert(tensor: Tensor, device: torch.device, dtype: torch.dtype | None) -> Tensor:
    """The tensor on the device, in ``dtype`` if it holds real floating-point numbers and that is not None."""
    return tensor.detach().to(device, dtype if dtype is not None and tensor.is_floating_point() else tensor.dtype)


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
    digests = (split.digest or space.digest(named_tensors(split.batches, split.name)) for split in splits)
    return hashlib.sha256(",".join(digests).encode()).hexdigest()


def map_tensors(tree: Any, change: Callable[[Tensor], Tensor], device: torch.device | None = None) -> Any:
    """The same nesting with every tensor changed; mappings become plain dictionaries.

    A batch object moves to the device, if there is one, by its own method ``to``.
    """
    if isinstance(tree, Tensor):
        return change(tree)
    if isinstance(tree, Mapping):
        return {key: map_tensors(value, change, device) for key, value in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(map_tensors(value, change, device) for value in tree))
    if isinstance(tree, list | tuple):
        return type(tree)(map_tensors(value, change, device) for value in tree)
    return tree.to(device) if device is not None and callable(getattr(tree, "to", None)) else tree


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Tensor]]:
    """Every tensor of a nesting with its path; those of a batch object by its ``to_dict`` or its attributes."""
    if isinstance(tree, Tensor):
        yield path, tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from leaves(value, f"{path}.{key}".lstrip("."))
    elif isinstance(tree, list | tuple):
        for index, value in enumerate(tree):
            yield from leaves(value, f"{path}.{index}".lstrip("."))
    elif callable(getattr(tree, "to_dict", None)):
        yield from leaves(tree.to_dict(), path)
    elif hasattr(tree, "__dict__") and not callable(tree):
        yield from leaves({key: value for key, value in vars(tree).items() if value is not tree}, path)


def _objects(tree: Any) -> Iterator[object]:
    """What holds tensors in a nesting and is no plain container."""
    if isinstance(tree, Mapping):
        for value in tree.values():
            yield from _objects(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _objects(value)
    elif not isinstance(tree, Tensor) and any(True for _ in leaves(tree)):
        yield tree


def _cut(batches: Iterable[Batch], size: int) -> Iterator[Batch]:
    for inputs, targets in batches:
        if len(targets) <= size or (isinstance(inputs, Inputs) and not inputs.aligned):
            yield inputs, targets
            continue
        for start in range(0, len(targets), size):
            yield inputs[start : start + size], targets[start : start + size]


def _not_zero(name: str, count: int) -> int:
    if not count:
        raise InputError(f"the {name} data hold no examples")
    return count


def _count_and_digest(batches: Iterable[Batch]) -> tuple[int, str]:
    """Examples and digest of one pass."""
    count = 0

    def counting() -> Iterator[Batch]:
        nonlocal count
        for batch in batches:
            count += len(batch[1])
            yield batch

    digest = space.digest(named_tensors(counting(), "stream"))
    return count, digest


def _smallest(subset: Sequence[tuple[np.ndarray, Batch]], count: int) -> list[tuple[np.ndarray, Batch]]:
    """The rows with the ``count`` smallest keys, in their order."""
    whole = np.concatenate([keys for keys, _ in subset]) if subset else np.empty(0)
    limit = np.partition(whole, count - 1)[count - 1] if len(whole) > count else np.inf
    picks = [(keys, batch, np.flatnonzero(keys <= limit)) for keys, batch in subset]
    return [(keys[rows], rows_of(batch, torch.from_numpy(rows))) for keys, batch, rows in picks if len(rows)]


def rows_of(batch: Batch, rows: Tensor) -> Batch:
    """Some examples of a batch, by their numbers (n,)."""
    index = rows.to(batch[1].device)
    return batch[0][index], batch[1][index]


def join(batches: Sequence[Batch]) -> Iterator[Batch]:
    """Neighbours of one shape as one batch."""
    group: list[Batch] = []
    for batch in batches:
        if group and _form(group[-1]) != _form(batch):
            yield _concatenate(group)
            group = []
        group.append(batch)
    if group:
        yield _concatenate(group)


def _form(batch: Batch) -> list[tuple[str, torch.Size]]:
    inputs, targets = batch
    tensors = leaves(inputs.tree if isinstance(inputs, Inputs) else inputs)
    return [(path, tensor.shape[1:]) for path, tensor in tensors] + [("targets", targets.shape[1:])]


def _concatenate(batches: Sequence[Batch]) -> Batch:
    first, targets = batches[0][0], torch.cat([targets for _, targets in batches])
    if not isinstance(first, Inputs):
        return torch.cat([inputs for inputs, _ in batches]), targets
    parts = [iter([tensor for _, tensor in leaves(inputs.tree)]) for inputs, _ in batches]

    def cat(tensor: Tensor) -> Tensor:
        column = [next(part) for part in parts]
        return torch.cat(column) if tensor.dim() else tensor

    return Inputs(map_tensors(first.tree, cat)), targets
