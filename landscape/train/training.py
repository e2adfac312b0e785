"""Training: all members of one width at once, as one stacked batch, with the path each of them takes."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.func import stack_module_state
from tqdm import tqdm

from landscape.errors import InputError
from landscape.records.base import FloatArray
from landscape.train.datasets import Dataset
from landscape.train.networks import NetworkConfig, build
from landscape.train.recipe import Recipe
from landscape.train.traced import Shapes, measuring_program, step_program

State: TypeAlias = dict[str, Tensor]

EVALUATION_EXAMPLES = 256
EVALUATION_VALUES = 2**18
BAR_STEPS = 25


@dataclass(frozen=True, eq=False)
class History:
    """Metrics along training, at the checkpoints of the path.

    Args:
        step: training step, shape (T,).
        values: name (``train_loss``, ``train_accuracy``, ``test_loss``, ``test_accuracy``) -> (T, members).
    """

    step: FloatArray
    values: dict[str, FloatArray]


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """What training leaves: one solution and one path per member.

    Args:
        seeds: seed of each member.
        path: parameters and buffers over the path, name -> (T, members, ...), in float32 on the CPU; the solutions
            alone, (1, members, ...), where no path was kept.
        history: metrics at the same T checkpoints.
    """

    seeds: tuple[int, ...]
    path: State
    history: History

    @property
    def diverged(self) -> tuple[int, ...]:
        """Positions of the members whose final training loss is not finite."""
        return tuple(np.flatnonzero(~np.isfinite(self.history.values["train_loss"][-1])).tolist())


def train(
    network: NetworkConfig,
    dataset: Dataset,
    recipe: Recipe,
    *,
    seeds: Sequence[int],
    device: torch.device | str = "cpu",
    path: bool = True,
    progress: bool = True,
) -> TrainingResult:
    """Every member trained, all at once: one stacked batch per step.

    A member's seed fixes its initialization and the order of its examples; nothing couples it to the others. Its result
    beside other members differs from its result alone only by the rounding of batched matrix products.

    Args:
        network: family and width, the same for all members.
        dataset: N training examples, standardized.
        seeds: one per member, each different.
        recipe: how it is trained.
        device: where.
        path: keep the checkpoints; else the solutions alone, and the history.
        progress: show a bar.

    Raises:
        InputError: no seeds, or one twice.
    """
    if not seeds or len(set(seeds)) != len(seeds):
        raise InputError(f"each member needs a seed of its own, got {list(seeds)}")
    ensemble = _Ensemble(network, dataset, recipe, seeds, torch.device(device))
    checkpoints: list[State] = [ensemble.state()]
    metrics: list[dict[str, Tensor]] = [ensemble.evaluate()]
    steps = checkpoint_steps(recipe)
    with tqdm(total=recipe.steps, disable=not progress, unit="step", desc=network.describe()) as bar:
        for step, loss in enumerate(ensemble.run(), start=1):
            if step in steps:
                checkpoints = [*checkpoints, ensemble.state()] if path else [ensemble.state()]
                metrics.append(ensemble.evaluate())
            if progress and (step % BAR_STEPS == 0 or step == recipe.steps):
                bar.update(step - bar.n)
                bar.set_postfix_str(f"loss {float(loss.mean()):.4g}", refresh=False)
    states = {name: torch.stack([state[name] for state in checkpoints]).cpu() for name in checkpoints[0]}
    values = {name: torch.stack([row[name] for row in metrics]).cpu().numpy() for name in metrics[0]}
    return TrainingResult(tuple(seeds), states, History(np.array(sorted(steps), dtype=np.float64), values))


def checkpoint_steps(recipe: Recipe) -> set[int]:
    """Steps whose parameters are kept: log-spaced in ``1 + step``, 0 and the last step among them."""
    rounded_steps = np.expm1(np.linspace(0, math.log1p(recipe.steps), recipe.checkpoints)).round().astype(int)
    return _fill(set(rounded_steps.tolist()) | {0, recipe.steps}, recipe)


class _Ensemble:
    """Stacked members with their optimizer, on one device."""

    def __init__(
        self, network: NetworkConfig, dataset: Dataset, recipe: Recipe, seeds: Sequence[int], device: torch.device
    ) -> None:
        self.recipe, self.dataset, self.seeds, self.device = recipe, dataset, seeds, device
        members = [build(network, dataset.in_shape, dataset.K, seed=seed) for seed in seeds]
        parameters, buffers = stack_module_state(members)
        self.theta, self.parameters = _end_to_end(
            {name: tensor.detach() for name, tensor in parameters.items()}, device
        )
        self.buffers = {name: tensor.detach().to(device) for name, tensor in buffers.items()}
        self.data = {
            split: (torch.from_numpy(x).to(device), torch.from_numpy(y).to(device))
            for split, x, y in (("train", dataset.x_train, dataset.y_train), ("test", dataset.x_test, dataset.y_test))
        }
        self.shapes = Shapes(
            network,
            tuple(dataset.in_shape),
            dataset.K,
            len(seeds),
            examples=self._batch_size(),
            loss=recipe.loss_function,
            device=device,
            dtype=next(iter(parameters.values())).dtype,
        )

    def run(self) -> Iterator[Tensor]:
        """One optimizer step after another; yields each step's batch loss of every member, shape (members,)."""
        parameters, buffers = list(self.parameters.values()), list(self.buffers.values())
        optimizer = _optimizer(self.recipe, self.theta)
        x, y = self.data["train"]
        step = step_program(self.shapes)
        for count, batch in enumerate(self._batches()):
            inputs, targets = (part.index_select(0, batch.flatten()).unflatten(0, batch.shape) for part in (x, y))
            with torch.no_grad():
                losses, *gradients = step(*parameters, *buffers, inputs, targets)
            self.theta.grad = torch.cat([gradient.flatten() for gradient in gradients])
            optimizer.param_groups[0]["lr"] = self.recipe.learning_rate * _decay(self.recipe, count)
            optimizer.step()
            yield losses

    def state(self) -> State:
        """Parameters and buffers now, name -> (members, ...)."""
        return {name: tensor.detach().clone() for name, tensor in {**self.parameters, **self.buffers}.items()}

    @torch.no_grad()
    def evaluate(self) -> dict[str, Tensor]:
        """Loss and accuracy of every member on both splits, in evaluation mode, each (members,) float64."""
        return {
            f"{split}_{name}": value
            for split, (x, y) in self.data.items()
            if len(y)
            for name, value in zip(("loss", "accuracy"), self._means(x, y), strict=True)
        }

    def _means(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        totals = torch.zeros(2, len(self.seeds), dtype=torch.float64, device=self.device)
        size = max(EVALUATION_EXAMPLES, EVALUATION_VALUES // max(1, x[0].numel()))
        for inputs, targets in zip(x.split(size), y.split(size), strict=True):
            measure = measuring_program(self.shapes.of(len(targets)))
            (means,) = measure(*self.parameters.values(), *self.buffers.values(), inputs, targets)
            totals += means.double() * (len(targets) / len(y))
        return totals[0], totals[1]

    def _batch_size(self) -> int:
        num_examples = len(self.data["train"][1])
        return min(self.recipe.batch_size or num_examples, num_examples)

    def _batches(self) -> Iterator[Tensor]:
        """Indices (members, batch) step by step: each member walks its own permutations, wrapping across epochs."""
        num_examples, size = len(self.data["train"][1]), self._batch_size()
        generators = [np.random.default_rng([seed, 1]) for seed in self.seeds]
        queue = torch.empty((len(self.seeds), 0), dtype=torch.int64, device=self.device)
        for _ in range(self.recipe.steps):
            while queue.shape[1] < size:
                epoch = np.stack([generator.permutation(num_examples) for generator in generators])
                queue = torch.cat([queue, torch.from_numpy(epoch).to(self.device)], dim=1)
            yield queue[:, :size]
            queue = queue[:, size:]


def _optimizer(recipe: Recipe, theta: Tensor) -> torch.optim.Optimizer:
    """One for all parameters of all members, laid end to end: its operations are elementwise, so none sees another."""
    rate, decay = recipe.learning_rate, recipe.weight_decay
    if recipe.optimizer == "adam":
        return torch.optim.Adam([theta], lr=rate, weight_decay=decay, foreach=True)
    return torch.optim.SGD([theta], lr=rate, momentum=0.9, weight_decay=decay, foreach=True)


def _decay(recipe: Recipe, step: int) -> float:
    return 0.5 * (1 + math.cos(math.pi * step / recipe.steps)) if recipe.schedule == "cosine" else 1.0


def _end_to_end(tensors: State, device: torch.device) -> tuple[Tensor, State]:
    """All numbers in one tensor on the device, and the tensors by name as views of it."""
    flat = torch.cat([tensor.flatten() for tensor in tensors.values()]).to(device)
    parts = flat.split([tensor.numel() for tensor in tensors.values()])
    return flat, {name: part.view_as(tensors[name]) for name, part in zip(tensors, parts, strict=True)}


def _fill(steps: set[int], recipe: Recipe) -> set[int]:
    """Early log-spaced steps round to the same number: the gaps between the others take the ones that are free."""
    count = min(recipe.checkpoints, recipe.steps + 1)
    while len(steps) < count:
        gaps = [(math.log1p(b) - math.log1p(a), a, b) for a, b in pairwise(sorted(steps)) if b - a > 1]
        _, a, b = max(gaps)
        steps = steps | {min(b - 1, max(a + 1, round(math.sqrt((1 + a) * (1 + b)) - 1)))}
    return steps
