"""Captions say of each kind of record what it is; the records are really sampled, of small networks."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from problems import examples, small_cnn, small_mlp

import landscape as ls
from landscape.measures.axes import eigen_plane
from landscape.records.base import Axis
from landscape.records.provenance import Identity, Provenance
from landscape.rendering.facts.facts import details, settings
from landscape.rendering.facts.quantities import axis_label, metric_label
from landscape.rendering.facts.subspaces import enumerate_names, short_subspace_words, subspace_words
from landscape.sampling.solutions import Solution
from landscape.sampling.views import subspace_through
from landscape.space.affine import line_along, line_between, random_line, random_plane
from landscape.space.corridors import corridor_along
from landscape.train.losses import cross_entropy

GRID: dict[str, Any] = {"points": 5, "extent": 0.5, "rays": 4}


def objective(seed: int = 0, **options: Any) -> Any:
    return ls.Objective(small_mlp(seed=seed), examples(30), loss=cross_entropy, name=f"net:{seed}", **options)


@cache
def sampled(kind: str) -> Any:
    here = objective()
    path = [objective(seed).centre for seed in (3, 2, 1, 0)]
    made: dict[str, Any] = {
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
    return ls.sample(here, made[kind](), **GRID)


PLACES = {
    "random": "a plane along two random filter-normalized directions",
    "layer": "a plane along two random layer-normalized directions",
    "unscaled": "a plane along two random unscaled directions",
    "orthogonal": "a plane along two random filter-normalized directions",
    "repeats": "a plane along two random filter-normalized directions",
    "path": "the plane of the training path's two principal components",
    "three": "the plane through net:0, net:1 and net:2",
    "eigen": "the plane along the Hessian eigenvectors of the largest and the smallest eigenvalue",
    "given": "a plane along two given directions",
    "corridor": "the corridor along the training path, across it a random filter-normalized direction",
    "line": "a line along a random filter-normalized direction",
    "along": "the line along the gradient",
    "between": "the straight line between two solutions",
    "path line": "the straight line from the start of training to the solution",
}
FACTS = {
    "random": ("direction seed 7", "biases and norm layers unperturbed"),
    "layer": ("all parameters perturbed",),
    "orthogonal": ("direction 2 made orthogonal to direction 1", "of its length kept"),
    "repeats": ("mean over 2 repeats (direction seeds 4, 5), the loss of no one network",),
    "path": ("plane explains ", "off the network's own by "),
    "three": ("training loss at the networks ",),
    "eigen": ("eigenvalues ",),
    "subset": ("measured on 20 of 30 training examples (standard error of the loss at the centre ",),
    "batchnorm": ("BatchNorm statistics re-estimated at every point",),
}


@pytest.mark.parametrize("kind", PLACES)
def test_the_place_is_what_was_sampled(kind: str) -> None:
    assert subspace_words(sampled(kind)) == PLACES[kind]
    assert not short_subspace_words(sampled(kind)).startswith(("a plane along", "the "))


@pytest.mark.parametrize("kind", FACTS)
def test_what_tells_it_apart_is_said(kind: str) -> None:
    said = ", ".join(fact.text() for fact in [*details(sampled(kind)), *settings(sampled(kind))])
    for words in FACTS[kind]:
        assert words in said


def test_a_caption_carries_place_facts_and_the_unit_of_its_own_axes(tmp_path: Path) -> None:
    options: dict[str, Any] = {"draw": "contour", "dpi": 40, "with_tex": True}
    layer = ls.render(sampled("layer"), tmp_path / "a.png", **options)
    assert "two random layer-normalized directions" in layer.caption
    assert "filter norms" not in layer.caption.replace("directions, 95 % interval", "").split("width through")[-1]
    assert "$" not in layer.caption
    assert "\\" not in layer.caption
    both = ls.render([sampled("random"), sampled("path")], tmp_path / "b.png", ranges="free", **options)
    assert "surfaces of several kinds" in both.caption
    assert "the plane of the training path's two principal components" in both.caption
    assert both.tex is not None
    assert r"\bBExplained" in both.tex.read_text()


@pytest.mark.parametrize("kind", ["line", "along", "between", "path line"])
def test_a_profile_says_what_it_runs_along(kind: str, tmp_path: Path) -> None:
    words = PLACES[kind].removeprefix("a line along ").removeprefix("the line along ")
    assert f"along {words}." in ls.render(sampled(kind), tmp_path / "a.png", dpi=40).caption


def test_the_solution_stands_at_the_end_of_the_line_from_the_start_of_training() -> None:
    from landscape.rendering.facts.names import label_lines
    from landscape.rendering.geometry.profiles import lines_of
    from landscape.rendering.geometry.style import theme_of
    from landscape.rendering.views.profile import profile_figure

    figure, _ = profile_figure(
        label_lines(lines_of([sampled("path line")], "train_loss")), theme_of("paper"), width=3.0
    )
    named = {text.get_text(): text.xy[0] for text in figure.axes[0].texts if hasattr(text, "xy")}
    assert named["start of training"] == 0
    assert "solution" not in named or named["solution"] == 1


def test_networks_of_a_plane_are_marked_where_they_lie(tmp_path: Path) -> None:
    from landscape.rendering.geometry.camera import Box
    from landscape.rendering.geometry.panel import panels_of

    surface = sampled("three")
    panel = panels_of([surface], "train_loss", Box(), ["three"])[0]
    names, points = panel.marks()
    assert names == ("net:0", "net:1", "net:2")
    alpha = panel.floor.alpha[0] + (points[:, 0] / panel.box.half_x + 1) / 2 * np.ptp(panel.floor.alpha)
    assert np.allclose(alpha, surface.marks.alpha)
    assert np.allclose(points[:, 2], panel.world_z(surface.marks.loss))


def test_a_path_lies_on_the_plane_that_it_is_drawn_over() -> None:
    from landscape.rendering.geometry.camera import Box
    from landscape.rendering.geometry.panel import panels_of

    surface = sampled("path")
    panel = panels_of([surface], "train_loss", Box(), ["path"])[0]
    beads, path = panel.beads(), panel.path()
    assert beads is not None
    assert path is not None
    assert np.allclose(path[-1], panel.marker(), atol=1e-6)
    assert len(path) > 2 * len(surface.trajectory.step)


def test_zeros_on_a_logarithmic_scale_are_drawn_at_the_smallest_measured_value(tmp_path: Path) -> None:
    surface = sampled("random")
    loss, status = np.array(surface.loss), np.array(surface.status)
    loss[0, 0], loss[0, 1], status[0, :2] = 0.0, 1e-12, 2
    drawn = ls.render(
        replace(surface, metrics={"train_loss": loss}, status=status, error=0 * loss),
        tmp_path / "a.png",
        scale="log",
        dpi=40,
        draw="contour",
    )
    smallest = float(loss[status == 1].min())
    assert drawn.low == smallest
    assert f"2 points below {smallest:.3g} drawn there" in drawn.caption


def test_labels_name_units() -> None:
    axis = np.linspace(0, 1, 3)
    assert axis_label(Axis("alpha", axis, "layer norm"), "a") == "a (layer norms)"
    assert axis_label(Axis("alpha", axis, "L2"), "a") == "a (L2)"
    assert axis_label(Axis("alpha", axis, "L2", "principal component 1 (93.1 %)"), "a") == "PC 1 (93.1 %), L2"
    provenance = Provenance(Identity(loss="cross_entropy"))
    assert metric_label("hessian_top", provenance) == "largest Hessian eigenvalue (nats per example per L2 squared)"
    assert metric_label("curvature_ratio", provenance) == "|smallest / largest Hessian eigenvalue|"
    assert enumerate_names(["a", "b"]) == "a and b"
