"""What counts as memory that has run out."""

import pytest
import torch

from landscape.engine.devices import is_out_of_memory, synchronize


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("memory"), False),
    ],
)
def test_failed_allocations_are_told_from_other_errors(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) == expected


def test_a_cpu_has_nothing_to_wait_for() -> None:
    synchronize(torch.device("cpu"))


def test_an_allocation_that_no_machine_can_serve_is_recognized() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**56, dtype=torch.float64)
    assert is_out_of_memory(caught.value)
