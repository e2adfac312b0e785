from itertools import pairwise

import pytest
import torch

from landscape.train.optimizers import FlatOptimizer
from landscape.train.training import Recipe

STEPS = 12


def plain(recipe: Recipe, parameters: list[torch.Tensor]) -> torch.optim.Optimizer:
    rate, decay = recipe.learning_rate, recipe.weight_decay
    if recipe.optimizer == "adam":
        return torch.optim.Adam(parameters, lr=rate, weight_decay=decay)
    return torch.optim.SGD(parameters, lr=rate, momentum=0.9, weight_decay=decay)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_a_flat_step_has_the_bits_of_pytorch(optimizer: str, weight_decay: float) -> None:
    recipe = Recipe(steps=STEPS, optimizer=optimizer, weight_decay=weight_decay, schedule="constant")  # type: ignore[arg-type]
    generator = torch.Generator().manual_seed(0)
    shapes = [torch.Size(shape) for shape in ((2, 5, 7), (2, 5), (2, 1, 5), (2, 1))]
    theta = torch.randn(sum(shape.numel() for shape in shapes), generator=generator)
    parts = theta.split([shape.numel() for shape in shapes])
    copies = [part.clone().view(shape).requires_grad_() for part, shape in zip(parts, shapes, strict=True)]
    ours, theirs = FlatOptimizer(recipe, theta, shapes), plain(recipe, copies)
    for _ in range(STEPS):
        gradients = [torch.randn(shape, generator=generator) for shape in shapes]
        for copy, gradient in zip(copies, gradients, strict=True):
            copy.grad = gradient.clone()
        ours.step(gradients)
        theirs.step()
    for part, copy in zip(parts, copies, strict=True):
        assert torch.equal(part.view_as(copy), copy)


def test_the_cosine_ends_at_no_step_at_all() -> None:
    recipe = Recipe(steps=STEPS, optimizer="sgd", learning_rate=1.0)
    theta = torch.zeros(1)
    optimizer = FlatOptimizer(recipe, theta, [torch.Size([1])])
    moved = []
    for _ in range(STEPS):
        before = theta.clone()
        optimizer.step([torch.ones(1)])
        moved.append(float(before - theta) / float(optimizer._first))
    assert moved[0] == 1.0
    assert moved[STEPS // 2] == pytest.approx(0.5)
    assert all(earlier > later for earlier, later in pairwise(moved))
