"""BatchNorm policies against a loop that copies the model and does what the papers do."""

import copy

import pytest
import torch
from problems import examples, small_cnn, small_mlp
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim.swa_utils import update_bn

from landscape.engine.strategies import STRATEGIES
from landscape.errors import InputError, ObjectiveError
from landscape.measures.matrix import hessian
from landscape.objective.batchnorm import BATCH
from landscape.objective.objective import Objective
from landscape.sampling.grid import sample
from landscape.space.affine import Plane, random_plane
from landscape.space.parameters import Parameters, select
from landscape.train.networks import NetworkConfig, build


def plain_loop(
    model: nn.Module, plane: Plane, data: tuple[Tensor, Tensor], *, policy: str, points: int, extent: float
) -> Tensor:
    """The obvious way: copy the model, set its weights, run all data through it in train mode, then measure."""
    x, y = data
    values = torch.empty(points, points, dtype=torch.float64)
    steps = torch.linspace(-extent, extent, points, dtype=torch.float64)
    for i, alpha in enumerate(steps):
        for j, beta in enumerate(steps):
            moved = copy.deepcopy(model)
            with torch.no_grad():
                for name, parameter in moved.named_parameters():
                    first, second = (d.get(name, torch.zeros(())) for d in plane.directions)
                    parameter += alpha.to(parameter.dtype) * first + beta.to(parameter.dtype) * second
                if policy == "reestimate":
                    update_bn([x], moved)
                values[i, j] = cross_entropy(moved.eval()(x), y).item()
    return values


def trained_resnet(images: Tensor, classes: Tensor, *, depth: int, width: int) -> nn.Module:
    model = build(NetworkConfig("resnet", width, depth), tuple(images.shape[1:]), 10, seed=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(5):
        optimizer.zero_grad()
        cross_entropy(model(images[:64]), classes[:64]).backward()
        optimizer.step()
    return model.eval()


@pytest.mark.parametrize("policy", ["frozen", "reestimate"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_resnet_20_agrees_with_a_straightforward_loop(policy: str, dtype: torch.dtype) -> None:
    images, classes = examples(48, (3, 8, 8), classes=10, dtype=dtype)
    model = trained_resnet(images.float(), classes, depth=20, width=4).to(dtype)
    objective = Objective(model, (images, classes), batchnorm=policy)  # type: ignore[arg-type]
    plane = random_plane(objective, seed=1)
    surface = sample(objective, plane, points=3, extent=0.5, rays=0, progress=False)
    expected = plain_loop(model, plane, (images, classes), policy=policy, points=3, extent=0.5)
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    assert torch.from_numpy(surface.loss.copy()).sub(expected).abs().max() < tolerance
    assert surface.provenance.identity.batchnorm == policy


def test_the_policies_differ_where_statistics_move() -> None:
    data = examples(30, (1, 6, 6))
    frozen, own = (Objective(small_cnn(), data, batchnorm=policy) for policy in ("frozen", "reestimate"))  # type: ignore[arg-type]
    point = {"0.weight": 5 * frozen.centre["0.weight"][None]}
    assert abs(frozen.evaluate(point)["train_loss"] - own.evaluate(point)["train_loss"]) > 1e-2
    assert frozen.fingerprint["batchnorm"] == "frozen"
    assert own.fingerprint["batchnorm"] == "reestimate"


def test_reestimated_statistics_undo_a_rescaling_that_frozen_ones_do_not() -> None:
    """BatchNorm(c W x) = BatchNorm(W x) up to its epsilon: a re-estimated network does not see the factor."""
    model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8, eps=1e-12), nn.Linear(8, 3)).double().eval()
    objective = Objective(model, examples(30), batchnorm="reestimate")
    scaled = {f"0.{name}": 7 * objective.centre[f"0.{name}"][None] for name in ("weight", "bias")}
    loss = objective.evaluate(scaled)["train_loss"].item()
    assert loss == pytest.approx(objective.at_centre()["train_loss"], abs=1e-9)


def statistics(objective: Objective) -> Parameters:
    point = {name: tensor[None] for name, tensor in objective.centre.items()}
    return {name: t for name, t in select(objective.settled(point), 0).items() if "running" in name}


def test_statistics_depend_on_the_examples_and_not_on_their_batches() -> None:
    x, y = examples(31, (1, 6, 6))
    whole = statistics(Objective(small_cnn(), (x, y), batchnorm="reestimate"))
    ragged = statistics(Objective(small_cnn(), [(x[:30], y[:30]), (x[30:], y[30:])], batchnorm="reestimate"))
    seen = nn.functional.conv2d(x, small_cnn()[0].weight, small_cnn()[0].bias, padding=1)  # type: ignore[index]
    variance, mean = torch.var_mean(seen, dim=(0, 2, 3))
    for found in (whole, ragged):
        torch.testing.assert_close(found["1.running_mean"], mean, rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(found["1.running_var"], variance, rtol=1e-12, atol=1e-13)


def test_more_examples_than_a_batch_are_averaged_each_counted_once() -> None:
    x, y = examples(2 * BATCH + 1, (1, 6, 6))
    found = statistics(Objective(small_cnn(), (x, y), batchnorm="reestimate"))
    seen = nn.functional.conv2d(x, small_cnn()[0].weight, small_cnn()[0].bias, padding=1)  # type: ignore[index]
    torch.testing.assert_close(found["1.running_mean"], seen.mean(dim=(0, 2, 3)), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["loop", "stacked"])
@pytest.mark.parametrize("chunk", [4, 100])
def test_strategies_agree_with_reestimated_statistics(name: str, chunk: int) -> None:
    data = examples(11, (1, 6, 6))
    objective = Objective(small_cnn(), data, test=examples(5, (1, 6, 6), seed=4), batchnorm="reestimate")
    plane = random_plane(objective)
    grid = torch.tensor([[0.0, 0.0], [0.3, -0.2], [-1.0, 0.5]], dtype=torch.float64)
    expected = torch.stack(list(objective.evaluate(plane.at(grid)).values()), 1)
    torch.testing.assert_close(STRATEGIES[name](objective, plane, chunk)(grid), expected, rtol=1e-11, atol=1e-12)
    with pytest.raises(ValueError, match="first layer"):
        STRATEGIES["affine"](objective, plane, chunk)


def test_the_centre_has_the_statistics_of_the_training_data_and_the_model_keeps_its_own() -> None:
    model, data = small_cnn(), examples(30, (1, 6, 6))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    objective = Objective(model, data, batchnorm="reestimate")
    objective.evaluate({"0.weight": torch.randn(3, 3, 1, 3, 3, dtype=torch.float64)})
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert not any(module.training for module in model.modules())
    assert model[1].momentum == 0.1  # type: ignore[index]
    reference = copy.deepcopy(model)
    update_bn([data[0]], reference)
    expected = cross_entropy(reference.eval()(data[0]), data[1]).item()
    assert objective.at_centre()["train_loss"] == pytest.approx(expected, abs=1e-13)


def test_a_model_without_batchnorm_has_no_policy() -> None:
    assert Objective(small_mlp(), examples(5), batchnorm="reestimate").batchnorm == "none"


def test_an_unknown_policy_and_a_stream_to_reestimate_are_refused() -> None:
    data = examples(8, (1, 6, 6))
    with pytest.raises(InputError, match="expected frozen or reestimate"):
        Objective(small_cnn(), data, batchnorm="fresh")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="leave stream=True out"):
        Objective(small_cnn(), [data], batchnorm="reestimate", stream=True)


def test_batchnorm_without_statistics_depends_on_the_batch_and_is_refused() -> None:
    model = nn.Sequential(nn.Linear(6, 3), nn.BatchNorm1d(3, track_running_stats=False)).double().eval()
    with pytest.raises(ObjectiveError, match="keeps no running statistics"):
        Objective(model, examples(8))


def test_the_hessian_of_reestimated_statistics_is_refused() -> None:
    with pytest.raises(InputError, match="batchnorm='frozen'"):
        hessian(Objective(small_cnn(), examples(5, (1, 6, 6)), batchnorm="reestimate"))
