"""The networks that are measured: trained on the bundled digits by the library itself, or seeded on seeded images."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from landscape.objective.objective import Objective
from landscape.sampling.solutions import member_of
from landscape.space.affine import Plane, random_plane
from landscape.train.networks import NetworkConfig, build
from landscape.train.recipe import Recipe
from landscape.train.runs import Run, RunConfig, ensure_run

if TYPE_CHECKING:
    from benchmarks.workload import Workload

NETWORKS = {
    "narrow": NetworkConfig("mlp", 4),
    "wide": NetworkConfig("mlp", 512),
    "deep": NetworkConfig("mlp", 256, 3),
    "cnn": NetworkConfig("cnn", 8),
    "resnet20": NetworkConfig("resnet", 16, 20),
}
IMAGES = (3, 32, 32)
CLASSES = 10
# Twenty layers multiply what a step does to each: at the common reach losses overflow.
RESNET_REACH = 1 / 8


@dataclass(frozen=True, eq=False)
class Problem:
    """One network with its data.

    Args:
        name: of the network.
        objective: the training loss as its one metric.
        flops: floating-point operations of one plain forward pass over all examples.
        run: what it was trained in; None where it is seeded.
    """

    name: str
    objective: Objective
    flops: float
    run: Run | None = None

    def plane(self, seed: int = 0) -> Plane:
        """A random plane; for the residual network with an eighth of the steps."""
        plane = random_plane(self.objective, seed=seed)
        if self.run is not None or self.objective.batchnorm == "none":
            return plane
        shorter = ({name: RESNET_REACH * tensor for name, tensor in d.items()} for d in plane.directions)
        return Plane(plane.centre, tuple(shorter))


def problem(name: str, workload: "Workload") -> Problem:
    """The network of that name with its data on the device, trained once and kept in ``workload.runs``."""
    if NETWORKS[name].family == "resnet":
        objective, run = _with_seed(name, 120 if workload.quick else 1000, workload.device), None
    else:
        run = run_of(name, workload)
        objective = member_of(run, device=workload.device).objective.loss_only()
    return Problem(name, objective, _flops(objective), run)


def run_of(name: str, workload: "Workload") -> Run:
    """The run of a network on the digits: one member, seed 0."""
    recipe = Recipe(steps=workload.training_steps)
    config = RunConfig(NETWORKS[name], {"name": "digits"}, recipe, members=1)
    return ensure_run(f"{name}-{recipe.steps}", config, runs=workload.runs, device=workload.device)


def _with_seed(name: str, count: int, device: torch.device) -> Objective:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(count, *IMAGES, generator=generator)
    classes = torch.randint(CLASSES, (count,), generator=generator)
    model = _with_statistics(build(NETWORKS[name], IMAGES, CLASSES, seed=0), images[:100])
    return Objective(model, (images, classes), accuracy=False, device=device, name=name)


@torch.no_grad()
def _with_statistics(model: nn.Module, images: Tensor) -> nn.Module:
    """The model in evaluation mode with BatchNorm statistics of these images, as after training."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    model.train()(images)
    return model.eval()


def _flops(objective: Objective, examples: int = 8) -> float:
    inputs = objective.splits[0].batches[0][0][:examples]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        objective.outputs({}, inputs)
    return float(counter.get_total_flops()) / len(inputs) * objective.N
