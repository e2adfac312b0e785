"""Landscapes over the input: the loss of one example and its margin around it, the network standing still.

The example is the one parameter of a module around the network, whose parameters are its buffers. So the sampler, the
strategies, records, files and pictures serve as they are.
"""

from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.func import functional_call

from landscape.errors import InputError, ObjectiveError
from landscape.objective.calls import Loss, OutputsAndTargets
from landscape.objective.objective import Objective
from landscape.records.recipe import INPUT_LINE, INPUT_PLANE, InputRecipe
from landscape.space.affine import Line, Plane
from landscape.space.parameters import Parameters

Norm: TypeAlias = Literal["Linf", "L2"]
Target: TypeAlias = int | float | Tensor | None

INPUT = "input"
UNITS: dict[str, str] = {"Linf": "L-infinity of the input", "L2": "L2 of the input"}


class InputPlane(Plane):
    """``x + a d1 + b d2`` in the input space of a network; an extent is judged along the first direction, uphill."""

    kind = INPUT_PLANE

    def ends(self, extent: float) -> Any:
        """The end of the first axis, (1, 2)."""
        return super().ends(extent)[1:2]


class InputLine(Line):
    """``x + a d`` in the input space of a network; an extent is judged uphill."""

    kind = INPUT_LINE

    def ends(self, extent: float) -> Any:
        """The end of the axis, (1, 1)."""
        return super().ends(extent)[1:2]


def input_plane(
    objective: Objective, example: int | Tensor, target: Target = None, *, norm: Norm = "Linf", seed: int = 0
) -> tuple[Objective, Plane]:
    """The loss of one example as a function of the input, and a plane of the input space through the example.

    The first direction is that in which the loss rises fastest: the sign of its gradient (``"Linf"``; the fast gradient
    sign method, Goodfellow et al. 2015, arXiv 1412.6572, section 4) or the gradient itself (``"L2"``). The second is
    random and orthogonal to it. `landscape.sample` of the two gives the loss and, where the targets are classes,
    whether the example is classified right (``train_accuracy``) and the margin (``train_margin``): the output of the
    right class minus the largest other one, 0 on the decision boundary (on the geometry of such boundaries Fawzi et al.
    2018, "Empirical Study of the Topology and Geometry of Deep Networks", CVPR). Inputs are not clipped to a range. No
    half-width along rays is measured: its unit is one of parameters.

    Args:
        objective: a network with outputs and targets, pairs (x, y); it stays as it is.
        example: the number of a training example in the objective's order, or an input of its shape, without the
            dimension of the batch.
        target: its class or target; by default the example's own, or, of an input, the class that the network predicts.
        norm: ``"Linf"`` for steps of the signs of the gradient and of random signs, of which a step of 1 changes each
            number of the input by 1; ``"L2"`` for the gradient and a random normal direction, both of length 1.
        seed: of the random direction.

    Returns:
        The objective whose parameters are the input alone (``objective.P`` counts its numbers), and the plane.

    Raises:
        InputError: no such example, another shape, an input that holds no real numbers, or a target that is missing.
        ObjectiveError: a gradient of 0 at the example.

    Example:
        >>> network = torch.nn.Linear(4, 2, bias=False).double()
        >>> x = torch.ones(1, 4, dtype=torch.float64)
        >>> around, plane = input_plane(Objective(network, (x, torch.tensor([1]))), 0)
        >>> around.P, plane.kind
        (4, 'input plane')
    """
    around, facts, first = _around(objective, example, target, INPUT_PLANE, norm)
    generator = torch.Generator().manual_seed(seed)
    second = (_orthogonal_signs if norm == "Linf" else _orthogonal_normal)(first.cpu(), generator).to(first)
    recipe = InputRecipe(**facts, second="random sign" if norm == "Linf" else "random normal", seed=seed)
    return around, InputPlane(around.centre, ({INPUT: first}, {INPUT: second}), recipe)


def input_line(
    objective: Objective, example: int | Tensor, target: Target = None, *, norm: Norm = "Linf"
) -> tuple[Objective, Line]:
    """The loss of one example as a function of the input, and the line through it along the gradient of its loss.

    Args:
        objective: as in `input_plane`.
        example: likewise.
        target: likewise.
        norm: ``"Linf"`` for the signs of the gradient, ``"L2"`` for the gradient itself, of length 1.

    Returns:
        The objective whose parameters are the input alone, and the line.

    Raises:
        InputError: as in `input_plane`.
        ObjectiveError: likewise.
    """
    around, facts, first = _around(objective, example, target, INPUT_LINE, norm)
    return around, InputLine(around.centre, ({INPUT: first},), InputRecipe(**facts))


class _AroundInput(nn.Module):
    """A network with its input for its one parameter; what it is called on is not looked at."""

    def __init__(self, model: nn.Module, state: Parameters, inputs: Tensor) -> None:
        super().__init__()
        self.input = nn.Parameter(inputs.detach().clone())
        self.names = tuple(state)
        # a tuple, so that the network's own parameters are not found as this module's
        self.network = (model,)
        for index, tensor in enumerate(state.values()):
            self.register_buffer(f"state_{index}", tensor)

    def forward(self, _: Tensor) -> Any:
        state = {name: getattr(self, f"state_{index}") for index, name in enumerate(self.names)}
        return functional_call(self.network[0], state, (self.input,))


def _around(
    objective: Objective, example: int | Tensor, target: Target, kind: str, norm: Norm
) -> tuple[Objective, dict[str, Any], Tensor]:
    """The objective over the input, what is known of its line or plane, and the direction uphill."""
    call = objective.call
    if not isinstance(call, OutputsAndTargets):
        raise InputError("a landscape over the input needs outputs and targets, pairs (x, y), and a loss of these")
    if norm not in UNITS:
        raise InputError(f"unknown norm {norm!r}; expected {' or '.join(UNITS)}")
    inputs, own = _example(objective, example)
    if not inputs.is_floating_point():
        raise InputError(f"the input holds {inputs.dtype}, expected real numbers to move it by")
    targets = _targets(objective, inputs, own, target)
    name = f"{objective.name}, example {example}" if isinstance(example, int) else f"{objective.name}, one input"
    around = Objective(
        _AroundInput(objective.model, {**objective.centre, **objective.buffers}, inputs).eval(),
        (inputs.new_zeros(1, 1), targets),
        loss=call.loss,
        accuracy=call.accuracy,
        metrics=_margins(objective, inputs, targets),
        device=objective.device,
        dtype=objective.dtype,
        name=name,
        network=objective.network,
    )
    gradient = _gradient(around)
    size = float(gradient.norm())
    first = gradient.sign() if norm == "Linf" else gradient / size
    recipe = {"kind": kind, "first": "gradient sign" if norm == "Linf" else "gradient", "unit": UNITS[norm]}
    label = {"target": int(targets)} if not targets.is_floating_point() and targets.numel() == 1 else {}
    return around, {**recipe, "gradient_norm": size, **label}, first.to(inputs.dtype)


def _example(objective: Objective, example: int | Tensor) -> tuple[Tensor, Tensor | None]:
    """The input (1, ...) and its target (1, ...), where it is a training example."""
    split = objective.splits[0]
    if isinstance(example, Tensor):
        shape = split.head(1)[0].shape[1:]
        if example.shape != shape:
            raise InputError(f"the example has shape {tuple(example.shape)}, expected {tuple(shape)} of one input")
        dtype = objective.dtype if example.is_floating_point() else example.dtype
        return example.detach()[None].to(objective.device, dtype), None
    start = 0
    for inputs, targets in split.batches:
        if 0 <= example - start < len(targets):
            return inputs[example - start, None], targets[example - start, None]
        start += len(targets)
    raise InputError(f"there is no example {example}; the training examples are 0 to {start - 1}")


@torch.no_grad()
def _targets(objective: Objective, inputs: Tensor, own: Tensor | None, target: Target) -> Tensor:
    """The target as it was asked for, the example's own, or the class that the network predicts."""
    like = objective.splits[0].head(1)[1]
    if target is not None:
        targets = torch.as_tensor(target, dtype=like.dtype, device=like.device)[None]
        if targets.shape != like.shape:
            raise InputError(f"the target has shape {tuple(targets.shape[1:])}, expected {tuple(like.shape[1:])}")
        return targets
    if own is not None:
        return own
    outputs = objective.outputs({}, inputs)
    if like.is_floating_point() or like.dim() > 1 or outputs.dim() != 2 or outputs.shape[1] < 2:
        raise InputError("an input without a class to predict needs its target: pass target=")
    return outputs.argmax(1).to(like.dtype)


@torch.no_grad()
def _margins(objective: Objective, inputs: Tensor, targets: Tensor) -> dict[str, Loss]:
    """The margin as a metric, where the targets are classes."""
    outputs = objective.outputs({}, inputs)
    classes = targets.dim() == 1 and not targets.is_floating_point()
    return {"margin": margin} if classes and outputs.dim() == 2 and outputs.shape[1] > 1 else {}


def margin(outputs: Tensor, targets: Tensor) -> Tensor:
    """Output of the right class minus the largest of the others, the mean over examples.

    >>> float(margin(torch.tensor([[1.0, 4.0, 2.5]]), torch.tensor([1])))
    1.5
    """
    index = targets.long()[:, None]
    others = outputs.scatter(1, index, -torch.inf).amax(1)
    return (outputs.gather(1, index)[:, 0] - others).mean()


def _gradient(around: Objective) -> Tensor:
    """The gradient of the loss at the example; in float64 where it is lost in the rounding of a confident network."""
    for objective in (around, around.with_dtype(torch.float64)):
        point = {INPUT: objective.centre[INPUT].detach().clone().requires_grad_()}
        with torch.enable_grad():
            batch = next(iter(objective.splits[0].chunks(1)))
            loss = objective.loss_share(point, batch)
            (gradient,) = torch.autograd.grad(loss, point[INPUT], allow_unused=True)
        if gradient is not None and bool(gradient.isfinite().all()) and bool(gradient.any()):
            return gradient
    raise ObjectiveError("the gradient of the loss at the example is 0 or no number: no direction leads uphill from it")


def _orthogonal_signs(first: Tensor, generator: torch.Generator) -> Tensor:
    """Random signs, of which half agree with the signs ``first``; of an odd number one entry is 0."""
    signs = torch.randint(0, 2, first.shape, generator=generator).to(first) * 2 - 1
    where = first.flatten().nonzero()[:, 0]
    order = where[torch.randperm(len(where), generator=generator)]
    half = len(order) // 2
    flat = signs.flatten()
    flat[order] = first.flatten()[order]
    flat[order[:half]] *= -1
    flat[order[2 * half :]] = 0
    return flat.reshape(first.shape)


def _orthogonal_normal(first: Tensor, generator: torch.Generator) -> Tensor:
    """A Gaussian direction of length 1 without its part along ``first``."""
    draw = torch.randn(first.shape, generator=generator, dtype=torch.float64).to(first)
    if first.numel() < 2:
        raise InputError("an input of one number has no plane; use input_line")
    draw = draw - first * (draw * first).sum() / first.square().sum()
    return torch.nn.functional.normalize(draw.flatten(), dim=0).reshape(first.shape)
