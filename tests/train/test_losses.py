import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import vmap
from torch.nn import CrossEntropyLoss, functional

from landscape.train import losses
from landscape.train.losses import accuracy, cross_entropy, is_cross_entropy, mean_squared_error


@settings(deadline=None)
@given(
    count=st.integers(1, 40), classes=st.integers(1, 12), seed=st.integers(0, 100), scale=st.sampled_from([1.0, 100.0])
)
def test_cross_entropy_is_pytorchs(count: int, classes: int, seed: int, scale: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    outputs = scale * torch.randn(3, count, classes, generator=generator, dtype=torch.float64)
    targets = torch.randint(0, classes, (count,), generator=generator)
    expected = torch.stack([functional.cross_entropy(member, targets) for member in outputs])
    torch.testing.assert_close(
        vmap(cross_entropy, in_dims=(0, None))(outputs, targets), expected, rtol=1e-13, atol=1e-14
    )
    right = torch.stack([(member.argmax(1) == targets).double().mean() for member in outputs])
    torch.testing.assert_close(vmap(accuracy, in_dims=(0, None))(outputs, targets), right)


def test_its_gradient_is_pytorchs() -> None:
    outputs = torch.randn(7, 4, dtype=torch.float64, requires_grad=True)
    targets = torch.tensor([0, 1, 2, 3, 0, 1, 2])
    ours, theirs = (
        torch.autograd.grad(f(outputs, targets), outputs)[0] for f in (cross_entropy, functional.cross_entropy)
    )
    torch.testing.assert_close(ours, theirs)


def test_other_shapes_go_to_pytorch() -> None:
    outputs, soft = torch.randn(5, 3), torch.softmax(torch.randn(5, 3), 1)
    assert cross_entropy(outputs, soft) == functional.cross_entropy(outputs, soft)
    images, classes = torch.randn(2, 3, 4, 4), torch.randint(0, 3, (2, 4, 4))
    assert cross_entropy(images, classes) == functional.cross_entropy(images, classes)


def test_a_network_that_cannot_decide_is_right_by_chance() -> None:
    assert accuracy(torch.zeros(8, 4), torch.zeros(8, dtype=torch.int64)) == 0.25
    assert accuracy(torch.full((8, 4), torch.nan), torch.zeros(8, dtype=torch.int64)) == 0


def test_mean_squared_error_is_over_examples_and_outputs() -> None:
    outputs = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    assert mean_squared_error(outputs, torch.tensor([0, 1])) == pytest.approx(1 / 4)


def test_only_plain_cross_entropy_is_taken_for_it() -> None:
    assert all(is_cross_entropy(loss) for loss in (cross_entropy, functional.cross_entropy, CrossEntropyLoss()))
    assert not is_cross_entropy(CrossEntropyLoss(label_smoothing=0.1))
    assert not is_cross_entropy(CrossEntropyLoss(reduction="sum"))
    assert not is_cross_entropy(CrossEntropyLoss(weight=torch.ones(3)))
    assert not is_cross_entropy(functional.mse_loss)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_stacked_losses_are_pytorchs_own_also_far_out(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(6, 20, 5, generator=generator, dtype=dtype)
    outputs *= torch.tensor([1e-3, 1.0, 30.0, 300.0, 1e4, 1e30], dtype=dtype)[:, None, None]
    targets = torch.randint(0, 5, (20,), generator=generator)
    chosen = losses.flat_classes(targets)
    expected = torch.stack([functional.cross_entropy(one.double(), targets) for one in outputs])
    found = losses.stacked_cross_entropy(outputs.transpose(1, 2).contiguous(), chosen)
    torch.testing.assert_close(found.double(), expected, rtol=20 * torch.finfo(dtype).eps, atol=0)


def test_a_sure_network_has_a_stacked_loss_of_exactly_zero_and_a_diverged_one_none() -> None:
    outputs = torch.zeros(2, 3, 4)
    outputs[:, 1] = 200.0
    outputs[1, 2, 3] = torch.nan
    loss = losses.stacked_cross_entropy(outputs, losses.flat_classes(torch.ones(4, dtype=torch.long)))
    assert loss[0] == 0
    assert loss[1].isnan()
