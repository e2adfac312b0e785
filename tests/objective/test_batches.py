"""Data as a whole, as a fixed subset, and streamed: the same numbers, or an estimate with its standard error."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from problems import examples, small_mlp
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, TensorDataset

from landscape.engine.strategies import STRATEGIES
from landscape.engine.trial import choose
from landscape.errors import InputError, ObjectiveError
from landscape.objective.objective import Objective
from landscape.sampling.grid import sample
from landscape.space.affine import random_plane

GRID = torch.tensor([[0.0, 0.0], [0.3, -0.2], [-1.0, 0.5]], dtype=torch.float64)


def loader(count: int = 50, batch_size: int = 7, *, shuffle: bool = False) -> "DataLoader[tuple[Tensor, ...]]":
    return DataLoader(TensorDataset(*examples(count)), batch_size=batch_size, shuffle=shuffle)


@pytest.mark.parametrize("name", ["loop", "stacked"])
@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_streamed_data_give_the_values_of_data_in_memory(name: str, chunk: int) -> None:
    streamed = Objective(small_mlp(), loader(), test=loader(20), stream=True)
    resident = Objective(small_mlp(), examples(50), test=examples(20))
    assert streamed.N == 50
    assert streamed.at_centre() == pytest.approx(resident.at_centre(), abs=1e-14)
    plane = random_plane(resident)
    expected = torch.stack(list(resident.evaluate(plane.at(GRID)).values()), 1)
    torch.testing.assert_close(STRATEGIES[name](streamed, plane, chunk)(GRID), expected, rtol=1e-12, atol=1e-13)
    assert streamed.with_dtype(torch.float32).at_centre() == pytest.approx(resident.at_centre(), abs=1e-6)


class Counted(Dataset[tuple[Tensor, Tensor]]):
    """Examples that count how often they are read."""

    def __init__(self, count: int) -> None:
        self.x, self.y = examples(count)
        self.reads = 0

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        self.reads += 1
        return self.x[index], self.y[index]


def test_a_stream_is_read_once_for_a_block_of_points_also_by_the_loop() -> None:
    data = Counted(20)
    objective = Objective(small_mlp(), DataLoader(data, batch_size=8), stream=True)
    plane = random_plane(objective)
    plan = choose(objective, plane, GRID.repeat(30, 1), strategy="loop")
    evaluate = plan.build(objective, plane)
    data.reads = 0
    evaluate(GRID.repeat(30, 1))
    assert (plan.name, plan.block >= 90, data.reads) == ("loop", True, 20)


def test_data_kept_in_memory_are_read_once() -> None:
    data = Counted(20)
    objective = Objective(small_mlp(), DataLoader(data, batch_size=8))
    sample(objective, random_plane(objective), points=3, rays=2, progress=False)
    assert data.reads == 20


def test_a_shuffled_stream_is_refused_with_the_way_out() -> None:
    with pytest.raises(InputError, match=r"otherwise on the second pass.*shuffle=False"):
        Objective(small_mlp(), loader(shuffle=True), stream=True)


def test_a_stream_that_can_be_read_once_only_is_refused() -> None:
    x, y = examples(8)
    with pytest.raises(InputError, match="can be read only once"):
        Objective(small_mlp(), iter([(x, y)]), stream=True)
    assert Objective(small_mlp(), iter([(x, y), (x, y)])).N == 16


def test_a_stream_that_runs_dry_later_is_an_error() -> None:
    class Shrinking:
        short = False

        def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
            x, y = examples(8)
            yield (x[:5], y[:5]) if self.short else (x, y)

    data = Shrinking()
    objective = Objective(small_mlp(), data, stream=True)
    data.short = True
    with pytest.raises(ObjectiveError, match="brought 5 examples, the first one 8"):
        objective.at_centre()


def test_the_digest_of_a_stream_tells_data_apart() -> None:
    def digest(count: int) -> str:
        return Objective(small_mlp(), loader(count), stream=True).fingerprint["data"]

    assert digest(50) == digest(50) != digest(49)


def test_a_subset_is_fixed_by_its_seed_and_not_by_the_batches() -> None:
    x, y = examples(60)
    first = Objective(small_mlp(), (x, y), num_examples=20, seed=1)
    again = Objective(small_mlp(), loader(60, 7), num_examples=20, seed=1)
    assert (first.N, first.drawn_from) == (20, 60)
    assert first.fingerprint["data"] == again.fingerprint["data"]
    assert first.fingerprint["data"] != Objective(small_mlp(), (x, y), num_examples=20, seed=2).fingerprint["data"]
    kept = first.splits[0].batches[0][0]
    positions = [int((x == row).all(1).nonzero()) for row in kept]
    assert positions == sorted(set(positions)), "without replacement, in the order of the data"


def test_every_example_is_equally_likely_to_be_drawn() -> None:
    x = torch.arange(12).double()[:, None].repeat(1, 6)
    y = torch.zeros(12, dtype=torch.long)
    counts = np.zeros(12)
    for seed in range(300):
        split = Objective(small_mlp(), [(x[:5], y[:5]), (x[5:], y[5:])], num_examples=4, seed=seed).splits[0]
        counts[torch.cat([inputs for inputs, _ in split.batches])[:, 0].int().numpy()] += 1
    expected = 300 * 4 / 12
    assert np.abs(counts - expected).max() < 4 * math.sqrt(expected)


def test_a_subset_of_one_has_no_standard_error_and_is_refused() -> None:
    with pytest.raises(InputError, match="at least 2 examples"):
        Objective(small_mlp(), examples(10), num_examples=1)
