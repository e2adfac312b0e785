"""Directions by name: what they are on a quadratic, how they are scaled and stored, and what is refused."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from landscape.errors import InputError
from landscape.measures.along import subspace_along
from landscape.objective.objective import Objective
from landscape.sampling.solutions import Solution
from landscape.space.directions import random_direction
from landscape.space.subspaces import Line, Plane

DTYPE = torch.float64


@pytest.fixture
def bowl() -> Solution:
    """Loss ``((2 (u - 1))^2 + (v + 1)^2) / 2`` at ``(u, v) = (3, 0)``: Hessian ``diag(4, 1)``, gradient ``(8, 1)``."""
    model = torch.nn.Linear(2, 1, bias=False).double()
    model.load_state_dict({"weight": torch.tensor([[3.0, 0.0]])})
    inputs = torch.tensor([[2.0, 0.0], [0.0, 1.0]], dtype=DTYPE)
    targets = torch.tensor([[2.0], [-1.0]], dtype=DTYPE)
    objective = Objective(model, (inputs, targets), loss=torch.nn.functional.mse_loss, name="bowl", dtype=DTYPE)
    return Solution(objective)


def vector(subspace: Line | Plane, axis: int = 0) -> torch.Tensor:
    return subspace.directions[axis]["weight"].flatten()


def test_named_directions_are_those_of_the_loss(bowl: Solution) -> None:
    plane = subspace_along(bowl, ["top", "bottom"])
    assert isinstance(plane, Plane)
    torch.testing.assert_close(vector(plane), torch.tensor([1.0, 0.0], dtype=DTYPE))
    torch.testing.assert_close(vector(plane, 1), torch.tensor([0.0, 1.0], dtype=DTYPE))
    line = subspace_along(bowl, ["gradient"])
    assert isinstance(line, Line)
    torch.testing.assert_close(vector(line), torch.tensor([8.0, 1.0], dtype=DTYPE) / 65**0.5)
    assert line.unit(0) == "L2"


def test_random_directions_are_drawn_from_the_seed_and_kept_nowhere(bowl: Solution) -> None:
    plane = subspace_along(bowl, ["random", "random"], seed=4)
    for axis in (0, 1):
        expected = random_direction(bowl.objective.centre, seed=8 + axis)["weight"]
        torch.testing.assert_close(vector(plane, axis), expected.flatten())
    assert not plane.keep
    assert plane.unit(0) == "filter norm"


def test_a_normalization_that_is_asked_for_scales_every_direction(bowl: Solution) -> None:
    line = subspace_along(bowl, ["gradient"], normalize="filter")
    assert float(vector(line).norm()) == pytest.approx(3.0)  # the norm of the one filter
    assert line.unit(0) == "filter norm"


def test_a_file_is_stored_unless_it_is_large_or_another_choice_is_made(
    bowl: Solution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(tmp_path / "mine.safetensors")
    save_file({"weight": torch.tensor([[1.0, 2.0]], dtype=DTYPE)}, file)
    assert subspace_along(bowl, [file]).keep
    assert not subspace_along(bowl, [file], keep=False).keep
    torch.testing.assert_close(vector(subspace_along(bowl, [file])), torch.tensor([1.0, 2.0], dtype=DTYPE))
    monkeypatch.setattr("landscape.measures.along.STORED_BYTES", 2 * 8 - 1)
    assert not subspace_along(bowl, [file]).keep
    assert subspace_along(bowl, [file], keep=True).keep


def test_a_direction_towards_another_network_ends_in_it(
    bowl: Solution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("ends.py").write_text(
        "import torch\n"
        "def make():\n"
        "    model = torch.nn.Linear(2, 1, bias=False).double()\n"
        "    model.load_state_dict({'weight': torch.tensor([[5.0, 1.0]])})\n"
        "    return model\n"
        "def data():\n"
        "    x = torch.eye(2, dtype=torch.float64)\n"
        "    return {'data': (x, x[:, :1]), 'loss': torch.nn.functional.mse_loss}\n"
    )
    line = subspace_along(bowl, ["ends:make"], data="ends:data", dtype=DTYPE, weights="of the first alone.pt")
    torch.testing.assert_close(vector(line), torch.tensor([2.0, 1.0], dtype=DTYPE))
    assert line.recipe.to_dict()["name 1"] == "to ends:make"


@pytest.mark.parametrize(
    ("names", "orthogonal", "message"),
    [(["random"] * 3, False, "a plane has two directions, got 3"), (["top"], True, "--orthogonalize is for a plane")],
)
def test_directions_that_span_no_line_or_plane_are_refused(
    bowl: Solution, names: list[str], orthogonal: bool, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        subspace_along(bowl, names, orthogonal=orthogonal)
