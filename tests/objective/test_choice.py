"""Which way to call a model a batch and the arguments choose."""

import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss

from landscape.errors import InputError
from landscape.objective.calls import ModelLoss, OutputsAndTargets, UserLoss
from landscape.objective.choice import LossOptions, choose_call
from landscape.train.losses import cross_entropy

MODEL = nn.Linear(2, 2)
PAIR = (torch.zeros(3, 2), torch.tensor([0, 1, 1]))


def test_a_pair_is_outputs_and_targets_a_dictionary_the_models_own_loss() -> None:
    call = choose_call(MODEL, PAIR, LossOptions())
    assert isinstance(call, OutputsAndTargets)
    assert (call.loss, call.accuracy) == (cross_entropy, None)
    assert isinstance(choose_call(MODEL, {"x": PAIR[0]}, LossOptions()), ModelLoss)


def test_a_function_of_model_and_batch_comes_before_the_kind_of_batch() -> None:
    def physics(model: nn.Module, batch: object) -> torch.Tensor:
        return torch.zeros(())

    for batch in (PAIR, {"x": PAIR[0]}, 3):
        assert isinstance(choose_call(MODEL, batch, LossOptions(batch_loss=physics)), UserLoss)
    assert choose_call(MODEL, PAIR, LossOptions("pde", physics)).name == "physics, pde"


def test_arguments_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(InputError, match="accuracy= needs outputs and targets"):
        choose_call(MODEL, {"x": PAIR[0]}, LossOptions(accuracy=True))
    with pytest.raises(InputError, match="say which loss="):
        choose_call(MODEL, (PAIR[0], PAIR[0]), LossOptions())
    assert choose_call(MODEL, (PAIR[0], PAIR[0]), LossOptions(mse_loss)).name == "mse_loss"
