"""Alignment: the hidden units of one solution permuted to match another; the function it computes stays the same.

Weight matching, Ainsworth et al. 2022, arXiv 2209.04836, section 3.2, Algorithm 1.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn

from landscape.errors import InputError
from landscape.records.base import FloatArray
from landscape.space.parameters import Parameters
from landscape.space.units import Place, Structure, hidden_units

MAX_SWEEPS = 100
DEFAULT_RESTARTS = 5

_STATISTICS = ("running_mean", "running_var")

Order: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Alignment:
    """A solution whose hidden units were permuted to match another.

    Args:
        parameters: the same names, values and dtypes as given, permuted.
        sweeps: visits of all sets of units until none improved, in the attempt that was kept.
        converged: whether that happened within `MAX_SWEEPS`.
        attempts: orders and starting points tried.
        distance: L2 distance to the reference over the tensors that can be permuted, before and after.
    """

    parameters: dict[str, Tensor]
    sweeps: int
    converged: bool
    attempts: int
    distance: tuple[float, float]


@dataclass(frozen=True)
class _Attempt:
    orders: list[Order]
    agreement: float
    sweeps: int
    converged: bool


def align(
    model: nn.Module,
    parameters: Parameters,
    *,
    to: Parameters,
    seed: int = 0,
    restarts: int = DEFAULT_RESTARTS,
) -> Alignment:
    """The parameters with all hidden units permuted to lie as close to ``to`` as found.

    Maximizes ``sum_l <to_l, P_l theta_l P_{l-1}^T>`` over the permutations of the hidden units, biases and norm layers
    included, by coordinate ascent: one linear assignment per set of units, the others held, until none improves. The
    units of a residual stream share one permutation. With one hidden layer the result is the optimum; with more it is
    a local one, the best of several attempts. The network computes the same function after it as before, up to the
    order of its sums.

    Args:
        model: gives the structure alone: layers in a row or in residual blocks.
        parameters: what is permuted, by the model's names; with the buffers of BatchNorm, where there are any.
        to: the reference, same names and shapes.
        seed: of the order in which sets are visited, and of the permutations that restarts begin with.
        restarts: attempts after the first, which begins with the units as they are.

    Raises:
        InputError: a layer through which a permutation cannot be followed, or tensors that do not fit the model.

    References:
        Ainsworth et al. 2022, arXiv 2209.04836, section 3.2, Algorithm 1.

    Example:
        >>> model = nn.Sequential(nn.Linear(1, 2, bias=False), nn.ReLU(), nn.Linear(2, 1, bias=False))
        >>> here = {"0.weight": torch.tensor([[1.0], [2.0]]), "2.weight": torch.tensor([[3.0, 4.0]])}
        >>> there = {"0.weight": torch.tensor([[2.0], [1.0]]), "2.weight": torch.tensor([[4.0, 3.0]])}
        >>> align(model, here, to=there).parameters["2.weight"].tolist()
        [[4.0, 3.0]]
    """
    structure = hidden_units(model)
    _refuse_unfit(structure, parameters, to)
    moving, fixed = (_double(tensors, structure) for tensors in (parameters, to))
    matching = _Matching(structure, moving, fixed)
    # one set is solved exactly, none needs no solving
    attempts = 1 + (max(0, restarts) if len(structure.sizes) > 1 else 0)
    tried = [matching.attempt(np.random.default_rng([seed, number]), shuffled=number > 0) for number in range(attempts)]
    best = max(tried, key=lambda attempt: attempt.agreement)
    aligned = permuted(structure, parameters, best.orders)
    distance = matching.distance(matching.start), matching.distance(best.orders)
    return Alignment({**parameters, **aligned}, best.sweeps, best.converged, attempts, distance)


class _Matching:
    """Coordinate ascent over the permutations of all sets, in float64 on the CPU."""

    def __init__(self, structure: Structure, moving: Parameters, fixed: Parameters) -> None:
        self.structure, self.moving, self.fixed = structure, moving, fixed
        self.start = [np.arange(size) for size in structure.sizes]
        self.weights = [place for place in structure.places if not place.name.endswith(_STATISTICS)]
        self.names = list(dict.fromkeys(place.name for place in self.weights))

    def attempt(self, generator: np.random.Generator, *, shuffled: bool) -> _Attempt:
        """Sweeps over all sets until none improves, from the units as they are or from random permutations."""
        orders = [generator.permutation(len(order)) if shuffled else order for order in self.start]
        sweeps, improved = 0, True
        while improved and sweeps < MAX_SWEEPS:
            sweeps += 1
            improved = sum(self._improve(orders, int(index)) for index in generator.permutation(len(orders))) > 0
        return _Attempt(orders, self.agreement(orders, self.names), sweeps, not improved)

    def agreement(self, orders: list[Order], names: Iterable[str]) -> float:
        """``sum <to, theta permuted>`` over these tensors."""
        current = permuted(self.structure, self._only(names), orders)
        return float(sum((self.fixed[name] * tensor).sum() for name, tensor in current.items()))

    def distance(self, orders: list[Order]) -> float:
        """L2 distance of the permuted tensors from the reference."""
        current = permuted(self.structure, self._only(self.names), orders)
        return float(sum((self.fixed[name] - tensor).square().sum() for name, tensor in current.items()) ** 0.5)

    def _improve(self, orders: list[Order], index: int) -> bool:
        """Solves one set, the others held; whether the agreement rose by more than rounding."""
        touched = [place for place in self.weights if any(of == index for of, _ in place.spans)]
        names = {place.name for place in touched}
        current = permuted(self.structure, self._only(names), orders)
        gains = self._similarity(touched, current, index)
        _, found = linear_sum_assignment(gains, maximize=True)
        trial = [*orders[:index], orders[index][found], *orders[index + 1 :]]
        # A set on both axes of one tensor makes the gains a first order only: the agreement itself decides. Ties within
        # rounding would let the ascent run in circles.
        rise = self.agreement(trial, names) - self.agreement(orders, names)
        if rise <= 1e-12 * max(1.0, float(np.abs(gains).max()) * len(found)):
            return False
        orders[index] = trial[index]
        return True

    def _similarity(self, places: list[Place], current: Parameters, index: int) -> FloatArray:
        """Inner products of every unit of the reference with every unit of ``current``, (units, units)."""
        size = self.structure.sizes[index]
        total = torch.zeros(size, size, dtype=torch.float64)
        for place in places:
            for start in _starts(place, index):
                total += _rows(self.fixed[place.name], place, start, size) @ (
                    _rows(current[place.name], place, start, size).T
                )
        return np.asarray(total.numpy())

    def _only(self, names: Iterable[str]) -> dict[str, Tensor]:
        return {name: self.moving[name] for name in names}


def permuted(structure: Structure, tensors: Parameters, orders: list[Order]) -> dict[str, Tensor]:
    """The tensors that list hidden units, with unit ``orders[set][i]`` of each set in place ``i``."""
    result: dict[str, Tensor] = {}
    for place in structure.places:
        if place.name in tensors:
            tensor = result.get(place.name, tensors[place.name])
            result[place.name] = tensor.index_select(place.axis, _index(place, orders).to(tensor.device))
    return result


def _index(place: Place, orders: list[Order]) -> Tensor:
    """Old position of every entry along a place's axis."""
    parts, start = [], 0
    for of, size in place.spans:
        parts.append(start + (np.arange(size) if of is None else orders[of]))
        start += size
    units = np.concatenate(parts)
    return torch.from_numpy((units[:, None] * place.repeat + np.arange(place.repeat)).ravel())


def _starts(place: Place, index: int) -> list[int]:
    """Where along a place's axis a set begins, counted in units."""
    ends = np.cumsum([0, *(size for _, size in place.spans)])
    return [int(start) for (of, _), start in zip(place.spans, ends, strict=False) if of == index]


def _rows(tensor: Tensor, place: Place, start: int, size: int) -> Tensor:
    """All values of each unit as one row, (units, values)."""
    part = tensor.narrow(place.axis, start * place.repeat, size * place.repeat)
    split: Tensor = part.unflatten(place.axis, (size, place.repeat))
    return split.movedim(place.axis, 0).reshape(size, -1)


def _refuse_unfit(structure: Structure, parameters: Parameters, to: Parameters) -> None:
    for place in structure.places:
        name = place.name
        if name not in parameters or (name not in to and not name.endswith(_STATISTICS)):
            raise InputError(
                f"{name!r} is missing: alignment needs every tensor of the model, each untied, and the statistics "
                "of BatchNorm with the weights; pass model.state_dict()"
            )
    for name in parameters.keys() & to.keys():
        if parameters[name].shape != to[name].shape:
            shapes = f"{tuple(parameters[name].shape)} and {tuple(to[name].shape)}"
            raise InputError(f"{name!r} has shapes {shapes}: only networks of one shape can be aligned")


def _double(tensors: Parameters, structure: Structure) -> dict[str, Tensor]:
    names = {place.name for place in structure.places if place.name in tensors}
    found = {name: tensors[name].detach().to("cpu", torch.float64) for name in names}
    if not all(bool(torch.isfinite(tensor).all()) for tensor in found.values()):
        raise InputError("weights that are not finite cannot be aligned: did the training diverge?")
    return found
