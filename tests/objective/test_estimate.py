"""The standard error of a mean over a subset, against its formula and against many subsets."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from problems import examples, small_mlp
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from landscape.files.surfaces import load
from landscape.objective.estimate import spread
from landscape.objective.objective import Objective
from landscape.sampling.grid import sample
from landscape.space.affine import random_plane


def test_the_spread_of_plain_losses_is_their_standard_deviation() -> None:
    losses = torch.tensor([1.0, 2.0, 4.0, 9.0], dtype=torch.float64)
    assert spread(losses, torch.ones(4).double()) == pytest.approx(losses.std().item(), rel=1e-14)


def test_losses_in_proportion_to_their_weights_have_a_ratio_without_spread() -> None:
    weights = torch.tensor([0.5, 1.0, 1.5], dtype=torch.float64)
    assert spread(3 * weights, weights) == pytest.approx(0, abs=1e-14)


def test_the_standard_error_is_that_of_a_mean_without_replacement_and_is_stored() -> None:
    x, y = examples(60)
    model = small_mlp()
    objective = Objective(model, (x, y), num_examples=20)
    kept, classes = objective.splits[0].batches[0]
    losses = cross_entropy(model(kept), classes, reduction="none")
    expected = losses.std().item() / math.sqrt(20) * math.sqrt(1 - 20 / 60)
    assert objective.standard_error == pytest.approx(expected, rel=1e-12)
    provenance = sample(objective, random_plane(objective), points=3, rays=2, progress=False).provenance
    assert (provenance.identity.N, provenance.identity.drawn_from, provenance.accuracy.standard_error) == (
        20,
        60,
        pytest.approx(expected),
    )


def test_the_subset_is_kept_in_the_file(tmp_path: object) -> None:
    objective = Objective(small_mlp(), examples(60), num_examples=20)
    path = f"{tmp_path}/subset.h5"
    sample(objective, random_plane(objective), points=3, rays=0, path=path, progress=False)
    provenance = load(path).provenance
    assert (provenance.identity.N, provenance.identity.drawn_from) == (20, 60)
    assert provenance.accuracy.standard_error == objective.standard_error > 0


def test_the_standard_error_covers_the_loss_of_all_examples() -> None:
    x, y = examples(400)
    whole = Objective(small_mlp(), (x, y)).at_centre()["train_loss"]
    drawn = [Objective(small_mlp(), (x, y), num_examples=40, seed=seed) for seed in range(60)]
    scores = [(o.at_centre()["train_loss"] - whole) / o.standard_error for o in drawn]
    assert 0.75 < float(np.std(scores)) < 1.25, "60 draws: the standard deviation is known to about 9 %"


def test_all_examples_have_no_sampling_error() -> None:
    assert Objective(small_mlp(), examples(10)).standard_error == 0
    asked_for_more = Objective(small_mlp(), examples(10), num_examples=10)
    assert (asked_for_more.drawn_from, asked_for_more.standard_error) == (0, 0)


@pytest.mark.parametrize("counted", [False, True])
def test_the_standard_error_of_a_callable_does_not_depend_on_how_it_counts(counted: bool) -> None:
    def squared(model: nn.Module, batch: tuple[Tensor, ...]) -> Any:
        errors = (model(batch[0])[:, 0] - batch[1]).square()
        return (errors.sum(), len(errors)) if counted else errors.mean()

    model = small_mlp()
    objective = Objective(model, examples(30), batch_loss=squared, num_examples=10)
    x, z = objective.splits[0].batches[0][0].tree
    errors = (model(x)[:, 0] - z).square()
    expected = errors.std().item() / 10**0.5 * (1 - 10 / 30) ** 0.5
    assert objective.standard_error == pytest.approx(expected, rel=1e-12)
