"""The share of right answers, where outputs and targets say which answers are right."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor

from landscape.errors import InputError
from landscape.objective.batches import Metric, Split
from landscape.objective.rules import Rule
from landscape.train.losses import accuracy as share_right
from landscape.train.losses import right_shares

Outputs: TypeAlias = Callable[[Any], Tensor]

PROBE_EXAMPLES = 8


@torch.no_grad()
def find_accuracy(outputs: Outputs, split: Split, rule: Rule) -> Metric | None:
    """The share of right answers as a metric of a split; None where none can be told.

    Of several outputs per example the largest names the class. One output is a logit, right where its sign fits a
    target of 0 or 1, if it takes values that no probability has.

    Args:
        outputs: the model at the centre.
        split: the examples with their targets.
        rule: of the loss; what it ignores does not count here either.
    """
    inputs, targets = split.head(PROBE_EXAMPLES)
    sample = outputs(inputs)
    if len(sample) != len(targets) or targets.is_complex():
        return None
    if sample.dim() == 2 and sample.shape[1] > 1 and targets.dim() == 1 and not targets.is_floating_point():
        if next(_strange_labels(split, sample.shape[1], rule), None) is not None:
            return None
        plain = targets.dtype == torch.int64 and not rule.ignores()
        return share_right if plain else _counted(_right_classes, rule, split)
    single = sample.numel() == len(sample) and targets.numel() == len(targets)
    if single and _are_binary(split) and _are_logits(outputs, split):
        return _counted(_right_signs, rule, split)
    return None


@torch.no_grad()
def refuse_strange_labels(outputs: Outputs, split: Split, rule: Rule) -> None:
    """Refuse labels that name no output.

    Raises:
        InputError: names one.
    """
    inputs, targets = split.head(PROBE_EXAMPLES)
    if targets.is_floating_point():
        return
    shape = outputs(inputs).shape
    classes = shape[1] if len(shape) > 1 else 1
    label = next(_strange_labels(split, classes, rule), None)
    if label is not None:
        raise InputError(
            f"a target of the {split.name} data is {label}, but the model has outputs for the classes 0 to "
            f"{classes - 1}; give another loss= if the targets are no classes"
        )


def common_metrics(splits: Iterable[Split]) -> tuple[Split, ...]:
    """The splits with the metrics that all of them have."""
    splits = tuple(splits)
    names = [name for name in splits[0].metrics if all(name in split.metrics for split in splits)]
    return tuple(replace(split, metrics={name: split.metrics[name] for name in names}) for split in splits)


def _strange_labels(split: Split, num_outputs: int, rule: Rule) -> Iterator[int]:
    """Labels of the split that name no output and that the loss does not ignore."""
    for _, targets in split.batches:
        strange = targets[(targets < 0) | (targets >= num_outputs)].unique()
        if rule.ignores():
            strange = strange[rule.weights(strange) > 0]
        yield from strange.tolist()


def _are_binary(split: Split) -> bool:
    return all(bool(((targets == 0) | (targets == 1)).all()) for _, targets in split.batches)


def _are_logits(outputs: Outputs, split: Split) -> bool:
    """Whether some output is no probability: below 0 or above 1."""
    values = (outputs(inputs) for inputs, _ in split.chunks(1024))
    return any(bool(((value < 0) | (value > 1)).any()) for value in values)


def _counted(shares: Metric, rule: Rule, split: Split) -> Metric:
    """The mean of the shares over the examples that count."""
    if not rule.ignores():
        return partial(_mean, shares)
    counted = rule.counted()

    def mean(outputs: Tensor, targets: Tensor) -> Tensor:
        counts = counted.weights(targets) > 0
        right = shares(outputs, torch.where(counts, targets, 0))
        return torch.where(counts, right, 0.0).sum() / counts.sum().clamp_min(1)

    return counted.metric(mean, split)


def _mean(shares: Metric, outputs: Tensor, targets: Tensor) -> Tensor:
    return shares(outputs, targets).mean()


def _right_classes(outputs: Tensor, targets: Tensor) -> Tensor:
    return right_shares(outputs, targets.long())


def _right_signs(outputs: Tensor, targets: Tensor) -> Tensor:
    """1 for each example whose output has the sign of its target, 1/2 where the output is 0; shape (n,)."""
    signs = outputs.flatten().sign() * (2 * targets.flatten() - 1)
    return ((1 + signs) / 2).to(outputs.dtype)
