"""The objective: model, data and loss together; parameters in, per-point metrics out. The model is never touched."""

import copy
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from landscape.errors import InputError
from landscape.objective.accuracy import common_metrics
from landscape.objective.batches import Batch, Metric, Split, convert, digest_of
from landscape.objective.batchnorm import BatchNorm, Reestimate, policy_of
from landscape.objective.calls import BatchLoss, Call, Loss
from landscape.objective.carry import MOST_COPIED, Carry, find_carry, refuse_random, refuse_writing_loss, unchanging
from landscape.objective.choice import LossOptions, choose_call, choose_rules
from landscape.objective.data import Reader, batches_of, by_name, peek
from landscape.objective.estimate import spread
from landscape.objective.guess import scale_of
from landscape.objective.named import refuse_names
from landscape.objective.state import Selection, first_parameter, precision_name, precision_of, read_state
from landscape.records.base import Regime
from landscape.records.loss_scale import SUMMED, LossScale
from landscape.space import parameters as space
from landscape.space.parameters import Parameters
from landscape.train.regime import regime
from landscape.train.wrappers import bare_module

Term: TypeAlias = Callable[[Parameters], Tensor]

REFERENCE_CHUNK = 4096


class Origin:
    """What an objective and all copies made of it have in common: the key of facts about its network."""


class Objective:
    """A model's loss and accuracy as functions of its parameters.

    The data choose how the model is called: pairs ``(x, y)`` of tensors by ``loss(model(x), y)``; dictionaries by
    ``model(**batch).loss``; anything else by ``batch_loss(model, batch)``. Every metric is the mean over all examples,
    each counted once, also when the last batch is smaller; the own loss of a language model is the mean over all labels
    that it counts (those other than -100), not the mean of sentences' or batches' means. The model must be in
    evaluation mode: what dropout or train-mode BatchNorm return depends on more than the parameters.

    All parameters span the landscape, also those that do not require gradients: freezing says how a model is trained,
    not what its loss depends on. Tied parameters count once and move together.

    Attributes:
        fixed_inputs: whether inputs are tensors that stay on the device and the buffers stay: what precomputed parts
            rest on.
        origin: identifies this objective and all copies made of it.
        centre: the parameters that span the landscape, by name.
        buffers: what stays at every point, by name: buffers, and parameters that do not span the landscape.
        splits: the examples, ``"train"`` first.
        dtype: the precision, the coarsest of several.

    Args:
        model: any ``nn.Module``; of a data-parallel, averaged or compiled one the network inside. It is read, never
            changed.
        data: training examples: one batch, or an iterable of batches (a ``DataLoader``), read once and kept on the
            device.
        loss: ``loss(outputs, y)``, the mean over the examples of a batch; by default cross-entropy in nats per example
            where the targets are classes. With ``batch_loss``, the key of the loss in the dictionary that it returns.
        batch_loss: ``batch_loss(model, batch)`` for any batch (a tuple, tensor or dictionary is one batch, anything
            else is iterated): the mean over the batch's examples (the first dimension of its first tensor), or
            ``(sum, count)`` of what shall be averaged; the count must not depend on the parameters. Or a dictionary of
            such losses, ``{"loss": ..., "pde": ..., "boundary": ...}``: the entry ``"loss"``, or else the first, is the
            training loss, and all are metrics by their names, ``train_pde``.
        test: test examples, as ``data``; their metrics are named ``test_...``.
        extra: further examples by name, such as augmented ones: ``extra={"blurred": data}`` gives ``blurred_loss``.
        terms: functions of the parameters alone, by name, each stored as its own metric and never added to the loss:
            ``terms={"l2": lambda p: sum(t.square().sum() for t in p.values())}``.
        metrics: further metrics of outputs and targets by name, ``metrics={"top5": f}`` with ``f(outputs, y)`` the mean
            over the examples of a batch, or a value for each of them: stored as ``train_top5``.
        accuracy: measure the share of right answers too; by default where the targets are class indices (a tie of c
            classes counts 1 / c), or 0 and 1 for a model with one output that is a logit (right by its sign).
        whole_batches: take each batch as one unit that is never cut, and the mean over batches; by itself where the
            loss of a batch does not follow from those of its parts (a contrast within the batch, a graph).
        batchnorm: ``"frozen"`` keeps the statistics of the model at every point; ``"reestimate"`` makes them those of
            the training data at each point (see `Reestimate`), for points far from the model and between two models,
            where the statistics of neither hold (Jordan et al. 2022, arXiv 2211.08403; Garipov et al. 2018, arXiv
            1802.10026).
        parameters: ``"trainable"`` keeps parameters that do not require gradients at the centre, as in a network
            with adapters.
        num_examples: evaluate on a fixed subset of so many examples of each split, drawn by ``seed``.
        seed: of the subset.
        stream: read the data again for every block of points instead of keeping them, batch by batch; they must come
            in the same order every time.
        device: where points are evaluated; by default where the model is.
        dtype: in which precision; by default the model's own, of several each tensor in its own (float32 adapters over
            a bfloat16 network), and the data as they are.
        name: what to call the model in files and pictures.
        network: the network in words.

    Raises:
        InputError: a ``ScriptModule``; data that are no such batches, or empty, or do not come twice in the same order
            when streamed.
        ObjectiveError: train mode with dropout or BatchNorm, weights that are not finite, a loss at the centre that is
            not finite or differs between two passes.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(1, 1, bias=False).double()
        >>> x = torch.ones(3, 1, dtype=torch.float64)
        >>> objective = Objective(model, (x, x), loss=torch.nn.functional.mse_loss)
        >>> weight = torch.full((1, 1, 1), 3.0, dtype=torch.float64)
        >>> objective.evaluate({"weight": weight})["train_loss"].item()
        4.0
    """

    def __init__(
        self,
        model: nn.Module,
        data: object,
        *,
        loss: Loss | str | None = None,
        batch_loss: BatchLoss | None = None,
        test: object = None,
        extra: Mapping[str, object] | None = None,
        terms: Mapping[str, Term] | None = None,
        metrics: Mapping[str, Metric] | None = None,
        accuracy: bool | None = None,
        whole_batches: bool = False,
        batchnorm: BatchNorm = "frozen",
        parameters: Selection = "all",
        num_examples: int | None = None,
        seed: int = 0,
        stream: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        name: str = "",
        network: str = "",
    ) -> None:
        model = bare_module(model)
        first = first_parameter(model)
        self.model, self.origin, self.terms = model, Origin(), dict(terms or {})
        self.device = torch.device(device if device is not None else first.device)
        self.dtype, of_data = precision_of(model, dtype)
        self.name, self.network = name or type(model).__name__, network or type(model).__name__
        self.batchnorm = policy_of(model, batchnorm)
        self.centre, self.buffers = read_state(model, parameters, device=self.device, dtype=dtype)
        reader = Reader(self.device, of_data, num_examples, seed, stream)
        options = LossOptions(loss, batch_loss, accuracy, whole_batches, metrics or {})
        with unchanging(loss if batch_loss is None else batch_loss):
            self._read(by_name(data, test, extra or {}), reader, options)
        self._reestimate: Reestimate | None = None
        if self.batchnorm == "reestimate":
            self._reestimate = Reestimate(model, self.call.outputs, self.splits[0])
            self.buffers = {**self.buffers, **self._reestimate({**self.centre, **self.buffers})}
        refuse_random(self.at_centre, self._call_elsewhere, self.carry)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Names of the columns that an evaluation returns: ``train_loss``, ``train_accuracy``, ..., then the terms."""
        per_split = (f"{split.name}_{metric}" for split in self.splits for metric in self.metrics)
        return (*per_split, *self.terms)

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """The metrics of a batch of training examples by name, as functions of (outputs, targets)."""
        return self.splits[0].metrics

    @property
    def loss(self) -> Metric:
        """The loss of a batch of training examples; the mean over batches, by their examples, is the training loss."""
        return self.metrics["loss"]

    @property
    def P(self) -> int:  # noqa: N802
        """Number of parameters."""
        return space.count(self.centre)

    @property
    def N(self) -> int:  # noqa: N802
        """Number of training examples that are evaluated."""
        return self.splits[0].num_examples

    @property
    def drawn_from(self) -> int:
        """How many training examples the evaluated ones were drawn from; 0 if all are evaluated."""
        return self.splits[0].drawn_from

    @property
    def regime(self) -> Regime:
        """How P compares with the constraints N * K of all the training examples."""
        return regime(self.P, self.drawn_from or self.N, self.K)

    @cached_property
    def K(self) -> int:  # noqa: N802
        """Outputs per example; 1 where ``batch_loss`` keeps them to itself."""
        inputs, _ = self.splits[0].head(1)
        with torch.no_grad():
            return self.call.num_outputs(self.model, {**self.centre, **self.buffers}, inputs)

    @property
    def has_outputs(self) -> bool:
        """Whether outputs are told from the loss: what a Jacobian or a Gauss-Newton matrix rests on."""
        return self.call.has_outputs

    @property
    def fixed_inputs(self) -> bool:
        """Whether pairs (x, y) stay in memory and what the model makes of an example depends on the point alone."""
        return not self.streamed and self.has_outputs and self._reestimate is None and not self.carry.tensors

    @property
    def carry(self) -> Carry:
        """What a call of the model would change for the next one, so that each call gets a copy of it."""
        return self.call.carry

    @property
    def differentiates(self) -> bool:
        """Whether the loss may call autograd by itself, so that ``torch.func`` cannot go through it; autograd can."""
        return self.call.differentiates

    @property
    def streamed(self) -> bool:
        """Whether the data are read again on every pass."""
        return not all(isinstance(split.batches, tuple) for split in self.splits)

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        """Digests that tell two objectives apart: weights with buffers, data, loss, dtype, BatchNorm policy."""
        state = [*self.centre.items(), *self.buffers.items()]
        return {
            "weights": space.digest(state),
            "data": digest_of(self.splits),
            "loss": self.loss_name,
            "dtype": precision_name(self.model, dict(state)),
            "batchnorm": self.batchnorm,
        }

    @property
    def loss_name(self) -> str:
        """The name of the loss, and whether it adds up over the examples instead of taking their mean."""
        return self.call.name + (SUMMED if self.sums else "")

    @cached_property
    def scale(self) -> LossScale:
        """The unit of the training loss and the rise that is high for it."""
        return scale_of(self)

    @cached_property
    def standard_error(self) -> float:
        """Standard error of the training loss at the centre as an estimate for all examples; 0 if all are evaluated.

        ``s / sqrt(n) * sqrt(1 - n / N)`` with s the standard deviation of the loss over the n examples drawn from N
        without replacement. Where examples weigh differently (tokens), s is that of the weighted residuals, the usual
        estimate for a ratio of means; where ``batch_loss`` returns (sum, count), that of the sums, which is too large
        if the counts vary. The examples are evaluated one at a time.
        """
        n, total = self.N, self.drawn_from
        return spread(*self._losses()) / math.sqrt(n) * math.sqrt(1 - n / total) if total else 0.0

    def outputs(self, parameters: Parameters, inputs: Any) -> Tensor:
        """The model's outputs at one point; ``parameters`` may name only those that differ from the centre."""
        return self.call.outputs(self.model, {**self.centre, **self.buffers, **parameters}, inputs)

    def loss_share(self, parameters: Parameters, batch: Batch) -> Tensor:
        """What a batch of training examples adds to the mean training loss at one point, a 0-d differentiable tensor.

        The sum over all batches (``splits[0].chunks(size)``) is the training loss, of whatever kind, without the terms.
        """
        inputs, targets = batch
        return self.loss(self.outputs(parameters, inputs), targets) * (len(targets) / self.N)

    def settled(self, points: Parameters) -> Parameters:
        """Stacked parameters with the BatchNorm statistics that belong to them, where those are re-estimated."""
        if self._reestimate is None:
            return points
        state = {**self.centre, **self.buffers}
        count = len(next(iter(points.values())))
        rows = [self._reestimate({**state, **space.select(points, index)}) for index in range(count)]
        return {**points, **{name: torch.stack([row[name] for row in rows]) for name in rows[0]}}

    def evaluate(self, points: Parameters) -> dict[str, Tensor]:
        """Metrics at stacked parameters, name -> (k,) float64, one point after another: the plain reference."""
        points = self.settled(points)
        count = len(next(iter(points.values())))
        rows = torch.stack([self._metrics_at(space.select(points, index)) for index in range(count)])
        return dict(zip(self.metric_names, rows.unbind(1), strict=True))

    def at_centre(self) -> dict[str, float]:
        """The network's own metrics."""
        return dict(zip(self.metric_names, self._metrics_at({}).tolist(), strict=True))

    @torch.no_grad()
    def terms_at(self, points: Parameters) -> Tensor:
        """The terms at stacked parameters, (k, terms) float64."""
        count = len(next(iter(points.values())))
        return torch.stack([self._terms(space.select(points, index)) for index in range(count)])

    def with_dtype(self, dtype: torch.dtype) -> "Objective":
        """The same objective in another precision."""
        splits = tuple(split.to(self.device, dtype) for split in self.splits)
        return self._copy(
            dtype=dtype,
            centre=space.convert(self.centre, device=self.device, dtype=dtype),
            buffers={name: convert(tensor, self.device, dtype) for name, tensor in self.buffers.items()},
            splits=splits,
            _reestimate=self._reestimate and Reestimate(self.model, self.call.outputs, splits[0]),
        )

    def with_code(self, model: nn.Module, call: Call, splits: tuple[Split, ...]) -> "Objective":
        """The same objective of a copy of the model, called and measured in another way."""
        return self._copy(model=model, call=call, splits=splits)

    def loss_only(self) -> "Objective":
        """The same objective with the training loss as its one metric: what a measure of the loss has to pay for."""
        return self._copy(splits=(replace(self.splits[0], metrics={"loss": self.loss}),), terms={})

    def without_terms(self) -> "Objective":
        """The same objective with only the metrics that are measured on examples."""
        return self._copy(terms={}) if self.terms else self

    def on_first_examples(self, count: int) -> "Objective":
        """The same objective on the first ``count`` examples of each split, or as many as its first batch holds."""
        return self._copy(splits=tuple(split.first(count) for split in self.splits))

    def twin(self) -> "Objective":
        """The same objective with a model of its own, which shares all tensors with the user's."""
        tensors = (*self.model.parameters(), *self.model.buffers())
        return self._copy(model=copy.deepcopy(self.model, {id(tensor): tensor for tensor in tensors}))

    def _copy(self, **changes: object) -> "Objective":
        """A copy with some attributes changed, which has yet to work out what depends on them."""
        objective = copy.copy(self)
        for name in ("K", "fingerprint", "scale", "standard_error"):
            objective.__dict__.pop(name, None)
        objective.__dict__.update(changes)
        return objective

    @torch.no_grad()
    def _metrics_at(self, parameters: Parameters) -> Tensor:
        totals = [self._split_metrics(parameters, split) for split in self.splits]
        return torch.cat([*totals, self._terms(parameters)])

    def _split_metrics(self, parameters: Parameters, split: Split) -> Tensor:
        total = torch.zeros(len(split.metrics), dtype=torch.float64, device=self.device)
        for inputs, targets in split.chunks(REFERENCE_CHUNK):
            total += split.measure(self.outputs(parameters, inputs), targets).double() * len(targets)
        return total / split.num_examples

    def _terms(self, parameters: Parameters) -> Tensor:
        point = {name: parameters.get(name, tensor) for name, tensor in self.centre.items()}
        values = [torch.as_tensor(term(point), device=self.device) for term in self.terms.values()]
        for name, value in zip(self.terms, values, strict=True):
            if value.dim():
                raise InputError(f"the term {name!r} must return one number, got shape {tuple(value.shape)}")
        return torch.stack([v.double() for v in values]) if values else torch.zeros(0, device=self.device).double()

    @torch.no_grad()
    def _losses(self) -> tuple[Tensor, Tensor]:
        """Loss and weight of every training example at the centre, (n,) each."""
        losses, weights = [], []
        for inputs, targets in self.splits[0].chunks(REFERENCE_CHUNK):
            outputs = self.outputs({}, inputs) if self.has_outputs else None
            for k in range(len(targets)):
                row = slice(k, k + 1)
                output = outputs[row] if outputs is not None else self.outputs({}, inputs[row])
                losses.append(self.loss(output, targets[row]).double())
                weights.append(self.call.weight(targets[k]))
        return torch.stack(losses), torch.stack(weights)

    def _read(self, data: Mapping[str, object], reader: Reader, options: LossOptions) -> None:
        """Read the data, and settle how the model is called on them and what is measured."""
        batches = {name: batches_of(value, any_kind=options.batch_loss is not None) for name, value in data.items()}
        first, batches["train"] = peek(batches["train"], again=reader.again)
        self.call = choose_call(self.model, first, options)
        splits = [reader.split(name, value, self.call.pack) for name, value in batches.items()]
        state = {**self.centre, **self.buffers}
        carry = find_carry(self.model, state, splits[0], partial(self.call.forward, self.model))
        self.call = replace(self.call, carry=carry)  # type: ignore[type-var]
        rules = choose_rules(self.call, self.model, state, splits, whole_batches=options.whole_batches)
        self.sums = rules["loss"].kind == "sum"
        if any(rule.kind == "whole" for rule in rules.values()) and reader.num_examples is not None:
            raise InputError(
                "the loss of a batch does not follow from those of its examples, so batches cannot be cut and no "
                "subset can be drawn: leave num_examples out, or give fewer batches"
            )
        self.splits = common_metrics(self.call.settle(self.model, state, split, rules) for split in splits)
        refuse_names(self.metric_names)
        if self.has_outputs:
            refuse_writing_loss(self.splits[0], partial(self.call.outputs, self.model, state))

    @torch.no_grad()
    def _call_elsewhere(self) -> None:
        """Call the model at another point on a few examples: what it would remember of it shows at the next one."""
        # of a large network one tensor moves, for it may barely fit
        names = list(self.centre)[: None if self.P <= MOST_COPIED else 1]
        point = {name: self.centre[name] * 1.1 + 0.01 for name in names}
        with suppress(Exception):  # there, a model may fail as it likes
            self.outputs(point, self.splits[0].head(1)[0])
