"""Facts about a network are worked out once and forgotten with it."""

import gc
import threading
import weakref

import pytest
import torch
from problems import examples, small_cnn, small_mlp
from torch import Tensor, nn

from landscape.engine.known import has_twin, largest_output, once
from landscape.errors import InputError
from landscape.objective.objective import Objective
from landscape.sampling.grid import sample
from landscape.space.affine import random_plane


def test_a_fact_is_worked_out_once_for_an_objective_and_its_copies() -> None:
    asked: list[Objective] = []

    @once
    def number(objective: Objective) -> int:
        asked.append(objective)
        return len(asked)

    objective, stranger = Objective(small_mlp(), examples(5)), Objective(small_mlp(), examples(5))
    copies = [objective.with_dtype(torch.float32), objective.loss_only(), objective.twin()]
    assert [number(copy) for copy in (objective, *copies, objective.on_first_examples(2))] == [1] * 5
    assert number(stranger) == 2


def test_none_is_an_answer_that_is_remembered() -> None:
    asked: list[Objective] = []

    @once
    def nothing(objective: Objective) -> None:
        asked.append(objective)

    objective = Objective(small_mlp(), examples(5))
    nothing(objective), nothing(objective)
    assert len(asked) == 1


def test_facts_do_not_keep_an_objective_alive() -> None:
    objective = Objective(small_mlp(), examples(5))
    largest_output(objective)
    trace = weakref.ref(objective)
    del objective
    gc.collect()
    assert trace() is None


def test_the_largest_output_is_that_of_the_widest_layer() -> None:
    assert largest_output(Objective(small_mlp(40), examples(5))) == 40
    assert largest_output(Objective(small_cnn(), examples(5, (1, 6, 6)))) == 3 * 6 * 6


class Locked(nn.Module):
    """A network that keeps a lock, or the loss it was trained on with its graph."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        self.kept = threading.Lock() if kind == "lock" else self.net(torch.ones(1, 4)).sum()

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", ["lock", "loss"])
@pytest.mark.parametrize("strategy", ["auto", "loop", "stacked", "chain", "repeatable", "streamed"])
def test_a_model_that_cannot_be_copied_is_sampled_all_the_same(kind: str, strategy: str) -> None:
    torch.manual_seed(0)
    model = Locked(kind).eval()
    objective = Objective(model, (torch.randn(60, 4), torch.randint(0, 3, (60,))))
    assert not has_twin(objective)
    plane = random_plane(objective, stored=strategy != "streamed")
    surface = sample(objective, plane, points=3, extent=1.0, rays=0, progress=False, strategy=strategy)
    grid = torch.cartesian_prod(*2 * [torch.linspace(-1, 1, 3, dtype=torch.float64)])
    values = objective.evaluate(plane.at(grid))["train_loss"].reshape(3, 3)
    assert torch.tensor(surface.metrics["train_loss"]).allclose(values, rtol=1e-5)


def test_a_strategy_that_needs_a_copy_says_so() -> None:
    objective = Objective(Locked("lock").eval(), (torch.randn(60, 4), torch.randint(0, 3, (60,))))
    with pytest.raises(InputError, match="'affine' cannot be used here: the model cannot be copied"):
        sample(objective, random_plane(objective), points=3, extent=1.0, progress=False, strategy="affine")
