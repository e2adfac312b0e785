"""Three ways to get from a batch to a loss: outputs against targets, the model's own loss, a callable of the user's.

Each way packs a batch as (inputs, targets), calls a model with given parameters and buffers on the inputs, and turns
the outputs and targets into the mean over the batch's examples. Where examples weigh differently (sentences of
different length), the targets are the examples' weights, with mean 1 over a split: then the mean over batches, each
counted by its examples, is the exact mean over everything that counts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, TypeAlias

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from landscape.errors import InputError, ObjectiveError
from landscape.objective.accuracy import find_accuracy, refuse_strange_labels
from landscape.objective.batches import Batch, Inputs, Metric, Split
from landscape.objective.carry import Carry
from landscape.objective.items import item_counts, item_of, refuse_not_additive
from landscape.objective.named import LOSS_NAME, Entry, entry_at, name_entries, scaled, stack_entries
from landscape.objective.probes import number_of, precise_value, values_near
from landscape.objective.rules import IGNORED_LABEL, Rule, find_rule
from landscape.train.losses import cross_entropy, full

Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
BatchLoss: TypeAlias = Callable[[Any, Any], Entry | Mapping[str, Entry]]


class Call(Protocol):
    """One way to call a model on a batch."""

    @property
    def name(self) -> str:
        """What tells this loss from another, stored with every record."""

    @property
    def has_outputs(self) -> bool:
        """Whether outputs are told from the loss."""

    @property
    def differentiates(self) -> bool:
        """Whether the loss may call autograd by itself."""

    @property
    def carry(self) -> Carry:
        """What every call gets a copy of."""

    def pack(self, batch: Any) -> Batch:
        """The batch as (inputs, targets)."""

    def forward(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> Any:
        """What the model makes of the inputs; it may write into the state and the inputs."""

    def outputs(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> Tensor:
        """What the model makes of the inputs with these parameters and buffers."""

    def names(self, model: nn.Module, state: Mapping[str, Tensor], split: Split) -> tuple[str, ...]:
        """Names of the metrics that have a rule, ``"loss"`` first."""

    def rule(self, model: nn.Module, state: Mapping[str, Tensor], split: Split, name: str) -> Rule | None:
        """How the losses of parts make the loss of the split, or a metric; None where one example cannot tell."""

    def settle(self, model: nn.Module, state: Mapping[str, Tensor], split: Split, rules: Mapping[str, Rule]) -> Split:
        """The split with its metrics, and what its examples weigh in them."""

    def weight(self, target: Tensor) -> Tensor:
        """The weight of an example in the mean, a 0-d float64 tensor, from its target."""

    def num_outputs(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> int:
        """K, outputs per example."""


@dataclass(frozen=True, eq=False)
class OutputsAndTargets:
    """``loss(model(x), y)`` on pairs (x, y) of tensors, every example counted once, and metrics of the same."""

    loss: Loss
    accuracy: bool | None = None
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    carry: Carry = field(default_factory=Carry)

    has_outputs = True
    differentiates = False

    @property
    def name(self) -> str:
        """The name of the loss function."""
        return getattr(self.loss, "__name__", type(self.loss).__name__)

    @property
    def is_cross_entropy(self) -> bool:
        """Whether it is the one of `landscape.train.losses`."""
        return self.loss is cross_entropy

    def pack(self, batch: Any) -> Batch:
        """The pair itself."""
        return as_pair(batch)

    def forward(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> Any:
        """Whatever the model returns."""
        return functional_call(model, dict(state), (inputs,))

    def outputs(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> Tensor:
        """The model's outputs, one row per example."""
        result = self.carry.run(model, state, inputs, partial(self.forward, model))
        if not isinstance(result, Tensor):
            raise ObjectiveError(
                f"the model returned {type(result).__name__}, expected a tensor of outputs; give dictionaries for "
                "model(**batch).loss, or batch_loss=f with f(model, batch) returning the loss"
            )
        return result

    def names(self, model: nn.Module, state: Mapping[str, Tensor], split: Split) -> tuple[str, ...]:
        """The loss and the metrics; the accuracy follows the loss."""
        return (LOSS_NAME, *self.metrics)

    def rule(self, model: nn.Module, state: Mapping[str, Tensor], split: Split, name: str) -> Rule | None:
        """Found out on rows from all over the split, at the centre and at another point."""

        # ours is faster and knows no ignored label
        loss = functional.cross_entropy if self.is_cross_entropy else self.loss
        function = loss if name == LOSS_NAME else self.metrics[name]

        def value(point: Mapping[str, Tensor], batch: Batch, sign: int = 1) -> float:
            inputs, targets = batch
            return number_of(function(sign * full(self.outputs(model, point, inputs)), targets))

        values = values_near(value, state, split)
        if name != LOSS_NAME:  # a sum of errors is a mean where nothing is wrong
            values += values_near(partial(value, sign=-1), state, split)
        return find_rule(values, split, self.loss)

    def settle(self, model: nn.Module, state: Mapping[str, Tensor], split: Split, rules: Mapping[str, Rule]) -> Split:
        """The split with the loss and the metrics under their rules, and the share of right classes."""
        rule, split = rules[LOSS_NAME], replace(split, whole=_are_whole(rules))
        plain = functional.cross_entropy if self.is_cross_entropy and rule.kind != "mean" else self.loss
        metrics = {LOSS_NAME: rule.metric(plain, split), **self._accuracy(model, state, split, rule)}
        metrics |= {name: rules[name].metric(metric, split) for name, metric in self.metrics.items()}
        return replace(split, metrics=metrics)

    def _accuracy(self, model: nn.Module, state: Mapping[str, Tensor], split: Split, rule: Rule) -> dict[str, Metric]:
        """The accuracy by its name where it can be told."""
        outputs = partial(self.outputs, model, state)
        if self.is_cross_entropy:
            refuse_strange_labels(outputs, split, rule)
        whole_numbers = not split.head(1)[1].is_floating_point()
        accuracy = find_accuracy(outputs, split, rule) if self.accuracy or whole_numbers else None
        if accuracy is None and self.accuracy:
            raise InputError(
                f"outputs and targets of the {split.name} data do not say which answers are right: leave accuracy= out"
            )
        return {"accuracy": accuracy} if accuracy is not None and self.accuracy is not False else {}

    def weight(self, target: Tensor) -> Tensor:
        """1."""
        return torch.ones((), dtype=torch.float64, device=target.device)

    def num_outputs(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> int:
        """All but the first dimension of the outputs."""
        return self.outputs(model, state, inputs).numel() // len(inputs)


@dataclass(eq=False)
class _LossAsOutput:
    """A call whose output is the loss of a batch as a whole and whose targets are the weights of its examples."""

    name: str
    carry: Carry = field(default_factory=Carry, kw_only=True)

    has_outputs = False

    def num_outputs(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> int:
        """1: the outputs are not seen."""
        return 1

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The loss times the mean weight of the batch; nothing where nothing counts, whatever the model returned."""
        weight = targets.mean()
        return torch.where(weight > 0, outputs * weight, 0.0)


@dataclass(eq=False)
class ModelLoss(_LossAsOutput):
    """``model(**batch).loss`` on dictionaries of tensors, as Hugging Face models have it.

    Such a loss is a mean over what counts: examples, labels other than -100, or those behind the first position, which
    a causal language model predicts. Which one it is gets measured once, so that the mean over ragged batches is the
    mean over all tokens.
    """

    differentiates = False

    def pack(self, batch: Any) -> Batch:
        """The dictionary with weights of 1."""
        if not isinstance(batch, Mapping):
            raise InputError(f"each batch must be a dictionary like the first one, got {type(batch).__name__}")
        inputs = Inputs(dict(batch))
        if not inputs.aligned:
            shapes = {key: tuple(value.shape) for key, value in batch.items() if isinstance(value, Tensor)}
            raise InputError(
                "each batch must be a pair of tensors (x, y), or a dictionary of tensors of one first dimension; "
                f"got a dictionary of {shapes or 'no tensors'}"
            )
        return inputs, torch.ones(len(inputs))

    def forward(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> Any:
        """Whatever the model returns."""
        return functional_call(model, dict(state), (), dict(inputs.tree))

    def outputs(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> Tensor:
        """The model's own loss on the batch, a 0-d tensor."""
        result = self._result(model, state, inputs)
        loss = result.get("loss") if isinstance(result, Mapping) else getattr(result, "loss", None)
        if not isinstance(loss, Tensor) or loss.dim():
            raise ObjectiveError(
                f"model(**batch) returned {type(result).__name__} without a loss (a 0-d tensor under .loss); "
                "put labels into the batch, or pass batch_loss=f with f(model, batch) returning the loss"
            )
        return loss

    def num_outputs(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> int:
        """The logits of an example, all positions together; 1 where the model returns none."""
        logits = getattr(self._result(model, state, inputs), "logits", None)
        return logits.numel() // len(inputs) if isinstance(logits, Tensor) else 1

    def names(self, model: nn.Module, state: Mapping[str, Tensor], split: Split) -> tuple[str, ...]:
        """The loss alone."""
        return (LOSS_NAME,)

    def rule(self, model: nn.Module, state: Mapping[str, Tensor], split: Split, name: str) -> Rule | None:
        """A mean over examples, each with its weight."""
        return None

    def settle(self, model: nn.Module, state: Mapping[str, Tensor], split: Split, rules: Mapping[str, Rule]) -> Split:
        """The split with each example's share of what the loss counts, found out on the first batch."""
        if _are_whole(rules):
            return replace(split, metrics={LOSS_NAME: rules[LOSS_NAME].metric(entry_at(0, 1), split)}, whole=True)
        return replace(self._weigh(model, state, split), metrics={LOSS_NAME: self.loss})

    def _weigh(self, model: nn.Module, state: Mapping[str, Tensor], split: Split) -> Split:
        def loss_at(point: Mapping[str, Tensor], batch: Batch) -> float:
            return float(self.outputs(model, point, batch[0]))

        def value(inputs: Inputs) -> float:
            return precise_value(loss_at, state, (inputs, weights))

        first, weights = split.head(8)
        item = item_of(first, value)
        refuse_not_additive(first, item, value)
        self.name = f"{type(model).__name__}.loss per {item}"
        total = sum(float(item_counts(inputs, item).sum()) for inputs, _ in split.chunks(2**20))
        if not total:
            raise InputError(f"the {split.name} data hold no label that counts (all are {IGNORED_LABEL})")
        scale = split.num_examples / total
        return split.weigh(lambda inputs: item_counts(inputs, item) * scale)

    def weight(self, target: Tensor) -> Tensor:
        """The example's share of what the loss counts."""
        return target.double()

    def _result(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> Any:
        return self.carry.run(model, state, inputs, partial(self.forward, model))


@dataclass(eq=False)
class UserLoss(_LossAsOutput):
    """``batch_loss(model, batch)``: the mean over the batch's examples, (sum, count), or a dictionary of such losses.

    Args:
        function: the user's.
        key: of the loss in a dictionary; by default ``"loss"``, or else the first.
        entries: names of the losses, as the first batch has them.
    """

    function: BatchLoss
    key: str = ""
    entries: tuple[str, ...] = (LOSS_NAME,)

    differentiates = True

    def pack(self, batch: Any) -> Batch:
        """The batch as it is, with weights of 1; its size is the first dimension of its first tensor."""
        inputs = Inputs(batch)
        if not len(inputs):
            raise InputError(f"a batch for batch_loss must hold tensors of examples, got {type(batch).__name__}")
        return inputs, torch.ones(len(inputs))

    def forward(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> Any:
        """Whatever the user's function returns."""
        below = {f"model.{key}": tensor for key, tensor in state.items()}
        return functional_call(_Caller(model, self.function), below, (inputs.tree,))

    def outputs(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> Tensor:
        """The means, or the sums divided by the number of examples: (metrics,), or 0-d of a loss alone."""
        entries = self._entries(model, state, inputs)
        if tuple(entries) != self.entries:
            raise InputError(
                f"batch_loss returned {', '.join(entries)}, but {', '.join(self.entries)} on the first batch"
            )
        return stack_entries(entries, len(inputs))

    def names(self, model: nn.Module, state: Mapping[str, Tensor], split: Split) -> tuple[str, ...]:
        """What the function returns on the first batch."""
        self.entries = tuple(self._entries(model, state, split.batches[0][0]))
        return self.entries

    def rule(self, model: nn.Module, state: Mapping[str, Tensor], split: Split, name: str) -> Rule | None:
        """Found out on rows from all over the split, at the centre and at another point."""
        entry = self._entry(name)

        def value(point: Mapping[str, Tensor], batch: Batch) -> float:
            return number_of(entry(self.outputs(model, point, batch[0]), batch[1]))

        return find_rule(values_near(value, state, split), split, has_labels=False)

    def settle(self, model: nn.Module, state: Mapping[str, Tensor], split: Split, rules: Mapping[str, Rule]) -> Split:
        """The split with the losses under their rules; those with counts as the sum of all over the count of all."""
        split = replace(split, whole=_are_whole(rules))
        scales = self._scales(model, state, split)
        metrics = {
            name: scaled(self._entry(name), scales[name]) if name in scales else rule.metric(self._entry(name), split)
            for name, rule in rules.items()
        }
        return replace(split, metrics=metrics)

    def _entry(self, name: str) -> Metric:
        return entry_at(self.entries.index(name), len(self.entries))

    @torch.no_grad()
    def _scales(self, model: nn.Module, state: Mapping[str, Tensor], split: Split) -> dict[str, float]:
        """Examples per count of the losses that are returned with their counts."""
        first = self._entries(model, state, split.batches[0][0])
        totals = {name: 0.0 for name, entry in first.items() if isinstance(entry, tuple)}
        for inputs, _ in split.chunks(1024) if totals else ():
            entries = self._entries(model, state, inputs)
            for name in totals:
                totals[name] += torch.as_tensor(entries[name][1]).item()
        for total in totals.values():
            if not total > 0:
                raise InputError(f"batch_loss counted {total:g} over the {split.name} data, expected more than 0")
        return {name: split.num_examples / total for name, total in totals.items()}

    def weight(self, target: Tensor) -> Tensor:
        """1: how the sums of a user's loss vary with the counts is not seen."""
        return torch.ones((), dtype=torch.float64, device=target.device)

    def _entries(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Inputs) -> dict[str, Entry]:
        return name_entries(self.carry.run(model, state, inputs, partial(self.forward, model)), self.key)


class _Caller(nn.Module):
    """The user's callable with the user's model under it, so that its parameters can be exchanged for one call."""

    def __init__(self, model: nn.Module, function: BatchLoss) -> None:
        super().__init__()
        self.model, self.function = model, function

    def forward(self, batch: Any) -> Any:
        # a physics loss differentiates by its inputs, also where nobody asks for the parameters' gradient
        with torch.enable_grad():
            return self.function(self.model, batch)


def _are_whole(rules: Mapping[str, Rule]) -> bool:
    """Whether a batch is one unit, because any of its metrics does not follow from those of its parts."""
    return any(rule.kind == "whole" for rule in rules.values())


def as_pair(batch: Any) -> tuple[Tensor, Tensor]:
    """The batch, if it is a pair (x, y) of tensors of one length."""
    if not (isinstance(batch, Sequence) and len(batch) == 2 and all(isinstance(part, Tensor) for part in batch)):
        raise InputError(
            f"each batch must be a pair of tensors (x, y), got {type(batch).__name__}; for a loss of your own on any "
            "batch pass batch_loss=f with f(model, batch)"
        )
    inputs, targets = batch
    if len(inputs) != len(targets):
        raise InputError(f"a batch has {len(inputs)} inputs but {len(targets)} targets")
    return inputs, targets
