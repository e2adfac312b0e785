"""Adam and SGD over all parameters of all members laid end to end: a step is eight operations, however many layers."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from landscape.train.training import Recipe

MOMENTUM = 0.9
BETAS = (0.9, 0.999)
EPSILON = 1e-8


class FlatOptimizer:
    """The recipe's optimizer and schedule, with the bits of `torch.optim.Adam` or `torch.optim.SGD` (momentum 0.9).

    Every operation is elementwise, so that no number depends on its neighbours, and takes its coefficients from Python:
    nothing waits for the device.

    Args:
        recipe: optimizer, learning rate, schedule and weight decay.
        theta: parameters of all members end to end; changed in place.
        shapes: of the gradients that a step takes, in the order of ``theta``.
    """

    def __init__(self, recipe: "Recipe", theta: Tensor, shapes: Sequence[torch.Size]) -> None:
        """At step 0, with moments of zero."""
        self.recipe, self.theta, self.count = recipe, theta, 0
        self._gradient, self._room, self._first, self._second = (torch.zeros_like(theta) for _ in range(4))
        parts = self._gradient.split([math.prod(shape) for shape in shapes])
        self._parts = [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor]) -> None:
        """``theta`` after one more step, given the gradient of every parameter."""
        rate = self.recipe.learning_rate * _decay(self.recipe, self.count)
        self.count += 1
        torch._foreach_copy_(self._parts, list(gradients))
        if self.recipe.weight_decay:
            self._gradient.add_(self.theta, alpha=self.recipe.weight_decay)
        if self.recipe.optimizer == "adam":
            self._adam(rate)
        else:
            self._first.mul_(MOMENTUM).add_(self._gradient)
            self.theta.add_(self._first, alpha=-rate)

    def _adam(self, rate: float) -> None:
        """Kingma and Ba 2014, arXiv 1412.6980, algorithm 1, in PyTorch's order of operations."""
        beta, beta_square = BETAS
        self._first.lerp_(self._gradient, 1 - beta)
        self._second.mul_(beta_square).addcmul_(self._gradient, self._gradient, value=1 - beta_square)
        torch.sqrt(self._second, out=self._room).div_((1 - beta_square**self.count) ** 0.5).add_(EPSILON)
        self.theta.addcdiv_(self._first, self._room, value=-(rate / (1 - beta**self.count)))


def _decay(recipe: "Recipe", step: int) -> float:
    return 0.5 * (1 + math.cos(math.pi * step / recipe.steps)) if recipe.schedule == "cosine" else 1.0
