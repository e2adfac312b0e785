"""Alignment: the hidden units of one solution permuted to match another; the function it computes stays the same.

Weight matching, Ainsworth et al. 2022, arXiv 2209.04836, section 3.2, Algorithm 1.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn

from landscape.errors import InputError
from landscape.records import FloatArray
from landscape.space.parameters import Parameters

MAX_ROUNDS = 100

_STATISTICS = ("running_mean", "running_var")
_BATCHNORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_POOLS = (
    *(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
    *(nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
)
_ELEMENTWISE = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Hardswish),
    *(nn.Tanh, nn.Hardtanh, nn.Sigmoid, nn.Softplus, nn.Softsign, nn.Identity, nn.Dropout),
)
_SUPPORTED = "alignment takes plain stacks (nn.Sequential) of linear, convolution, norm, activation, pool and flatten"

Order: TypeAlias = NDArray[np.intp]
Weighted: TypeAlias = nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d
Shape: TypeAlias = Literal["vector", "image"]


@dataclass
class _Group:
    """One hidden layer: its units, and the (tensor name, axis) along which they are listed."""

    units: int
    shape: Shape
    flattened: bool = False
    places: list[tuple[str, int]] = field(default_factory=list)


def align(model: nn.Module, parameters: Parameters, *, to: Parameters, seed: int = 0) -> dict[str, Tensor]:
    """The parameters with the units of every hidden layer permuted to lie as close to ``to`` as found.

    Maximizes ``sum_l <to_l, P_l theta_l P_{l-1}^T>`` over the permutations of the hidden layers, biases and norm layers
    included, by coordinate ascent: one linear assignment per layer, the others held, until no layer improves. With one
    hidden layer the result is the optimum; with more it is a local one. The network computes the same function after
    it as before, up to the order of its sums.

    Args:
        model: gives the structure alone; a plain stack of layers.
        parameters: what is permuted, by the model's names; with the buffers of BatchNorm, where there are any.
        to: the reference, same names and shapes.
        seed: of the order in which layers are visited.

    Returns:
        The same names, values and dtypes, permuted; matched in float64 on the CPU.

    Raises:
        InputError: a model that is no plain stack, or tensors that do not fit it.

    References:
        Ainsworth et al. 2022, arXiv 2209.04836, section 3.2, Algorithm 1.

    Example:
        >>> model = nn.Sequential(nn.Linear(1, 2, bias=False), nn.ReLU(), nn.Linear(2, 1, bias=False))
        >>> here = {"0.weight": torch.tensor([[1.0], [2.0]]), "2.weight": torch.tensor([[3.0, 4.0]])}
        >>> there = {"0.weight": torch.tensor([[2.0], [1.0]]), "2.weight": torch.tensor([[4.0, 3.0]])}
        >>> align(model, here, to=there)["2.weight"].tolist()
        [[4.0, 3.0]]
    """
    groups = _groups(model)
    _refuse_unfit(groups, parameters, to)
    moving, fixed = (_double(tensors, groups) for tensors in (parameters, to))
    orders = _matched(groups, moving, fixed, seed)
    aligned = dict(parameters)
    for group, order in zip(groups, orders, strict=True):
        for name, axis in group.places:
            aligned[name] = _permuted(aligned[name], axis, torch.from_numpy(order))
    return aligned


def _matched(groups: list[_Group], moving: Parameters, fixed: Parameters, seed: int) -> list[Order]:
    """Unit ``order[i]`` of each hidden layer takes place ``i``: Algorithm 1 of Ainsworth et al. 2022."""
    generator = np.random.default_rng(seed)
    orders = [np.arange(group.units) for group in groups]
    current = dict(moving)
    for _ in range(MAX_ROUNDS):
        improved = False
        for index in generator.permutation(len(groups)):
            group = groups[index]
            gains = _similarity(group, fixed, current)
            _, order = linear_sum_assignment(gains, maximize=True)
            before, after = np.trace(gains), gains[np.arange(group.units), order].sum()
            # ties within rounding would let the ascent run in circles
            if after - before <= 1e-12 * max(1.0, float(np.abs(gains).max()) * group.units):
                continue
            improved, orders[index] = True, orders[index][order]
            for name, axis in group.places:
                current[name] = _permuted(current[name], axis, torch.from_numpy(order))
        if not improved:
            break
    return orders


def _similarity(group: _Group, fixed: Parameters, moving: Parameters) -> FloatArray:
    """Inner products of every unit of ``fixed`` with every unit of ``moving``, (units, units)."""
    total = torch.zeros(group.units, group.units, dtype=torch.float64)
    for name, axis in group.places:
        if not name.endswith(_STATISTICS):
            total += _by_unit(fixed[name], axis, group.units) @ _by_unit(moving[name], axis, group.units).T
    return np.asarray(total.numpy())


def _by_unit(tensor: Tensor, axis: int, units: int) -> Tensor:
    """All values of each unit as one row, (units, values)."""
    split: Tensor = tensor.unflatten(axis, (units, -1))
    return split.movedim(axis, 0).reshape(units, -1)


def _permuted(tensor: Tensor, axis: int, order: Tensor) -> Tensor:
    """Units along ``axis`` in a new order; a unit may span several entries (a channel flattened with its places)."""
    split: Tensor = tensor.unflatten(axis, (len(order), -1))
    return split.index_select(axis, order.to(tensor.device)).flatten(axis, axis + 1)


def _groups(model: nn.Module) -> list[_Group]:
    """The hidden layers of a plain stack, each with every place where its units appear."""
    groups: list[_Group] = []
    for name, layer in _flat(model, ""):
        group = groups[-1] if groups else None
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
            groups.append(_weights(name, layer, group))
        elif not isinstance(layer, _ELEMENTWISE):
            _pass(name, layer, group)
    # the last layer's outputs are the network's own: nobody may permute them
    return groups[:-1]


def _weights(name: str, layer: Weighted, group: _Group | None) -> _Group:
    """The hidden layer that a layer with weights opens; its inputs are places of the one before."""
    linear = isinstance(layer, nn.Linear)
    units, inputs = layer.weight.shape[:2]
    if not isinstance(layer, nn.Linear) and layer.groups != 1:
        raise InputError(f"layer {name!r} is a grouped convolution; {_SUPPORTED}, without groups")
    if group is not None:
        image, flattened = group.shape == "image", group.flattened
        spread = linear and image and flattened
        fits = inputs % group.units == 0 if spread else inputs == group.units
        if not fits or (image != flattened if linear else not image or flattened):
            raise InputError(f"layer {name!r} does not read the {group.units} units before it; {_SUPPORTED}")
        group.places.append((f"{name}.weight", 1))
    made = _Group(units, "vector" if linear else "image")
    made.places += [(f"{name}.{key}", 0) for key, _ in layer.named_parameters()]
    return made


def _pass(name: str, layer: nn.Module, group: _Group | None) -> None:
    """A layer that keeps the units apart; its own tensors, if any, are places of theirs."""
    tensors = [(f"{name}.{key}", value) for key, value in (*layer.named_parameters(), *layer.named_buffers())]
    image = group is None or group.shape == "image"
    if isinstance(layer, nn.Flatten) and layer.start_dim == 1 and layer.end_dim == -1:
        if group is not None:
            group.flattened = group.shape == "image"
        return
    vector = group is not None and (group.shape == "vector" or group.flattened)
    known = (
        isinstance(layer, (*_BATCHNORMS, nn.PReLU))
        or (isinstance(layer, _POOLS) and image and not (group and group.flattened))
        or (isinstance(layer, nn.LayerNorm) and len(layer.normalized_shape) == 1 and (vector or group is None))
    )
    if not known:
        raise InputError(f"layer {name!r} is a {type(layer).__name__}; {_SUPPORTED}")
    if group is not None:
        group.places += [(key, 0) for key, value in tensors if value.dim() and value.numel() % group.units == 0]


def _flat(module: nn.Module, prefix: str) -> Iterator[tuple[str, nn.Module]]:
    """The layers in the order they run, with their full names."""
    if not isinstance(module, nn.Sequential):
        yield prefix, module
        return
    if type(module).forward is not nn.Sequential.forward:
        raise InputError(f"{type(module).__name__} has a forward of its own; {_SUPPORTED}")
    for key, layer in module._modules.items():
        if layer is not None:
            yield from _flat(layer, f"{prefix}.{key}" if prefix else key)


def _refuse_unfit(groups: list[_Group], parameters: Parameters, to: Parameters) -> None:
    for group in groups:
        for name, _ in group.places:
            if name not in parameters or (name not in to and not name.endswith(_STATISTICS)):
                raise InputError(
                    f"{name!r} is missing: alignment needs every tensor of the model, each untied, and the statistics "
                    "of BatchNorm with the weights; pass model.state_dict()"
                )
    for name in parameters.keys() & to.keys():
        if parameters[name].shape != to[name].shape:
            shapes = f"{tuple(parameters[name].shape)} and {tuple(to[name].shape)}"
            raise InputError(f"{name!r} has shapes {shapes}: only networks of one shape can be aligned")


def _double(tensors: Parameters, groups: list[_Group]) -> dict[str, Tensor]:
    names = {name for group in groups for name, _ in group.places if name in tensors}
    found = {name: tensors[name].detach().to("cpu", torch.float64) for name in names}
    if not all(math.isfinite(float(tensor.sum())) for tensor in found.values()):
        raise InputError("weights that are not finite cannot be aligned: did the training diverge?")
    return found
