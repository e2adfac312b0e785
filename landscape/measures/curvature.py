"""The Hessian in numbers: eigenvalues at both ends, trace and Frobenius norm, of all parameters and of each layer."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from landscape.files.ledger import Pieces
from landscape.measures.eigenvalues import Eigenpairs, extreme_eigenpairs
from landscape.measures.matrix import UNIT, CurvatureMatrix, hessian
from landscape.measures.measure import Cost, Entry, Line, Measure, MeasureOptions, Part, Results, Words
from landscape.measures.quantities import quantity
from landscape.measures.trace import SpectralSum, frobenius_norm, trace
from landscape.objective.objective import Objective


@dataclass(frozen=True)
class Eigenvalues:
    """Eigenvalues at one end of a matrix's spectrum, without their vectors.

    Args:
        values: k of them, the most extreme first.
        residuals: ``||H v - lambda v||`` of each.
        negative: how many lie below zero by more than their residual and rounding.
        unit: of values and residuals.
    """

    values: tuple[float, ...]
    residuals: tuple[float, ...]
    negative: int
    unit: str = UNIT


@dataclass(frozen=True)
class Curvature:
    """Curvature of the training loss at a network.

    Args:
        top: the largest eigenvalues of the Hessian.
        bottom: its smallest.
        trace: its trace.
        norm: its Frobenius norm.
        layers: the same of each layer's diagonal block, by the layer's name, where that was asked for.
    """

    top: Eigenvalues
    bottom: Eigenvalues
    trace: SpectralSum
    norm: SpectralSum
    layers: Mapping[str, "Curvature"] = field(default_factory=dict)


def layers_of(objective: Objective) -> dict[str, list[str]]:
    """Names of the parameters of each module that holds some itself, by the module's name."""
    layers: dict[str, list[str]] = {}
    for name in objective.centre:
        layers.setdefault(name.rpartition(".")[0] or name, []).append(name)
    return layers


def _parts(objective: Objective, options: MeasureOptions) -> dict[str, Part]:
    """Eigenvalues, trace and norm of all parameters, then those of each layer, whose names begin with the layer's."""
    parts = _block(objective, options, None, "")
    for layer, parameters in layers_of(objective).items() if options.layers else ():
        parts |= _block(objective, options, parameters, f"{layer} ")
    return parts


def _block(objective: Objective, options: MeasureOptions, parameters: list[str] | None, prefix: str) -> dict[str, Part]:
    """The parts of one diagonal block of the matrix."""
    seed = options.seed
    k = min(options.k, sum(objective.centre[name].numel() for name in parameters or objective.centre))
    choice: dict[str, Any] = {"parameters": parameters, "seed": seed}

    def matrix() -> CurvatureMatrix:
        return hessian(objective, parameters=parameters, memory=options.memory)

    def ends(pieces: Pieces, progress: bool) -> Entry:
        top, bottom = extreme_eigenpairs(matrix(), k, seed=seed, pieces=pieces)
        return {"top": asdict(_without_vectors(top)), "bottom": asdict(_without_vectors(bottom))}

    def total(estimate: Callable[..., SpectralSum], pieces: Pieces, progress: bool) -> Entry:
        return asdict(estimate(matrix(), seed=seed, pieces=pieces))

    return {
        f"{prefix}ends": Part({"measure": "extremes", "k": k, **choice}, ends),
        f"{prefix}trace": Part({"measure": "trace", **choice}, partial(total, trace)),
        f"{prefix}norm": Part({"measure": "norm", **choice}, partial(total, frobenius_norm)),
    }


def _without_vectors(pairs: Eigenpairs) -> Eigenvalues:
    return Eigenvalues(tuple(pairs.values.tolist()), tuple(pairs.residuals.tolist()), pairs.num_negative, pairs.unit)


def _parse(entries: Mapping[str, Entry]) -> Curvature:
    """The curvature of all parameters, with that of each layer."""
    layers = [name.removesuffix(" ends") for name in entries if name.endswith(" ends")]
    return _parse_block(entries, "", {layer: _parse_block(entries, f"{layer} ", {}) for layer in layers})


def _parse_block(entries: Mapping[str, Entry], prefix: str, layers: Mapping[str, Curvature]) -> Curvature:
    ends = entries[f"{prefix}ends"]
    return Curvature(
        top=_parse_end(ends["top"]),
        bottom=_parse_end(ends["bottom"]),
        trace=SpectralSum(**entries[f"{prefix}trace"]),
        norm=SpectralSum(**entries[f"{prefix}norm"]),
        layers=layers,
    )


def _parse_end(entry: Entry) -> Eigenvalues:
    values, residuals = (tuple(entry[name]) for name in ("values", "residuals"))
    return Eigenvalues(values, residuals, entry["negative"], entry["unit"])


def _to_dict(curvature: Curvature) -> Entry:
    return {"layers": {layer: _sides(block) for layer, block in curvature.layers.items()}, **_sides(curvature)}


def _sides(curvature: Curvature) -> Entry:
    return {name: asdict(getattr(curvature, name)) for name in ("top", "bottom", "trace", "norm")}


def _words(results: Results[Curvature]) -> Words:
    """How exact each member's numbers are, and the layers of the first member."""
    records = results.records
    top, bottom = (max(max(getattr(record, end).residuals) for record in records) for end in ("top", "bottom"))
    counts = [record.bottom.negative for record in records]
    signs = f"{', '.join(map(str, counts))} of the {len(records[0].bottom.values)} lowest are negative"
    notes = {
        "top eigenvalue": f" (residual at most {top:.1g})",
        "lowest eigenvalue": f" (residual at most {bottom:.1g}); {signs if any(counts) else 'none is negative'}",
        "trace": _error_of([record.trace for record in records]),
        "Frobenius norm": _error_of([record.norm for record in records]),
    }
    layers = tuple(Line(layer, _range(block), inner=True) for layer, block in records[0].layers.items())
    return Words(notes=notes, details=layers)


def _error_of(sums: list[SpectralSum]) -> str:
    error = max(estimate.standard_error for estimate in sums)
    return f" (standard error at most {error:.2g} a member)" if error else " (exact)"


def _range(block: Curvature) -> str:
    return f"{block.bottom.values[0]:.4g} to {block.top.values[0]:.4g}, trace {block.trace.value:.4g} (first member)"


CURVATURE: Measure[Curvature] = Measure(
    "curvature",
    parts=_parts,
    parse=_parse,
    to_dict=_to_dict,
    # steps for both ends of the spectrum, then probes
    cost=lambda objective, options: Cost(products=min(objective.P, 200) + 128),
    quantities=(
        quantity("top eigenvalue", lambda record: record.top.unit, lambda record: record.top.values[0]),
        quantity("lowest eigenvalue", lambda record: record.bottom.unit, lambda record: record.bottom.values[0]),
        quantity("trace", lambda record: record.trace.unit, lambda record: record.trace.value),
        quantity("Frobenius norm", lambda record: record.norm.unit, lambda record: record.norm.value),
    ),
    words=_words,
)
