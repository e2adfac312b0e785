"""A trained bend: closed form on a quadratic, low loss where the line is high, BatchNorm by batches."""

import pytest
import torch
from problems import examples, quadratic, small_cnn, small_mlp
from torch import Tensor

from landscape.errors import InputError, ObjectiveError
from landscape.measures.barriers import barrier
from landscape.objective.objective import Objective
from landscape.records.sampled import Profile
from landscape.sampling.bend import train_curve
from landscape.sampling.grid import sample
from landscape.space.affine import line_between


@pytest.mark.parametrize("form", ["bezier", "polygon"])
def test_on_a_quadratic_the_bend_finds_the_closed_form(form: str) -> None:
    """``E_t theta(t)^T H theta(t)`` is least at ``-(a + c) E[w (1 - w) / 2] / E[w^2]`` by symmetry of t."""
    start, _ = quadratic([1.0, 2.0, 4.0], centre=[1.0, -1.0, 0.5])
    end, _ = quadratic([1.0, 2.0, 4.0], centre=[0.5, 1.0, 1.0])
    curve = train_curve(start, end, form=form, steps=500, learning_rate=0.05, batch_size=0, progress=False)  # type: ignore[arg-type]
    # w = 2 t (1 - t): E[w a_share] = 2 B(2, 4) = 1/10, E[w^2] = 4 B(3, 3) = 2/15; a hat: 1/12 and 1/3
    factor = {"bezier": -(1 / 10) / (2 / 15), "polygon": -(1 / 12) / (1 / 3)}[form]
    expected = factor * (start.centre["0.weight"] + end.centre["0.weight"])
    # one random t a step leaves noise; without the bend's share in the gradient the factors are -1 and -1/2
    torch.testing.assert_close(curve.bend["0.weight"], expected, rtol=0, atol=0.1)


def test_a_bend_goes_around_the_barrier_of_the_line() -> None:
    data = examples(40)
    first, second = (_fitted(small_mlp(12, seed=seed), data) for seed in (0, 1))
    high = sample(first, line_between(first, second), points=25, progress=False)
    bent = sample(first, train_curve(first, second, steps=300, progress=False), points=25, progress=False)
    assert isinstance(high, Profile)
    assert isinstance(bent, Profile)
    assert barrier(bent).loss < 0.2 * barrier(high).loss


def test_the_same_seed_gives_the_same_bend_and_another_seed_another() -> None:
    start, end = (Objective(small_mlp(seed=seed), examples(20)) for seed in (0, 1))
    curves = [train_curve(start, end, steps=5, batch_size=7, seed=seed, progress=False) for seed in (3, 3, 4)]
    digests = [curve.recipe.digest for curve in curves]
    assert digests[0] == digests[1] != digests[2]


def test_stacked_and_one_by_one_agree_on_a_curve() -> None:
    start, end = (Objective(small_mlp(seed=seed), examples(20)) for seed in (0, 1))
    curve = train_curve(start, end, steps=3, progress=False)
    loop, stacked = (sample(start, curve, points=5, strategy=name, progress=False).loss for name in ("loop", "stacked"))
    assert loop == pytest.approx(stacked, rel=1e-12)
    assert loop[0] == pytest.approx(start.at_centre()["train_loss"], rel=1e-12)
    assert loop[-1] == pytest.approx(end.at_centre()["train_loss"], rel=1e-12)


def test_batchnorm_is_trained_on_batches_and_the_model_is_not_touched() -> None:
    models = [small_cnn(seed=seed) for seed in (0, 1)]
    data = examples(30, (1, 6, 6))
    start, end = (Objective(model, data, batchnorm="reestimate") for model in models)
    before = {name: tensor.clone() for name, tensor in models[0].state_dict().items()}
    curve = train_curve(start, end, steps=4, batch_size=8, progress=False)
    profile = sample(start, curve, points=5, progress=False)
    assert profile.provenance.identity.batchnorm == "reestimate"
    assert profile.loss[-1] == pytest.approx(end.at_centre()["train_loss"], rel=1e-10)
    after = models[0].state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert not any(module.training for module in models[0].modules())


def test_batches_of_dictionaries_streams_and_fixed_parameters_work() -> None:
    models = [small_mlp(seed=seed) for seed in (0, 1)]
    x, y = examples(20)
    loader = [(x[:12], y[:12]), (x[12:], y[12:])]
    for model in models:
        model[1].requires_grad_(False)
        model[1].load_state_dict(models[0][1].state_dict())  # type: ignore[arg-type]
    start, end = (Objective(model, loader, stream=True, parameters="trainable") for model in models)
    curve = train_curve(start, end, steps=3, batch_size=5, progress=False)
    assert "1.weight" not in curve.bend
    assert sample(start, curve, points=3, progress=False).complete


class Contrast(torch.nn.Module):
    """A linear map times a learned number without dimensions."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.linear = torch.nn.Linear(6, 3).double()
        self.scale = torch.nn.Parameter(torch.tensor(0.1, dtype=torch.float64))

    def forward(self, inputs: Tensor) -> Tensor:
        return self.linear(inputs) * self.scale.exp()


def test_a_bend_moves_numbers_without_dimensions_and_sees_whole_batches() -> None:
    sizes = []

    def contrast(outputs: Tensor, _: Tensor) -> Tensor:
        sizes.append(len(outputs))
        labels = torch.arange(len(outputs), device=outputs.device)
        return torch.nn.functional.cross_entropy(outputs @ outputs.T, labels)

    start, end = (Objective(Contrast(seed).eval(), examples(12), loss=contrast, accuracy=False) for seed in (0, 1))
    sizes.clear()
    curve = train_curve(start, end, steps=3, batch_size=4, progress=False)
    assert set(sizes) == {12}
    assert curve.bend["scale"].shape == ()


def test_nonsense_and_divergence_are_refused() -> None:
    start, end = (Objective(small_mlp(seed=seed), examples(20)) for seed in (0, 1))
    with pytest.raises(InputError, match="steps and a rate above 0"):
        train_curve(start, end, steps=0, progress=False)
    with pytest.raises(InputError, match="one shape"):
        train_curve(start, Objective(small_mlp(6), examples(20)), steps=1, progress=False)
    with pytest.raises(ObjectiveError, match="the bend diverged"):
        train_curve(start, end, steps=3, learning_rate=1e300, progress=False)


def _fitted(model: torch.nn.Module, data: tuple[Tensor, Tensor]) -> Objective:
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(250):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(data[0]), data[1]).backward()
        optimizer.step()
    return Objective(model, data)
