"""Directions of a line or plane as records, and their keys in a file."""

import pytest

from landscape.records.directions import (
    Direction,
    Eigenvector,
    Gradient,
    NamedDirection,
    RandomDirection,
    direction_entries,
    read_direction,
)


@pytest.mark.parametrize(
    "direction",
    [
        RandomDirection(4, "1d", "filter", "filter norm"),
        Eigenvector("bottom", -0.5, 1e-9, "L2"),
        Gradient(0.25),
        NamedDirection("to wide:1"),
        NamedDirection(unit="L2"),
    ],
)
def test_a_direction_is_read_back_from_its_keys(direction: Direction) -> None:
    assert read_direction(direction_entries(direction)) == direction


def test_keys_stand_in_the_order_of_files() -> None:
    entries = direction_entries(RandomDirection(4, "1d", "filter", "filter norm"))
    assert list(entries) == ["name", "seed", "ignore", "normalize", "unit"]
    assert list(direction_entries(Eigenvector("top", 2.0, 0.0, "L2"))) == ["name", "eigenvalue", "residual", "unit"]


def test_a_random_direction_without_a_seed_is_only_a_name() -> None:
    assert read_direction({"name": "random"}) == NamedDirection("random")
