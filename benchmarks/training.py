"""Training an ensemble: its members stacked, one after another, and one after another in plain PyTorch."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.networks import NETWORKS
from benchmarks.timing import in_turn, ratio
from benchmarks.workload import Workload
from landscape.train.datasets import Dataset, load_dataset
from landscape.train.networks import NetworkConfig, build
from landscape.train.recipe import Recipe
from landscape.train.traced import measuring_program, step_program
from landscape.train.training import train

MEMBERS = 8
MLPS = ("narrow", "wide")


@dataclass(frozen=True)
class Row:
    """One way to train an ensemble.

    Args:
        network: its name.
        contender: the way.
        members: networks trained.
        steps: optimizer steps of each.
        seconds: median over the rounds, for all members.
        factor_one_by_one: speed over ours with one member at a time, median over the rounds.
        factor_plain: speed over a plain PyTorch loop, one member after another, which keeps and measures no path.
        final_loss: mean training loss of the members at the end, nats per example: that they train alike.
        spread: fastest and slowest round, seconds.
    """

    network: str
    contender: str
    members: int
    steps: int
    seconds: float
    factor_one_by_one: float
    factor_plain: float
    final_loss: float
    spread: tuple[float, float]


def rows(workload: Workload) -> list[dict[str, Any]]:
    """A row per network and way, as dictionaries."""
    return [asdict(row) for name in MLPS if name in workload.networks for row in _rows(name, workload)]


def _rows(name: str, workload: Workload) -> list[Row]:
    network, digits = NETWORKS[name], load_dataset("digits")
    recipe = Recipe(steps=40 if workload.quick else 300, checkpoints=3 if workload.quick else 10)
    ways: dict[str, Callable[[], float]] = {
        "landscape, stacked": lambda: _ours(network, digits, recipe, workload, [range(MEMBERS)]),
        "landscape, one by one": lambda: _ours(network, digits, recipe, workload, [[k] for k in range(MEMBERS)]),
        "plain PyTorch, one by one": lambda: _plain(network, digits, recipe, workload.device),
    }
    losses = {way: run() for way, run in ways.items()}
    seconds = in_turn(ways, rounds=workload.rounds, device=workload.device, label=f"{name}, training")
    singly, plain = seconds["landscape, one by one"], seconds["plain PyTorch, one by one"]
    return [
        Row(
            network=name,
            contender=way,
            members=MEMBERS,
            steps=recipe.steps,
            seconds=median(times),
            factor_one_by_one=ratio(singly, times),
            factor_plain=ratio(plain, times),
            final_loss=losses[way],
            spread=(min(times), max(times)),
        )
        for way, times in seconds.items()
    ]


def _ours(network: NetworkConfig, digits: Dataset, recipe: Recipe, workload: Workload, groups: list[Any]) -> float:
    """As in a fresh process: the operations of a step are traced anew, once for all groups of a size."""
    step_program.cache_clear()
    measuring_program.cache_clear()
    results = [train(network, digits, recipe, seeds=seeds, device=workload.device, progress=False) for seeds in groups]
    return float(np.mean([result.history.values["train_loss"][-1] for result in results]))


def _plain(network: NetworkConfig, digits: Dataset, recipe: Recipe, device: torch.device) -> float:
    """The loop that people write: one model, Adam, batches by index from data that lie on the device."""
    x, y = torch.from_numpy(digits.x_train).to(device), torch.from_numpy(digits.y_train).to(device)
    return float(np.mean([_plain_member(network, x, y, recipe, seed) for seed in range(MEMBERS)]))


def _plain_member(network: NetworkConfig, x: torch.Tensor, y: torch.Tensor, recipe: Recipe, seed: int) -> float:
    model = build(network, x.shape[1:], int(y.max()) + 1, seed=seed).to(x.device)
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: 0.5 * (1 + math.cos(math.pi * k / recipe.steps)))
    generator = torch.Generator().manual_seed(seed)
    queue = torch.empty(0, dtype=torch.int64)
    for _ in range(recipe.steps):
        if len(queue) < recipe.batch_size:
            queue = torch.cat([queue, torch.randperm(len(x), generator=generator)])
        batch, queue = queue[: recipe.batch_size].to(x.device), queue[recipe.batch_size :]
        loss = functional.cross_entropy(model(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    with torch.no_grad():
        return functional.cross_entropy(model(x), y).item()
