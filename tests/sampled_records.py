"""Records of every kind of subspace, really sampled, of small networks."""

from functools import cache
from typing import Any

from problems import examples, small_cnn, small_mlp

import landscape as ls
from landscape.measures.axes import eigen_plane
from landscape.sampling.solutions import Solution
from landscape.sampling.views import subspace_through
from landscape.space.affine import line_along, line_between, random_line, random_plane
from landscape.space.corridors import corridor_along
from landscape.train.losses import cross_entropy

GRID: dict[str, Any] = {"points": 5, "extent": 0.5, "rays": 4}


def objective(seed: int = 0, **options: Any) -> Any:
    """A small network with 30 examples, named by its seed."""
    return ls.Objective(small_mlp(seed=seed), examples(30), loss=cross_entropy, name=f"net:{seed}", **options)


@cache
def sampled(kind: str) -> Any:
    """The record of one kind of subspace, sampled once a session."""
    here = objective()
    path = [objective(seed).centre for seed in (3, 2, 1, 0)]
    subspaces: dict[str, Any] = {
        "random": lambda: random_plane(here, seed=7),
        "layer": lambda: random_plane(here, normalize="layer", ignore="nothing"),
        "unscaled": lambda: random_plane(here, normalize="none"),
        "orthogonal": lambda: random_plane(here, orthogonal=True),
        "path": lambda: ls.path_plane(path, [0, 1, 10, 100]),
        "three": lambda: subspace_through([Solution(objective(seed)) for seed in (0, 1, 2)]),
        "eigen": lambda: eigen_plane(here),
        "given": lambda: ls.plane_along(here.centre, objective(1).centre, objective(2).centre),
        "corridor": lambda: corridor_along(path, [0, 1, 10, 100], seed=2),
        "line": lambda: random_line(here, seed=3),
        "along": lambda: line_along(here.centre, here.centre, recipe={"name 1": "gradient", "unit 1": "L2"}),
        "between": lambda: line_between(here, objective(1), to="net:1"),
        "path line": lambda: line_between(objective(1), here, of="path"),
    }
    if kind == "repeats":
        return ls.sample_repeats(here, lambda seed: random_plane(here, seed=seed), seeds=(4, 5), **GRID)
    if kind == "subset":
        return ls.sample(objective(num_examples=20), random_plane(here), **GRID)
    if kind == "batchnorm":
        net = ls.Objective(small_cnn(), examples(30, (1, 6, 6)), loss=cross_entropy, batchnorm="reestimate")
        return ls.sample(net, random_plane(net), **GRID)
    return ls.sample(here, subspaces[kind](), **GRID)
