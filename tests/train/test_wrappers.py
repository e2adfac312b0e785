"""The network inside what tools wrap around it, or a refusal by name."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from landscape.errors import InputError
from landscape.objective.objective import Objective
from landscape.sampling.grid import sample
from landscape.space.affine import line_along, plane_along, random_plane
from landscape.space.corridors import corridor_along
from landscape.train.checkpoints import load_weights
from landscape.train.recorder import PathRecorder
from landscape.train.wrappers import bare_module

X, Y = torch.randn(60, 4, generator=torch.Generator().manual_seed(0)), torch.arange(60) % 3


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)).eval()


def distributed(net: nn.Module) -> nn.Module:
    store = torch.distributed.HashStore()
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        return nn.parallel.DistributedDataParallel(net)
    finally:
        torch.distributed.destroy_process_group()


WRAPPERS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "data-parallel": nn.DataParallel,
    "distributed": distributed,
    "compiled": lambda net: torch.compile(net, backend="eager"),
    "averaged": torch.optim.swa_utils.AveragedModel,
    "compiled, then data-parallel": lambda net: nn.DataParallel(torch.compile(net, backend="eager")),
}


@pytest.mark.parametrize("kind", WRAPPERS)
def test_a_wrapped_network_is_the_network(kind: str) -> None:
    net = network()
    objective, plain = Objective(WRAPPERS[kind](net), (X, Y)), Objective(net, (X, Y))
    assert objective.centre.keys() == plain.centre.keys()
    assert objective.name == "Sequential"
    assert objective.at_centre()["train_loss"] == pytest.approx(cross_entropy(net(X), Y).item(), rel=1e-6)
    surfaces = [
        sample(part, random_plane(part), points=3, extent=1.0, rays=0, progress=False, strategy="loop").metrics
        for part in (objective, plain)
    ]
    assert (surfaces[0]["train_loss"] == surfaces[1]["train_loss"]).all()


@pytest.mark.parametrize("kind", WRAPPERS)
def test_a_path_recorded_from_a_wrapper_fits_the_bare_network(kind: str, tmp_path: Path) -> None:
    net = network()
    recorders = [PathRecorder(wrapped, steps=3) for wrapped in (WRAPPERS[kind](net), net)]
    for step in range(4):
        for parameter in bare_module(recorders[0].model).parameters():
            parameter.data.add_(0.01)
        recorders[0].record(step)
    points, steps = recorders[0].path()
    objective = Objective(net, (X, Y))
    surface = sample(objective, corridor_along(points, steps), points=3, extent=1.0, rays=0, progress=False)
    assert surface.complete
    assert points[-1].keys() == objective.centre.keys()


@pytest.mark.parametrize("kind", WRAPPERS)
def test_weights_of_the_bare_network_load_into_a_wrapper_and_back(kind: str, tmp_path: Path) -> None:
    net, other = network(), network()
    for parameter in net.parameters():
        parameter.data.add_(1.0)
    torch.save(WRAPPERS[kind](net).state_dict(), tmp_path / "wrapped.pt")
    load_weights(other, tmp_path / "wrapped.pt")
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), other.parameters(), strict=True))
    torch.save(net.state_dict(), tmp_path / "bare.pt")
    wrapped = WRAPPERS[kind](network())
    load_weights(wrapped, tmp_path / "bare.pt")
    pairs = zip(net.parameters(), bare_module(wrapped).parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("make", [torch.jit.script, lambda net: torch.jit.trace(net, X)])
def test_script_modules_are_refused_by_name(make: Callable[[nn.Module], nn.Module]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is about to leave
        scripted = make(network())
    with pytest.raises(InputError, match="the model is a ScriptModule"):
        Objective(scripted, (X, Y))
    with pytest.raises(InputError, match="part '0' is a ScriptModule"):
        PathRecorder(nn.Sequential(scripted), steps=3)


def test_directions_lose_the_prefixes_of_wrappers() -> None:
    objective = Objective(network(), (X, Y))
    direction = {"0.weight": torch.randn(8, 4)}
    prefixed: dict[str, Tensor] = {f"module._orig_mod.{name}": tensor for name, tensor in direction.items()}
    line = line_along(objective.centre, prefixed)
    assert line.directions[0].keys() == direction.keys()
    assert line.recipe.digest == line_along(objective.centre, direction).recipe.digest
    plane = plane_along(objective.centre, prefixed, {"2.bias": torch.ones(3)})
    assert [list(part) for part in plane.directions] == [["0.weight"], ["2.bias"]]


def test_directions_and_paths_of_another_network_are_refused_by_name() -> None:
    objective = Objective(network(), (X, Y))
    with pytest.raises(InputError, match=r"names head\.weight, which the network lacks; it has 0\.weight"):
        line_along(objective.centre, {"head.weight": torch.randn(8, 4)})
    with pytest.raises(InputError, match=r"'0\.weight' in the direction has shape \(4, 8\), expected \(8, 4\)"):
        line_along(objective.centre, {"0.weight": torch.randn(4, 8)})
    points = [{f"net.{name}": tensor + k for name, tensor in objective.centre.items()} for k in range(3)]
    with pytest.raises(InputError, match=r"the corridor names net\.0\.weight, net\.0\.bias"):
        sample(objective, corridor_along(points, [0, 1, 2]), points=3, extent=1.0, progress=False)
    points = [{name: tensor[..., :2] + k for name, tensor in objective.centre.items()} for k in range(3)]
    with pytest.raises(InputError, match=r"'0\.weight' has shape \(8, 2\) in the corridor and \(8, 4\)"):
        sample(objective, corridor_along(points, [0, 1, 2]), points=3, extent=1.0, progress=False)
