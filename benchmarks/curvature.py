"""Curvature: Hessian-vector products beside PyHessian's way, the spectral density beside hessian-eigenthings."""

import copy
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from benchmarks.hardware import version_of
from benchmarks.networks import CLASSES
from benchmarks.peers import MISSING
from benchmarks.timing import in_turn, ratio
from benchmarks.workload import Workload
from landscape.measures.matrix import BLOCK, hessian
from landscape.measures.spectrum import STEPS, spectral_density
from landscape.objective.objective import Objective
from landscape.records.spectra import Spectrum
from landscape.train.datasets import load_dataset
from landscape.train.networks import NetworkConfig, build

WIDTHS = (4, 64, 512)
DENSITY_WIDTHS = (4, 64)
PROBES = 64
PEER = "hessian-eigenthings"
GRAPH = "one retained graph, one product at a time"


@dataclass(frozen=True)
class Row:
    """Ours beside another way on one network, seeded, on the 1437 training digits.

    Args:
        network: what it was measured on.
        what: product or density, with its precision.
        contender: the other way.
        ours: products per second, or seconds of a density; so is ``other``.
        other: None where it is not installed.
        factor: how many times as fast ours is, median over rounds.
        error: standard error of our density, a share of the eigenvalues; ``error_other`` that of the other.
        error_other: None for products.
        note: what a reader has to know.
    """

    network: str
    what: str
    contender: str
    ours: float
    other: float | None = None
    factor: float | None = None
    error: float | None = None
    error_other: float | None = None
    note: str = ""


def rows(workload: Workload) -> list[dict[str, Any]]:
    """A row per width for products, then for densities, as dictionaries."""
    products = [_products(_objective(width, workload), width, workload) for width in WIDTHS]
    widths = DENSITY_WIDTHS[:1] if workload.quick else DENSITY_WIDTHS
    return [asdict(row) for row in products + [_density(_objective(w, workload), w, workload) for w in widths]]


def through_one_graph(objective: Objective) -> Callable[[Tensor], Tensor]:
    """``v -> H v`` as PyHessian 0.1 does it: the gradient's graph is kept, and differentiated again for each vector."""
    leaves = {name: tensor.detach().clone().requires_grad_() for name, tensor in objective.centre.items()}
    inputs, targets = objective.splits[0].batches[0]
    loss = cross_entropy(objective.outputs(leaves, inputs), targets)
    gradient = torch.autograd.grad(loss, list(leaves.values()), create_graph=True)
    flat = torch.cat([part.flatten() for part in gradient])

    def multiply(vector: Tensor) -> Tensor:
        parts = torch.autograd.grad(flat, list(leaves.values()), vector, retain_graph=True)
        return torch.cat([part.flatten() for part in parts])

    return multiply


def _products(objective: Objective, width: int, workload: Workload) -> Row:
    ours = hessian(objective, dtype=torch.float32).tune(vectors=BLOCK)
    multiply = through_one_graph(objective)
    vectors = torch.randn(BLOCK, objective.P, generator=torch.Generator().manual_seed(0)).to(objective.device)
    count = 2 if workload.quick or width > 64 else 20

    def blocks() -> None:
        for _ in range(count):
            ours(vectors)

    def singly() -> None:
        for _ in range(count):
            for vector in vectors:
                multiply(vector)

    seconds = _seconds({"ours": blocks, "other": singly}, workload, f"products, width {width}")
    rate = {name: count * BLOCK / median(times) for name, times in seconds.items()}
    way = f"{'graph kept' if ours.stores_graph else 'graph rebuilt'}, {ours.block} at a time"
    factor = ratio(seconds["other"], seconds["ours"])
    return Row(f"mlp, width {width}", "products/s, float32", GRAPH, rate["ours"], rate["other"], factor, note=way)


def _density(objective: Objective, width: int, workload: Workload) -> Row:
    exact = objective.with_dtype(torch.float64)
    probes, steps = (4, 20) if workload.quick else (PROBES, STEPS)
    spectra: dict[str, Spectrum] = {}

    def ours() -> None:
        spectra["ours"] = spectral_density(hessian(exact), num_probes=probes, steps=steps)

    runs: dict[str, Callable[[], object]] = {"ours": ours}
    available = version_of(PEER) is not None
    if available:
        runs["other"] = _peer_density(exact, probes, steps, spectra)
    rounds = workload.rounds if width == min(DENSITY_WIDTHS) else 1
    seconds = _seconds(runs, workload, f"density, width {width}", rounds=rounds)
    quantity = f"seconds of a density, {probes} probes of {steps} steps, float64"
    row = Row(f"mlp, width {width}", quantity, PEER, median(seconds["ours"]), error=spectra["ours"].error)
    if not available:
        return replace(row, note=f"{PEER} is {MISSING}")
    factor = ratio(seconds["other"], seconds["ours"])
    return replace(row, other=median(seconds["other"]), factor=factor, error_other=spectra["other"].error)


def _peer_density(objective: Objective, probes: int, steps: int, spectra: dict[str, Spectrum]) -> Callable[[], None]:
    from hessian_eigenthings import HessianOperator, supervised_loss
    from hessian_eigenthings import spectral_density as density

    model = copy.deepcopy(objective.model).to(objective.device, objective.dtype)
    operator = HessianOperator(model, objective.splits[0].batches, supervised_loss(cross_entropy))

    def run() -> None:
        result = density(operator, num_runs=probes, lanczos_steps=steps, num_grid_points=1001, seed=0)
        nodes, weights = (part.cpu().numpy() for part in (result.raw_eigenvalues, result.raw_weights))
        spectra["other"] = Spectrum(nodes, weights, objective.P, "hessian", steps, 0, "")

    return run


def _seconds(
    runs: dict[str, Callable[[], object]], workload: Workload, label: str, *, rounds: int | None = None
) -> dict[str, list[float]]:
    """Seconds in each round, after a warm-up; the long ones are timed once, cold."""
    if rounds != 1:
        for run in runs.values():
            run()
    return in_turn(runs, rounds=rounds or workload.rounds, device=workload.device, label=label)


def _objective(width: int, workload: Workload) -> Objective:
    """A seeded network on the digits: what a product costs does not depend on the weights."""
    digits = load_dataset("digits")
    data = torch.from_numpy(digits.x_train), torch.from_numpy(digits.y_train)
    model = build(NetworkConfig("mlp", width), tuple(data[0].shape[1:]), CLASSES, seed=0).eval()
    return Objective(model, data, accuracy=False, device=workload.device)
