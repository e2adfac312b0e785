"""Names of quantities: every metric and axis with its unit."""

import numpy as np

from landscape.records.base import Axis
from landscape.records.provenance import Identity, Provenance
from landscape.records.sampled import Profile
from landscape.rendering.facts.quantities import axis_label, metric_label, metric_of, units_of

CROSS_ENTROPY = Provenance(Identity(loss="cross_entropy"))
VALUES = np.linspace(0, 1, 3)


def test_axes_name_their_units() -> None:
    assert axis_label(Axis("alpha", VALUES, "layer norm"), "a") == "a (layer norms)"
    assert axis_label(Axis("alpha", VALUES, "L2"), "a") == "a (L2)"
    assert axis_label(Axis("alpha", VALUES, "L2", "principal component 1 (93.1 %)"), "a") == "PC 1 (93.1 %), L2"
    assert axis_label(Axis("alpha", VALUES, "step"), "a") == "training step"
    assert axis_label(Axis("alpha", VALUES, ""), "a") == "a"
    assert axis_label(Axis("alpha", VALUES, "", "rate"), "a") == "rate"


def test_metrics_name_their_units() -> None:
    assert metric_label("hessian_top", CROSS_ENTROPY) == (
        "largest Hessian eigenvalue (nats per example per L2 squared)"
    )
    assert metric_label("curvature_ratio", CROSS_ENTROPY) == "|smallest / largest Hessian eigenvalue|"
    assert metric_label("test_loss", CROSS_ENTROPY) == "test loss (nats per example)"


def test_a_loss_that_is_no_cross_entropy_has_no_nats() -> None:
    squares = Provenance(Identity(loss="half_square"))
    assert metric_label("train_loss", squares) == "training loss"
    assert metric_label("gradient_norm", squares) == "gradient norm (loss per L2)"


def test_units_after_a_number_are_plural() -> None:
    units = ["filter norm", "step", "L2", ""]
    assert [units_of(unit) for unit in units] == ["filter norms", "steps", "in L2", "units of its axis"]


def test_a_short_name_stands_for_the_metric_of_the_training_examples() -> None:
    record = Profile.from_grid(VALUES, {"train_loss": VALUES, "train_pde": VALUES, "l2": VALUES})
    assert [metric_of([record], name) for name in ("pde", "l2", "train_pde", "no")] == [
        "train_pde",
        "l2",
        "train_pde",
        "no",
    ]
