"""What was measured of a minimum's curvature, as frozen NumPy records: its spectrum, and its cross-section."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from landscape.errors import InputError
from landscape.records.base import RISE, FloatArray, freeze_arrays
from landscape.records.loss_scale import NATS


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The eigenvalues of a symmetric P x P matrix as a distribution, by a quadrature for each random probe.

    Args:
        nodes: Ritz values, shape (probes, steps), ascending.
        weights: their shares of the spectrum, shape (probes, steps), each row summing to 1.
        P: eigenvalues in all.
        matrix: ``"hessian"`` or ``"gauss-newton"``.
        steps: Lanczos steps asked for.
        seed: of the probes.
        unit: of the eigenvalues.
    """

    nodes: FloatArray
    weights: FloatArray
    P: int
    matrix: str = "hessian"
    steps: int = 0
    seed: int = 0
    unit: str = ""

    def __post_init__(self) -> None:
        freeze_arrays(self, "nodes", "weights")
        if self.nodes.ndim != 2 or self.nodes.shape != self.weights.shape or len(self.nodes) < 1:
            raise InputError(f"a spectrum has nodes and weights of one shape (probes, steps), got {self.nodes.shape}")

    @property
    def sigma(self) -> float:
        """The width to which the density is smoothed by default: 1 % of the range of the nodes."""
        return 0.01 * (float(np.ptp(self.nodes)) or 1.0)

    def grid(self, points: int = 1001) -> FloatArray:
        """Eigenvalues from below the smallest node to above the largest, evenly spaced, shape (points,)."""
        margin = 4 * self.sigma
        return np.linspace(self.nodes.min() - margin, self.nodes.max() + margin, points)

    def density(self, values: ArrayLike, *, sigma: float | None = None) -> FloatArray:
        """Density at eigenvalues (n,), smoothed by a Gaussian of width ``sigma``; its integral is 1."""
        return np.asarray(self._by_probe(values, sigma, cumulative=False).mean(axis=0))

    def density_with_error(self, values: ArrayLike, *, sigma: float | None = None) -> tuple[FloatArray, FloatArray]:
        """The density and its standard error over the probes, both (n,); the error inf with a single probe."""
        densities = self._by_probe(values, sigma, cumulative=False)
        mean, count = np.asarray(densities.mean(axis=0)), len(densities)
        if count < 2:
            return mean, np.full(densities.shape[1], np.inf)
        return mean, np.asarray(densities.std(axis=0, ddof=1) / count**0.5)

    def cumulative(self, values: ArrayLike, *, sigma: float | None = None) -> FloatArray:
        """Share of eigenvalues at most ``values`` (n,), smoothed alike."""
        return np.asarray(self._by_probe(values, sigma, cumulative=True).mean(axis=0))

    @property
    def error(self) -> float:
        """Largest standard error of the smoothed cumulative distribution, a share of the P eigenvalues."""
        if len(self.nodes) < 2:
            return float("inf")
        shares = self._by_probe(self.grid(401), None, cumulative=True)
        return float(shares.std(axis=0, ddof=1).max() / len(self.nodes) ** 0.5)

    def moment(self, order: int) -> tuple[float, float]:
        """``sum_i lambda_i^order`` (the trace, the squared Frobenius norm, ...) and its standard error."""
        sums = self.P * (self.weights * self.nodes**order).sum(axis=1)
        spread = float(sums.std(ddof=1) / len(sums) ** 0.5) if len(sums) > 1 else float("inf")
        return float(sums.mean()), spread

    def _by_probe(self, values: ArrayLike, sigma: float | None, *, cumulative: bool) -> FloatArray:
        width = self.sigma if sigma is None else sigma
        away = (np.asarray(values, dtype=np.float64)[None, :, None] - self.nodes[:, None, :]) / width
        kernel = ndtr(away) if cumulative else np.exp(-0.5 * away**2) / (width * np.sqrt(2 * np.pi))
        return np.asarray(np.einsum("pvs,ps->pv", kernel, self.weights))


@dataclass(frozen=True, eq=False)
class CrossSection:
    """How far one can walk from a solution along its stiffest and along random directions: a tunnel's cross-section.

    All directions have L2 length 1 in parameter space, so that distances are lengths. Distances are of both sides, the
    first column along the vector, the second against it.

    Args:
        eigenvalues: of the Hessian, the largest first, shape (k,).
        residuals: ``||H v - lambda v||``, shape (k,).
        stiff: half-widths along their eigenvectors, shape (k, 2).
        random: half-widths along uniformly random directions, shape (m, 2).
        reach: the longest distance looked at; an entry of that size is a lower bound.
        rise: of the loss that defines a half-width, in ``rise_unit``.
        seed: of the random directions.
        model: name of the network.
        network: it in words.
        P: its parameters.
        unit: of distances.
        rise_unit: the unit of the loss.
    """

    eigenvalues: FloatArray
    residuals: FloatArray
    stiff: FloatArray
    random: FloatArray
    reach: float
    rise: float = RISE
    seed: int = 0
    model: str = ""
    network: str = ""
    P: int = 0
    unit: str = "L2"
    rise_unit: str = NATS

    def __post_init__(self) -> None:
        freeze_arrays(self, "eigenvalues", "residuals", "stiff", "random")
        count = len(self.eigenvalues)
        if self.residuals.shape != (count,) or self.stiff.shape != (count, 2) or self.random.shape[1:] != (2,):
            raise InputError(
                "a cross-section has k eigenvalues and residuals, stiff (k, 2) and random (m, 2) distances"
            )

    @property
    def predicted(self) -> FloatArray:
        """``sqrt(2 rise / lambda)``, the half-width of such a parabola, shape (k,); inf where lambda <= 0."""
        positive = np.where(self.eigenvalues > 0, self.eigenvalues, np.nan)
        return np.nan_to_num(np.sqrt(2 * self.rise / positive), nan=np.inf)

    @property
    def censored(self) -> int:
        """Distances that are lower bounds."""
        return int(np.count_nonzero(self.stiff >= self.reach) + np.count_nonzero(self.random >= self.reach))
