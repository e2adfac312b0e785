"""The spectral density of the Hessian by stochastic Lanczos quadrature."""

import time
from math import ceil
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from landscape.defaults import DEFAULT_MEMORY
from landscape.errors import InputError
from landscape.files.ledger import SAVE_SECONDS, Pieces
from landscape.measures.curvature import UNIT, Names
from landscape.measures.lanczos import lanczos
from landscape.measures.products import BLOCK, Matrix, Product, hessian_product
from landscape.objective.objective import Objective
from landscape.records.spectra import Spectrum

STEPS = 90
MAX_PROBES = 512
_PILOT = 8
_FIRST = 4


def spectral_density(
    objective: Objective,
    *,
    error: float = 0.01,
    num_probes: int | None = None,
    steps: int = STEPS,
    matrix: Matrix = "hessian",
    parameters: Names = None,
    memory: int = DEFAULT_MEMORY,
    seed: int = 0,
    pieces: Pieces | None = None,
    progress: bool = False,
) -> Spectrum:
    """The density of the Hessian's eigenvalues, from ``steps`` Lanczos steps on each of several random vectors.

    Each probe gives a Gauss quadrature of the density as that vector sees it; their mean converges to the spectrum
    (Ghorbani et al. 2019, arXiv 1901.10159, section 2; Yao et al. 2020, arXiv 1912.07145). Probes are added until the
    standard error of the smoothed cumulative distribution is at most ``error`` everywhere (`Spectrum.error`), at most
    512. The trace and the Frobenius norm follow from the same probes.

    Args:
        objective: model and training data, never changed; in float64 whatever its precision.
        error: standard error asked for, a share of the P eigenvalues.
        num_probes: take so many probes instead, at least 2.
        steps: Lanczos steps per probe: two spectra whose moments agree to order ``2 steps - 1`` cannot be told apart.
        matrix: ``"hessian"`` or ``"gauss-newton"``, see `hessian_product`.
        parameters: name patterns that leave a diagonal block of the matrix.
        memory: bytes that the Lanczos vectors, or a kept graph, may take.
        seed: of the probes.
        pieces: where probes are kept while it runs, so that a stopped one goes on.
        progress: show a bar on stderr.

    Raises:
        InputError: an error, number of probes or number of steps out of range.
        ObjectiveError: a product is not finite.
    """
    if not error > 0 or (num_probes is not None and num_probes < 2) or steps < 2:
        raise InputError(
            f"the density needs an error above 0, 2 probes and 2 steps or more, got {error}, {num_probes}, {steps}"
        )
    taken = steps * (num_probes if num_probes is not None else _PILOT)
    choice: dict[str, Any] = {"matrix": matrix, "parameters": parameters, "memory": memory}
    product = hessian_product(objective, vectors=BLOCK, products=taken, **choice)
    block = max(1, min(BLOCK, memory // (8 * (steps + 4) * product.size)))
    probes = _Probes(product, steps, seed, pieces or Pieces(None, ""))
    wanted, count = num_probes if num_probes is not None else _PILOT, min(block, _FIRST)
    with tqdm(total=wanted, disable=not progress, unit="probe", desc=f"{objective.name} spectral density") as bar:
        bar.update(min(len(probes), wanted))
        try:
            while len(probes) < wanted:
                began = time.perf_counter()
                count = min(count, wanted - len(probes))
                probes.take(count)
                bar.update(count)
                probes.save()
                # so that stopping it loses no more than some seconds
                count = max(1, min(block, int(count * SAVE_SECONDS / (time.perf_counter() - began))))
                if num_probes is None and len(probes) >= wanted:
                    wanted = bar.total = probes.needed(error, wanted)
        except BaseException:
            probes.save(force=True)
            raise
    return probes.spectrum()


class _Probes:
    """The quadratures taken so far, with those that a stopped run has kept."""

    def __init__(self, product: Product, steps: int, seed: int, pieces: Pieces) -> None:
        self.product, self.steps, self.seed, self.pieces = product, steps, seed, pieces
        self.generator, found = torch.Generator().manual_seed(seed), pieces.load()
        self.nodes, self.weights = list(found.get("nodes", ())), list(found.get("weights", ()))
        for _ in self.nodes:
            self._start()

    def __len__(self) -> int:
        return len(self.nodes)

    def take(self, count: int) -> None:
        start = torch.stack([self._start() for _ in range(count)]).to(self.product.objective.device)
        nodes, weights, _ = lanczos(self.product, start, self.steps).ritz()
        self.nodes.extend(nodes.cpu().numpy())
        self.weights.extend(weights.cpu().numpy())

    def save(self, *, force: bool = False) -> None:
        self.pieces.save(nodes=np.array(self.nodes), weights=np.array(self.weights), force=force)

    def needed(self, error: float, taken: int) -> int:
        """Probes after which the error is as asked for."""
        return min(MAX_PROBES, max(taken, ceil(len(self) * (self.spectrum().error / error) ** 2)))

    def spectrum(self) -> Spectrum:
        nodes, weights = np.array(self.nodes), np.array(self.weights)
        return Spectrum(nodes, weights, self.product.size, self.product.matrix, self.steps, self.seed, UNIT)

    def _start(self) -> torch.Tensor:
        return torch.randn(self.product.size, dtype=torch.float64, generator=self.generator)
