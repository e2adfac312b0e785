import math
from pathlib import Path

import numpy as np
import pytest
import torch
from problems import examples, quadratic, small_mlp
from torch import Tensor, nn

from landscape.errors import InputError
from landscape.files import surfaces as store
from landscape.objective.objective import Objective
from landscape.records.limits import Limit, Rule
from landscape.records.sampled import Surface
from landscape.sampling import extent as extents
from landscape.sampling.extent import TIDY, Extent, choose_extent, common_extent
from landscape.sampling.grid import sample
from landscape.space.affine import Plane, line_between, random_line, random_plane
from landscape.space.corridors import corridor_along

REACH = 1.0  # of a cross-entropy
QUIET = {"progress": False, "rays": 0, "strategy": "loop"}


def network(seed: int = 0) -> Objective:
    return Objective(small_mlp(seed=seed), examples(30))


def parabola(curvatures: tuple[float, float], offset: float = 0.5) -> tuple[Objective, Plane]:
    """Loss ``offset + (h1 a^2 + h2 b^2) / 2`` in a plane along the axes; outputs of 0 have the loss ``offset``."""
    model = nn.Linear(2, 2, bias=False).double()
    with torch.no_grad():
        model.weight.zero_()

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        return offset + 0.5 * (outputs.square() * torch.tensor(curvatures).double()).sum(dim=1).mean()

    x = torch.tensor([[1.0, 0.0]]).double()
    objective = Objective(model, (x, torch.zeros(1, 2).double()), loss=loss)
    along = [torch.zeros(2, 2).double() for _ in range(2)]
    along[0][0, 0] = along[1][1, 0] = 1.0
    return objective, Plane(objective.centre, ({"weight": along[0]}, {"weight": along[1]}))


@pytest.mark.parametrize(("curvatures", "expected"), [((1.0, 4.0), 1.0), ((4.0, 100.0), 0.5), ((0.1, 1.0), 4.0)])
def test_the_flattest_axis_decides_where_the_loss_has_risen(curvatures: tuple[float, float], expected: float) -> None:
    objective, plane = parabola(curvatures)
    chosen = choose_extent(objective, plane)
    assert chosen.reach == pytest.approx(0.5)  # what outputs of 0 cost
    wanted = math.sqrt(2 * chosen.reach / min(curvatures))
    assert chosen.value == expected == min(value for value in TIDY if value >= wanted * (1 - 1e-12))


@pytest.mark.parametrize("seed", range(3))
def test_the_loss_of_a_network_has_risen_at_both_ends_of_both_axes_and_not_one_step_before(seed: int) -> None:
    objective = network(seed)
    plane = random_plane(objective, seed=seed)
    chosen = choose_extent(objective, plane)
    assert chosen.reach == REACH
    index = TIDY.index(chosen.value)
    here, before = (
        sample(objective, plane, points=3, extent=TIDY[k], **QUIET).loss  # type: ignore[arg-type]
        for k in (index, index - 1)
    )
    ends = [(0, 1), (2, 1), (1, 0), (1, 2)]
    assert min(here[end] for end in ends) >= here[1, 1] + REACH
    assert min(before[end] for end in ends) < before[1, 1] + REACH


def test_a_corridor_is_as_wide_as_its_last_step_wants() -> None:
    objectives = [network(seed) for seed in range(3)]
    path = {name: torch.stack([o.centre[name] for o in objectives]) for name in objectives[0].centre}
    corridor = corridor_along(path, np.array([0.0, 1.0, 10.0]))
    chosen = choose_extent(objectives[-1], corridor)
    surface = sample(objectives[-1], corridor, points=(3, 3), **QUIET)  # type: ignore[arg-type]
    assert surface.axes[1].values[-1] == chosen.value
    assert min(surface.loss[-1, 0], surface.loss[-1, -1]) >= surface.loss[-1, 1] + REACH


def test_a_loss_that_never_rises_ends_the_search_and_says_so() -> None:
    chosen = choose_extent(*parabola((1.0, 1e-9)))
    assert chosen.value == TIDY[-1]
    assert "rises by less than 0.5 on a side" in chosen.reason


def test_a_loss_without_a_natural_height_gets_the_default_and_says_so() -> None:
    objective, _ = quadratic([1.0, 2.0])
    chosen = choose_extent(objective, random_plane(objective, normalize="none"))
    assert (chosen.value, chosen.reach) == (2.0, 0.0)
    assert "by default" in chosen.reason


def test_lines_between_solutions_keep_their_ends_and_other_lines_are_searched() -> None:
    start, end = network(0), network(1)
    assert choose_extent(start, line_between(start, end)).reason == "from one end to the other"
    assert choose_extent(start, random_line(start)).reach == REACH


def test_surfaces_of_one_figure_share_the_largest_extent() -> None:
    both = common_extent([Extent(0.4, Limit(Rule.RISE, 1.0)), Extent(2.0, Limit(Rule.RISE, 1.0))])
    assert both == Extent(2.0, Limit(Rule.RISE, 1.0, num_surfaces=2))
    assert both.reason.endswith(", in the widest of 2 surfaces")
    with pytest.raises(InputError, match="at least one"):
        common_extent([])


def test_the_file_keeps_the_extent_its_reason_and_goes_on_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objective, path = network(), tmp_path / "s.h5"
    plane = random_plane(objective)
    chosen = choose_extent(objective, plane)
    first = sample(objective, plane, points=5, path=path, **QUIET)  # type: ignore[arg-type]
    assert isinstance(first, Surface)
    provenance = store.load(path).provenance
    assert (provenance.extent, str(provenance.extent)) == (Limit(Rule.RISE, REACH), chosen.reason)
    monkeypatch.setattr(extents, "choose_extent", lambda *args: Extent(77.0, Limit(Rule.RISE, 1.0)))
    again = sample(objective, plane, points=5, path=path, **QUIET)  # type: ignore[arg-type]
    assert again.loss.tobytes() == first.loss.tobytes()
    given = sample(objective, plane, points=5, extent=chosen.value, **QUIET)  # type: ignore[arg-type]
    assert given.loss.tobytes() == first.loss.tobytes()
    assert given.provenance.extent.to_dict() == {"reach": 0.0, "extent": "given"}
