"""Three ways to get from a batch to a loss: outputs against targets, the model's own loss, a callable of the user's.

Each way packs a batch as (inputs, targets), calls a model with given parameters and buffers on the inputs, and turns
the outputs and targets into the mean over the batch's examples. Where examples weigh differently (sentences of
different length), the targets are the examples' weights, with mean 1 over a split: then the mean over batches, each
counted by its examples, is the exact mean over everything that counts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, Protocol, TypeAlias

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from landscape.errors import InputError, ObjectiveError
from landscape.objective.batches import Batch, Inputs, Metric, Split, place
from landscape.objective.rules import IGNORED_LABEL, Rule, Value, find_rule
from landscape.records.loss_scale import LossScale
from landscape.train.losses import accuracy as share_right
from landscape.train.losses import cross_entropy, full, is_cross_entropy, right_shares

Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
BatchLoss: TypeAlias = Callable[[Any, Any], Tensor | tuple[Tensor, Tensor | float]]
Item: TypeAlias = Literal["example", "token", "next token"]

ROOM = 2e-6  # many models compute their loss in float32 whatever their weights are
MOST_COPIED = 2**20  # numbers of a network of which two more copies cost nothing
EXPLICIT = "pass batch_loss=f with f(model, batch) returning (sum, count)"


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
    def is_log_likelihood(self) -> bool:
        """Whether the loss is counted in nats, so that 1 nat means something."""

    def pack(self, batch: Any) -> Batch:
        """The batch as (inputs, targets)."""

    def outputs(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> Tensor:
        """What the model makes of the inputs with these parameters and buffers."""

    def rule(self, model: nn.Module, state: Mapping[str, Tensor], split: Split) -> Rule | None:
        """How the losses of parts make the loss of the split; None where one example cannot tell."""

    def settle(self, model: nn.Module, state: Mapping[str, Tensor], split: Split, rule: Rule) -> Split:
        """The split with its metrics, and what its examples weigh in them."""

    def weight(self, target: Tensor) -> Tensor:
        """The weight of an example in the mean, a 0-d float64 tensor, from its target."""

    def num_outputs(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> int:
        """K, outputs per example."""


@dataclass(frozen=True, eq=False)
class OutputsAndTargets:
    """``loss(model(x), y)`` on pairs (x, y) of tensors, every example counted once."""

    loss: Loss
    with_accuracy: bool

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

    @property
    def is_log_likelihood(self) -> bool:
        """Whether its name says so."""
        return LossScale(self.name).is_log_likelihood

    def pack(self, batch: Any) -> Batch:
        """The pair itself."""
        return as_pair(batch)

    def outputs(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> Tensor:
        """The model's outputs, one row per example."""
        result = functional_call(model, dict(state), (inputs,))
        if not isinstance(result, Tensor):
            raise ObjectiveError(
                f"the model returned {type(result).__name__}, expected a tensor of outputs; give dictionaries for "
                "model(**batch).loss, or batch_loss=f with f(model, batch) returning the loss"
            )
        return result

    def rule(self, model: nn.Module, state: Mapping[str, Tensor], split: Split) -> Rule | None:
        """Found out on rows from all over the split, at the centre and at another point."""

        # ours is faster and knows no ignored label
        loss = functional.cross_entropy if self.is_cross_entropy else self.loss

        def value(point: Mapping[str, Tensor], batch: Batch) -> float:
            inputs, targets = batch
            return _number(loss(full(self.outputs(model, point, inputs)), targets))

        return find_rule(_values(value, state, split), split, self.loss)

    def settle(self, model: nn.Module, state: Mapping[str, Tensor], split: Split, rule: Rule) -> Split:
        """The split with the loss under its rule, and the share of right classes."""
        plain = functional.cross_entropy if self.is_cross_entropy and rule.kind != "mean" else self.loss
        metrics = {"loss": rule.metric(plain, split)}
        if self.with_accuracy:
            metrics["accuracy"] = _share_of_counted(rule.counted(), split) if rule.ignores() else share_right
        return replace(split, metrics=metrics, whole=rule.kind == "whole")

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
    is_log_likelihood = False

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

    def rule(self, model: nn.Module, state: Mapping[str, Tensor], split: Split) -> Rule | None:
        """A mean over examples, each with its weight."""
        return None

    def settle(self, model: nn.Module, state: Mapping[str, Tensor], split: Split, rule: Rule) -> Split:
        """The split with each example's share of what the loss counts, found out on the first batch."""
        if rule.kind == "whole":
            return replace(split, metrics={"loss": rule.metric(_itself, split)}, whole=True)
        return replace(self._weigh(model, state, split), metrics={"loss": self.loss})

    def _weigh(self, model: nn.Module, state: Mapping[str, Tensor], split: Split) -> Split:

        exact = {name: t.double() if t.is_floating_point() else t for name, t in state.items()}

        def value(inputs: Inputs) -> float:
            with torch.no_grad():
                return float(self.outputs(model, exact, place((inputs, weights), weights.device, torch.float64)[0]))

        first, weights = split.head(8)
        item = _item_of(first, value)
        _refuse_not_additive(first, item, value)
        self.name = f"{type(model).__name__}.loss per {item}"
        self.is_log_likelihood = item != "example" or self._classifies(model, exact, first)
        total = sum(float(_counts(inputs, item).sum()) for inputs, _ in split.chunks(2**20))
        if not total:
            raise InputError(f"the {split.name} data hold no label that counts (all are {IGNORED_LABEL})")
        scale = split.num_examples / total
        return split.weigh(lambda inputs: _counts(inputs, item) * scale)

    def _classifies(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Inputs) -> bool:
        """Whether the labels are classes: of one output, or of real labels, it is the square of an error."""
        labels = inputs.tree.get("labels")
        if not isinstance(labels, Tensor) or labels.is_floating_point():
            return False
        with torch.no_grad():
            inputs = place((inputs, labels), labels.device, torch.float64)[0]
            return self.num_outputs(model, state, inputs) > 1

    def weight(self, target: Tensor) -> Tensor:
        """The example's share of what the loss counts."""
        return target.double()

    def _result(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> Any:
        return functional_call(model, dict(state), (), dict(inputs.tree))


@dataclass(eq=False)
class UserLoss(_LossAsOutput):
    """``batch_loss(model, batch)``, the mean over the batch's examples or (sum, count) of what is averaged."""

    function: BatchLoss

    differentiates = True

    @property
    def is_log_likelihood(self) -> bool:
        """Whether its name says so."""
        return LossScale(self.name).is_log_likelihood

    def pack(self, batch: Any) -> Batch:
        """The batch as it is, with weights of 1; its size is the first dimension of its first tensor."""
        inputs = Inputs(batch)
        if not len(inputs):
            raise InputError(f"a batch for batch_loss must hold tensors of examples, got {type(batch).__name__}")
        return inputs, torch.ones(len(inputs))

    def outputs(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Any) -> Tensor:
        """The mean, or the sum divided by the number of examples, a 0-d tensor."""
        result = self._result(model, state, inputs)
        mean: Tensor = result[0] / len(inputs) if isinstance(result, tuple) else result
        return mean

    def rule(self, model: nn.Module, state: Mapping[str, Tensor], split: Split) -> Rule | None:
        """Found out on rows from all over the split, at the centre and at another point."""

        def value(point: Mapping[str, Tensor], batch: Batch) -> float:
            return _number(self.outputs(model, point, batch[0]))

        return find_rule(_values(value, state, split), split, has_labels=False)

    def settle(self, model: nn.Module, state: Mapping[str, Tensor], split: Split, rule: Rule) -> Split:
        """The split with the loss under its rule; with weights N / count, if counts are returned."""
        whole = rule.kind == "whole"
        if isinstance(self._result(model, state, split.head(2)[0] if not whole else split.batches[0][0]), tuple):
            return replace(self._weigh(model, state, replace(split, whole=whole)), metrics={"loss": self.loss})
        return replace(split, metrics={"loss": rule.metric(_itself, split)}, whole=whole)

    def _weigh(self, model: nn.Module, state: Mapping[str, Tensor], split: Split) -> Split:
        with torch.no_grad():
            pairs = (self._result(model, state, inputs) for inputs, _ in split.chunks(1024))
            total = sum(torch.as_tensor(pair[1]).item() for pair in pairs)
        if not total > 0:
            raise InputError(f"batch_loss counted {total} over the {split.name} data, expected more than 0")
        device, weight = split.head(1)[1].device, split.num_examples / total
        return split.weigh(lambda inputs: torch.full((len(inputs),), weight, dtype=torch.float64, device=device))

    def weight(self, target: Tensor) -> Tensor:
        """1: how the sums of a user's loss vary with the counts is not seen."""
        return torch.ones((), dtype=torch.float64, device=target.device)

    def _result(self, model: nn.Module, state: Mapping[str, Tensor], inputs: Inputs) -> Any:
        below = {f"model.{key}": tensor for key, tensor in state.items()}
        result = functional_call(_Caller(model, self.function), below, (inputs.tree,))
        is_pair = isinstance(result, tuple) and len(result) == 2
        value = result[0] if is_pair else result
        if not isinstance(value, Tensor) or value.dim():
            kind = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
            raise InputError(f"batch_loss must return a 0-d tensor (the mean) or (sum, count), got {kind}")
        return result


class _Caller(nn.Module):
    """The user's callable with the user's model under it, so that its parameters can be exchanged for one call."""

    def __init__(self, model: nn.Module, function: BatchLoss) -> None:
        super().__init__()
        self.model, self.function = model, function

    def forward(self, batch: Any) -> Any:
        # a physics loss differentiates by its inputs, also where nobody asks for the parameters' gradient
        with torch.enable_grad():
            return self.function(self.model, batch)


def _share_of_counted(rule: Rule, split: Split) -> Metric:
    """The share of right classes among the examples whose labels count."""

    def share(outputs: Tensor, targets: Tensor) -> Tensor:
        counts = rule.weights(targets) > 0
        right = right_shares(outputs, torch.where(counts, targets, 0))
        return torch.where(counts, right, 0.0).sum() / counts.sum().clamp_min(1)

    return rule.metric(share, split)


def _itself(outputs: Tensor, targets: Tensor) -> Tensor:
    """The loss of a batch where it is the output."""
    return outputs


def _number(loss: Tensor) -> float:
    if not isinstance(loss, Tensor) or loss.numel() != 1:
        kind = f"shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
        raise InputError(f"the loss of a batch must be one number, a mean over its examples; got {kind}")
    return float(loss)


def _values(
    value: Callable[[Mapping[str, Tensor], Batch], float], state: Mapping[str, Tensor], split: Split
) -> list[Value]:
    """The loss of a batch at the centre and at another point, in float64 where the model can.

    Of a network too large to be copied, at the centre in its own precision alone.
    """
    if sum(tensor.numel() for tensor in state.values()) > MOST_COPIED:
        return [torch.no_grad()(partial(value, state))]
    generator = torch.Generator().manual_seed(0)
    return [partial(_precise, value, point) for point in (state, {n: _moved(t, generator) for n, t in state.items()})]


def _moved(tensor: Tensor, generator: torch.Generator) -> Tensor:
    if not tensor.is_floating_point():
        return tensor
    noise = torch.randn(tensor.shape, generator=generator, dtype=torch.float64).to(tensor.device)
    return (tensor * (1 + 0.3 * noise) + 0.03 * noise).to(tensor.dtype)


@torch.no_grad()
def _precise(value: Callable[[Mapping[str, Tensor], Batch], float], state: Mapping[str, Tensor], batch: Batch) -> float:
    exact = {name: t.double() if t.is_floating_point() else t for name, t in state.items()}
    try:
        return value(exact, place(batch, batch[1].device, torch.float64))
    except InputError:
        raise
    except Exception:  # code that keeps float32 tensors of its own
        return value(state, batch)


@dataclass(frozen=True)
class LossOptions:
    """The arguments of `Objective` that say how the loss of a batch is computed."""

    loss: Loss | None = None
    batch_loss: BatchLoss | None = None
    accuracy: bool | None = None
    whole_batches: bool = False


def choose_call(model: nn.Module, first: Any, options: LossOptions) -> Call:
    """The way that fits the first batch.

    Raises:
        InputError: arguments that contradict each other or the data, or a loss that has to be named.
    """
    if options.batch_loss is not None:
        _refuse_both("batch_loss", options)
        return UserLoss(getattr(options.batch_loss, "__name__", type(options.batch_loss).__name__), options.batch_loss)
    if isinstance(first, Mapping):
        _refuse_both("dictionaries, which stand for model(**batch).loss,", options)
        return ModelLoss(f"{type(model).__name__}.loss")
    loss, targets = options.loss, as_pair(first)[1]
    classes = targets.dim() == 1 and not targets.is_floating_point() and not targets.is_complex()
    if loss is None and (targets.is_floating_point() or targets.is_complex()):
        raise InputError("the targets are real numbers, no classes: say which loss=, such as nn.functional.mse_loss")
    function = cross_entropy if loss is None or is_cross_entropy(loss) else loss
    return OutputsAndTargets(function, classes if options.accuracy is None else options.accuracy)


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


def _refuse_both(kind: str, options: LossOptions) -> None:
    if options.loss is not None or options.accuracy:
        second = "loss" if options.loss is not None else "accuracy"
        raise InputError(f"{second}= needs outputs and targets, pairs (x, y), and does not go with {kind} leave it out")


def _counts(inputs: Inputs, item: Item) -> Tensor:
    """How much of each example the loss counts, shape (n,)."""
    labels: Tensor = inputs.tree.get("labels")
    if item == "example":
        first = next(tensor for tensor in inputs.tree.values() if isinstance(tensor, Tensor) and tensor.dim())
        return torch.ones(len(inputs), dtype=torch.float64, device=first.device)
    labels = labels[:, 1:] if item == "next token" else labels
    return (labels != IGNORED_LABEL).sum(1).double()


def _item_of(first: Inputs, value: Callable[[Inputs], float]) -> Item:
    """What the loss is a mean over, from its values on two examples with 2 and 4 labels, alone and together.

    Together it is ``w a + (1 - w) b`` with w = 1/2 if examples count, 1/3 if labels do, 1/4 if next tokens do.
    """
    labels = first.tree.get("labels")
    if not isinstance(labels, Tensor) or labels.dim() < 2 or labels.is_floating_point():
        return "example"
    if labels.dim() > 2 or labels.shape[1] < 4:
        raise InputError(
            f"labels of shape {tuple(labels.shape)}: what the loss is a mean over is not clear; {EXPLICIT}"
        )
    pair = first[torch.arange(2, device=labels.device) % len(first)]
    for label in (0, 1):
        probe = torch.full_like(pair.tree["labels"], IGNORED_LABEL)
        probe[0, :2], probe[1, :4] = label, label
        inputs = Inputs({**pair.tree, "labels": probe})
        first_alone, second_alone, together = value(inputs[:1]), value(inputs[1:]), value(inputs)
        weights: dict[Item, float] = {"example": 1 / 2, "token": 1 / 3, "next token": 1 / 4}
        room = ROOM * max(1.0, abs(together))
        fits = [name for name, w in weights.items() if abs(w * first_alone + (1 - w) * second_alone - together) <= room]
        if len(fits) == 1:
            return fits[0]
    raise InputError(f"what the model's loss is a mean over, examples or labels, could not be found out; {EXPLICIT}")


def _refuse_not_additive(batch: Inputs, item: Item, value: Callable[[Inputs], float]) -> None:
    """A loss that is no mean over its examples (a balancing term, a contrast within the batch) has no mean over all."""
    if len(batch) < 2:
        return
    half = len(batch) // 2
    parts = [part for part in (batch[:half], batch[half:]) if bool(_counts(part, item).sum() > 0)]
    weights = [float(_counts(part, item).sum()) for part in parts]
    together = value(batch)
    apart = sum(w * value(part) for w, part in zip(weights, parts, strict=True)) / sum(weights)
    if not abs(together - apart) <= ROOM * max(1.0, abs(together)):
        raise ObjectiveError(
            f"the model's loss on {len(batch)} examples is {together:.6g}, but {apart:.6g} as the mean of two halves: "
            f"it is no mean over {item}s, so batches cannot be put together; {EXPLICIT}"
        )
