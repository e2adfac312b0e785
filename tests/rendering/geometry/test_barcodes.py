"""The barcode: the minima that are drawn, and the columns of their branches."""

import numpy as np
import pytest
from pictures import surface_of

from landscape.errors import InputError
from landscape.records.sampled import Surface
from landscape.rendering.geometry.barcodes import MAX_BARS, MAX_ROWS, Barcode, barcodes_of, branch_positions


def rough(seed: int, side: int = 9) -> Surface:
    return surface_of(np.random.default_rng(seed).permutation(side**2).reshape(side, side))


def code_of(surface: Surface) -> Barcode:
    return barcodes_of([surface], ["one"])[0]


@pytest.mark.parametrize("seed", range(20))
def test_no_branch_of_the_tree_crosses_another(seed: int) -> None:
    code = code_of(rough(seed, 12))
    minima, position = code.minima, branch_positions(code)
    assert set(position) == set(code.bars)
    assert sorted(position.values()) == list(range(len(position)))
    joins = [(position[int(minima.parent[k])], position[k], minima.death[k]) for k in position if minima.parent[k] >= 0]
    for (left, right, level), k in ((join, k) for join in joins for k in position):
        if left < position[k] < right:
            assert not minima.birth[k] <= level < minima.death[k]


def test_parents_are_drawn_with_their_children_where_not_all_fit() -> None:
    code = code_of(rough(1, 40))
    assert code.minima.count() > MAX_BARS == len(code.bars)
    assert all(code.minima.parent[k] in (-1, *code.bars) for k in code.bars)


def test_the_axis_runs_from_the_lowest_birth_to_the_highest_death() -> None:
    two = code_of(surface_of([[0.0, 5.0, 1.0]] * 2))
    assert two.ends == (0.0, 5.0)
    single = code_of(surface_of([[0.0, 1.0, 3.0]] * 2))
    assert single.ends == (0.0, 3.0), "nothing dies: the highest loss"


def test_more_rows_than_fit_are_refused() -> None:
    with pytest.raises(InputError, match="1 to 6 barcodes, got 7"):
        barcodes_of([rough(0)] * (MAX_ROWS + 1), ["a"] * (MAX_ROWS + 1))
