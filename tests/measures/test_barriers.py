"""Barriers against closed forms: a parabola's height, nothing on a convex path, and ends of different height."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.measures.barriers import barrier, barriers, mean_profile
from landscape.records.base import Axis, FloatArray
from landscape.records.provenance import Identity, Provenance
from landscape.records.recipe import ConnectionRecipe
from landscape.records.sampled import Profile

ALPHA = np.linspace(0, 1, 25)


def profile(alpha: FloatArray = ALPHA, **metrics: FloatArray) -> Profile:
    return Profile((Axis("alpha", alpha),), metrics, np.ones(len(alpha)), np.zeros(len(alpha)))


def test_the_barrier_of_a_parabola_is_its_height() -> None:
    found = barrier(profile(train_loss=1 + 4 * 0.7 * ALPHA * (1 - ALPHA)))
    assert found.loss == pytest.approx(0.7, rel=1e-14)
    assert (found.where, found.points, found.accuracy) == (0.5, 25, None)


def test_a_slope_between_the_ends_is_no_barrier() -> None:
    bump = 4 * ALPHA * (1 - ALPHA)
    assert barrier(profile(train_loss=bump + 5 * ALPHA)).loss == pytest.approx(1.0, rel=1e-14)
    assert barrier(profile(train_loss=5 * ALPHA)).loss == pytest.approx(0.0, abs=1e-14)


def test_a_convex_path_has_barrier_zero_at_its_start() -> None:
    found = barrier(profile(train_loss=(ALPHA - 0.3) ** 2))
    assert (found.loss, found.where) == (0.0, 0.0)


def test_the_accuracy_barrier_is_the_deepest_fall() -> None:
    fall = profile(train_loss=np.zeros(25), train_accuracy=1 - 0.2 * ALPHA - 0.4 * 4 * ALPHA * (1 - ALPHA))
    assert barrier(fall).accuracy == pytest.approx(0.4, rel=1e-14)
    rise = profile(train_loss=np.zeros(25), train_accuracy=0.5 + ALPHA * (1 - ALPHA))
    assert barrier(rise).accuracy == 0.0


def test_coordinates_need_not_be_regular_nor_run_from_0_to_1() -> None:
    alpha = np.array([-1.0, 0.0, 2.0, 3.0])
    assert barrier(profile(alpha, train_loss=np.array([0.0, 1.25, 0.75, 1.0]))).loss == pytest.approx(1.0)


def test_the_test_split_is_measured_when_asked() -> None:
    both = profile(train_loss=np.zeros(25), test_loss=ALPHA * (1 - ALPHA))
    assert barrier(both, split="test").loss == pytest.approx(0.25)


def test_a_path_that_diverges_has_an_infinite_barrier() -> None:
    assert barrier(profile(np.arange(3.0), train_loss=np.array([0.0, np.inf, 0.0]))).loss == np.inf


@pytest.mark.parametrize(("values", "message"), [([np.inf, 0, 0], "not finite"), ([0, np.nan, 0], "missing")])
def test_ends_that_diverged_and_missing_values_are_refused(values: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        barrier(profile(np.arange(3.0), train_loss=np.array(values, dtype=float)))
    with pytest.raises(InputError, match="no test_loss"):
        barrier(profile(np.arange(3.0), train_loss=np.zeros(3)), split="test")


def pairs(heights: dict[tuple[str, str], float], **more: FloatArray) -> list[Profile]:
    bump = 4 * ALPHA * (1 - ALPHA)
    return [
        Profile(
            (Axis("alpha", ALPHA),),
            {"train_loss": height * bump} | more,
            np.ones(25),
            np.zeros(25),
            Provenance(Identity(model=start, subspace=ConnectionRecipe(to=end))),
        )
        for (start, end), height in heights.items()
    ]


def test_the_mean_barrier_is_the_mean_over_pairs() -> None:
    found = barriers(pairs({("r:0", "r:1"): 0.2, ("r:0", "r:2"): 0.4, ("r:1", "r:2"): 0.9}))
    assert found.loss.mean == pytest.approx(0.5)
    assert [pair.loss for pair in found.pairs] == pytest.approx([0.2, 0.4, 0.9])
    # three pairs of three members: the mean varies as that of 3/4 of a pair would, by two degrees of freedom
    half = 4.302652729911275 * np.std([0.2, 0.4, 0.9], ddof=1) / np.sqrt(0.75)
    assert (found.loss.low, found.loss.high) == pytest.approx((0.0, 0.5 + half))
    assert found.accuracy is None


def test_equal_pairs_leave_no_doubt() -> None:
    found = barriers(pairs(dict.fromkeys(combinations("abcd", 2), 0.3), train_accuracy=1 - ALPHA * (1 - ALPHA)))
    assert (found.loss.low, found.loss.high) == pytest.approx((0.3, 0.3))
    assert found.accuracy is not None
    assert found.accuracy.mean == pytest.approx(0.25)


def test_one_odd_member_widens_the_interval_more_than_as_many_odd_pairs_would() -> None:
    """Barriers of 1 to member a alone: pairs taken as independent would give an interval too narrow by a third."""
    members = "abcdef"
    found = barriers(pairs({(a, b): float(a == "a") for a, b in combinations(members, 2)}))
    independent = 2 * 1.96 * np.sqrt((1 / 3) * (2 / 3) / 15)
    assert found.loss.mean == pytest.approx(1 / 3)
    assert found.loss.high - found.loss.low > 1.3 * independent


def test_pairs_that_repeat_or_join_a_member_with_itself_are_refused() -> None:
    for wrong in (("r:1", "r:0"), ("r:2", "r:2")):
        with pytest.raises(InputError, match="each once and of two members"):
            barriers(pairs({("r:0", "r:1"): 0.2, ("r:0", "r:2"): 0.4, wrong: 0.1}))
    with pytest.raises(InputError, match="3 pairs or more"):
        barriers(pairs({("r:0", "r:1"): 0.2}))


def test_a_pair_that_diverges_makes_the_mean_infinite() -> None:
    diverged = pairs({("r:0", "r:1"): 0.2, ("r:0", "r:2"): 0.4, ("r:1", "r:2"): 0.0})
    values = np.where(ALPHA == 0.5, np.inf, 0.0)
    diverged[2] = replace(diverged[2], metrics={"train_loss": values})
    assert barriers(diverged).loss.mean == np.inf


def test_the_mean_profile_holds_the_mean_the_lowest_and_the_highest() -> None:
    found = mean_profile(pairs({("r:0", "r:1"): 0.2, ("r:0", "r:2"): 0.4, ("r:1", "r:2"): 0.9}))
    assert [found.metrics[f"train_loss{end}"][12] for end in ("", "_low", "_high")] == pytest.approx([0.5, 0.2, 0.9])
    assert found.provenance.identity.model == "r"
    with pytest.raises(InputError, match="same coordinates"):
        mean_profile([profile(train_loss=ALPHA), profile(ALPHA * 2, train_loss=ALPHA)])
