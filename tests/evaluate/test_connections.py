"""The line between two members starts and ends at their own losses, aligned or not."""

from pathlib import Path

import pytest
import torch

from landscape.evaluate.connections import sample_between
from landscape.evaluate.views import objective_of
from landscape.train.networks import NetworkConfig
from landscape.train.runs import RunConfig, ensure_run
from landscape.train.training import Recipe


@pytest.mark.parametrize("family", ["mlp", "cnn"])
@pytest.mark.parametrize("aligned", [False, True])
def test_the_ends_are_the_members_themselves(family: str, aligned: bool, tmp_path: Path) -> None:
    network = NetworkConfig(family, 5, 2)  # type: ignore[arg-type]
    data = {"name": "digits", "num_train": 40}
    run = ensure_run("r", RunConfig(network, data, Recipe(steps=5), members=2), runs=tmp_path, progress=False)
    profile = sample_between((run, 0), (run, 1), aligned=aligned, points=3, dtype=torch.float64, progress=False)
    for member, index in ((0, 0), (1, -1)):
        own = objective_of(run, member, dtype=torch.float64).at_centre()
        # the second end is reached as theta + (end - theta): some units of the last place
        assert {name: values[index] for name, values in profile.metrics.items()} == pytest.approx(own, rel=1e-10)
    assert profile.provenance.subspace["aligned"] is aligned
