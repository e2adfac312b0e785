"""Sharpness: how far the training loss can rise, or rises on average, near a minimum.

``survives_rescaling`` says which of these stay the same when ReLU layers are rescaled, the function staying the same
(Dinh et al. 2017, arXiv 1703.04933).
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TypeAlias

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from landscape.errors import InputError
from landscape.measures.measure import Cost, Entry, Measure, MeasureOptions, Part
from landscape.measures.products import refuse_reestimated
from landscape.measures.quantities import quantity
from landscape.objective.dtypes import in_dtype
from landscape.objective.objective import Objective
from landscape.records.base import LOSS, FloatArray
from landscape.records.loss_scale import LossScale
from landscape.space.directions import random_direction

Slope: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor]]

CHUNK = 4096
# sizes that networks are measured at: of the box, the two balls, and the noise
EPSILON, RADIUS, ADAPTIVE_RADIUS, SIGMA = 1e-3, 0.05, 0.5, 0.1


@dataclass(frozen=True)
class Sharpness:
    """A rise of the training loss near the centre.

    Args:
        measure: ``"epsilon"``, ``"ball"``, ``"adaptive ball"`` or ``"noise"``.
        value: the measure itself, in ``unit``.
        rise: the rise of the loss, in its unit.
        standard_error: of the rise over the draws; 0 for a worst case, which is a lower bound: a search found it.
        size: epsilon, the radius, or sigma.
        unit: of value.
        survives_rescaling: whether it stays the same when ReLU layers are rescaled.
    """

    measure: str
    value: float
    rise: float
    standard_error: float
    size: float
    unit: str
    survives_rescaling: bool


@dataclass(frozen=True)
class SharpnessMeasures:
    """Sharpness of one network, measured in four ways.

    Args:
        epsilon: the largest rise in a box, see `epsilon_sharpness`.
        ball: the largest rise in a ball, see `worst_rise`.
        adaptive_ball: the same in multiples of each weight.
        noise: the mean rise under noise, see `noise_rise`.
    """

    epsilon: Sharpness
    ball: Sharpness
    adaptive_ball: Sharpness
    noise: Sharpness


def epsilon_sharpness(objective: Objective, *, epsilon: float = 1e-3, iterations: int = 10) -> Sharpness:
    """The largest relative rise of the loss in a box: ``100 (max L - L(theta)) / (1 + L(theta))``.

    The box is ``|delta_i| <= epsilon (|theta_i| + 1)`` (Keskar et al. 2017, arXiv 1609.04836, metric 2.1 with A the
    identity), searched by L-BFGS-B from the centre. The maximum found is a lower bound. The ``+ 1`` makes it change
    under a rescaling of layers.

    Args:
        objective: model and training data, in float64 whatever its precision.
        epsilon: half the side of the box, relative to a weight's size plus 1; above 0.
        iterations: of the search.

    Returns:
        The rise in per cent as ``value``, in the unit of the loss as ``rise``.

    Raises:
        InputError: ``epsilon`` not above 0.
    """
    _check(epsilon, "epsilon")
    slope, theta = _slope(objective)
    start = float(slope(theta)[0])
    reach = (epsilon * (theta.abs() + 1)).cpu().numpy()

    def negative_loss(step: FloatArray) -> tuple[float, FloatArray]:
        loss, gradient = slope(theta + torch.from_numpy(step).to(theta))
        return -float(loss), -gradient.cpu().numpy()

    # at an exact minimum the slope is zero: the search starts a little off it, at a corner of a smaller box
    signs = np.random.default_rng(0).choice([-1.0, 1.0], len(reach))
    optimum = minimize(
        negative_loss,
        1e-2 * reach * signs,
        jac=True,
        method="L-BFGS-B",
        bounds=np.column_stack([-reach, reach]),
        options={"maxiter": iterations},
    )
    rise = max(0.0, -float(optimum.fun) - start)
    return Sharpness("epsilon", 100 * rise / (1 + start), rise, 0.0, epsilon, "percent", survives_rescaling=False)


def worst_rise(objective: Objective, radius: float, *, adaptive: bool = False, steps: int = 20) -> Sharpness:
    """The largest rise of the loss found in a ball around the centre, by projected gradient ascent.

    ``max L(theta + delta) - L(theta)`` over ``|delta| <= radius`` (Foret et al. 2021, arXiv 2010.01412, section 2), or
    over ``|delta / theta| <= radius`` entry by entry when ``adaptive`` (Kwon et al. 2021, arXiv 2102.11600, section 3),
    which survives a rescaling. A lower bound: the first step is SAM's, the others go on from it.

    Args:
        objective: model and training data, in float64 whatever its precision.
        radius: L2 length in weights, or in multiples of each weight when ``adaptive``.
        adaptive: whether the ball is measured in multiples of each weight.
        steps: of ascent; the largest loss on the way counts.

    Returns:
        The rise, in the unit of the loss.

    Raises:
        InputError: ``radius`` not above 0, or fewer than 1 step.
    """
    _check(radius, "the radius")
    if steps < 1:
        raise InputError(f"worst_rise needs at least 1 step, got {steps}")
    slope, theta = _slope(objective)
    scale = theta.abs() if adaptive else torch.ones_like(theta)
    start, gradient = slope(theta)
    if not bool(gradient.any()):
        # at an exact minimum there is no way uphill: the search starts in a random direction
        gradient = torch.randn(len(theta), generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(theta)
    highest, inside = start, torch.zeros_like(theta)
    for step in range(steps):
        uphill = scale * gradient
        inside = inside + (radius if step == 0 else 0.5 * radius) * uphill / uphill.norm().clamp_min(1e-300)
        inside = inside * (radius / inside.norm().clamp_min(radius))
        loss, gradient = slope(theta + scale * inside)
        highest = torch.maximum(highest, loss)
    rise = float(highest - start)
    name = "adaptive ball" if adaptive else "ball"
    return Sharpness(name, rise, rise, 0.0, radius, LossScale(objective.loss_name).unit, survives_rescaling=adaptive)


def noise_rise(objective: Objective, sigma: float, *, num_draws: int = 64, seed: int = 0) -> Sharpness:
    """The average rise of the loss under Gaussian noise of ``sigma`` filter norms, with its standard error.

    Each draw is ``sigma`` times a random filter-normalized direction: every filter moves by sigma times its own norm
    (Li et al. 2018, arXiv 1712.09913, section 4), so a rescaling of layers changes nothing; biases stay.

    Args:
        objective: model and training data, in its own precision.
        sigma: length of a draw in filter norms, above 0.
        num_draws: at least 2.
        seed: of the first draw; draw k has seed ``seed + k``.

    Returns:
        The mean rise with its standard error over the draws, in the unit of the loss.

    Raises:
        InputError: ``sigma`` not above 0, or fewer than 2 draws.
    """
    _check(sigma, "sigma")
    if num_draws < 2:
        raise InputError(f"noise needs at least 2 draws for a standard error, got {num_draws}")
    alone = objective.loss_only()
    rises = []
    for draw in range(num_draws):
        direction = random_direction(alone.centre, seed=seed + draw)
        points = {name: (alone.centre[name] + sigma * step)[None] for name, step in direction.items()}
        rises.append(alone.evaluate(points)[LOSS])
    values = torch.cat(rises).cpu().numpy() - alone.at_centre()[LOSS]
    rise, error = float(values.mean()), float(values.std(ddof=1) / num_draws**0.5)
    return Sharpness("noise", rise, rise, error, sigma, LossScale(objective.loss_name).unit, survives_rescaling=True)


def _check(size: float, name: str) -> None:
    if not (np.isfinite(size) and size > 0):
        raise InputError(f"{name} must be above 0, got {size}")


def _slope(objective: Objective) -> tuple[Slope, Tensor]:
    """Loss and gradient at flat parameters, float64, and the centre."""
    refuse_reestimated(objective)
    exact = in_dtype(objective, torch.float64).loss_only()
    shapes = [tensor.shape for tensor in exact.centre.values()]
    sizes = [shape.numel() for shape in shapes]

    def slope(theta: Tensor) -> tuple[Tensor, Tensor]:
        leaf = theta.detach().requires_grad_()
        parts = (part.view(shape) for part, shape in zip(leaf.split(sizes), shapes, strict=True))
        point = dict(zip(exact.centre, parts, strict=True))
        total, gradient = leaf.new_zeros(()), torch.zeros_like(leaf)
        for batch in exact.splits[0].chunks(CHUNK):
            loss = exact.loss_share(point, batch)
            gradient += torch.autograd.grad(loss, leaf, retain_graph=True)[0]
            total = total + loss.detach()
        return total, gradient

    return slope, torch.cat([tensor.flatten() for tensor in exact.centre.values()])


def _parts(objective: Objective, options: MeasureOptions) -> dict[str, Part]:
    def sharpness() -> SharpnessMeasures:
        return SharpnessMeasures(
            epsilon_sharpness(objective, epsilon=EPSILON),
            worst_rise(objective, RADIUS),
            worst_rise(objective, ADAPTIVE_RADIUS, adaptive=True),
            noise_rise(objective, SIGMA, seed=options.seed),
        )

    recipe = {"measure": "sharpness", "seed": options.seed}
    return {"sharpness": Part(recipe, lambda pieces, progress: _to_dict(sharpness()))}


def _to_dict(sharpness: SharpnessMeasures) -> Entry:
    return {name.replace("_", " "): asdict(rise) for name, rise in vars(sharpness).items()}


def _parse(entry: Entry) -> SharpnessMeasures:
    return SharpnessMeasures(**{name.replace(" ", "_"): Sharpness(**rise) for name, rise in entry.items()})


SHARPNESS: Measure[SharpnessMeasures] = Measure(
    "sharpness",
    parts=_parts,
    parse=lambda entries: _parse(entries["sharpness"]),
    to_dict=_to_dict,
    # gradients at half a product, losses at a third
    cost=lambda objective, options: Cost(products=80),
    quantities=(
        quantity("epsilon-sharpness", "percent", lambda record: record.epsilon.value),
        quantity("rise in a ball", lambda record: record.ball.unit, lambda record: record.ball.value),
        quantity("rise, adaptive", lambda record: record.adaptive_ball.unit, lambda record: record.adaptive_ball.value),
        quantity("rise under noise", lambda record: record.noise.unit, lambda record: record.noise.value),
    ),
)
