"""Sweeps whose numbers are chosen, for tests of the claims that are decided by them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from landscape.records.findings import Sweep


def sweep_of(metrics: Mapping[str, ArrayLike], *, conditions: tuple[str, ...] = ("true",)) -> Sweep:
    """A complete sweep of metrics, each (conditions, widths, steps, members), on 100 examples of 10 classes.

    Widths are 1, 2, 4, ...; of 10 parameters a width.
    """
    values = {name: np.asarray(value, dtype=np.float64) for name, value in metrics.items()}
    _, widths, steps, members = next(iter(values.values())).shape
    cells = (len(conditions), widths)
    return Sweep(
        conditions=conditions,
        widths=tuple(2**k for k in range(widths)),
        P=tuple(10 * 2**k for k in range(widths)),
        N=100,
        K=10,
        seeds=tuple(range(members)),
        step=np.arange(steps, dtype=np.float64),
        values=values,
        done=np.ones(cells, dtype=np.bool_),
        plan={},
        seconds=np.zeros(cells),
    )
