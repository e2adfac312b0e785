"""What is taken for data, and how it is read."""

import pytest
import torch
from problems import examples, small_mlp

from landscape.errors import InputError
from landscape.objective.calls import as_pair
from landscape.objective.data import Reader, batches_of, by_name, peek
from landscape.objective.objective import Objective


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (7, "iterable of such batches"),
        ([], "no examples"),
        ([(torch.zeros(3, 6),)], "pair of tensors"),
        ([{"x": 1}], "pair of tensors"),
        ((torch.zeros(3, 6), torch.zeros(2)), "3 inputs but 2 targets"),
    ],
)
def test_data_that_are_no_batches_are_refused(data: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Objective(small_mlp(), data)


def test_a_pair_of_batches_in_a_list_is_not_taken_for_inputs_and_targets() -> None:
    x, y = examples(10)
    objective = Objective(small_mlp(), [(x[:4], y[:4]), (x[4:], y[4:])])
    assert objective.N == 10


def test_a_tuple_or_a_tensor_is_one_batch_for_a_loss_of_any_kind_and_a_dictionary_always() -> None:
    x, y = examples(4)
    for data in ((x, y, x), x, {"x": x}):
        assert batches_of(data, any_kind=True) == [data]
    assert batches_of({"x": x}, any_kind=False) == [{"x": x}]
    assert batches_of((x, y), any_kind=False) == [(x, y)]


def test_splits_are_named_with_the_training_data_first() -> None:
    assert list(by_name(1, None, {"blurred": 3})) == ["train", "blurred"]
    assert by_name(1, 2, {"blurred": 3}) == {"train": 1, "test": 2, "blurred": 3}
    with pytest.raises(InputError, match="cannot be named 'train'"):
        by_name(1, None, {"train": 3})


def test_a_look_at_the_first_batch_loses_none() -> None:
    first, batches = peek(iter([1, 2, 3]), again=False)
    assert (first, list(batches)) == (1, [1, 2, 3])
    data = [1, 2, 3]
    assert peek(data, again=True) == (1, data)
    with pytest.raises(InputError, match="no examples"):
        peek([], again=False)


def test_only_streamed_data_without_a_subset_are_read_again() -> None:
    device, batches = torch.device("cpu"), [examples(5), examples(3)]
    readers = [Reader(device, torch.float32, count, 0, stream) for count in (None, 4) for stream in (False, True)]
    assert [reader.again for reader in readers] == [False, True, False, False]
    splits = [reader.split("train", batches, as_pair) for reader in readers]
    assert [split.num_examples for split in splits] == [8, 8, 4, 4]
    assert [isinstance(split.batches, tuple) for split in splits] == [True, False, True, True]
    assert {next(iter(split.chunks(2)))[0].dtype for split in splits} == {torch.float32}
