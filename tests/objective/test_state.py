"""The user's model is read and never changed; parameters of every kind are handled or refused."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from problems import examples, small_cnn, small_mlp
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from landscape.errors import InputError, ObjectiveError
from landscape.measures.matrix import hessian
from landscape.objective.objective import Objective
from landscape.objective.state import Selection, read_state
from landscape.sampling.grid import sample
from landscape.space.affine import random_line, random_plane
from landscape.space.corridors import corridor_along
from landscape.train.recorder import PathRecorder

IMAGES = (1, 6, 6)


def mean_loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    return cross_entropy(model(batch[0]), batch[1])


class WithLoss(nn.Module):
    """A network that returns its own loss in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.network = small_cnn()

    def forward(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        return {"loss": cross_entropy(self.network(x), labels)}


def as_dictionary(count: int) -> dict[str, Tensor]:
    x, y = examples(count, IMAGES)
    return {"x": x, "labels": y}


WAYS: dict[str, Callable[[], tuple[nn.Module, Any, dict[str, Any]]]] = {
    "pair": lambda: (small_cnn(), examples(8, IMAGES), {}),
    "loader": lambda: (small_cnn(), DataLoader(TensorDataset(*examples(8, IMAGES)), batch_size=3), {}),
    "stream": lambda: (
        small_cnn(),
        DataLoader(TensorDataset(*examples(8, IMAGES)), batch_size=3),
        {"stream": True},
    ),
    "dictionary": lambda: (WithLoss().eval(), as_dictionary(8), {}),
    "callable": lambda: (small_cnn(), examples(8, IMAGES), {"batch_loss": mean_loss}),
    "reestimated": lambda: (small_cnn(), examples(8, IMAGES), {"batchnorm": "reestimate"}),
    "subset": lambda: (small_cnn(), examples(8, IMAGES), {"num_examples": 4}),
}


def traces(model: nn.Module) -> list[Any]:
    """Everything about a model that sampling could leave changed."""
    return [
        {name: (id(t), t.numpy(force=True).tobytes()) for name, t in model.state_dict(keep_vars=True).items()},
        {name: (p.requires_grad, None if p.grad is None else p.grad.numpy().tobytes()) for name, p in named(model)},
        [(name, id(module), module.training) for name, module in model.named_modules()],
        [(len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for m in model.modules()],
        [sorted(vars(module)) for module in model.modules()],
        torch.get_rng_state().tolist(),
        torch.is_grad_enabled(),
    ]


def named(model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    return list(model.named_parameters(remove_duplicate=False))


@pytest.mark.parametrize("way", sorted(WAYS))
def test_sampling_leaves_bits_modes_gradients_and_hooks_alone(way: str) -> None:
    model, data, options = WAYS[way]()
    first = next(iter(model.parameters()))
    first.requires_grad_(False)
    list(model.parameters())[-1].grad = torch.ones_like(list(model.parameters())[-1])
    calls: list[int] = []
    next(model.children()).register_forward_hook(lambda *_: calls.append(1))
    before = traces(model)
    objective = Objective(model, data, **options)
    sample(objective, random_plane(objective), points=3, extent=0.5, rays=2, progress=False)
    objective.with_dtype(torch.float32).at_centre()
    after = traces(model)
    if way in ("loader", "stream"):  # a DataLoader draws one number for its workers on every pass, whoever iterates it
        before.pop(5), after.pop(5)
    assert before == after
    assert calls, "the user's own hooks run"


@pytest.mark.parametrize("way", sorted(WAYS))
def test_the_centre_stays_when_the_model_trains_on(way: str) -> None:
    model, data, options = WAYS[way]()
    objective = Objective(model, data, **options)
    before = objective.at_centre()
    with torch.no_grad():
        for tensor in [*model.parameters(), *(b for b in model.buffers() if b.is_floating_point())]:
            tensor.add_(1.0)
    assert objective.at_centre() == before
    assert objective.with_dtype(torch.float64).at_centre() == before


class Tied(nn.Module):
    """An output layer that is the embedding."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.head = nn.Linear(6, 3, bias=False), nn.Linear(6, 3, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x: Tensor) -> Tensor:
        outputs: Tensor = self.embed(x).tanh() @ self.head.weight @ self.embed.weight.t()
        return outputs


def test_tied_parameters_count_once_and_move_together() -> None:
    model, (x, y) = Tied().double(), examples(9)
    objective = Objective(model, (x, y))
    assert objective.P == 18
    assert list(objective.centre) == ["embed.weight"]
    line = random_line(objective)
    at = line.at(torch.tensor([[0.7]], dtype=torch.float64))["embed.weight"][0]
    moved = Tied().double()
    with torch.no_grad():
        moved.embed.weight.copy_(at)
    expected = cross_entropy(moved(x), y).item()
    assert objective.evaluate({"embed.weight": at[None]})["train_loss"].item() == pytest.approx(expected, abs=1e-14)


def test_frozen_parameters_span_the_landscape_unless_left_out() -> None:
    model = small_mlp()
    for parameter in list(model.parameters())[:2]:
        parameter.requires_grad_(False)
    whole, rest = Objective(model, examples(9)), Objective(model, examples(9), parameters="trainable")
    assert sum(p.numel() for p in model.parameters()) == whole.P
    assert rest.P == whole.P - 6 * 5 - 5
    assert rest.at_centre() == whole.at_centre()
    assert "1.weight" in random_plane(whole).directions[0]
    plane = random_plane(rest)
    assert sorted(plane.directions[0]) == ["3.weight", "5.weight"]
    surface = sample(rest, plane, points=3, extent=2.0, rays=2, progress=False)
    point = plane.at(torch.tensor([[2.0, 2.0]], dtype=torch.float64))
    assert surface.loss[2, 2] == pytest.approx(whole.evaluate(point)["train_loss"].item(), rel=1e-12)


class WithBits(nn.Module):
    """A layer whose scale is kept as integers."""

    def __init__(self) -> None:
        super().__init__()
        self.bits = nn.Parameter(torch.tensor([3, 1, 2]), requires_grad=False)
        self.layer = nn.Linear(6, 3).double()

    def forward(self, x: Tensor) -> Tensor:
        outputs: Tensor = self.layer(x) * self.bits
        return outputs


def test_integer_parameters_are_refused_with_the_way_out_which_works() -> None:
    with pytest.raises(ObjectiveError, match=r"'bits' has dtype torch\.int64.*parameters='trainable'"):
        Objective(WithBits(), examples(5), dtype=torch.float64)
    objective = Objective(WithBits(), examples(5), dtype=torch.float64, parameters="trainable")
    assert objective.P == 21
    expected = cross_entropy(WithBits.forward(objective.model, examples(5)[0]), examples(5)[1])  # type: ignore[arg-type]
    assert objective.at_centre()["train_loss"] == pytest.approx(expected.item(), abs=1e-14)


def test_a_model_with_nothing_to_move_is_refused() -> None:
    model = small_mlp().requires_grad_(requires_grad=False)
    with pytest.raises(ObjectiveError, match="no parameters to move"):
        Objective(model, examples(5), parameters="trainable")


def test_integer_and_float_buffers_keep_their_kind() -> None:
    objective = Objective(small_cnn(), examples(5, IMAGES), dtype=torch.float32)
    assert objective.buffers["1.num_batches_tracked"].dtype == torch.int64
    assert objective.buffers["1.running_mean"].dtype == torch.float32


def test_a_functional_dropout_in_train_mode_is_found_by_two_passes() -> None:
    class Dropping(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(6, 3).double()

        def forward(self, x: Tensor) -> Tensor:
            return nn.functional.dropout(self.layer(x), 0.5, self.training)

    with pytest.raises(ObjectiveError, match="draws random numbers"):
        Objective(Dropping(), examples(50))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Objective(Dropping().eval(), examples(50))


def test_the_state_falls_into_what_spans_the_landscape_and_what_stays() -> None:
    model = small_cnn()
    model[0].weight.requires_grad_(requires_grad=False)  # type: ignore[union-attr, operator]
    for selection, where in (("all", 0), ("trainable", 1)):
        state = read_state(model, selection, device=torch.device("cpu"), dtype=torch.float32)  # type: ignore[arg-type]
        assert ["0.weight" in part for part in state] == [where == 0, where == 1]
        assert sorted({**state[0], **state[1]}) == sorted(model.state_dict())
        assert all(tensor.dtype == torch.float32 for tensor in state[0].values())


def test_an_unknown_selection_of_parameters_is_refused() -> None:
    with pytest.raises(InputError, match="must be 'all' or 'trainable', got 'some'"):
        Objective(small_mlp(), examples(5), parameters="some")  # type: ignore[arg-type]


class Adapted(nn.Module):
    """Float32 adapters over a bfloat16 body, with a float32 buffer."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embedding = nn.Embedding(10, 8)
        self.body = nn.Linear(8, 8).bfloat16()
        self.down, self.up = nn.Linear(8, 2, bias=False), nn.Linear(2, 8, bias=False)
        self.last = nn.Linear(8, 2)
        self.register_buffer("scale", torch.tensor(1.001))

    def forward(self, x: Tensor) -> Tensor:
        features = self.embedding(x)
        body = self.body(features.bfloat16()).float()
        return self.last(body + self.scale * self.up(self.down(features)))  # type: ignore[no-any-return, operator]


WORDS = torch.arange(60) % 10, torch.arange(60) % 2


@pytest.mark.parametrize("parameters", ["all", "trainable"])
def test_parameters_of_several_precisions_keep_their_own(parameters: Selection) -> None:
    model = Adapted().eval()
    model.body.requires_grad_(requires_grad=False)
    objective = Objective(model, WORDS, parameters=parameters)
    plain = cross_entropy(model(WORDS[0]), WORDS[1]).item()
    assert objective.at_centre()["train_loss"] == pytest.approx(plain, rel=1e-6)
    state = {**objective.centre, **objective.buffers}
    assert {name: tensor.dtype for name, tensor in state.items()} == {
        name: tensor.dtype for name, tensor in model.state_dict().items()
    }
    assert objective.fingerprint["dtype"] == "bfloat16+float32"
    assert objective.dtype == torch.bfloat16
    plane = random_plane(objective, ignore="nothing")
    assert all(d[name].dtype == state[name].dtype for d in plane.directions for name in d)
    assert ("body.weight" in plane.directions[0]) == (parameters == "all")


@pytest.mark.parametrize("strategy", ["auto", "loop", "stacked", "repeatable", "streamed"])
def test_every_strategy_keeps_the_precision_of_each_tensor(strategy: str) -> None:
    model = Adapted().eval()
    objective = Objective(model, WORDS)
    plane = random_plane(objective, stored=strategy != "streamed")
    surface = sample(objective, plane, points=3, extent=1.0, rays=0, progress=False, strategy=strategy)
    moved = Adapted().eval()
    for k, (alpha, beta) in enumerate([(-1.0, -1.0), (-1.0, 0.0), (-1.0, 1.0)]):
        point = plane.at(torch.tensor([[alpha, beta]], dtype=torch.float64))
        moved.load_state_dict({name: tensor[0] for name, tensor in point.items()}, strict=False)
        # one step of bfloat16 in the body's outputs is 1e-2 of them
        plain = cross_entropy(moved(WORDS[0]), WORDS[1]).item()
        assert surface.metrics["train_loss"][0, k] == pytest.approx(plain, rel=1e-6 if strategy == "loop" else 1e-3)


def test_a_precision_that_is_asked_for_is_that_of_all() -> None:
    model = Adapted64().eval().float()
    model.body.bfloat16()
    objective = Objective(model, WORDS, dtype=torch.float32)
    assert {tensor.dtype for tensor in objective.centre.values()} == {torch.float32}
    assert objective.fingerprint["dtype"] == "float32"


def test_curvature_of_several_precisions_is_that_of_the_model_in_float64() -> None:
    matrix = hessian(Objective(Adapted().eval(), WORDS))
    exact = hessian(Objective(Adapted64().eval(), WORDS))
    vector = torch.randn(1, matrix.size, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    assert torch.allclose(matrix(vector), exact(vector), rtol=1e-6, atol=1e-9)


class Adapted64(Adapted):
    """The same network in float64, with nothing rounded."""

    def __init__(self) -> None:
        super().__init__()
        self.double()

    def forward(self, x: Tensor) -> Tensor:
        features = self.embedding(x)
        return self.last(self.body(features) + self.scale * self.up(self.down(features)))  # type: ignore[no-any-return, operator]


def test_a_path_of_several_precisions_is_followed() -> None:
    model = Adapted().eval()
    recorder = PathRecorder(model, steps=2)
    for step in range(3):
        for parameter in model.parameters():
            parameter.data.add_(0.01)
        recorder.record(step)
    objective = Objective(model, WORDS)
    corridor = corridor_along(*recorder.path())
    surface = sample(objective, corridor, points=3, extent=1.0, rays=0, progress=False, strategy="loop")
    assert surface.metrics["train_loss"][-1, 1] == pytest.approx(objective.at_centre()["train_loss"], rel=1e-6)


def test_adapters_of_peft_move_over_a_body_that_stays() -> None:
    peft = pytest.importorskip("peft")
    torch.manual_seed(0)
    body = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3)).bfloat16()
    model = peft.get_peft_model(body, peft.LoraConfig(r=2, target_modules=["0", "2"], init_lora_weights=False)).eval()
    x, y = torch.randn(60, 4).bfloat16(), torch.arange(60) % 3
    objective = Objective(model, (x, y), parameters="trainable")
    assert objective.P == 2 * (4 + 16) + 2 * (16 + 3)
    assert {tensor.dtype for tensor in objective.centre.values()} == {torch.float32}
    plane = random_plane(objective)
    surface = sample(objective, plane, points=3, extent=1.0, rays=0, progress=False)
    point = plane.at(torch.tensor([[-1.0, 1.0]], dtype=torch.float64))
    before = {name: tensor.clone() for name, tensor in model.named_parameters()}
    model.load_state_dict({name: tensor[0] for name, tensor in point.items()}, strict=False)
    plain = cross_entropy(model(x).float(), y).item()
    # one step of bfloat16 in the outputs, which other products round elsewhere
    assert surface.metrics["train_loss"][0, 2] == pytest.approx(plain, rel=1e-2)
    moved = {name for name, tensor in model.named_parameters() if not torch.equal(tensor, before[name])}
    assert moved == set(objective.centre)
