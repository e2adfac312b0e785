"""How the losses of parts make the loss of all examples: measured on the data themselves, never read off a name.

Most losses are means over examples, so that batches may be cut and put together at will. A class-weighted loss, or one
that ignores labels, is a mean with other weights; a sum adds up; a contrast within the batch is neither, and then a
batch is one unit that nobody may cut.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from landscape.errors import LandscapeError, ObjectiveError
from landscape.objective.batches import Batch, Metric, Split, join, rows_of

Kind: TypeAlias = Literal["mean", "sum", "weighted", "whole"]
Value: TypeAlias = Callable[[Batch], float]

IGNORED_LABEL = -100  # PyTorch's own
ROOM = 1e-5  # relative: losses are often computed in float32 whatever the weights are
SMALL = 0.1  # losses below this are rounded by as much as one of this size: logits are of the order of 10
PROBE_ROWS = 24
MOST_LABELS = 4096  # a larger range of labels has no table of weights


@dataclass(frozen=True, eq=False)
class Rule:
    """How the losses of parts make the loss of all examples.

    Args:
        kind: ``"mean"`` over examples, ``"sum"`` over them, ``"weighted"`` mean with a weight per label, or
            ``"whole"``: batches that are not cut, and the mean over them.
        table: weight of the label ``first + k`` at ``k``, float64; of a weighted mean.
        first: the smallest label of the table.
        by_size: of whole batches: count each by its examples instead of once.
    """

    kind: Kind = "mean"
    table: Tensor | None = None
    first: int = 0
    by_size: bool = False

    def amount(self, targets: Tensor) -> Tensor | float:
        """How much the examples of a batch count in the loss of all."""
        if self.kind == "weighted":
            return self.weights(targets).sum()
        return float(len(targets)) if self.kind == "mean" or self.by_size else 1.0

    def weights(self, targets: Tensor) -> Tensor:
        """The weight of each label, in the shape of the targets, float64; of a weighted mean."""
        assert self.table is not None
        index, table = targets - self.first, self.table.to(targets.device)
        inside = (index >= 0) & (index < len(table))
        return torch.where(inside, table[index.clamp(0, len(table) - 1)], 0.0)

    def ignores(self) -> bool:
        """Whether some labels count for nothing."""
        return self.table is not None and bool((self.table == 0).any())

    def counted(self) -> "Rule":
        """The mean over the examples that count at all, each once."""
        return replace(self, table=None if self.table is None else (self.table > 0).double())

    def total(self, split: Split) -> float:
        """The amount of all examples of a split; 1 for a sum, which is divided by nothing."""
        if self.kind == "sum":
            return 1.0
        return sum(float(self.amount(targets)) for _, targets in split.batches)

    def metric(self, loss: Metric, split: Split) -> Metric:
        """The loss of a batch, scaled so that the mean over batches, by their examples, is the loss of all."""
        if self.kind == "mean" or (self.kind == "whole" and self.by_size):
            return loss
        total, num_examples = self.total(split), split.num_examples
        if not total > 0:
            raise ObjectiveError(f"nothing in the {split.name} data counts in the loss: it ignores all of their labels")

        def scaled(outputs: Tensor, targets: Tensor) -> Tensor:
            amount = torch.as_tensor(self.amount(targets), dtype=outputs.dtype, device=outputs.device)
            value = loss(outputs, targets) * (amount * (num_examples / (total * len(targets))))
            # the mean over labels that are all ignored is 0 / 0
            return torch.where(amount > 0, value, torch.zeros_like(value))

        return scaled


WHOLE = Rule("whole")


def find_rule(values: Sequence[Value], split: Split, loss: object = None, *, has_labels: bool = True) -> Rule | None:
    """The rule that the loss follows on a split; None where a single example cannot tell.

    Args:
        values: the loss of a batch at one or more points of parameter space.
        split: the examples.
        loss: the loss function, whose own class weights and ignored label are tried first.
        has_labels: whether the targets may be labels with weights.
    """
    labels = _labels(split) if has_labels else None
    try:
        probe = _probe(split, labels)
    except NotImplementedError:  # sparse tensors have no rows
        return WHOLE
    if probe is None:
        return WHOLE
    if len(probe[1]) < 2:
        return None
    declared = _declared(loss, labels, probe[1].device)
    evidence = [point for value in values if (point := _evidence(value, probe)) is not None]
    if not evidence:
        return WHOLE
    rules = [*([declared] if declared else []), Rule("mean"), Rule("sum")]
    fitting = next((rule for rule in rules if _fits(rule, probe[1], evidence)), None)
    if fitting is None and labels is not None:
        inferred = _inferred(values[0], probe, labels)
        fitting = inferred if inferred is not None and _fits(inferred, probe[1], evidence) else None
    return fitting or WHOLE


def common_rule(rules: Sequence[Rule | None]) -> Rule:
    """One rule for all splits: that of the first that tells, or whole batches where two differ."""
    known = [rule for rule in rules if rule is not None]
    if not known:
        return Rule("mean")
    if len({rule.kind for rule in known}) > 1:
        return WHOLE
    tables = [rule for rule in known if rule.table is not None]
    return max(tables, key=lambda rule: len(rule.table)) if tables else known[0]  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Evidence:
    """The loss of the probe, and of its parts for several partitions of its rows."""

    whole: float
    partitions: list[list[tuple[Tensor, float]]]

    def agrees(self, amounts: Callable[[Tensor], float], kind: Kind) -> bool:
        """Whether the parts make the whole."""
        for parts in self.partitions:
            counted = [(amounts(rows), value) for rows, value in parts]
            counted = [(amount, value) for amount, value in counted if amount]
            size = max((abs(value) for _, value in counted), default=0.0)
            total = sum(amount for amount, _ in counted)
            if not total:
                return False
            together = math.fsum(amount * value for amount, value in counted) / (1.0 if kind == "sum" else total)
            if not abs(together - self.whole) <= ROOM * max(size, abs(self.whole), SMALL):
                return False
        return True


def _evidence(value: Value, probe: Batch) -> _Evidence | None:
    """None where a part cannot be evaluated: then it is no set of examples."""
    count = len(probe[1])
    try:
        whole = value(probe)
        partitions = [[(rows, value(rows_of(probe, rows))) for rows in parts] for parts in _partitions(count)]
    except LandscapeError:
        raise
    except Exception:  # a user's model and loss fail in any way on half a graph
        return None
    return _Evidence(whole, partitions) if math.isfinite(whole) else None


def _partitions(count: int) -> Iterator[list[Tensor]]:
    """Parts of uneven and of even sizes, their rows drawn by a fixed seed and in order."""
    generator = torch.Generator().manual_seed(0)
    for sizes in ((1, count - 1), (count // 2, count - count // 2), (count // 4, count // 3, None)):
        order = torch.randperm(count, generator=generator)
        rest = count - sum(size for size in sizes if size is not None)
        parts = order.split([rest if size is None else size for size in sizes])
        yield [part.sort().values for part in parts if len(part)]


def _fits(rule: Rule, targets: Tensor, evidence: Sequence[_Evidence]) -> bool:
    def amount(rows: Tensor) -> float:
        return 1.0 if rule.kind == "sum" else float(rule.amount(targets[rows.to(targets.device)]))

    return all(point.agrees(amount, rule.kind) for point in evidence)


def _labels(split: Split) -> Tensor | None:
    """All labels of a split, sorted, where its targets are whole numbers of a small range."""
    labels: Tensor | None = None
    for _, targets in split.batches:
        if targets.is_floating_point() or targets.is_complex() or targets.dtype == torch.bool or not targets.numel():
            return None
        fresh = targets.unique()
        labels = fresh if labels is None else torch.cat([labels, fresh]).unique()
        if int(labels[-1]) - int(labels[0]) > MOST_LABELS:
            return None
    return labels


def _probe(split: Split, labels: Tensor | None) -> Batch | None:
    """Rows from all over the split, those with labels not seen before first; None where nothing can be cut."""
    rows: list[Batch] = []
    spare: list[Batch] = []
    missing = set() if labels is None else set(labels.tolist())
    for inputs, targets in split.batches:
        if not getattr(inputs, "aligned", True):
            return None
        picked = _fresh_rows(targets, missing) if missing else []
        missing -= {label for row in picked for label in targets[row].unique().tolist()}
        rows += [rows_of((inputs, targets), torch.tensor([row])) for row in picked[: PROBE_ROWS - len(rows)]]
        step = max(1, len(targets) // PROBE_ROWS)
        if len(spare) < 4 * PROBE_ROWS:
            spare += [
                rows_of((inputs, targets), torch.tensor([row])) for row in range(0, len(targets), step)[:PROBE_ROWS]
            ]
    rows += spare[:: max(1, len(spare) // max(1, PROBE_ROWS - len(rows)))][: PROBE_ROWS - len(rows)]
    groups = list(join(rows))
    return max(groups, key=lambda batch: len(batch[1])) if groups else None


def _fresh_rows(targets: Tensor, missing: set[int]) -> list[int]:
    """Rows that hold a label of the set, one for each where that is possible."""
    rows = []
    for label in sorted(missing):
        hits = (targets == label).reshape(len(targets), -1).any(dim=1).nonzero()
        if len(hits):
            rows.append(int(hits[0]))
    return list(dict.fromkeys(rows))


def _declared(loss: object, labels: Tensor | None, device: torch.device) -> Rule | None:
    """Class weights and an ignored label that the loss itself names, or PyTorch's ignored label in the data."""
    if labels is None:
        return None
    keywords = loss.keywords if isinstance(loss, partial) else {}
    weights = keywords.get("weight", getattr(loss, "weight", None))
    ignored = keywords.get("ignore_index", getattr(loss, "ignore_index", IGNORED_LABEL))
    if not isinstance(weights, Tensor) or weights.dim() != 1 or weights.requires_grad:
        weights = None
    if weights is None and not bool((labels == ignored).any()):
        return None
    first, last = int(labels[0]), int(labels[-1])
    table = torch.ones(last - first + 1, dtype=torch.float64, device=device)
    if weights is not None:
        for label in labels.tolist():
            table[label - first] = float(weights[label]) if 0 <= label < len(weights) else 0.0
    if first <= ignored <= last:
        table[ignored - first] = 0.0
    if not bool(table.any()):
        raise ObjectiveError(f"nothing in the data counts in the loss: all labels are {ignored}, which it ignores")
    return Rule("weighted", table, first)


def _inferred(value: Value, probe: Batch, labels: Tensor) -> Rule | None:
    """Weights per label from the losses of pairs of examples: ``L (w_i + w_j) = w_i l_i + w_j l_j``."""
    targets = probe[1]
    if not bool(torch.isin(labels, targets.unique()).all()):
        return None
    try:
        alone = [value(rows_of(probe, torch.tensor([row]))) for row in range(len(targets))]
        base = next(row for row, loss in enumerate(alone) if math.isfinite(loss))
        pairs = [value(rows_of(probe, torch.tensor([base, row]))) for row in range(len(targets))]
    except Exception:  # as above
        return None
    weights = []
    for single, pair in zip(alone, pairs, strict=True):
        if not math.isfinite(single):
            weights.append(0.0)
        elif single == alone[base] or pair == single:
            weights.append(math.nan)
        else:
            weights.append((alone[base] - pair) / (pair - single))
    weights[base] = 1.0
    known = torch.tensor([math.isfinite(weight) for weight in weights])
    counts = torch.stack([(targets == label).reshape(len(targets), -1).sum(1) for label in labels.tolist()], dim=1)
    table = torch.linalg.lstsq(counts.cpu().double()[known], torch.tensor(weights).double()[known, None]).solution[:, 0]
    if not bool(torch.isfinite(table).all()) or not bool((table >= -ROOM).all()):
        return None
    first = int(labels[0])
    full = torch.zeros(int(labels[-1]) - first + 1, dtype=torch.float64)
    full[labels.cpu() - first] = table.clamp_min(0.0)
    return Rule("weighted", full.to(targets.device), first)
