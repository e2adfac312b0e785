"""The unit of a loss by its name, and the rise that is high for it."""

import pytest

from landscape.records.loss_scale import NATS, SUMMED, LossScale, amount, noun_of

LIKELIHOODS = (
    *("cross_entropy", "CrossEntropyLoss", "nll_loss", "NLLLoss", "NLLLoss2d", "BCELoss", "BCEWithLogitsLoss"),
    *("binary_cross_entropy", "binary_cross_entropy_with_logits", "GaussianNLLLoss", "PoissonNLLLoss"),
    *("label_smoothing_cross_entropy", "negative_log_likelihood", "sparse_categorical_crossentropy"),
)
OTHERS = ("mse_loss", "l1_loss", "HuberLoss", "focal_loss", "dice_bce_loss", "contrastive", "cosine", "<lambda>", "")


@pytest.mark.parametrize("loss", LIKELIHOODS)
def test_log_likelihoods_are_counted_in_nats_and_their_rise_is_half_a_nat(loss: str) -> None:
    scale = LossScale(loss)
    assert (scale.is_log_likelihood, scale.unit, scale.rise, scale.reach) == (True, NATS, 0.5, 1.0)


@pytest.mark.parametrize("loss", OTHERS)
def test_other_losses_are_never_counted_in_nats_and_their_rise_is_half_of_what_a_guess_costs(loss: str) -> None:
    scale = LossScale(loss, 0.01)
    assert not scale.is_log_likelihood
    assert "nat" not in scale.unit
    assert (scale.rise, scale.reach) == (0.005, 0.01)


@pytest.mark.parametrize(
    ("loss", "unit"),
    [
        ("mse", "squared error per example"),
        ("mean_squared_error", "squared error per example"),
        ("SmoothL1Loss", "SmoothL1Loss per example"),
        ("<lambda>", "loss per example"),
        ("LlamaForCausalLM.loss per next token", "nats per next token"),
        ("BertForSequenceClassification.loss per example", "loss per example"),
        (f"mse_loss{SUMMED}", "squared error"),
    ],
)
def test_the_unit_follows_the_name(loss: str, unit: str) -> None:
    assert LossScale(loss).unit == unit


def test_a_language_models_own_loss_is_a_log_likelihood_and_a_sum_has_no_rise_of_half_a_nat() -> None:
    assert LossScale("GPT2LMHeadModel.loss per token").is_log_likelihood
    assert not LossScale(f"cross_entropy{SUMMED}").is_log_likelihood
    assert LossScale(f"cross_entropy{SUMMED}", 60.0).rise == 30.0


def test_an_amount_has_its_noun() -> None:
    assert noun_of("nats per next token") == "nat"
    assert [amount(0.5, unit) for unit in (NATS, "loss", "l1_loss per example")] == [
        "0.5 nat",
        "0.5 loss",
        "0.5 l1_loss",
    ]
