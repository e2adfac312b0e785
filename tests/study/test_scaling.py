"""Scaling: a power law of the test loss, and where it stops."""

from pathlib import Path

import numpy as np
import pytest
from sweeps import sweep_of

from landscape.statistics.shapes import power_law
from landscape.study.catalogue import run_study
from landscape.study.scaling import _deviation, _falls, _follows, _forever
from landscape.study.settings import Settings

X = 2.0 ** np.arange(8)


def losses_of(means: np.ndarray) -> np.ndarray:
    """Eight members within a thousandth of the means."""
    return means[:, None] * (1 + 0.001 * np.linspace(-1, 1, 8))


def test_the_exponent_is_positive_on_digits(runs: Path) -> None:
    settings = Settings(
        quick=True, widths=(2, 3, 5, 8, 13), members=2, steps=100, num_train=300, runs=runs, progress=False
    )
    assert run_study("scaling", settings).number("exponent").mean > 0


def test_a_power_law_is_followed_and_goes_on() -> None:
    losses = losses_of(5 * X**-0.5)
    law = power_law(X, losses)
    assert (_falls(law), _follows(X, losses, law)) == ("agrees", "agrees")
    assert _deviation(X, losses, law) == pytest.approx(0, abs=1e-9)
    sweep = sweep_of({"test_loss": losses[None, :, None]})
    assert _forever(law, sweep).text.endswith("P = 1,280.")


def test_a_loss_that_grows_with_width_refutes_the_law() -> None:
    assert _falls(power_law(X, losses_of(X**0.3))) == "disagrees"


def test_a_point_far_off_refutes_the_law_and_is_undecided_where_its_interval_reaches_it() -> None:
    sharp, wide = losses_of(5 * X**-0.5), losses_of(5 * X**-0.5)
    sharp[3] *= 1.9
    wide[3] *= np.array([1, 1, 1, 1, 1, 1, 1, 8.2])
    law = power_law(X, losses_of(5 * X**-0.5))
    assert (_follows(X, sharp, law), _follows(X, wide, law)) == ("disagrees", "undecided")


def test_a_law_that_stops_says_where_and_refutes_that_it_goes_on() -> None:
    losses = losses_of(np.where(X <= 8, 1 / X, 1 / 8))
    remark = _forever(power_law(X, losses), sweep_of({"test_loss": losses[None, :, None]}))
    assert remark.verdict == "disagrees"
    assert "it stops at P = 8" in remark.text
