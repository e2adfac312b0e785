"""What guessing costs: the better of two constant outputs, or all parameters at 0."""

import pytest
import torch
from problems import examples, small_mlp
from torch import Tensor, nn

from landscape.objective.guess import guess_of
from landscape.objective.objective import Objective
from landscape.records.loss_scale import LossScale


def regression(offset: float, **options: object) -> tuple[Objective, Tensor]:
    """A network of one output whose targets lie around ``offset``, and the targets."""
    targets = examples(40)[0][:, :1] + offset
    loss = options.pop("loss", nn.functional.mse_loss)
    return Objective(small_mlp(classes=1), (examples(40)[0], targets), loss=loss, **options), targets  # type: ignore[arg-type]


@pytest.mark.parametrize("offset", [0.0, 3.0, 100.0])
def test_guessing_the_mean_costs_the_variance_of_the_targets(offset: float) -> None:
    objective, targets = regression(offset)
    assert guess_of(objective) == pytest.approx(targets.var(correction=0).item(), rel=1e-9)
    assert objective.scale.rise == pytest.approx(0.5 * targets.var(correction=0).item(), rel=1e-9)


def test_the_scale_does_not_depend_on_how_the_data_are_cut_and_a_sum_counts_all_examples() -> None:
    objective, targets = regression(1.0)
    inputs = examples(40)[0]
    batches = [(inputs[:7], targets[:7]), (inputs[7:], targets[7:])]
    ragged = Objective(small_mlp(classes=1), batches, loss=nn.functional.mse_loss)
    assert guess_of(ragged) == pytest.approx(guess_of(objective), rel=1e-12)
    summed = regression(1.0, loss=nn.MSELoss(reduction="sum"))[0]
    assert guess_of(summed) == pytest.approx(40 * guess_of(objective), rel=1e-9)
    assert summed.scale.unit == "squared error"


def test_summed_nats_have_a_rise_of_half_a_nat_for_each_example() -> None:
    objective = Objective(small_mlp(), examples(30), loss=nn.CrossEntropyLoss(reduction="sum"))
    assert (objective.scale.rise, objective.scale.unit) == (15.0, "nats")


def test_a_log_likelihood_needs_no_guess() -> None:
    assert Objective(small_mlp(), examples(30)).scale == LossScale("cross_entropy")
    labels = (examples(30)[1] > 0).double()[:, None]
    binary = Objective(
        small_mlp(classes=1), (examples(30)[0], labels), loss=nn.functional.binary_cross_entropy_with_logits
    )
    assert (binary.scale.rise, binary.scale.unit) == (0.5, "nats per example")


def test_where_outputs_are_not_seen_the_guess_is_a_network_of_zeros() -> None:
    inputs, targets = examples(40)[0], examples(40)[0][:, :1]

    def misfit(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        return (model(batch[0]) - batch[1]).square().mean()

    objective = Objective(small_mlp(classes=1), (inputs, targets), batch_loss=misfit)
    assert guess_of(objective) == pytest.approx(targets.square().mean().item(), rel=1e-9)
    assert objective.scale.unit == "loss per example"


def test_a_loss_that_refuses_constant_outputs_has_no_scale() -> None:
    def proud_loss(outputs: Tensor, targets: Tensor) -> Tensor:
        if bool((outputs == outputs[:1]).all()) and len(outputs) > 1:
            raise ValueError("constant outputs")
        return (outputs - targets).square().mean()

    assert guess_of(regression(0.0, loss=proud_loss, whole_batches=True)[0]) == 0.0


def test_one_example_alone_is_guessed_by_0() -> None:
    data = (examples(1)[0], torch.full((1, 1), 3.0, dtype=torch.float64))
    assert guess_of(Objective(small_mlp(classes=1), data, loss=nn.functional.mse_loss)) == pytest.approx(9.0)


def test_a_loss_that_is_zero_for_zero_outputs_has_no_scale() -> None:
    data = (torch.ones(4, 6).double(), torch.zeros(4, 1).double())
    objective = Objective(small_mlp(classes=1), data, loss=nn.functional.mse_loss)
    assert (guess_of(objective), objective.scale.rise) == (0.0, 0.5)
