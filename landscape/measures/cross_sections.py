"""The cross-section of a minimum: half-widths along the stiffest eigenvectors of the Hessian and along random ones."""

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from landscape.defaults import DEFAULT_MEMORY
from landscape.engine.plans import Plan
from landscape.engine.trial import choose
from landscape.errors import InputError
from landscape.files.ledger import Pieces
from landscape.measures.eigenvalues import Eigenpairs, eigenpairs
from landscape.measures.matrix import hessian
from landscape.measures.measure import Cost, Entry, Measure, MeasureOptions, Part, plain
from landscape.measures.quantities import Quantity, quantity
from landscape.measures.widths import check_rise
from landscape.objective.objective import Objective
from landscape.records.base import FloatArray
from landscape.records.spectra import CrossSection
from landscape.space import parameters as space
from landscape.space.affine import Line, line_along

STIFF = 50
RANDOM = 50
# distances in L2, a factor of the root of 2 apart
LADDER = 2.0 ** (np.arange(-20, 21) / 2)
REFINEMENTS = 3
INSIDE = 7


def cross_section(
    objective: Objective,
    k: int = STIFF,
    *,
    random: int = RANDOM,
    rise: float | None = None,
    pairs: Eigenpairs | None = None,
    seed: int = 0,
    memory: int = DEFAULT_MEMORY,
    progress: bool = False,
) -> CrossSection:
    """Half-widths along the ``k`` stiffest eigenvectors and along ``random`` random directions, in L2, to both sides.

    A half-width is the smallest distance of a ladder, from 1/1024 to 1024 by factors of the root of 2, at which the
    loss has risen by ``rise``, refined between its steps to a relative 1e-4; where it rises and falls again between two
    steps, that is not seen. Beside it stands ``sqrt(2 rise / lambda)``, what the curvature alone would give: the
    difference is what a quadratic model misses. Distances in L2 do not survive a rescaling of ReLU layers, and a random
    direction sees about the mean of all P eigenvalues.

    Args:
        objective: model and training data; distances in its own precision, eigenvectors in float64.
        k: eigenvectors, from the largest eigenvalue down.
        random: Gaussian directions in all parameters, at least 1.
        rise: in the unit of the loss, above 0; by default as of `half_width`.
        pairs: eigenvectors from `eigenpairs`, if they are known already.
        seed: of the iteration and the random directions.
        memory: bytes a block of points may take.
        progress: show a bar on stderr.

    Returns:
        Eigenvalues and residuals (k,), half-widths (k, 2) and (random, 2): the first column along the vector, the
        second against it.

    Raises:
        InputError: ``k``, ``random`` or ``rise`` out of range.
        ObjectiveError: the eigenvalues do not converge.

    Example:
        >>> model = torch.nn.Linear(2, 1, bias=False).double()
        >>> x = torch.tensor([[2.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
        >>> objective = Objective(model, (x, model(x).detach()), loss=torch.nn.functional.mse_loss)
        >>> section = cross_section(objective, 2, random=1, rise=0.5)
        >>> section.stiff[:, 0].round(3).tolist(), section.predicted.tolist()
        ([0.5, 1.0], [0.5, 1.0])
    """
    scale = objective.scale
    rise = scale.rise if rise is None else check_rise(rise)
    if random < 1:
        raise InputError(f"a cross-section compares with at least 1 random direction, got {random}")
    if pairs is None:
        pairs = eigenpairs(hessian(objective), k, seed=seed)
    vectors = [*pairs.vectors[:k], *_random(objective, random, seed)]
    widths = _both_sides(_Search(objective, rise, memory), vectors, progress=progress)
    names = {"model": objective.name, "network": objective.network, "rise_unit": scale.unit}
    stiff, uniform = np.split(widths, [len(vectors) - random])
    values, residuals = (part[:k].cpu().numpy() for part in (pairs.values, pairs.residuals))
    return CrossSection(values, residuals, stiff, uniform, float(LADDER[-1]), rise, seed, **names, P=objective.P)


def _both_sides(search: "_Search", vectors: list[Tensor], *, progress: bool) -> FloatArray:
    """Half-widths along each vector and against it, (vectors, 2)."""
    label = f"{search.objective.name} cross-section"
    bar = tqdm(vectors, disable=not progress, unit="direction", desc=label)
    return np.array([search.both_sides(vector) for vector in bar])


def _random(objective: Objective, count: int, seed: int) -> list[Tensor]:
    """Unit vectors (P,), uniform on the sphere."""
    generator = torch.Generator().manual_seed(seed)
    normal = [torch.randn(objective.P, generator=generator, dtype=torch.float64) for _ in range(count)]
    return [(vector / vector.norm()).to(objective.device) for vector in normal]


class _Search:
    """The distance at which the loss has risen, along one direction after another."""

    def __init__(self, objective: Objective, rise: float, memory: int) -> None:
        self.objective, self.rise, self.memory = objective.loss_only(), rise, memory
        self.plan: Plan | None = None

    def both_sides(self, vector: Tensor) -> tuple[float, float]:
        """Half-widths along a unit vector (P,) and against it."""
        direction = space.unflatten(vector, self.objective.centre)
        line = line_along(self.objective.centre, direction, recipe={"unit": "L2"})
        return self._distance(line, 1.0), self._distance(line, -1.0)

    def _distance(self, line: Line, sign: float) -> float:
        """The half-width to one side, the last distance of the ladder where the loss does not rise so far."""
        radius = np.concatenate([[0.0], LADDER])
        loss = self._loss(line, sign * radius)
        level = loss[0] + self.rise
        if not (loss >= level).any():
            return float(LADDER[-1])
        for _ in range(REFINEMENTS):
            first = int((loss >= level).argmax())
            low, high = radius[first - 1], radius[first]
            below, above = loss[first - 1], loss[first]
            radius = np.linspace(low, high, INSIDE + 2)
            loss = np.concatenate([[below], self._loss(line, sign * radius[1:-1]), [above]])
        first = int((loss >= level).argmax())
        if not np.isfinite(loss[first]):
            return float(radius[first])
        share = (level - loss[first - 1]) / (loss[first] - loss[first - 1])
        return float(radius[first - 1] + share * (radius[first] - radius[first - 1]))

    def _loss(self, line: Line, coordinates: FloatArray) -> FloatArray:
        """Training loss at distances along the line; not a number counts as diverged, inf."""
        places = torch.from_numpy(coordinates)[:, None]
        # timed once: all directions cost the same
        if self.plan is None:
            self.plan = choose(self.objective, line, places, memory=self.memory)
        evaluate = self.plan.build(self.objective, line)
        values = torch.cat([evaluate(part)[:, 0] for part in places.split(self.plan.block)]).double().cpu().numpy()
        return np.where(np.isnan(values), np.inf, values)


def _parts(objective: Objective, options: MeasureOptions) -> dict[str, Part]:
    def section(pieces: Pieces, progress: bool) -> Entry:
        k = min(STIFF, objective.P)
        label = f"{objective.name} {k} largest eigenvalues"
        with tqdm(disable=not progress, total=1, unit="spectrum", desc=label) as bar:
            pairs = eigenpairs(hessian(objective), k, seed=options.seed, pieces=pieces)
            bar.update()
        return _to_dict(
            cross_section(
                objective,
                k,
                pairs=pairs,
                rise=options.rise,
                seed=options.seed,
                memory=options.memory,
                progress=progress,
            )
        )

    rise = objective.scale.rise if options.rise is None else options.rise
    return {"section": Part({"measure": "cross_section", "rise": rise, "seed": options.seed}, section)}


def _to_dict(section: CrossSection) -> Entry:
    return {**plain(section), "summary": _summary(section)}


def _summary(section: CrossSection) -> Entry:
    means = {"first": section.stiff[0].mean(), "stiff": section.stiff.mean(), "random": section.random.mean()}
    return {**{name: float(mean) for name, mean in means.items()}, "censored": section.censored}


def _parse(entry: Entry) -> CrossSection:
    return CrossSection(**{name: value for name, value in entry.items() if name != "summary"})


def _cost(objective: Objective, options: MeasureOptions) -> Cost:
    """An iteration for the eigenvectors, then losses along each direction to both sides."""
    products = min(objective.P, 500) + 40 * (STIFF + RANDOM)
    return Cost(products=products, memory=8 * objective.P * 3 * STIFF)


CROSS_SECTION: Measure[CrossSection] = Measure(
    "cross_section",
    parts=_parts,
    parse=lambda entries: _parse(entries["section"]),
    to_dict=_to_dict,
    cost=_cost,
    quantities=(
        quantity("first stiff width", "L2", lambda record: float(record.stiff[0].mean())),
        Quantity("stiff widths", "L2", lambda record, rise: record.stiff.mean(axis=1)),
        Quantity("random widths", "L2", lambda record, rise: record.random.mean(axis=1)),
    ),
)
