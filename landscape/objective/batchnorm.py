"""What BatchNorm statistics do at other points: stay as the model has them, or follow the parameters."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias, get_args

import torch
from torch import Tensor, nn

from landscape.errors import InputError, ObjectiveError
from landscape.objective.batches import Split

BatchNorm: TypeAlias = Literal["frozen", "reestimate"]
Outputs: TypeAlias = Callable[[nn.Module, Mapping[str, Tensor], Any], Tensor]

POLICIES = get_args(BatchNorm)
BATCH = 1024

NORM = nn.modules.batchnorm._BatchNorm


def policy_of(model: nn.Module, policy: str) -> str:
    """The policy that applies: ``"none"`` for a model without BatchNorm, else the one asked for.

    Raises:
        InputError: an unknown policy.
        ObjectiveError: BatchNorm that keeps no statistics and so depends on what else is in the batch.
    """
    if policy not in POLICIES:
        raise InputError(f"unknown BatchNorm policy {policy!r}; expected {' or '.join(POLICIES)}")
    names = [name for name, module in model.named_modules() if isinstance(module, NORM)]
    for name in names:
        if model.get_submodule(name).running_mean is None:
            raise ObjectiveError(
                f"BatchNorm {name!r} keeps no running statistics (track_running_stats=False), so the loss would depend "
                "on how examples are batched; train it with statistics, or use another normalization"
            )
    return policy if names else "none"


class Reestimate:
    """BatchNorm statistics as functions of the parameters.

    At each point they become the mean and the unbiased variance of what every layer sees on the training inputs in
    train mode, as in ``torch.optim.swa_utils.update_bn`` with ``momentum=None`` (Izmailov et al. 2018, arXiv
    1803.05407, section 3.2), but every example counts once. Up to 1,024 examples are one batch: the exact statistics of
    the training set. More are cut into batches of nearly one size and the statistics averaged by their examples. No
    random number is drawn, and the batches of the data do not matter.
    """

    def __init__(self, model: nn.Module, outputs: Outputs, split: Split) -> None:
        if not isinstance(split.batches, tuple):
            raise InputError(
                "batchnorm='reestimate' needs the training data on the device; leave stream=True out, and take a "
                "subset (num_examples=) where they do not fit"
            )
        self.outputs = outputs
        self.model = model
        self.buffers = {name for name, _ in model.named_buffers()}
        norms = [name for name, module in model.named_modules() if isinstance(module, NORM)]
        self.norms = [model.get_submodule(name) for name in norms]
        self.names = [f"{name}.{kind}".lstrip(".") for name in norms for kind in ("running_mean", "running_var")]
        self.chunks = _even([inputs for inputs, _ in split.batches])
        self.num_examples = split.num_examples

    @torch.no_grad()
    def __call__(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The statistics at the parameters in ``state``, by the names of their buffers."""
        total = {name: torch.zeros_like(state[name], dtype=torch.float64) for name in self.names}
        for inputs in self.chunks:
            # train mode writes into its buffers
            point = {name: tensor.clone() if name in self.buffers else tensor for name, tensor in state.items()}
            with _train_mode(self.norms):
                self.outputs(self.model, point, inputs)
            for name, sums in total.items():
                sums += point[name].double() * (len(inputs) / self.num_examples)
        return {name: sums.to(state[name].dtype) for name, sums in total.items()}


@contextmanager
def _train_mode(norms: Sequence[nn.Module]) -> Iterator[None]:
    """While this holds, the layers take the statistics of the batch and keep them, whatever they are set to."""
    before = [(module, module.training, module.momentum) for module in norms]
    try:
        for module in norms:
            module.training, module.momentum = True, 1.0  # type: ignore[assignment]
        yield
    finally:
        for module, training, momentum in before:
            module.training, module.momentum = training, momentum


def _even(parts: list[Any]) -> Sequence[Any]:
    """The inputs of all examples in batches of nearly one size, at most `BATCH`, where they can be put together."""
    if not all(isinstance(part, Tensor) and part.shape[1:] == parts[0].shape[1:] for part in parts):
        return parts
    whole = torch.cat(parts)
    return whole.tensor_split(-(-len(whole) // BATCH))
