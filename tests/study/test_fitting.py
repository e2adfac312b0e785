"""Which networks fit their labels, on sweeps whose errors are chosen."""

import numpy as np
import pytest
from sweeps import sweep_of

from landscape.study.fitting import fitting


def accuracy(*shares: float, members: int = 8) -> np.ndarray:
    """Training accuracy of a sweep, the same for all members of a width; at the start 0."""
    end = np.repeat(np.array(shares)[:, None], members, axis=1)
    return np.stack([np.zeros_like(end), end], axis=1)[None]


def test_enough_members_without_an_error_decide_the_claim() -> None:
    fits = fitting(sweep_of({"train_accuracy": accuracy(0.5, 0.8, 0.9, 1.0)}), "true")
    assert (fits.rows, fits.verdict) == ((2, 3), "agrees")
    assert [share.mean for share in fits.flawless] == [0, 1]
    # between P / N = 0.4 and 0.8, their geometric mean
    assert fits.threshold.mean == pytest.approx(np.sqrt(0.4 * 0.8))


def test_a_narrow_network_that_fits_or_a_wide_one_that_does_not_refutes_it() -> None:
    assert fitting(sweep_of({"train_accuracy": accuracy(1.0, 1.0, 1.0, 1.0)}), "true").verdict == "disagrees"
    assert fitting(sweep_of({"train_accuracy": accuracy(0.5, 0.6, 0.7, 0.9)}), "true").verdict == "disagrees"


def test_a_wide_network_that_fits_for_some_seeds_leaves_it_open() -> None:
    shares = accuracy(0.5, 1.0)
    shares[0, 1, 1, :4] = 0.9
    assert fitting(sweep_of({"train_accuracy": shares}), "true").verdict == "undecided"


def test_a_threshold_beyond_the_sweep_is_not_reached() -> None:
    limit = fitting(sweep_of({"train_accuracy": accuracy(0.5, 0.6)}), "true", labels=", random labels").threshold
    assert np.isnan(limit.mean)
    assert (limit.how, limit.name) == ("not reached in this sweep", "interpolation threshold, random labels")


def test_half_an_example_wrong_is_rounding_and_a_whole_one_an_error() -> None:
    nearly = 1 - 0.4 / 100
    assert [share.mean for share in fitting(sweep_of({"train_accuracy": accuracy(0.99, nearly)}), "true").flawless] == [
        0,
        1,
    ]
