"""A record of every part, its file, and what is asked of both."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from landscape.errors import FileError
from landscape.files import surfaces as store
from landscape.records.base import Axis
from landscape.records.companions import Rays, Trajectory
from landscape.records.provenance import Accuracy, Identity, Making, Provenance
from landscape.records.recipe_keys import parse_recipe
from landscape.records.sampled import Surface

# Files that the first edition of the code wrote.
OLD = Path(__file__).parent / "files" / "old"
SUBSPACE = parse_recipe({"kind": "plane", "seed": 3, "extent": 1.5, "normalize": True, "ignored": "biases"})
PROVENANCE = Provenance(
    Identity(model="wide:0", P=38410, N=1437, K=10, regime="over", loss="cross_entropy", subspace=SUBSPACE),
    making=Making(versions={"torch": "2.13.0"}, command="landscape sample --model wide -o 'größe.h5'", wall_time=3.25),
    accuracy=Accuracy(precision_error=1e-7),
)


def axis(name: str, points: int) -> Axis:
    return Axis(name, np.linspace(-1, 2, points), label=f"direction {name}")


def bits(record: Any) -> Any:
    """Everything a record holds, arrays as bytes, so that NaN equals NaN and 0.0 differs from -0.0."""
    if isinstance(record, float):
        return record.hex()
    if isinstance(record, np.ndarray):
        return record.dtype.str, record.shape, record.tobytes()
    if hasattr(record, "items"):
        return [(name, bits(value)) for name, value in record.items()]
    if isinstance(record, tuple):
        return [bits(entry) for entry in record]
    if hasattr(record, "__dataclass_fields__"):
        return type(record), [(entry.name, bits(getattr(record, entry.name))) for entry in fields(record)]
    return record


def example(n: int = 4, m: int = 3) -> Surface:
    rng = np.random.default_rng(0)
    return Surface(
        (axis("alpha", n), axis("beta", m)),
        {"train_loss": rng.normal(size=(n, m)), "test_accuracy": rng.uniform(size=(n, m))},
        np.arange(n * m).reshape(n, m) % 3,
        rng.uniform(size=(n, m)),
        PROVENANCE,
        Trajectory(*rng.normal(size=(5, 6)), explained=0.25),
        Rays(np.arange(5), rng.normal(size=(8, 5)), rng.uniform(size=8), seed=11),
    )


def refusal(path: Path) -> str:
    """The one line with which `load` and `summarize` both refuse a file."""
    with pytest.raises(FileError) as refused:
        store.load(path)
    with pytest.raises(FileError) as summary_refused:
        store.summarize(path)
    line = str(refused.value)
    assert str(path) in line
    assert "\n" not in line
    assert str(path) in str(summary_refused.value)
    return line
