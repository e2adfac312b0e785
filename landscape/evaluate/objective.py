"""The objective: model, data and loss together; parameters in, per-point metrics out. The model is never touched."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.func import functional_call

from landscape.errors import InputError, ObjectiveError
from landscape.space import parameters as space
from landscape.space.parameters import Parameters
from landscape.train.losses import accuracy as share_right
from landscape.train.losses import cross_entropy, full, is_cross_entropy

Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
Metric: TypeAlias = Callable[[Tensor, Tensor], Tensor]
Batch: TypeAlias = tuple[Tensor, Tensor]

REFERENCE_CHUNK = 4096
MODE_MODULES = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)


@dataclass(frozen=True, eq=False)
class Split:
    """Examples that stay on the device: ``name`` prefixes the metrics measured on them.

    Args:
        name: ``"train"`` or ``"test"``.
        batches: pairs (inputs, targets) with a common first dimension; the last one may be smaller.
    """

    name: str
    batches: tuple[Batch, ...]

    @cached_property
    def num_examples(self) -> int:
        """N of this split."""
        return sum(len(targets) for _, targets in self.batches)

    def chunks(self, size: int) -> list[Batch]:
        """The same examples in the same order, at most ``size`` at a time."""
        return [
            (inputs[start : start + size], targets[start : start + size])
            for inputs, targets in self.batches
            for start in range(0, len(targets), size)
        ]


class Objective:
    """A model's loss and accuracy as functions of its parameters.

    Every metric is the mean over all examples, each counted once, also when the last batch is smaller. The model must
    be in evaluation mode: what dropout or train-mode BatchNorm return depends on more than the parameters.

    Args:
        model: any ``nn.Module`` that maps inputs to outputs. It is read, never changed.
        data: training examples: a pair ``(x, y)`` or an iterable of such batches (a ``DataLoader``), read once.
        loss: ``loss(outputs, y)``, the mean over the examples of a batch; cross-entropy gives nats per example.
        test: test examples, as ``data``; their metrics are named ``test_...``.
        accuracy: measure the share of right classes too (a tie of c classes counts 1 / c); by default when the targets
            are class indices.
        device: where points are evaluated; by default where the model is.
        dtype: in which precision; by default the model's own.
        name: what to call the model in files and pictures.
        network: the network in words.

    Raises:
        InputError: data that are not batches of two tensors, or empty.
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
        loss: Loss = cross_entropy,
        test: object = None,
        accuracy: bool | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        name: str = "",
        network: str = "",
    ) -> None:
        _refuse_train_mode(model)
        first = next(model.parameters(), None)
        if first is None:
            raise ObjectiveError("the model has no parameters: there is no landscape to look at")
        self.model = model
        self.device = torch.device(device if device is not None else first.device)
        self.dtype = dtype if dtype is not None else first.dtype
        self.loss = cross_entropy if is_cross_entropy(loss) else loss
        self.name = name or type(model).__name__
        self.network = network or type(model).__name__
        self.centre: Parameters = space.centre_of(model, device=self.device, dtype=self.dtype)
        self.buffers = {key: self._placed(value) for key, value in model.named_buffers()}
        self.splits = tuple(
            self._split(key, given) for key, given in (("train", data), ("test", test)) if given is not None
        )
        with_accuracy = _are_classes(self.splits[0]) if accuracy is None else accuracy
        self.metrics: dict[str, Metric] = {"loss": self.loss} | ({"accuracy": share_right} if with_accuracy else {})
        self._refuse_random()

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Names of the columns that an evaluation returns: ``train_loss``, ``train_accuracy``, ``test_loss``, ..."""
        return tuple(f"{split.name}_{metric}" for split in self.splits for metric in self.metrics)

    @property
    def P(self) -> int:  # noqa: N802
        """Number of parameters."""
        return space.count(self.centre)

    @property
    def N(self) -> int:  # noqa: N802
        """Number of training examples."""
        return self.splits[0].num_examples

    @cached_property
    def K(self) -> int:  # noqa: N802
        """Outputs per example."""
        inputs, targets = self.splits[0].batches[0]
        outputs = self.outputs(self.centre, inputs[:1])
        return outputs.numel() // max(1, len(targets[:1]))

    @property
    def batchnorm(self) -> str:
        """What BatchNorm statistics do at other points: ``"frozen"``, or ``"none"`` if there are none."""
        return "frozen" if any(isinstance(m, MODE_MODULES[0]) for m in self.model.modules()) else "none"

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        """Digests that tell two objectives apart: weights with buffers, data, loss, dtype, BatchNorm policy."""
        state = [*self.centre.items(), *self.buffers.items()]
        data = [
            (f"{split.name}.{index}.{part}", tensor)
            for split in self.splits
            for index, batch in enumerate(split.batches)
            for part, tensor in zip("xy", batch, strict=True)
        ]
        return {
            "weights": space.digest(state),
            "data": space.digest(data),
            "loss": getattr(self.loss, "__name__", type(self.loss).__name__),
            "dtype": str(self.dtype).removeprefix("torch."),
            "batchnorm": self.batchnorm,
        }

    def outputs(self, parameters: Parameters, inputs: Tensor) -> Tensor:
        """The model's outputs at one point; ``parameters`` may name only those that differ from the centre."""
        state = {**self.centre, **self.buffers, **parameters}
        result = functional_call(self.model, state, (inputs,))
        if not isinstance(result, Tensor):
            raise ObjectiveError(f"the model returned {type(result).__name__}, expected a tensor of outputs")
        return result

    def measure(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """All metrics of one batch at one point, means over its examples, shape (metrics,)."""
        outputs = full(outputs)
        return torch.stack([metric(outputs, targets).to(outputs.dtype) for metric in self.metrics.values()])

    def evaluate(self, points: Parameters) -> dict[str, Tensor]:
        """Metrics at stacked parameters, name -> (k,) float64, one point after another: the plain reference."""
        count = len(next(iter(points.values())))
        rows = torch.stack([self._metrics_at(space.select(points, index)) for index in range(count)])
        return dict(zip(self.metric_names, rows.unbind(1), strict=True))

    def at_centre(self) -> dict[str, float]:
        """The network's own metrics."""
        return dict(zip(self.metric_names, self._metrics_at({}).tolist(), strict=True))

    def with_dtype(self, dtype: torch.dtype) -> "Objective":
        """The same objective in another precision."""
        test = self.splits[1].batches if len(self.splits) > 1 else None
        return self._rebuilt(dtype, test=test, accuracy="accuracy" in self.metrics)

    def loss_only(self) -> "Objective":
        """The same objective with the training loss as its one metric: what a measure of the loss has to pay for."""
        return self._rebuilt(self.dtype, test=None, accuracy=False)

    def _rebuilt(self, dtype: torch.dtype, *, test: object, accuracy: bool) -> "Objective":
        return Objective(
            self.model,
            self.splits[0].batches,
            loss=self.loss,
            test=test,
            accuracy=accuracy,
            device=self.device,
            dtype=dtype,
            name=self.name,
            network=self.network,
        )

    @torch.no_grad()
    def _metrics_at(self, parameters: Parameters) -> Tensor:
        totals = [self._split_metrics(parameters, split) for split in self.splits]
        return torch.cat(totals)

    def _split_metrics(self, parameters: Parameters, split: Split) -> Tensor:
        total = torch.zeros(len(self.metrics), dtype=torch.float64, device=self.device)
        for inputs, targets in split.chunks(REFERENCE_CHUNK):
            total += self.measure(self.outputs(parameters, inputs), targets).double() * len(targets)
        return total / split.num_examples

    def _placed(self, tensor: Tensor) -> Tensor:
        dtype = self.dtype if tensor.is_floating_point() else tensor.dtype
        return tensor.detach().to(device=self.device, dtype=dtype)

    def _split(self, name: str, given: object) -> Split:
        batches = tuple((self._placed(x), self._placed(y)) for x, y in _batches(given))
        if not batches or not sum(len(targets) for _, targets in batches):
            raise InputError(f"the {name} data hold no examples")
        return Split(name, batches)

    def _refuse_random(self) -> None:
        first, second = self.at_centre(), self.at_centre()
        for name, value in first.items():
            if not math.isfinite(value):
                raise ObjectiveError(
                    f"{name} at the centre is {value}: check the data and the loss for values not finite"
                )
            if abs(value - second[name]) > 1e-6 * max(1.0, abs(value)):
                raise ObjectiveError(
                    f"{name} at the centre was {value:.9g} and then {second[name]:.9g}: the model or the loss draws "
                    "random numbers, so a landscape would show noise; make it deterministic first"
                )


def _batches(given: object) -> Iterable[Batch]:
    if isinstance(given, Sequence) and len(given) == 2 and all(isinstance(part, Tensor) for part in given):
        return [_pair(given)]
    if not isinstance(given, Iterable):
        raise InputError(f"data must be a pair (x, y) or an iterable of such batches, got {type(given).__name__}")
    return [_pair(batch) for batch in given]


def _pair(batch: Any) -> Batch:
    if not (isinstance(batch, Sequence) and len(batch) == 2 and all(isinstance(part, Tensor) for part in batch)):
        raise InputError(f"each batch must be a pair of tensors (x, y), got {type(batch).__name__}")
    inputs, targets = batch
    if len(inputs) != len(targets):
        raise InputError(f"a batch has {len(inputs)} inputs but {len(targets)} targets")
    return inputs, targets


def _are_classes(split: Split) -> bool:
    targets = split.batches[0][1]
    return targets.dim() == 1 and not targets.is_floating_point() and not targets.is_complex()


def _refuse_train_mode(model: nn.Module) -> None:
    for name, module in model.named_modules():
        if module.training and isinstance(module, MODE_MODULES):
            raise ObjectiveError(
                f"{type(module).__name__} {name!r} is in train mode, so the loss would depend on chance or on the "
                "batch; call model.eval() first"
            )
