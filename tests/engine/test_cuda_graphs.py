"""CUDA graphs: the same values, and the plain strategy wherever nothing can be captured."""

import pytest
import torch
from torch import Tensor, nn

from landscape.engine.cuda_graphs import Replay
from landscape.engine.plans import Plan
from landscape.objective.objective import Objective
from landscape.space.affine import random_plane


def test_what_cannot_be_captured_goes_on_as_it_was() -> None:
    calls = []

    def evaluate(coordinates: Tensor) -> Tensor:
        calls.append(len(coordinates))
        return coordinates.sum(dim=1, keepdim=True).cpu()  # a synchronization

    replay = Replay(evaluate, torch.device("cuda"))
    points = torch.arange(6, dtype=torch.float64).reshape(3, 2)
    for _ in range(4):
        assert torch.equal(replay(points), points.sum(dim=1, keepdim=True))
    assert not replay.works
    assert len(calls) >= 4


@pytest.mark.parametrize("name", ["loop", "chain", "stacked", "affine"])
def test_replayed_values_are_those_of_the_plain_strategy(name: str, device: torch.device, dtype: torch.dtype) -> None:
    if device.type != "cuda":
        pytest.skip("runs with --device cuda")
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)).to(device, dtype).eval()
    x, y = torch.randn(50, 6, device=device, dtype=dtype), torch.randint(0, 3, (50,), device=device)
    objective = Objective(model, (x, y))
    plane = random_plane(objective)
    evaluate = Plan(name, 7, 20).build(objective, plane)
    assert isinstance(evaluate, Replay)
    for seed in range(4):
        points = torch.randn(7, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        expected = objective.evaluate(plane.at(points.to(device)))["train_loss"]
        torch.testing.assert_close(evaluate(points)[:, 0], expected, rtol=1e-4, atol=1e-4)
    assert list(evaluate.graphs) == [7]
