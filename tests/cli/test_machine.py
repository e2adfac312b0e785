"""Devices, precisions and amounts of memory, as they are written."""

import click
import pytest
import torch

from cli.machine import num_bytes, torch_device, torch_dtype


@pytest.mark.parametrize(
    ("size", "count"), [("1GiB", 2**30), ("512 mib", 2**29), ("1.5KB", 1500), ("7", 7), ("3b", 3), ("2GB", 2 * 10**9)]
)
def test_sizes_have_binary_and_decimal_units(size: str, count: int) -> None:
    assert num_bytes(size) == count


@pytest.mark.parametrize("size", ["lots", "GiB", "1XB", "", "-1GiB", "0", "1e30"])
def test_sizes_that_are_none_are_refused(size: str) -> None:
    with pytest.raises(click.BadParameter):
        num_bytes(size)


def test_tf32_is_float32_with_other_products() -> None:
    assert torch_dtype("tf32") is torch_dtype("float32") is torch.float32
    assert torch_dtype("bfloat16") is torch.bfloat16
    with pytest.raises(click.BadParameter, match="expected float32, float64, bfloat16"):
        torch_dtype("int8")


def test_a_device_that_is_not_here_is_refused() -> None:
    assert torch_device("cpu") == torch.device("cpu")
    with pytest.raises(click.BadParameter, match="'toaster' is not available here"):
        torch_device("toaster")
