"""Networks and grids from options: every key is one of the library's, and one extent serves several networks."""

from dataclasses import replace
from typing import Any

import pytest
import torch

import landscape as ls
from cli.params import Evaluation, Sampling
from cli.solutions import grid_options, opening, random_directions, shared_extent
from landscape.sampling.grid import Sampling as GridOptions
from landscape.sampling.solutions import Opening

SAMPLING = Sampling(
    points=5,
    extent=None,
    direction_seed=3,
    normalize="filter",
    ignore="1d",
    rays=0,
    tolerance=0.0,
    strategy="auto",
    memory="1MiB",
    dtype="tf32",
    device="cpu",
    quiet=True,
)
EVALUATION = Evaluation(weights=None, data=None, batchnorm="reestimate", num_examples=7, stream=False)


def test_options_have_the_names_of_the_library() -> None:
    networks: dict[str, Any] = {**opening(EVALUATION, SAMPLING, "runs", checkpoints="path")}
    assert set(networks) <= set(Opening.__annotations__) | {"batchnorm", "num_examples", "device", "dtype", "name"}
    assert (networks["batchnorm"], networks["num_examples"], networks["checkpoints"]) == ("reestimate", 7, "path")
    grid = grid_options(SAMPLING, overwrite=True)
    assert set(grid) <= set(GridOptions.__annotations__)
    assert (grid["memory"], grid["overwrite"]) == (2**20, True)
    assert random_directions(SAMPLING)["seed"] == 3


def test_tf32_is_float32_with_other_products() -> None:
    assert opening(EVALUATION, SAMPLING, "runs")["dtype"] is torch.float32
    assert grid_options(SAMPLING, overwrite=False)["tf32"]
    assert not grid_options(replace(SAMPLING, dtype="float32"), overwrite=False)["tf32"]


def test_several_networks_share_the_extent_of_the_widest_of_them() -> None:
    def bowl(curvature: float) -> ls.Solution:
        model = torch.nn.Linear(2, 1, bias=False)
        torch.nn.init.constant_(model.weight, 1.0)
        inputs = curvature**0.5 * torch.eye(2)
        return ls.Solution(
            ls.Objective(model, (inputs, inputs.sum(1, keepdim=True)), loss=torch.nn.functional.mse_loss)
        )

    steep, flat = bowl(100.0), bowl(1.0)
    alone = [ls.extent_of(solution, "plane", seed=3).value for solution in (steep, flat)]
    extent = shared_extent((steep, flat), "plane", SAMPLING)
    assert isinstance(extent, ls.Extent)
    assert extent.value == max(alone)
    assert shared_extent((steep,), "plane", SAMPLING) is None
    assert shared_extent((steep, flat), "plane", replace(SAMPLING, extent=2.0)) == pytest.approx(2.0)
