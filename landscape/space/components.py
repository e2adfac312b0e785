"""Principal components of a training path, from its T x T Gram matrix: P may be as large as the disk holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscape.errors import InputError
from landscape.records.base import FloatArray
from landscape.space.parameters import Parameters

BLOCK_BYTES = 2**27


@dataclass(frozen=True, eq=False)
class Components:
    """The leading principal components of a path's displacements from its last checkpoint.

    Args:
        directions: unit vectors in parameter space, the largest component first.
        places: coordinates of each checkpoint along them, L2, shape (T, k); the last one is zero.
        shares: share of the squared displacement along each, shape (k,).
    """

    directions: tuple[dict[str, Tensor], ...]
    places: FloatArray
    shares: FloatArray


def principal_components(path: Sequence[Parameters], *, num_components: int = 2) -> Components:
    """The components of ``D_t = theta_t - theta_T`` (Li et al. 2018, arXiv 1712.09913, section 7.2).

    With ``D D^T = U S^2 U^T``, the directions are ``D^T U / S`` and the coordinates ``U S``: those of a dense singular
    value decomposition of D, (T, P), which is never formed. Two passes over the checkpoints in blocks of at most 128
    MiB, sums in float64; beside the checkpoints, which may be memory-mapped, only the directions are held. The start
    lies at positive coordinates.

    Raises:
        InputError: values that are not finite, or a path that does not vary along that many directions.
    """
    gram = gram_matrix(path)
    if not np.isfinite(gram).all():
        raise InputError("a checkpoint holds values that are not finite: leave out those where the training diverged")
    values, vectors = np.linalg.eigh(gram)
    values, vectors = values[::-1].clip(0.0)[:num_components], vectors[:, ::-1][:, :num_components]
    # a Gram matrix knows squares: what lies below a share of 1e-13 of the largest is rounding
    if len(values) < num_components or not values[-1] > 1e-13 * values[0]:
        raise InputError(
            f"the path does not vary along {num_components} directions; look along its line instead "
            "(line_between its ends)"
        )
    places = vectors * np.sqrt(values)
    signs = np.where(places[0] < 0, -1.0, 1.0)
    places, weights = places * signs, (vectors * signs) / np.sqrt(values)
    return Components(_combine(path, weights), places, values / np.trace(gram))


def gram_matrix(path: Sequence[Parameters]) -> FloatArray:
    """Inner products of all displacements from the last checkpoint, (T, T), in float64."""
    total: Tensor | None = None
    for _, _, block in _blocks(path):
        part = block @ block.T
        total = part if total is None else total + part
    if total is None:
        raise InputError("the checkpoints hold no parameters")
    return np.asarray(total.cpu().numpy())


def _combine(path: Sequence[Parameters], weights: FloatArray) -> tuple[dict[str, Tensor], ...]:
    """``D^T weights``, column by column, in the shapes and dtypes of the last checkpoint."""
    directions = tuple(
        {name: torch.empty_like(t, memory_format=torch.contiguous_format) for name, t in path[-1].items()}
        for _ in weights.T
    )
    for name, start, block in _blocks(path):
        columns = torch.from_numpy(np.ascontiguousarray(weights.T)).to(block.device) @ block
        for direction, values in zip(directions, columns, strict=True):
            direction[name].view(-1)[start : start + len(values)] = values.to(direction[name].dtype)
    return directions


def _blocks(path: Sequence[Parameters]) -> Iterator[tuple[str, int, Tensor]]:
    """Name, first entry and displacements (T, n) in float64 of a stretch of each parameter at a time."""
    width = max(1, BLOCK_BYTES // (8 * len(path)))
    for name in path[-1]:
        rows = [point[name].reshape(-1) for point in path]
        for start in range(0, len(rows[-1]), width):
            end = rows[-1][start : start + width].double()
            block = torch.empty(len(rows), len(end), dtype=torch.float64, device=end.device)
            for row, out in zip(rows, block, strict=True):
                torch.sub(row[start : start + width].to(out), end, out=out)
            yield name, start, block
