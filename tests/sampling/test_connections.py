"""Paths between members start and end at their own losses, aligned or not, straight or bent."""

from pathlib import Path

import pytest
import torch
from problems import examples, small_cnn, small_mlp

from landscape.errors import InputError
from landscape.objective.objective import Objective
from landscape.records.recipe import CurveRecipe, end_of
from landscape.sampling.connections import path_between, sample_between, sample_pairs
from landscape.sampling.grid import sample
from landscape.sampling.solutions import Solution, member_of, survivors
from landscape.train.networks import NetworkConfig
from landscape.train.recipe import Recipe
from landscape.train.runs import RunConfig, ensure_run


@pytest.mark.parametrize("family", ["mlp", "cnn", "resnet"])
@pytest.mark.parametrize("aligned", [False, True])
def test_the_ends_are_the_members_themselves(family: str, aligned: bool, tmp_path: Path) -> None:
    network = NetworkConfig(family, 3, 8 if family == "resnet" else 2)  # type: ignore[arg-type]
    data = {"name": "digits", "num_train": 40}
    run = ensure_run("r", RunConfig(network, data, Recipe(steps=5), members=2), runs=tmp_path, progress=False)
    ends = [member_of(run, member, batchnorm="reestimate", dtype=torch.float64) for member in (0, 1)]
    profile = sample_between(*ends, aligned=aligned, points=3, progress=False)
    for solution, index in zip(ends, (0, -1), strict=True):
        own = solution.objective.at_centre()
        # the second end is reached as theta + (end - theta): some units of the last place
        assert {name: values[index] for name, values in profile.metrics.items()} == pytest.approx(own, rel=1e-10)
    assert profile.provenance.identity.subspace.to_dict()["aligned"] is aligned


@pytest.mark.parametrize("curve", ["bezier", "polygon"])
def test_a_bent_path_says_what_it_is(curve: str, tmp_path: Path) -> None:
    first, second, _ = small_run(tmp_path)
    profile = sample_between(first, second, curve=curve, curve_steps=2, aligned=True, points=3, progress=False)  # type: ignore[arg-type]
    recipe = profile.provenance.identity.subspace
    assert isinstance(recipe, CurveRecipe)
    assert (recipe.kind, recipe.form, recipe.steps, recipe.to) == ("curve", curve, 2, "r:1")
    assert recipe.converged is True


def test_all_pairs_are_what_each_pair_is_alone(tmp_path: Path) -> None:
    solutions = small_run(tmp_path)
    found = sample_pairs(solutions, points=3, progress=False, strategy="loop")
    ends = [(one.provenance.identity.model, end_of(one.provenance.identity.subspace)) for one in found]
    assert ends == [("r:0", "r:1"), ("r:0", "r:2"), ("r:1", "r:2")]
    alone = sample_between(*solutions[1:], points=3, progress=False, strategy="loop")
    assert found[2].loss.tolist() == alone.loss.tolist()
    with pytest.raises(InputError, match="2 solutions or more, got 1"):
        sample_pairs(solutions[:1])


def test_a_user_s_own_models_are_connected_and_frozen_batchnorm_is_refused() -> None:
    data = examples(12, (1, 6, 6))
    frozen = [Objective(small_cnn(seed=seed), data) for seed in (0, 1)]
    with pytest.raises(InputError, match=r"batchnorm='reestimate'"):
        path_between(*frozen)
    start, end = (Objective(one.model, data, batchnorm="reestimate") for one in frozen)
    loss = sample(start, path_between(start, end, aligned=True), points=3, progress=False).loss
    ends = [one.at_centre()["train_loss"] for one in (start, end)]
    assert loss[[0, -1]] == pytest.approx(ends, rel=1e-10)


def test_networks_that_differ_and_unknown_curves_are_refused() -> None:
    start, other = (Objective(small_mlp(width), examples(9)) for width in (5, 6))
    with pytest.raises(InputError, match="the same names and shapes"):
        path_between(start, other)
    with pytest.raises(InputError, match="unknown curve 'spline'"):
        path_between(start, start, curve="spline")  # type: ignore[arg-type]


def small_run(folder: Path) -> list[Solution]:
    data = {"name": "digits", "num_train": 40}
    config = RunConfig(NetworkConfig("mlp", 5), data, Recipe(steps=5), members=3)
    run = ensure_run("r", config, runs=folder, progress=False)
    return [member_of(run, member, batchnorm="reestimate") for member in survivors(run)]
