"""Directions in parameter space: a tensor per parameter, drawn by seed and scaled to the weights they perturb.

One rule for every layer: a filter is a slice along the first dimension of a tensor of two dimensions or more, as in Li
et al.'s own code. That is an output row of a linear layer or of an attention projection (queries, keys and values
stacked in one tensor included), an output channel of a convolution, the vector of one token or position of an
embedding. Layers that keep their outputs along the second dimension (transposed convolutions, ``Conv1D`` of
``transformers``) are scaled per input. Biases and norm layers are 1-D: not perturbed by default, and one filter each
where they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias, get_args

import numpy as np
import torch
from torch import Tensor

from landscape.errors import InputError
from landscape.space import parameters as space
from landscape.space.parameters import Parameters

Normalization: TypeAlias = Literal["filter", "layer", "none"]
Ignored: TypeAlias = str | Sequence[str]

WORDS = ("1d", "nothing")
INDEPENDENT = 1e-5


def random_direction(
    theta: Parameters, *, seed: int, normalize: Normalization = "filter", ignore: Ignored = "1d"
) -> dict[str, Tensor]:
    """A Gaussian direction by seed, scaled to ``theta``.

    Args:
        theta: the point it starts from; gives names, shapes, device and dtype.
        seed: the same seed draws the same direction on every device and in every dtype.
        normalize: ``"filter"`` (default; Li et al. 2018, arXiv 1712.09913, section 4), ``"layer"`` or ``"none"``.
        ignore: ``"1d"`` leaves biases and norm layers unperturbed, as Li et al. do; ``"nothing"`` perturbs all; other
            words are patterns of parameter names, all of them separated by commas: ``"1d,*embedding*"``.

    Returns:
        One tensor per perturbed parameter; a name that is missing stays at ``theta``.
    """
    return scale_to(draw(theta, seed=seed, ignore=ignore), theta, normalize=normalize)


class Redrawn(Mapping[str, Tensor]):
    """`random_direction` that stores nothing: a tensor is drawn and scaled again each time it is asked for."""

    def __init__(
        self, theta: Parameters, *, seed: int, normalize: Normalization = "filter", ignore: Ignored = "1d"
    ) -> None:
        """The same direction, bit for bit, as `random_direction` of the same arguments."""
        self.theta, self.seed, self.normalize = theta, seed, normalize
        self.positions = _positions(theta, seed, ignore)

    def __getitem__(self, name: str) -> Tensor:
        """The tensor of one parameter."""
        tensors = {name: _normal(self.theta[name], self.seed, self.positions[name])}
        return scale_to(tensors, self.theta, normalize=self.normalize)[name]

    def __contains__(self, name: object) -> bool:
        """Whether a parameter is perturbed; nothing is drawn for it."""
        return name in self.positions

    def __iter__(self) -> Iterator[str]:
        """Names of the perturbed parameters, in the order of the model."""
        return iter(self.positions)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.positions)


def draw(theta: Parameters, *, seed: int, ignore: Ignored = "1d") -> dict[str, Tensor]:
    """Independent standard normal values for every perturbed parameter, unscaled.

    Drawn on the CPU in float32, one generator per tensor, so that a tensor can be drawn again without the others.
    """
    return {name: _normal(theta[name], seed, place) for name, place in _positions(theta, seed, ignore).items()}


def _positions(theta: Parameters, seed: int, ignore: Ignored) -> dict[str, int]:
    """Names of the perturbed parameters, each with its place in the model: what its draw depends on beside the seed."""
    if seed < 0:
        raise InputError(f"the seed of a direction must be 0 or more, got {seed}")
    names = moving_names(theta, ignore)
    positions = {name: position for position, name in enumerate(theta)}
    return {name: positions[name] for name in names}


def moving_names(theta: Parameters, ignore: Ignored) -> list[str]:
    """Names of the parameters that a direction perturbs, in their order.

    Raises:
        InputError: a pattern that no name matches, or nothing left to perturb.
    """
    words = [word.strip() for word in ignored_text(ignore).split(",")]
    for word in words:
        if word not in WORDS and not any(fnmatchcase(name, word) for name in theta):
            raise InputError(
                f"cannot ignore {word!r}: no parameter has such a name; expected {', '.join(WORDS)} or a pattern for "
                f"names like {next(iter(theta), '')!r}"
            )
    names = [name for name in theta if not any(fnmatchcase(name, word) for word in words if word not in WORDS)]
    names = [name for name in names if "1d" not in words or theta[name].dim() > 1]
    if not names:
        raise InputError(
            f"nothing is left to perturb: --ignore {ignore} leaves out every parameter; pass ignore='nothing' to "
            "perturb 1-D parameters too"
        )
    return names


def ignored_text(ignore: Ignored) -> str:
    """Words and patterns as one text, as recipes have them.

    >>> ignored_text(["1d", "2.*"]), ignored_text("1d")
    ('1d,2.*', '1d')
    """
    return ignore if isinstance(ignore, str) else ",".join(ignore)


def orthogonalize(directions: Sequence[Parameters]) -> tuple[dict[str, Tensor], ...]:
    """The directions, each without its part along those before it (Gram-Schmidt, twice for rounding).

    The first stays as it is. Of the others the part that remains keeps its length: it is not scaled up again, so that
    no step grows. What is given up is the normalization: a filter of an orthogonalized direction no longer has exactly
    the norm of its weights. Between two random directions the change is of the order of ``1 / sqrt(P)``.

    Raises:
        InputError: a direction that lies in the span of those before it.
    """
    basis: list[dict[str, Tensor]] = []
    for index, direction in enumerate(directions):
        remainder, before = dict(direction), float(space.norm(direction))
        for earlier in [*basis, *basis]:
            remainder = _without(remainder, earlier)
        if not float(space.norm(remainder)) > INDEPENDENT * before:
            raise InputError(f"direction {index + 1} lies along those before it: they span no plane")
        basis.append(remainder)
    return tuple(basis)


def cosine(first: Parameters, second: Parameters) -> float:
    """Of the angle between two directions, all parameters together."""
    return float(space.dot(first, second) / (space.norm(first) * space.norm(second)).clamp_min(1e-300))


def _without(direction: Parameters, axis: Parameters) -> dict[str, Tensor]:
    """The direction without its part along the axis."""
    share = -float(space.dot(axis, direction) / space.dot(axis, axis))
    remainder = dict(direction)
    for name, tensor in axis.items():
        remainder[name] = torch.add(remainder[name], tensor, alpha=share) if name in remainder else share * tensor
    return remainder


def scale_to(direction: Parameters, theta: Parameters, *, normalize: Normalization) -> dict[str, Tensor]:
    """The direction with each filter (or layer) scaled to the norm of the same filter (or layer) in ``theta``."""
    if normalize == "none":
        return dict(direction)
    if normalize == "layer":
        return {name: _scale(tensor, theta[name], tensor.dim()) for name, tensor in direction.items()}
    if normalize == "filter":
        return filter_normalize(direction, theta)
    raise InputError(f"unknown normalization {normalize!r}; expected one of {', '.join(get_args(Normalization))}")


def filter_normalize(direction: Parameters, theta: Parameters) -> dict[str, Tensor]:
    """``d_f <- d_f * |theta_f| / |d_f|`` for every filter f (Li et al. 2018, arXiv 1712.09913, section 4).

    A filter is a row of a linear layer or an output channel of a convolution; a 1-D tensor counts as one filter. What
    is often got wrong: the norm is per filter, not per layer. A filter whose weights are all zero is not perturbed.

    Args:
        direction: tensors to scale, each of the shape of its parameter.
        theta: the weights; may carry leading batch dimensions, which the result then carries too.
    """
    return {
        name: _scale(tensor, theta[name], tensor.dim() - 1 if tensor.dim() > 1 else tensor.dim())
        for name, tensor in direction.items()
    }


def _scale(direction: Tensor, theta: Tensor, num_dims: int) -> Tensor:
    """``direction`` with norms over its last ``num_dims`` dimensions taken from ``theta``."""
    dims = tuple(range(-num_dims, 0))
    length = torch.linalg.vector_norm(direction, dim=dims, keepdim=True) if dims else direction.abs()
    target = torch.linalg.vector_norm(theta, dim=dims, keepdim=True) if dims else theta.abs()
    return direction * (target / torch.where(length > 0, length, 1))


def _normal(like: Tensor, seed: int, position: int) -> Tensor:
    # NumPy's generator, since torch's on the CPU keeps only 32 bits of a seed.
    values = np.random.default_rng([seed, position]).standard_normal(tuple(like.shape), dtype=np.float32)
    return torch.from_numpy(values).to(device=like.device, dtype=like.dtype)
