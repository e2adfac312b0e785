"""Everything that can be measured of one network, as plain values by name, each kept as soon as it is done."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

import torch
from tqdm import tqdm

from landscape.defaults import DEFAULT_MEMORY
from landscape.errors import InputError
from landscape.files.ledger import Ledger, Pieces
from landscape.measures.cross_sections import RANDOM, STIFF, cross_section
from landscape.measures.eigenvalues import Eigenpairs, eigenpairs, extreme_eigenpairs
from landscape.measures.freedom import free_directions
from landscape.measures.matrix import hessian
from landscape.measures.sharpness import epsilon_sharpness, noise_rise, worst_rise
from landscape.measures.spectrum import STEPS, spectral_density
from landscape.measures.trace import SpectralSum, frobenius_norm, trace
from landscape.objective.objective import Objective
from landscape.records.companions import Rays
from landscape.records.spectra import CrossSection, Spectrum
from landscape.sampling.rays import sample_rays

Measure: TypeAlias = Literal["half_width", "curvature", "density", "sharpness", "cross_section", "free_directions"]

MEASURES: tuple[Measure, ...] = (
    "half_width",
    "curvature",
    "density",
    "sharpness",
    "cross_section",
    "free_directions",
)
EPSILON, RADIUS, ADAPTIVE_RADIUS, SIGMA = 1e-3, 0.05, 0.5, 0.1
VERSION = 1


@dataclass(frozen=True)
class Options:
    """How things are measured; everything that is not listed has its function's default.

    Args:
        k: eigenvalues at either end.
        layers: curvature of each layer too.
        directions: of the half-width.
        strategy: of its sampling.
        rise: nats per example that define widths.
        examples: for free directions, the first so many; all by default.
        memory: bytes that a block or a kept graph may take.
        seed: of everything random.
    """

    k: int = 5
    layers: bool = False
    directions: int = 64
    strategy: str = "auto"
    rise: float = 0.5
    examples: int | None = None
    memory: int = DEFAULT_MEMORY
    seed: int = 0


Part: TypeAlias = tuple[dict[str, Any], Callable[[Pieces], Any]]


def measure_network(
    objective: Objective,
    names: Sequence[Measure],
    options: Options | None = None,
    *,
    ledger: Ledger | None = None,
    progress: bool = False,
) -> dict[str, dict[str, Any]]:
    """Each measure by its name, as plain values; parts that the ledger holds are not measured again.

    Args:
        objective: the network, never changed.
        names: of `MEASURES`.
        options: how.
        ledger: where results are kept as they come; by default nowhere.
        progress: show bars on stderr.
    """
    chosen, kept = options or Options(), ledger or Ledger(None)
    made: dict[str, dict[str, Any]] = {}
    for name in names:
        parts = _parts(objective, name, chosen, progress)
        values = {part: _kept(objective, kept, recipe, run) for part, (recipe, run) in parts.items()}
        made[name] = _assembled(values) if name == "curvature" else values[name]
    return made


def missing(objective: Objective, names: Sequence[Measure], options: Options, ledger: Ledger) -> list[Measure]:
    """The measures of which the ledger lacks a part."""
    return [
        name
        for name in names
        if any(
            ledger.get(_key(objective, recipe)) is None
            for recipe, _ in _parts(objective, name, options, progress=False).values()
        )
    ]


def seconds_for(objective: Objective, names: Sequence[Measure], options: Options) -> tuple[float, int]:
    """A rough estimate of the seconds and bytes that the measures will take, from a few products timed now."""
    if not names:
        return 0.0, 0
    product = hessian(objective, memory=options.memory).tuned()
    vector = torch.ones(product.size, dtype=torch.float64, device=objective.device)
    started = time.perf_counter()
    for _ in range(3):
        product(vector)
    each = (time.perf_counter() - started) / 3
    rows, columns = sorted(((options.examples or objective.N) * objective.K, objective.P))
    # seen on digits: products for both ends of the spectrum, gradients at half and losses at a third of a product
    counts = {
        "half_width": options.directions * 10,
        "curvature": min(objective.P, 200) + 128,
        "density": 32 * min(STEPS, objective.P),
        "sharpness": 80,
        "cross_section": min(objective.P, 500) + 40 * (STIFF + RANDOM),
        "free_directions": rows * rows * columns / (1e10 * each),
    }
    memory = 8 * objective.P * min(objective.P, 200)
    if "cross_section" in names:
        memory = max(memory, 8 * objective.P * 3 * STIFF)
    if "free_directions" in names:
        memory = max(memory, 24 * rows * columns)
    return each * sum(counts[name] for name in names), memory


def _key(objective: Objective, recipe: dict[str, Any]) -> dict[str, Any]:
    return {**recipe, "version": VERSION, "objective": objective.fingerprint}


def _kept(objective: Objective, ledger: Ledger, recipe: dict[str, Any], run: Callable[[Pieces], Any]) -> Any:
    key = _key(objective, recipe)
    found = ledger.get(key)
    if found is None:
        pieces = ledger.pieces(key)
        found = run(pieces)
        ledger.put(key, found)
        pieces.finish()
    return found


def _parts(objective: Objective, name: Measure, options: Options, progress: bool) -> dict[str, Part]:
    """Each part of a measure: what fixes it, and what measures it."""
    seed, memory = options.seed, options.memory
    if name == "curvature":
        found = _curvature(objective, options, None, "")
        for layer in _layers(objective) if options.layers else ():
            found |= _curvature(objective, options, _layers(objective)[layer], f"{layer} ")
        return found
    if name == "half_width":
        count, strategy = options.directions, options.strategy
        recipe: dict[str, Any] = {"directions": count, "seed": 1000 + seed, "strategy": strategy}
        choice: dict[str, Any] = {"num_directions": count, "seed": 1000 + seed, "strategy": strategy, "memory": memory}
        return {name: ({"measure": name, **recipe}, lambda _: _plain(sample_rays(objective, **choice)))}
    if name == "density":
        recipe = {"measure": name, "seed": seed}
        return {name: (recipe, lambda kept: _density(objective, seed, memory, kept, progress))}
    if name == "sharpness":
        return {name: ({"measure": name, "seed": seed}, lambda _: _sharpness(objective, seed))}
    if name == "cross_section":
        recipe = {"measure": name, "rise": options.rise, "seed": seed}
        return {name: (recipe, lambda kept: _cross_section(objective, options, kept, progress))}
    if name == "free_directions":
        recipe = {"measure": name, "examples": options.examples}
        return {
            name: (recipe, lambda _: asdict(free_directions(objective, examples=options.examples, progress=progress)))
        }
    raise InputError(f"unknown measure {name!r}; expected {', '.join(MEASURES)}")


def _curvature(objective: Objective, options: Options, parameters: list[str] | None, prefix: str) -> dict[str, Part]:
    size = sum(objective.centre[name].numel() for name in parameters or objective.centre)
    k = min(options.k, size)
    choice: dict[str, Any] = {"parameters": parameters, "seed": options.seed}
    matrix = hessian(objective, parameters=parameters, memory=options.memory)

    def ends() -> Part:
        recipe = {"measure": "extremes", "k": k, **choice}
        return recipe, lambda kept: _ends(*extreme_eigenpairs(matrix, k, seed=options.seed, pieces=kept))

    def probed(name: str, function: Callable[..., SpectralSum]) -> Part:
        recipe = {"measure": name, **choice}
        return recipe, lambda kept: asdict(function(matrix, seed=options.seed, pieces=kept))

    return {
        f"{prefix}ends": ends(),
        f"{prefix}trace": probed("trace", trace),
        f"{prefix}norm": probed("norm", frobenius_norm),
    }


def _ends(top: Eigenpairs, bottom: Eigenpairs) -> dict[str, Any]:
    return {"top": _end(top), "bottom": _end(bottom)}


def _end(found: Eigenpairs) -> dict[str, Any]:
    values = {"values": found.values.tolist(), "residuals": found.residuals.tolist()}
    return {**values, "negative": found.num_negative, "unit": found.unit}


def _assembled(parts: dict[str, Any]) -> dict[str, Any]:
    """The curvature of all parameters, that of each layer under ``layers``."""
    made: dict[str, Any] = {"layers": {}}
    for name, value in parts.items():
        layer, _, what = name.rpartition(" ")
        place = made["layers"].setdefault(layer, {}) if layer else made
        place.update(value if what == "ends" else {what: value})
    return made


def _layers(objective: Objective) -> dict[str, list[str]]:
    """The parameters of each module that holds some itself."""
    layers: dict[str, list[str]] = {}
    for name in objective.centre:
        layers.setdefault(name.rpartition(".")[0] or name, []).append(name)
    return layers


def _density(objective: Objective, seed: int, memory: int, kept: Pieces, progress: bool) -> dict[str, Any]:
    found = spectral_density(hessian(objective, memory=memory), seed=seed, pieces=kept, progress=progress)
    (total, trace_error), (square, _) = found.moment(1), found.moment(2)
    summary = {"error": found.error, "num_probes": len(found.nodes), "trace": total, "trace_error": trace_error}
    return {**_plain(found), "summary": {**summary, "norm": square**0.5}}


def _sharpness(objective: Objective, seed: int) -> dict[str, Any]:
    found = (
        epsilon_sharpness(objective, epsilon=EPSILON),
        worst_rise(objective, RADIUS),
        worst_rise(objective, ADAPTIVE_RADIUS, adaptive=True),
        noise_rise(objective, SIGMA, seed=seed),
    )
    return {one.measure: asdict(one) for one in found}


def _cross_section(objective: Objective, options: Options, kept: Pieces, progress: bool) -> dict[str, Any]:
    k = min(STIFF, objective.P)
    with tqdm(disable=not progress, total=1, unit="spectrum", desc=f"{objective.name} {k} largest eigenvalues") as bar:
        pairs = eigenpairs(hessian(objective), k, seed=options.seed, pieces=kept)
        bar.update()
    choice: dict[str, Any] = {"rise": options.rise, "seed": options.seed, "memory": options.memory}
    found = cross_section(objective, k, pairs=pairs, progress=progress, **choice)
    means = {"first": found.stiff[0].mean(), "stiff": found.stiff.mean(), "random": found.random.mean()}
    summary = {**{key: float(value) for key, value in means.items()}, "censored": found.censored}
    return {**_plain(found), "summary": summary}


def _plain(record: Rays | Spectrum | CrossSection) -> dict[str, Any]:
    return {key: value.tolist() if hasattr(value, "tolist") else value for key, value in vars(record).items()}
