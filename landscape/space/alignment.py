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
from landscape.space.units import Slot, Structure, hidden_units

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

    Returns:
        The permuted parameters, with how the ascent ended and the L2 distance before and after.

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
    matching = _Matching(structure, _double(parameters, structure), reference=_double(to, structure))
    # one set is solved exactly, none needs no solving
    attempts = 1 + (max(0, restarts) if len(structure.sizes) > 1 else 0)
    results = [matching.attempt(np.random.default_rng([seed, k]), at_random=k > 0) for k in range(attempts)]
    best = max(results, key=lambda attempt: attempt.agreement)
    distance = matching.distance(matching.start), matching.distance(best.orders)
    permutation = permute(structure, parameters, best.orders)
    return Alignment({**parameters, **permutation}, best.sweeps, best.converged, attempts, distance)


class _Matching:
    """Coordinate ascent over the permutations of all sets, in float64 on the CPU."""

    def __init__(self, structure: Structure, parameters: Parameters, *, reference: Parameters) -> None:
        self.structure, self.parameters, self.reference = structure, parameters, reference
        self.start = [np.arange(size) for size in structure.sizes]
        self.weights = [slot for slot in structure.slots if not slot.name.endswith(_STATISTICS)]
        self.names = list(dict.fromkeys(slot.name for slot in self.weights))

    def attempt(self, generator: np.random.Generator, *, at_random: bool) -> _Attempt:
        """Sweeps over all sets until none improves, from the units as they are or from random permutations."""
        orders = [generator.permutation(len(order)) if at_random else order for order in self.start]
        sweeps, num_better = 0, 1
        while num_better and sweeps < MAX_SWEEPS:
            sweeps += 1
            num_better = sum(self._improve(orders, int(index)) for index in generator.permutation(len(orders)))
        return _Attempt(orders, self.agreement(orders, self.names), sweeps, not num_better)

    def agreement(self, orders: list[Order], names: Iterable[str]) -> float:
        """``sum <to, theta permuted>`` over these tensors."""
        current = permute(self.structure, self._only(names), orders)
        return float(sum((self.reference[name] * tensor).sum() for name, tensor in current.items()))

    def distance(self, orders: list[Order]) -> float:
        """L2 distance of the permuted tensors from the reference."""
        current = permute(self.structure, self._only(self.names), orders)
        return float(sum((self.reference[name] - tensor).square().sum() for name, tensor in current.items()) ** 0.5)

    def _improve(self, orders: list[Order], index: int) -> bool:
        """Solves one set, the others held; whether the agreement rose by more than rounding."""
        slots = [slot for slot in self.weights if any(of == index for of, _ in slot.spans)]
        names = {slot.name for slot in slots}
        current = permute(self.structure, self._only(names), orders)
        gains = self._similarity(slots, current, index)
        _, assignment = linear_sum_assignment(gains, maximize=True)
        trial = [*orders[:index], orders[index][assignment], *orders[index + 1 :]]
        # A set on both axes of one tensor makes the gains a first order only: the agreement itself decides. Ties within
        # rounding would let the ascent run in circles.
        rise = self.agreement(trial, names) - self.agreement(orders, names)
        if rise <= 1e-12 * max(1.0, float(np.abs(gains).max()) * len(assignment)):
            return False
        orders[index] = trial[index]
        return True

    def _similarity(self, slots: list[Slot], current: Parameters, index: int) -> FloatArray:
        """Inner products of every unit of the reference with every unit of ``current``, (units, units)."""
        size = self.structure.sizes[index]
        total = torch.zeros(size, size, dtype=torch.float64)
        for slot in slots:
            for start in _starts(slot, index):
                total += _rows(self.reference[slot.name], slot, start, size) @ (
                    _rows(current[slot.name], slot, start, size).T
                )
        return np.asarray(total.numpy())

    def _only(self, names: Iterable[str]) -> dict[str, Tensor]:
        return {name: self.parameters[name] for name in names}


def permute(structure: Structure, tensors: Parameters, orders: list[Order]) -> dict[str, Tensor]:
    """The tensors that list hidden units, with unit ``orders[set][i]`` of each set in position ``i``."""
    result: dict[str, Tensor] = {}
    for slot in structure.slots:
        if slot.name in tensors:
            tensor = result.get(slot.name, tensors[slot.name])
            result[slot.name] = tensor.index_select(slot.axis, _index(slot, orders).to(tensor.device))
    return result


def _index(slot: Slot, orders: list[Order]) -> Tensor:
    """Old position of every entry along a slot's axis."""
    parts, start = [], 0
    for of, size in slot.spans:
        parts.append(start + (np.arange(size) if of is None else orders[of]))
        start += size
    units = np.concatenate(parts)
    return torch.from_numpy((units[:, None] * slot.repeat + np.arange(slot.repeat)).ravel())


def _starts(slot: Slot, index: int) -> list[int]:
    """Where along a slot's axis a set begins, counted in units."""
    ends = np.cumsum([0, *(size for _, size in slot.spans)])
    return [int(start) for (of, _), start in zip(slot.spans, ends, strict=False) if of == index]


def _rows(tensor: Tensor, slot: Slot, start: int, size: int) -> Tensor:
    """All values of each unit as one row, (units, values)."""
    part = tensor.narrow(slot.axis, start * slot.repeat, size * slot.repeat)
    split: Tensor = part.unflatten(slot.axis, (size, slot.repeat))
    return split.movedim(slot.axis, 0).reshape(size, -1)


def _refuse_unfit(structure: Structure, parameters: Parameters, to: Parameters) -> None:
    for slot in structure.slots:
        name = slot.name
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
    names = {slot.name for slot in structure.slots if slot.name in tensors}
    doubles = {name: tensors[name].detach().to("cpu", torch.float64) for name in names}
    if not all(bool(torch.isfinite(tensor).all()) for tensor in doubles.values()):
        raise InputError("weights that are not finite cannot be aligned: did the training diverge?")
    return doubles
