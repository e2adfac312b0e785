"""Curvature at every grid point: extreme eigenvalues of the Hessian, its trace, and the norm of the gradient."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.func import grad_and_value, vjp, vmap
from tqdm import tqdm

from landscape.defaults import DEFAULT_MEMORY
from landscape.engine.devices import is_out_of_memory
from landscape.errors import InputError
from landscape.files import surfaces as store
from landscape.files.ledger import SAVE_SECONDS
from landscape.measures.lanczos import lanczos
from landscape.measures.products import refuse_reestimated
from landscape.objective.batches import Batch
from landscape.objective.objective import Objective
from landscape.records.base import FloatArray
from landscape.records.sampled import Profile, Surface
from landscape.space.parameters import Parameters
from landscape.space.subspaces import Subspace

Record = TypeVar("Record", bound=Surface | Profile)

METRICS = (
    "gradient_norm",
    "hessian_top",
    "hessian_bottom",
    "curvature_ratio",
    "curvature_residual",
    "hessian_trace",
    "hessian_trace_error",
)
STEPS = 30
NUM_PROBES = 8
BLOCK = 16
CHUNK = 2048
FIRST = 2


def sample_curvature(
    objective: Objective,
    subspace: Subspace,
    surface: Record,
    *,
    steps: int = STEPS,
    num_probes: int = NUM_PROBES,
    seed: int = 0,
    memory: int = DEFAULT_MEMORY,
    path: str | Path | None = None,
    progress: bool = False,
) -> Record:
    """The surface, or profile, with the curvature of the training loss at each of its points as further metrics.

    Added are ``gradient_norm``; ``hessian_top`` and ``hessian_bottom``, the extreme eigenvalues of the Hessian in all
    P parameters, by Lanczos; ``curvature_ratio``, ``|lambda_min / lambda_max|`` (Li et al. 2018, arXiv 1712.09913,
    section 6 and Fig. 7): near 0 where the loss is convex, towards 1 where it curves down as strongly as up; the larger
    ``curvature_residual`` of the two eigenvalues; and ``hessian_trace`` by Hutchinson's estimator with its standard
    error. Values that are not finite, as where the loss diverged, are stored as inf.

    Args:
        objective: what the surface was sampled from; in its own precision.
        subspace: what it was sampled on.
        surface: a plane, corridor or line; points with a curvature are left out, so that a stopped measure goes on.
        steps: Lanczos steps at each point: more of them make the residual smaller.
        num_probes: random signs for the trace, at least 2.
        seed: of start vectors and probes, the same at all points.
        memory: bytes that a block of points may take.
        path: file of the surface while it grows (every 5 s or so) and when it is complete.
        progress: show a bar on stderr.

    Returns:
        A record of the same kind and grid, with the metrics above in the shape of its loss.

    Raises:
        InputError: BatchNorm statistics that follow the parameters, or fewer than 2 probes or steps.
    """
    refuse_reestimated(objective)
    if steps < 2 or num_probes < 2:
        raise InputError(f"curvature needs at least 2 steps and 2 probes, got {steps} and {num_probes}")
    mapper, growing = _Mapper(objective, subspace, steps, num_probes, seed), _Growing(surface, path)
    block = max(1, min(BLOCK, memory // (objective.dtype.itemsize * (steps + 8) * objective.P)))
    label = f"{objective.name} curvature"
    with tqdm(total=len(growing.pending), disable=not progress, unit="point", desc=label) as bar:
        try:
            for part, columns in _in_blocks(mapper, growing.coordinates, block):
                growing.fill(part, columns)
                bar.update(part.stop - part.start)
        finally:
            growing.save()
    return growing.record


def _in_blocks(mapper: "_Mapper", coordinates: Tensor, limit: int) -> Iterator[tuple[slice, dict[str, FloatArray]]]:
    """The points in blocks that take some seconds, so that no more is lost; smaller ones where memory runs out."""
    start, block = 0, min(FIRST, limit)
    while start < len(coordinates):
        part, begin = slice(start, min(start + block, len(coordinates))), time.perf_counter()
        try:
            columns = mapper(coordinates[part])
        except RuntimeError as error:
            if not is_out_of_memory(error) or block == 1:
                raise
            block = limit = block // 2
            continue
        start, count = part.stop, part.stop - part.start
        block = max(1, min(limit, int(count * SAVE_SECONDS / (time.perf_counter() - begin))))
        yield part, columns


class _Growing(Generic[Record]):
    """A record whose curvature is filled in block by block, with its file."""

    def __init__(self, surface: Record, path: str | Path | None) -> None:
        self.surface, self.path, self.time = surface, path, time.perf_counter()
        empty = np.full(surface.loss.shape, np.nan)
        self.metrics = {name: np.array(surface.metrics.get(name, empty)) for name in METRICS}
        self.pending = np.flatnonzero(np.isnan(self.metrics["gradient_norm"].ravel()))
        mesh = np.meshgrid(*(axis.values for axis in surface.axes), indexing="ij")
        self.coordinates = torch.from_numpy(np.stack([part.ravel() for part in mesh], axis=1))[self.pending]

    @property
    def record(self) -> Record:
        """The record with the metrics as they are."""
        return replace(self.surface, metrics={**self.surface.metrics, **self.metrics})

    def fill(self, part: slice, columns: Mapping[str, FloatArray]) -> None:
        """Put the curvature of some pending points in its place; what is not finite becomes inf, as NaN is pending."""
        for name, values in columns.items():
            self.metrics[name].flat[self.pending[part]] = np.where(np.isfinite(values), values, np.inf)
        if time.perf_counter() - self.time > SAVE_SECONDS:
            self.save()

    def save(self) -> None:
        """Replace the file, if there is one."""
        if self.path is not None:
            store.save(self.record, self.path)
            self.time = time.perf_counter()


class _Mapper:
    """Curvature at a block of points at once, each with its own Hessian."""

    def __init__(self, objective: Objective, subspace: Subspace, steps: int, num_probes: int, seed: int) -> None:
        self.objective, self.subspace, self.steps = objective.loss_only(), subspace, steps
        generator = torch.Generator().manual_seed(seed)
        self.start = torch.randn(1, objective.P, generator=generator).to(objective.device, objective.dtype)
        signs = torch.randint(0, 2, (num_probes, objective.P), generator=generator) * 2 - 1
        self.signs = signs.to(objective.device, objective.dtype)
        self.shapes = {name: tensor.shape for name, tensor in objective.centre.items()}

    def __call__(self, coordinates: Tensor) -> dict[str, FloatArray]:
        theta, buffers = self._points(coordinates)
        multiply = self._products(theta, buffers)
        ritz, _, residual = lanczos(multiply, self.start.expand(len(theta), -1), self.steps).ritz()
        traces = torch.stack([(multiply(sign.expand_as(theta)) * sign).sum(dim=1) for sign in self.signs])
        bottom, top = ritz[:, 0], ritz[:, -1]
        columns = {
            "gradient_norm": self._gradients(theta, buffers).norm(dim=1),
            "hessian_top": top,
            "hessian_bottom": bottom,
            "curvature_ratio": (bottom / top).abs(),
            "curvature_residual": torch.maximum(residual[:, 0], residual[:, -1]),
            "hessian_trace": traces.mean(dim=0),
            "hessian_trace_error": traces.std(dim=0) / len(traces) ** 0.5,
        }
        return {name: values.double().cpu().numpy() for name, values in columns.items()}

    def _points(self, coordinates: Tensor) -> tuple[Tensor, Parameters]:
        """All parameters of each point, (k, P), and buffers that move along (a corridor's BatchNorm statistics)."""
        state = self.subspace.at(coordinates.to(self.objective.device))
        count = len(coordinates)
        centre = self.objective.centre
        parts = [
            state[name].reshape(count, -1) if name in state else centre[name].reshape(1, -1).expand(count, -1)
            for name in centre
        ]
        return torch.cat(parts, dim=1), {name: value for name, value in state.items() if name not in centre}

    def _gradients(self, theta: Tensor, buffers: Parameters) -> Tensor:
        """The gradient of the training loss at each point, (k, P)."""

        def slope(flat: Tensor, state: Parameters, batch: Batch) -> Tensor:
            if self.objective.differentiates:
                return self._graph(flat, state, batch)[0]
            gradient: Tensor = grad_and_value(self._loss)(flat, state, batch)[0]
            return gradient

        return self._sum(slope, theta, buffers)

    def _products(self, theta: Tensor, buffers: Parameters) -> Callable[[Tensor], Tensor]:
        """The map of a vector at each point, (k, P), to its product with the Hessian there."""

        def times(flat: Tensor, state: Parameters, batch: Batch, vector: Tensor) -> Tensor:
            if self.objective.differentiates:
                gradient, leaf = self._graph(flat, state, batch)
                if not gradient.requires_grad:
                    return torch.zeros_like(flat)
                return torch.autograd.grad(gradient, leaf, vector, materialize_grads=True)[0]

            def slope(at: Tensor) -> Tensor:
                gradient: Tensor = grad_and_value(self._loss)(at, state, batch)[0]
                return gradient

            product: Tensor = vjp(slope, flat)[1](vector)[0]
            return product

        return lambda vectors: self._sum(times, theta, buffers, vectors)

    def _sum(self, share: Callable[..., Tensor], theta: Tensor, buffers: Parameters, *vectors: Tensor) -> Tensor:
        """The sum over all batches of their shares at every point, (k, P)."""
        total = torch.zeros_like(theta)
        for batch in self.objective.splits[0].chunks(CHUNK):
            if self.objective.differentiates:
                # autograd cannot be vectorized: one point after another
                rows = [
                    share(
                        theta[k], {name: value[k] for name, value in buffers.items()}, batch, *(v[k] for v in vectors)
                    )
                    for k in range(len(theta))
                ]
                total += torch.stack(rows).detach()
            else:
                total += vmap(share, (0, 0, None, *[0] * len(vectors)))(theta, dict(buffers), batch, *vectors).detach()
        return total

    def _graph(self, flat: Tensor, buffers: Parameters, batch: Batch) -> tuple[Tensor, Tensor]:
        """The gradient with its graph by autograd, through losses that call it themselves, and what it was taken in."""
        leaf = flat.detach().requires_grad_()
        loss = self._loss(leaf, buffers, batch)
        return torch.autograd.grad(loss, leaf, create_graph=True, materialize_grads=True)[0], leaf

    def _loss(self, flat: Tensor, buffers: Parameters, batch: Batch) -> Tensor:
        parts = flat.split([shape.numel() for shape in self.shapes.values()])
        point = {name: part.view(shape) for part, (name, shape) in zip(parts, self.shapes.items(), strict=True)}
        return self.objective.loss_share({**point, **buffers}, batch)
