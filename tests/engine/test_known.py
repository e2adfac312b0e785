"""Facts about a network are worked out once and forgotten with it."""

import gc
import weakref

import torch
from problems import examples, small_cnn, small_mlp

from landscape.engine.known import largest_output, once
from landscape.objective.objective import Objective


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
