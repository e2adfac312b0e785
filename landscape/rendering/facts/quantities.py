"""Names of metrics and axes, with their units."""

from collections.abc import Sequence

from landscape.records.base import Axis
from landscape.records.provenance import Provenance
from landscape.records.recipe import InputRecipe
from landscape.records.sampled import Sampled

CURVATURES = {
    "gradient_norm": ("gradient norm", " per L2"),
    "hessian_top": ("largest Hessian eigenvalue", " per L2 squared"),
    "hessian_bottom": ("smallest Hessian eigenvalue", " per L2 squared"),
    "hessian_trace": ("Hessian trace", " per L2 squared"),
    "hessian_trace_error": ("standard error of the Hessian trace", " per L2 squared"),
    "curvature_residual": ("residual of the Hessian eigenvalues", " per L2 squared"),
    "curvature_ratio": (r"|smallest / largest Hessian eigenvalue|", ""),
}
NAMES = {"train": "training", "test": "test"}
UNITS = {"filter norm": "filter norms", "layer norm": "layer norms", "direction length": "direction lengths"}
UNITS |= {"fraction": "shares of the way", "step": "steps"}


def metric_label(metric: str, provenance: Provenance) -> str:
    """The name of a metric with its unit: ``"training loss (nats per example)"``; a loss of no other name has none."""
    unit = provenance.loss_scale.unit
    per = "" if unit.startswith("loss") else unit
    if metric in CURVATURES:
        name, unit = CURVATURES[metric]
        return f"{name} ({(per or 'loss') + unit})" if unit else name
    split, _, quantity = metric.partition("_")
    name = f"{NAMES[split]} {quantity}" if split in NAMES else metric
    if split == "train" and isinstance(provenance.identity.subspace.single, InputRecipe):
        name = f"{quantity} of the example"
    unit = f" ({per})" if per and metric.endswith("loss") else ""
    return name.replace("_", " ") + unit


def metric_of(records: Sequence[Sampled], name: str) -> str:
    """The metric of records that a name stands for: ``"pde"`` is ``"train_pde"`` where no metric is named ``"pde"``."""
    names = set.intersection(*(set(record.metrics) for record in records)) if records else set()
    return name if name in names or f"train_{name}" not in names else f"train_{name}"


def axis_label(axis: Axis, letter: str) -> str:
    """The name of an axis with its unit: ``"$\\beta$ (filter norms)"``; of a principal component number and share."""
    if axis.unit == "step":
        return axis.label or "training step"
    if axis.label.startswith("principal component"):
        return f"{axis.label.replace('principal component', 'PC')}, {axis.unit}"
    if not axis.unit:
        return axis.label or letter
    return f"{letter} ({axis.unit}s)" if axis.unit.endswith(("norm", "length")) else f"{letter} ({axis.unit})"


def units_of(unit: str) -> str:
    """A unit after a number: ``"filter norms"``, ``"in L2"``."""
    return UNITS.get(unit, f"in {unit}" if unit else "units of its axis")
