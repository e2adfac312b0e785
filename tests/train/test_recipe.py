"""The recipe of a training run: what it refuses, and that it needs no torch."""

import math
import subprocess
import sys

import pytest
import torch

from landscape.errors import InputError
from landscape.train.recipe import Recipe


@pytest.mark.parametrize(
    "field", ["steps", "batch_size", "learning_rate", "weight_decay", "checkpoints", "optimizer", "schedule", "loss"]
)
def test_a_recipe_that_cannot_be_is_refused(field: str) -> None:
    with pytest.raises(InputError, match=field):
        Recipe(**{field: "nonsense" if field in ("optimizer", "schedule", "loss") else -1})


def test_a_recipe_is_read_without_torch() -> None:
    program = "import sys, landscape.train.recipe; print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout == "False\n"


@pytest.mark.parametrize(("loss", "expected"), [("cross_entropy", math.log(1 + math.e)), ("mse", 1.0)])
def test_the_loss_function_is_the_one_named(loss: str, expected: float) -> None:
    outputs, classes = torch.tensor([[1.0, 0.0]]), torch.tensor([1])
    assert float(Recipe(loss=loss).loss_function(outputs, classes)) == pytest.approx(expected)  # type: ignore[arg-type]
