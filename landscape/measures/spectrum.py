"""The spectral density of a matrix by stochastic Lanczos quadrature."""

import time
import warnings
from math import ceil

import numpy as np
import torch
from tqdm import tqdm

from landscape.errors import InputError
from landscape.files.ledger import SAVE_SECONDS, Pieces
from landscape.measures.lanczos import lanczos
from landscape.measures.matrix import BLOCK, CurvatureMatrix, hessian
from landscape.measures.measure import Cost, Entry, Line, Measure, MeasureOptions, Part, Results, Words, plain
from landscape.objective.objective import Objective
from landscape.records.spectra import Spectrum

STEPS = 90
MAX_PROBES = 512
_PILOT = 8
_FIRST = 4


def spectral_density(
    matrix: CurvatureMatrix | Objective,
    *,
    error: float = 0.01,
    num_probes: int | None = None,
    steps: int = STEPS,
    seed: int = 0,
    pieces: Pieces | None = None,
    progress: bool = False,
) -> Spectrum:
    """The density of a matrix's eigenvalues, from ``steps`` Lanczos steps on each of several random vectors.

    Each probe gives a Gauss quadrature of the density as that vector sees it; their mean converges to the spectrum
    (Ghorbani et al. 2019, arXiv 1901.10159, section 2; Yao et al. 2020, arXiv 1912.07145). Probes are added until the
    standard error of the smoothed cumulative distribution is at most ``error`` everywhere (`Spectrum.error`), at most
    512. The trace and the Frobenius norm follow from the same probes.

    Args:
        matrix: from `hessian` or `gauss_newton`; the Lanczos vectors of a block of probes fit in its ``memory``. An
            objective stands for its Hessian, for one release.
        error: standard error asked for, a share of the P eigenvalues.
        num_probes: take so many probes instead, at least 2.
        steps: Lanczos steps per probe: two spectra whose moments agree to order ``2 steps - 1`` cannot be told apart.
        seed: of the probes.
        pieces: where probes are kept while they are taken, so that a stopped density goes on.
        progress: show a bar on stderr.

    Returns:
        The spectrum, with nodes and weights of shape (probes, steps).

    Raises:
        InputError: an error, number of probes or number of steps out of range.
        ObjectiveError: a product is not finite.
    """
    if not error > 0 or (num_probes is not None and num_probes < 2) or steps < 2:
        raise InputError(
            f"the density needs an error above 0, 2 probes and 2 steps or more, got {error}, {num_probes}, {steps}"
        )
    if isinstance(matrix, Objective):
        warnings.warn("write spectral_density(hessian(objective))", FutureWarning, stacklevel=2)
        matrix = hessian(matrix)
    goal = num_probes if num_probes is not None else _PILOT
    probes = _Probes(matrix.tune(vectors=BLOCK, products=steps * goal), steps, seed, pieces or Pieces(None, ""))
    name = f"{matrix.objective.name} spectral density"
    with tqdm(total=goal, disable=not progress, unit="probe", desc=name) as bar:
        bar.update(min(len(probes), goal))
        probes.take_until(goal, bar)
        # a stopped density has the goals of one that was not stopped: each follows from the probes of the last
        while num_probes is None and (following := probes.goal(error, goal)) > goal:
            goal = bar.total = following
            probes.take_until(goal, bar)
    return probes.spectrum()


class _Probes:
    """The quadratures of a matrix so far, with those that a stopped density left in its pieces."""

    def __init__(self, matrix: CurvatureMatrix, steps: int, seed: int, pieces: Pieces) -> None:
        self.matrix, self.steps, self.seed, self.pieces = matrix, steps, seed, pieces
        self.block = max(1, min(BLOCK, matrix.memory // (8 * (steps + 4) * matrix.size)))
        self.count = min(self.block, _FIRST)
        self.generator, arrays = torch.Generator().manual_seed(seed), pieces.load()
        self.nodes, self.weights = list(arrays.get("nodes", ())), list(arrays.get("weights", ()))
        for _ in self.nodes:
            self._start()

    def __len__(self) -> int:
        return len(self.nodes)

    def take_until(self, goal: int, bar: tqdm) -> None:
        """Take probes in blocks of some seconds until there are so many."""
        try:
            while len(self) < goal:
                start = time.perf_counter()
                count = min(self.count, goal - len(self))
                self._take(count)
                bar.update(count)
                self._save()
                # so that stopping it loses no more than some seconds
                self.count = max(1, min(self.block, int(count * SAVE_SECONDS / (time.perf_counter() - start))))
        except BaseException:
            self._save(force=True)
            raise

    def _take(self, count: int) -> None:
        start = torch.stack([self._start() for _ in range(count)]).to(self.matrix.device)
        nodes, weights, _ = lanczos(self.matrix, start, self.steps).ritz()
        self.nodes.extend(nodes.cpu().numpy())
        self.weights.extend(weights.cpu().numpy())

    def _save(self, *, force: bool = False) -> None:
        self.pieces.save(nodes=np.array(self.nodes), weights=np.array(self.weights), force=force)

    def goal(self, error: float, count: int) -> int:
        """Probes after which the error is as asked for, from the first ``count``."""
        return min(MAX_PROBES, max(count, ceil(count * (self.spectrum(count).error / error) ** 2)))

    def spectrum(self, count: int | None = None) -> Spectrum:
        nodes, weights = np.array(self.nodes[:count]), np.array(self.weights[:count])
        matrix = self.matrix
        return Spectrum(nodes, weights, matrix.size, matrix.kind, self.steps, self.seed, matrix.unit)

    def _start(self) -> torch.Tensor:
        return torch.randn(self.matrix.size, dtype=torch.float64, generator=self.generator)


def _parts(objective: Objective, options: MeasureOptions) -> dict[str, Part]:
    def density(pieces: Pieces, progress: bool) -> Entry:
        matrix = hessian(objective, memory=options.memory)
        return _to_dict(spectral_density(matrix, seed=options.seed, pieces=pieces, progress=progress))

    return {"density": Part({"measure": "density", "seed": options.seed}, density)}


def _to_dict(spectrum: Spectrum) -> Entry:
    return {**plain(spectrum), "summary": _summary(spectrum)}


def _summary(spectrum: Spectrum) -> Entry:
    (trace, trace_error), (square, _) = spectrum.moment(1), spectrum.moment(2)
    errors = {"error": spectrum.error, "num_probes": len(spectrum.nodes)}
    return {**errors, "trace": trace, "trace_error": trace_error, "norm": square**0.5}


def _parse(entry: Entry) -> Spectrum:
    return Spectrum(**{name: value for name, value in entry.items() if name != "summary"})


def _words(results: Results[Spectrum]) -> Words:
    """The first member's density in a line."""
    spectrum = results.records[0]
    trace, error = spectrum.moment(1)
    text = (
        f"{len(spectrum.nodes)} probes of {spectrum.steps} steps, standard error "
        f"{100 * spectrum.error:.2g} % of the eigenvalues; trace {trace:.4g} +- {error:.2g}"
    )
    return Words(lines=(Line("spectral density", text),))


DENSITY: Measure[Spectrum] = Measure(
    "density",
    parts=_parts,
    parse=lambda entries: _parse(entries["density"]),
    to_dict=_to_dict,
    cost=lambda objective, options: Cost(products=32 * min(STEPS, objective.P)),
    words=_words,
)
