"""The three ways from a batch to a loss, against the mean written out."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from problems import examples, small_mlp
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from landscape.engine.strategies import STRATEGIES
from landscape.engine.trial import choose
from landscape.errors import InputError, ObjectiveError
from landscape.measures.freedom import free_directions
from landscape.measures.matrix import hessian
from landscape.objective.objective import Objective
from landscape.sampling.grid import sample
from landscape.space.affine import random_plane

CLASSES = 7
GRID = torch.tensor([[0.0, 0.0], [0.3, -0.2], [-1.0, 0.5]], dtype=torch.float64)


class Language(nn.Module):
    """A model of the dictionary kind: next tokens, tokens or whole examples, embedding and head tied."""

    def __init__(self, counted: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.head = nn.Embedding(CLASSES, 4), nn.Linear(4, CLASSES, bias=False)
        self.head.weight = self.embed.weight
        self.mix = nn.Linear(4, 4)
        self.counted = counted

    def forward(self, input_ids: Tensor, labels: Tensor) -> SimpleNamespace:
        logits = self.head(self.mix(self.embed(input_ids)).cumsum(1).tanh() * 3)
        per_token = per_label(logits, labels, shift=self.counted == "next token")
        if self.counted == "example":
            return SimpleNamespace(loss=per_token.mean(), logits=logits)
        kept = labels[:, 1:] if self.counted == "next token" else labels
        loss = per_token.sum() / (kept != -100).sum()
        if self.counted == "balanced":
            loss = loss + logits.mean(0).square().sum()
        return SimpleNamespace(loss=loss, logits=logits)


def per_label(logits: Tensor, labels: Tensor, *, shift: bool) -> Tensor:
    if shift:
        logits, labels = logits[:, :-1], labels[:, 1:]
    return cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none", ignore_index=-100)


def ragged() -> list[dict[str, Tensor]]:
    """Three batches of sentences of 9, 5 and 6 tokens, some of whose labels do not count, one of them none at all."""
    generator = torch.Generator().manual_seed(3)
    batches = []
    for count, length in ((4, 9), (3, 5), (1, 6)):
        ids = torch.randint(0, CLASSES, (count, length), generator=generator)
        labels = ids.clone()
        for row in range(count):
            labels[row, length - 2 * row :] = -100
        batches.append({"input_ids": ids, "labels": labels})
    return batches


@pytest.mark.parametrize("counted", ["token", "next token"])
def test_a_models_own_loss_is_the_mean_over_all_tokens_not_over_batches(counted: str) -> None:
    model, shift = Language(counted).double().eval(), counted == "next token"
    values = [per_label(model(**b).logits, b["labels"], shift=shift) for b in ragged()]
    num_tokens = sum(int((b["labels"][:, int(shift) :] != -100).sum()) for b in ragged())
    mean = sum(v.sum().item() for v in values) / num_tokens
    of_batches = sum(model(**b).loss.item() for b in ragged()) / 3
    objective = Objective(model, ragged())
    assert objective.at_centre() == {"train_loss": pytest.approx(mean, abs=1e-13)}
    assert abs(mean - of_batches) > 1e-3, "the case would not tell the two means apart"
    assert objective.fingerprint["loss"] == f"Language.loss per {counted}"
    assert objective.N == 8
    assert objective.K == 9 * CLASSES


@pytest.mark.parametrize("counted", ["token", "next token"])
@pytest.mark.parametrize("name", ["loop", "stacked"])
@pytest.mark.parametrize("chunk", [1, 2, 5])
def test_strategies_agree_on_dictionaries_however_they_are_cut(counted: str, name: str, chunk: int) -> None:
    objective = Objective(Language(counted).double().eval(), ragged(), test=ragged()[:1])
    plane = random_plane(objective)
    expected = torch.stack(list(objective.evaluate(plane.at(GRID)).values()), 1)
    torch.testing.assert_close(STRATEGIES[name](objective, plane, chunk)(GRID), expected, rtol=1e-12, atol=1e-12)


def test_affine_is_skipped_for_dictionaries() -> None:
    objective = Objective(Language("token").double().eval(), ragged())
    plane = random_plane(objective)
    assert choose(objective, plane, GRID.repeat(20, 1)).name in ("loop", "stacked")
    with pytest.raises(ValueError, match="first layer"):
        STRATEGIES["affine"](objective, plane, 4)


def test_a_loss_that_is_no_mean_over_its_examples_is_refused_with_the_way_out() -> None:
    with pytest.raises((ObjectiveError, InputError), match="batch_loss=f"):
        Objective(Language("balanced").double().eval(), ragged())


def test_a_dictionary_model_without_a_loss_is_refused() -> None:
    class Mute(Language):
        def forward(self, **given: Any) -> Any:
            return SimpleNamespace(loss=None)

    with pytest.raises(ObjectiveError, match=r"put labels into the batch"):
        Objective(Mute("token"), ragged())


class Two(nn.Module):
    """Two outputs, as of a network with two heads."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.body, self.classes, self.value = nn.Linear(6, 5), nn.Linear(5, 3), nn.Linear(5, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.body(x).tanh()
        return self.classes(hidden), self.value(hidden)


def both_losses(model: nn.Module, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    x, y, z = batch
    logits, value = model(x)
    return cross_entropy(logits, y) + mse_loss(value[:, 0], z)


def three_parts(count: int) -> tuple[Tensor, Tensor, Tensor]:
    x, y = examples(count)
    return x, y, x.sum(1)


@pytest.mark.parametrize("name", ["loop", "stacked"])
def test_a_callable_of_several_outputs_is_averaged_over_all_examples(name: str) -> None:
    model, whole = Two().double(), three_parts(23)
    parts = [tuple(t[:10] for t in whole), tuple(t[10:] for t in whole)]
    objective = Objective(model, parts, batch_loss=both_losses)
    assert objective.at_centre()["train_loss"] == pytest.approx(both_losses(model, whole).item(), abs=1e-14)
    plane = random_plane(objective)
    expected = Objective(model, whole, batch_loss=both_losses).evaluate(plane.at(GRID))["train_loss"]
    found = STRATEGIES[name](objective, plane, 4)(GRID)[:, 0]
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_a_callable_may_count_what_it_averages() -> None:
    def positive_only(model: nn.Module, batch: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        x, _, z = batch
        kept = z > 0
        return ((model(x)[1][:, 0] - z).square() * kept).sum(), kept.sum()

    model, (x, y, z) = Two().double(), three_parts(30)
    kept = z > 0
    expected = (model(x)[1][kept, 0] - z[kept]).square().mean().item()
    batches = [(x[:7], y[:7], z[:7]), (x[7:], y[7:], z[7:])]
    objective = Objective(model, batches, batch_loss=positive_only)
    assert objective.at_centre()["train_loss"] == pytest.approx(expected, abs=1e-13)
    plane = random_plane(objective)
    reference = objective.evaluate(plane.at(GRID))["train_loss"]
    for chunk in (1, 4, 100):
        found = STRATEGIES["stacked"](objective, plane, chunk)(GRID)[:, 0]
        torch.testing.assert_close(found, reference, rtol=1e-12, atol=1e-12)


def residual(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """u' = u on the inside and u = 1 at the border: points of two kinds, and a derivative by the input."""
    inside = batch["inside"].clone().requires_grad_()
    u = model(inside)
    (slope,) = torch.autograd.grad(u.sum(), inside, create_graph=True)
    return (slope - u).square().mean() + (model(batch["border"]) - 1).square().mean()


def test_a_physics_loss_differentiates_by_its_inputs_and_is_not_cut() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    batch = {"inside": torch.linspace(0, 1, 40).double()[:, None], "border": torch.zeros(1, 1).double()}
    objective = Objective(model, batch, batch_loss=residual)
    assert objective.at_centre()["train_loss"] == pytest.approx(residual(model, batch).item(), abs=1e-14)
    surface = sample(objective, random_plane(objective), points=3, rays=2, progress=False)
    assert surface.loss[1, 1] == pytest.approx(residual(model, batch).item(), abs=1e-13)
    assert surface.provenance.making.strategy.startswith("loop"), "autograd does not run under vmap"


@pytest.mark.parametrize(
    ("returned", "what"),
    [(1.0, "float"), (torch.zeros(3), r"shape \(3,\)"), ({"loss": torch.zeros(2)}, r"shape \(2,\) under 'loss'")],
)
def test_a_callable_that_returns_no_number_is_refused(returned: Any, what: str) -> None:
    with pytest.raises(InputError, match=f"must return a 0-d tensor .* got {what}"):
        Objective(Two().double(), three_parts(4), batch_loss=lambda model, batch: returned)


def test_an_outputs_loss_beside_another_way_is_refused() -> None:
    with pytest.raises(InputError, match=r"loss= needs outputs and targets"):
        Objective(Two().double(), three_parts(4), loss=mse_loss, batch_loss=both_losses)
    with pytest.raises(InputError, match=r"accuracy= needs outputs and targets"):
        Objective(Language("token"), ragged(), accuracy=True)


def test_several_outputs_without_a_callable_are_refused_with_the_way_out() -> None:
    with pytest.raises(ObjectiveError, match=r"returned tuple, expected a tensor of outputs; .* batch_loss=f"):
        Objective(Two().double(), examples(4))


def test_real_targets_want_a_loss_by_name() -> None:
    x, _ = examples(5)
    with pytest.raises(InputError, match="say which loss="):
        Objective(small_mlp(), (x, x[:, :3]))
    Objective(small_mlp(), (x, x[:, :3]), loss=mse_loss)


def squares(parameters: Any) -> Tensor:
    return sum(tensor.square().sum() for tensor in parameters.values())  # type: ignore[return-value]


@pytest.mark.parametrize("strategy", ["loop", "stacked", "affine"])
def test_terms_and_extra_examples_are_metrics_of_their_own(strategy: str) -> None:
    model, (x, y) = small_mlp(), examples(20)
    objective = Objective(model, (x, y), extra={"shifted": (x + 1, y)}, terms={"l2": squares})
    plane = random_plane(objective)
    surface = sample(objective, plane, points=3, extent=0.5, rays=2, strategy=strategy, progress=False)
    assert list(surface.metrics) == ["train_loss", "train_accuracy", "shifted_loss", "shifted_accuracy", "l2"]
    plain = sample(Objective(model, (x, y)), plane, points=3, extent=0.5, rays=2, strategy=strategy, progress=False)
    assert (surface.loss == plain.loss).all(), "a term is never added to the loss"
    corner = {name: t[0] for name, t in plane.at(torch.full((1, 2), 0.5).double()).items()}
    moved = {name: corner.get(name, tensor) for name, tensor in objective.centre.items()}
    assert surface.metrics["l2"][2, 2] == pytest.approx(float(squares(moved)), rel=1e-14)
    expected = cross_entropy(torch.func.functional_call(model, moved, (x + 1,)), y)
    assert surface.metrics["shifted_loss"][2, 2] == pytest.approx(expected.item(), rel=1e-12)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"terms": {"alpha": squares}}, "'alpha' cannot name a metric"),
        ({"terms": {"marks": squares}}, "'marks' cannot name a metric"),
        ({"terms": {"train_loss": squares}}, "two metrics are named 'train_loss'"),
        ({"terms": {"norms": lambda p: next(iter(p.values()))}}, r"'norms' must return one number, got shape \(5, 6\)"),
        ({"extra": {"test": examples(3)}}, "cannot be named 'test'"),
    ],
)
def test_names_that_would_collide_and_terms_that_are_no_numbers_are_refused(given: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Objective(small_mlp(), examples(5), **given)


@pytest.mark.parametrize("kind", ["dictionary", "callable"])
def test_the_hessian_of_a_loss_of_ones_own_is_its_derivative(kind: str) -> None:
    """Against the dense second derivative of the mean over all that counts, written out."""
    if kind == "dictionary":
        model: nn.Module = Language("next token").double().eval()
        objective = Objective(model, ragged())
    else:
        model = Two().double()
        objective = Objective(model, three_parts(12), batch_loss=both_losses)
    names, shapes = list(objective.centre), [t.shape for t in objective.centre.values()]

    def total(flat: Tensor) -> Tensor:
        parts = flat.split([shape.numel() for shape in shapes])
        at = {name: part.view(shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
        if kind == "callable":
            logits, value = torch.func.functional_call(model, at, (three_parts(12)[0],))
            return cross_entropy(logits, three_parts(12)[1]) + mse_loss(value[:, 0], three_parts(12)[2])
        values = [torch.func.functional_call(model, at, (), b).logits for b in ragged()]
        losses = [per_label(v, b["labels"], shift=True) for v, b in zip(values, ragged(), strict=True)]
        return torch.cat(losses).sum() / sum(int((b["labels"][:, 1:] != -100).sum()) for b in ragged())

    centre = torch.cat([t.flatten() for t in objective.centre.values()])
    dense = torch.autograd.functional.hessian(total, centre)
    matrix = hessian(objective)
    vector = torch.linspace(-1, 1, len(centre), dtype=torch.float64)
    torch.testing.assert_close(matrix(vector), dense @ vector, rtol=1e-10, atol=1e-11)


def test_free_directions_need_outputs() -> None:
    with pytest.raises(InputError, match="counted on outputs"):
        free_directions(Objective(Two().double(), three_parts(4), batch_loss=both_losses))


def test_the_standard_error_of_tokens_is_that_of_a_ratio_of_means() -> None:
    """Residuals sum_i - count_i L over the mean count, from the losses of single lines."""
    model = Language("token").double().eval()
    objective = Objective(model, ragged(), num_examples=5)
    sums, counts = [], []
    for inputs, _ in objective.splits[0].chunks(1):
        labels = inputs.tree["labels"]
        with torch.no_grad():
            logits = model(**inputs.tree).logits
        sums.append(per_label(logits, labels, shift=False).sum().item())
        counts.append(int((labels != -100).sum()))
    mean = sum(sums) / sum(counts)
    assert objective.at_centre()["train_loss"] == pytest.approx(mean, abs=1e-13)
    squares = [((s - c * mean) / (sum(counts) / 5)) ** 2 for s, c in zip(sums, counts, strict=True)]
    expected = (sum(squares) / 4 / 5 * (1 - 5 / 8)) ** 0.5
    assert objective.standard_error == pytest.approx(expected, rel=1e-12)
