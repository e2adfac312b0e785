"""Test problems with known answers."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, hessian

from landscape.objective.objective import Objective
from landscape.records.base import Axis
from landscape.records.companions import Rays, Trajectory
from landscape.records.provenance import Identity, Provenance
from landscape.records.recipe import ConnectionRecipe
from landscape.records.recipe_keys import parse_recipe
from landscape.records.sampled import Profile, Surface
from landscape.space.affine import random_line, random_plane
from landscape.space.corridors import corridor_along
from landscape.space.subspaces import Subspace


def half_square(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean over examples of half the squared output."""
    return 0.5 * (outputs - targets).square().sum(dim=1).mean()


def quadratic(
    spectrum: Sequence[float],
    *,
    seed: int = 0,
    centre: Sequence[float] | None = None,
    dtype: torch.dtype = torch.float64,
) -> tuple[Objective, Tensor]:
    """An objective ``L(w) = w^T H w / 2`` with the given eigenvalues of H, and H itself (n, n).

    It is one linear layer, parameter ``0.weight``, with the scaled eigenvectors of H as examples:
    ``mean_i (w . x_i)^2 / 2 = w^T H w / 2``.
    """
    size = len(spectrum)
    generator = torch.Generator().manual_seed(seed)
    basis, _ = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))
    values = torch.tensor(spectrum, dtype=torch.float64)
    matrix = basis @ torch.diag(values) @ basis.T
    examples = (basis * (values * size).sqrt()).T.contiguous()
    model = nn.Sequential(nn.Linear(size, 1, bias=False, dtype=dtype))
    point = torch.tensor(centre if centre is not None else [0.1 * (k + 1) for k in range(size)])
    model.load_state_dict({"0.weight": point[None].to(dtype)})
    data = (examples.to(dtype), torch.zeros(size, 1, dtype=dtype))
    return Objective(model, data, loss=half_square), matrix


def regression_surface() -> Surface:
    """A mean squared error of curvature 1 in a plane, where guessing costs 0.04, with four rays."""
    surface = bowl(curvature=1.0, directions=4, points=21)
    identity = replace(surface.provenance.identity, loss="mse_loss", guess=0.04)
    return replace(surface, provenance=replace(surface.provenance, identity=identity))


def small_mlp(width: int = 5, *, seed: int = 0, dtype: torch.dtype = torch.float64, classes: int = 3) -> nn.Module:
    """A seeded network of 6 inputs, two hidden layers and a few classes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = [
            nn.Flatten(),
            nn.Linear(6, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, classes),
        ]
        return nn.Sequential(*layers).to(dtype).eval()


def small_cnn(*, seed: int = 0, dtype: torch.dtype = torch.float64) -> nn.Module:
    """A seeded convolutional network with BatchNorm for 1 x 6 x 6 images and three classes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return (
            nn.Sequential(
                nn.Conv2d(1, 3, 3, padding=1),
                nn.BatchNorm2d(3),
                nn.ReLU(),
                nn.AdaptiveAvgPool2d(2),
                nn.Flatten(),
                nn.Linear(12, 3),
            )
            .to(dtype)
            .eval()
        )


def examples(
    count: int, shape: tuple[int, ...] = (6,), *, classes: int = 3, seed: int = 1, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor]:
    """Seeded Gaussian inputs and uniform classes."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(count, *shape, generator=generator, dtype=torch.float64).to(dtype)
    return inputs, torch.randint(0, classes, (count,), generator=generator)


def dense_hessian(model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
    """The Hessian (P, P) of a model's mean cross-entropy, by the transforms of `torch.func` alone."""
    names = [name for name, _ in model.named_parameters()]
    shapes = [tensor.shape for tensor in model.parameters()]

    def loss(flat: Tensor) -> Tensor:
        parts = flat.split([shape.numel() for shape in shapes])
        state = {name: part.view(shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
        return nn.functional.cross_entropy(functional_call(model, state, (inputs,)), targets)

    return hessian(loss)(nn.utils.parameters_to_vector(model.parameters()).detach())


def bowl(*, curvature: float = 2.0, points: int = 41, extent: float = 1.0, directions: int = 64) -> Surface:
    """A surface of ``curvature * (alpha^2 + beta^2) / 2``; its rays rise alike: half-width sqrt(2 rise / curvature)."""
    axis = extent * np.arange(1 - points, points, 2) / (points - 1)
    loss = curvature * (axis[:, None] ** 2 + axis[None, :] ** 2) / 2
    radius = np.linspace(0, 2 * extent, 33)
    rays = Rays(radius, np.tile(curvature * radius**2 / 2, (directions, 1)), np.full(directions, 3.0))
    return Surface(
        (Axis("alpha", axis), Axis("beta", axis)),
        {"train_loss": loss},
        np.ones(loss.shape, dtype=np.uint8),
        np.zeros(loss.shape),
        Provenance(Identity(subspace=parse_recipe({"kind": "plane"}), loss="cross_entropy")),
        rays=rays,
    )


def tunnel() -> Surface:
    """A corridor whose walls stand at beta = +-(2 - alpha) / 4 where the loss has risen by 0.5."""
    step, beta = np.linspace(0, 1, 21), np.linspace(-1, 1, 41)
    loss = 0.5 * (beta[None, :] * 4 / (2 - step[:, None])) ** 2 + (1 - step[:, None])
    axes = (Axis("alpha", step, "step", "training step"), Axis("beta", beta))
    path = Trajectory(step, step, np.zeros(21), 1 - step, step)
    status, made = (
        np.ones(loss.shape, np.uint8),
        Provenance(Identity(subspace=parse_recipe({"kind": "corridor"}), loss="cross_entropy")),
    )
    return Surface(axes, {"train_loss": loss}, status, np.zeros(loss.shape), made, trajectory=path)


def hill(height: float = 1.0, *, aligned: bool = False, model: str = "narrow:0", **metrics: Any) -> Profile:
    """A barrier of ``height`` nats half way between two solutions of loss 0.1 and 0.3."""
    alpha = np.linspace(0, 1, 11)
    loss = 0.1 + 0.2 * alpha + 4 * height * alpha * (1 - alpha)
    recipe = ConnectionRecipe(to="narrow:1", aligned=aligned)
    provenance = Provenance(
        Identity(model=model, network="mlp, width 4", P=310, N=1437, K=10, loss="cross_entropy", subspace=recipe)
    )
    values = {"train_loss": loss, **metrics}
    return Profile((Axis("alpha", alpha, "fraction"),), values, np.ones(11, dtype=np.uint8), np.zeros(11), provenance)


def corridor(objective: Objective, seed: int) -> Subspace:
    """A corridor along a path that grows towards the objective's centre."""
    path = {name: torch.stack([0.5 * tensor, 0.8 * tensor, tensor]) for name, tensor in objective.centre.items()}
    return corridor_along(path, np.array([0.0, 1.0, 10.0]), seed=seed)


SUBSPACES: dict[str, Callable[[Objective, int], Subspace]] = {
    "line": lambda objective, seed: random_line(objective, seed=seed),
    "plane": lambda objective, seed: random_plane(objective, seed=seed),
    "all parameters": lambda objective, seed: random_plane(objective, seed=seed, ignore="nothing"),
    "corridor": corridor,
}


def coordinates_in(subspace: Subspace, count: int, seed: int) -> Tensor:
    """Seeded coordinates in a line, plane or corridor, (count, dims)."""
    generator = torch.Generator().manual_seed(seed)
    dims = 1 if subspace.kind == "line" else 2
    return 3 * torch.rand(count, dims, generator=generator, dtype=torch.float64)


def reference(objective: Objective, subspace: Subspace, points: Tensor) -> Tensor:
    """All metrics at the points by the plain loop, (count, metrics)."""
    return torch.stack(list(objective.evaluate(subspace.at(points)).values()), dim=1)


class Twice(nn.Module):
    """The first layer runs twice."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 6).double()

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.layer(self.layer(inputs).relu())
        return outputs


class Tied(nn.Module):
    """Two layers share one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(6, 6).double(), nn.Linear(6, 6).double()
        self.second.weight = self.first.weight

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.second(self.first(inputs).relu())
        return outputs


class Written(nn.Module):
    """A plain stack written as a forward method, functions and methods instead of modules."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = (nn.Linear(*s).double() for s in ((6, 4), (4, 5), (5, 3)))

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = torch.relu(self.first(inputs.flatten(1))).tanh()
        outputs: Tensor = self.third(nn.functional.gelu(self.second(hidden), approximate="tanh"))
        return outputs
