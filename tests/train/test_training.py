import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from landscape.errors import InputError
from landscape.train.datasets import Dataset, load_dataset
from landscape.train.networks import NetworkConfig, build
from landscape.train.recipe import Recipe
from landscape.train.traced import measuring_program, step_program
from landscape.train.training import _Ensemble, checkpoint_steps, train

MLP = NetworkConfig("mlp", 5)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits", num_train=120)


def final_difference(
    first: dict[str, torch.Tensor], second: dict[str, torch.Tensor], members: tuple[int, int]
) -> float:
    ours, theirs = members
    return max(
        float((first[name][-1, ours] - second[name][-1, theirs]).abs().max() / first[name][-1, ours].abs().max())
        for name in first
    )


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_member_does_not_depend_on_who_trains_beside_it(digits: Dataset, optimizer: str) -> None:
    recipe = Recipe(steps=40, batch_size=32, optimizer=optimizer)  # type: ignore[arg-type]
    together = train(MLP, digits, recipe, seeds=[0, 1, 2, 3], progress=False)
    alone = train(MLP, digits, recipe, seeds=[2], progress=False)
    # Bit-identical where the batched product of the BLAS is; elsewhere 40 steps amplify rounding of 1e-7 this far.
    assert final_difference(together.path, alone.path, (2, 0)) < 1e-4


def test_stacked_training_equals_plain_pytorch(digits: Dataset) -> None:
    recipe = Recipe(steps=25, batch_size=0, schedule="cosine", weight_decay=1e-3)
    trained = train(MLP, digits, recipe, seeds=[7], progress=False)
    model = build(MLP, digits.in_shape, digits.K, seed=7)
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate, weight_decay=1e-3)
    x, y = torch.from_numpy(digits.x_train), torch.from_numpy(digits.y_train)
    for step in range(25):
        optimizer.param_groups[0]["lr"] = recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * step / 25))
        optimizer.zero_grad()
        cross_entropy(model(x), y).backward()
        optimizer.step()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(trained.path[name][-1, 0], parameter.detach(), rtol=1e-3, atol=1e-5)


def test_the_curves_are_the_losses_of_the_path(digits: Dataset) -> None:
    trained = train(MLP, digits, Recipe(steps=10, batch_size=32, checkpoints=4), seeds=[0, 1], progress=False)
    x, y = torch.from_numpy(digits.x_test), torch.from_numpy(digits.y_test)
    model = build(MLP, digits.in_shape, digits.K, seed=0)
    model.load_state_dict({name: tensor[-1, 1] for name, tensor in trained.path.items()})
    model.eval()
    assert trained.history.values["test_loss"][-1, 1] == pytest.approx(cross_entropy(model(x), y).item(), rel=1e-5)
    assert trained.history.step.tolist() == sorted(checkpoint_steps(Recipe(steps=10, checkpoints=4)))


def test_training_lowers_the_loss_and_seeds_differ(digits: Dataset) -> None:
    trained = train(MLP, digits, Recipe(steps=60, batch_size=32), seeds=[0, 1], progress=False)
    losses = trained.history.values["train_loss"]
    assert np.all(losses[-1] < 0.7 * losses[0])
    assert losses[-1, 0] != losses[-1, 1]


def test_batchnorm_statistics_follow_each_member() -> None:
    digits = load_dataset("digits", num_train=64)
    network = NetworkConfig("resnet", 2, 8)
    trained = train(network, digits, Recipe(steps=3, batch_size=16), seeds=[0, 1], progress=False)
    names = [name for name in trained.path if name.endswith("running_mean")]
    assert names
    for name in names:
        assert not torch.equal(trained.path[name][0, 0], trained.path[name][-1, 0])
        assert not torch.equal(trained.path[name][-1, 0], trained.path[name][-1, 1])
    counters = [name for name in trained.path if name.endswith("num_batches_tracked")]
    assert all(trained.path[name][-1].tolist() == [3, 3] for name in counters)
    alone = train(network, digits, Recipe(steps=3, batch_size=16), seeds=[1], progress=False)
    for name in names:
        torch.testing.assert_close(trained.path[name][-1, 1], alone.path[name][-1, 0], rtol=1e-3, atol=1e-4)


def test_a_diverged_member_is_reported(digits: Dataset) -> None:
    recipe = Recipe(steps=30, batch_size=32, learning_rate=1e18, optimizer="sgd", schedule="constant")
    assert train(MLP, digits, recipe, seeds=[0, 1], progress=False).diverged == (0, 1)


@pytest.mark.parametrize(("steps", "checkpoints"), [(1500, 49), (10, 4), (3, 49), (1, 2), (100, 100), (40, 3)])
def test_checkpoints_hold_both_ends_and_are_as_many_as_asked(steps: int, checkpoints: int) -> None:
    kept = sorted(checkpoint_steps(Recipe(steps=steps, checkpoints=checkpoints)))
    assert kept[0] == 0
    assert kept[-1] == steps
    assert len(kept) == min(checkpoints, steps + 1)


def test_every_example_is_seen_once_an_epoch(digits: Dataset) -> None:
    ensemble = _Ensemble(MLP, digits, Recipe(steps=4, batch_size=30), [0, 1], torch.device("cpu"))
    seen = torch.cat(list(ensemble._batches()), dim=1)
    assert seen.shape == (2, 120)
    for member in seen:
        assert sorted(member.tolist()) == list(range(120))
    assert not torch.equal(seen[0], seen[1])


def test_a_second_training_gives_the_same_bits_and_traces_nothing(digits: Dataset) -> None:
    recipe = Recipe(steps=8, batch_size=32, checkpoints=3)
    first = train(MLP, digits, recipe, seeds=[0, 1], progress=False)
    traced = [program.cache_info().misses for program in (step_program, measuring_program)]
    second = train(MLP, digits, recipe, seeds=[0, 1], progress=False)
    assert [program.cache_info().misses for program in (step_program, measuring_program)] == traced
    assert all(torch.equal(first.path[name], second.path[name]) for name in first.path)


@pytest.mark.parametrize("seeds", [[], [1, 1]])
def test_members_need_seeds_of_their_own(digits: Dataset, seeds: list[int]) -> None:
    with pytest.raises(InputError, match="seed of its own"):
        train(MLP, digits, Recipe(steps=1), seeds=seeds, progress=False)
