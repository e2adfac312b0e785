"""The published samplers, called as their documentation shows, on our model, data and directions.

They get what makes them fastest: all examples in one batch that stays on the device, and no progress bar on a screen.
"""

import copy
import importlib
import importlib.util
import io
import math
import sys
import types
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.contenders import Contender, grid
from benchmarks.hardware import version_of
from landscape.objective.objective import Objective
from landscape.records.base import FloatArray
from landscape.space.affine import Plane
from landscape.space.parameters import Parameters

MISSING = "not installed: pip install --no-deps -r benchmarks/requirements.txt"


def loss_landscapes(objective: Objective, plane: Plane, side: int) -> Contender:
    """``planar_interpolation`` from a corner of the plane along our directions.

    It steps before it measures, so that its even rows are shifted by one step against its odd rows; it is compared at
    the coordinates where it really was.
    """
    import loss_landscapes as library

    coordinates = grid(plane, (side, side)).reshape(side, side, 2)
    (alpha, beta), step = coordinates[0, 0], float(coordinates[0, 1, 1] - coordinates[0, 0, 1])
    start, right, top = (
        _model_at(objective, plane, at)
        for at in ((alpha, beta), (alpha + side * step, beta), (alpha, beta + side * step))
    )
    metric = library.metrics.Loss(functional.cross_entropy, *objective.splits[0].batches[0])

    def run() -> tuple[FloatArray, int]:
        values = library.planar_interpolation(start, right, top, metric, steps=side, deepcopy_model=True)
        return np.asarray(values, dtype=np.float64).ravel(), side**2

    coordinates[::2, :, 1] += step
    return Contender("loss-landscapes", "peer", run, plane, coordinates.reshape(-1, 2))


def loss_landscape_3d(objective: Objective, plane: Plane, side: int) -> Contender:
    """``LossLandscapeCalculator.calculate`` on our coordinates and directions; the loader is a list of one batch."""
    from loss_landscape_3d import LossLandscapeCalculator

    model = _model_at(objective, plane, (0.0, 0.0))
    calculator = LossLandscapeCalculator(model, objective.splits[0].batches, functional.cross_entropy)
    centre = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    alpha, beta = (axis.values for axis in plane.axes((side, side), float(np.abs(grid(plane, (2, 2))).max())))

    def run() -> tuple[FloatArray, int]:
        values = calculator.calculate(alpha.tolist(), beta.tolist(), *plane.directions, centre)
        return np.asarray(values, dtype=np.float64).ravel(), side**2

    return Contender("loss-landscape-3d", "peer", run, plane, grid(plane, (side, side)))


def landscaper(objective: Objective, plane: Plane, side: int) -> Contender:
    """``compute_loss_landscape`` in two dimensions along our directions, which it scales anew, tensor by tensor.

    It is compared at the points it really visits. It adds noise to its largest value by design.
    """
    compute = _landscaper_compute()
    model = _model_at(objective, plane, (0.0, 0.0))
    inputs, targets = objective.splits[0].batches[0]
    full = [[d.get(name, torch.zeros_like(t)) for name, t in objective.centre.items()] for d in plane.directions]
    coordinates = grid(plane, (side, side))
    reach = (coordinates[1, 1] - coordinates[0, 1]) * side / 2
    distance = float(reach * _norm(plane.directions[0]) / _norm(objective.centre))

    def run() -> tuple[FloatArray, int]:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            values, _ = compute(
                model,
                (inputs, targets),
                full,
                lambda model, data: functional.cross_entropy(model(data[0]), data[1]).item(),
                steps=side,
                distance=distance,
                dim=2,
                device=objective.device.type,
            )
        return np.asarray(values, dtype=np.float64).ravel(), side**2

    step = _norm(objective.centre) * distance / (side / 2)
    visited_plane = Plane(objective.centre, tuple(_rescale(direction, step) for direction in plane.directions))
    indices = np.indices((side, side)).reshape(2, -1).T.astype(np.float64) - side // 2
    return Contender("Landscaper", "peer", run, visited_plane, indices, "adds noise to its largest value")


PEERS: dict[str, Callable[[Objective, Plane, int], Contender]] = {
    "loss-landscapes": loss_landscapes,
    "loss-landscape-3d": loss_landscape_3d,
    "Landscaper": landscaper,
}


def missing() -> list[str]:
    """Peers that are not installed."""
    return [name for name in PEERS if version_of(name) is None]


def available(objective: Objective, plane: Plane, side: int) -> list[Contender]:
    """The peers that are here, ready to run."""
    absent = missing()
    return [make(objective, plane, side) for name, make in PEERS.items() if name not in absent]


def _model_at(objective: Objective, plane: Plane, at: tuple[float, float]) -> nn.Module:
    """A copy of the model on the device with its parameters at a point of the plane."""
    model = copy.deepcopy(objective.model).to(objective.device, objective.dtype)
    point = plane.at(torch.tensor([at], dtype=torch.float64, device=objective.device))
    state = {name: tensor[0] for name, tensor in point.items()}
    model.load_state_dict({**objective.centre, **objective.buffers, **state})
    return model.eval()


def _norm(parameters: Parameters) -> float:
    return math.sqrt(sum(float(tensor.double().square().sum()) for tensor in parameters.values()))


def _rescale(direction: Parameters, step: float) -> Parameters:
    """Each tensor brought to length sqrt(its size), then all of them together to one step."""
    unit = {name: t.double() * (math.sqrt(t.numel()) / float(t.double().norm())) for name, t in direction.items()}
    return {name: tensor * (step / _norm(unit)) for name, tensor in unit.items()}


def _landscaper_compute() -> Callable[..., Any]:
    """Its sampling function; alone, where the package cannot be imported for want of libraries for topology."""
    try:
        module = importlib.import_module("landscaper.compute")
    except ImportError:
        spec = importlib.util.find_spec("landscaper")
        if spec is None or spec.submodule_search_locations is None:
            raise
        package = types.ModuleType("landscaper")
        package.__path__ = list(spec.submodule_search_locations)
        sys.modules["landscaper"] = package
        module = importlib.import_module("landscaper.compute")
    function: Callable[..., Any] = module.compute_loss_landscape
    return function
