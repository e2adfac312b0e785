"""Losses and accuracy over the examples of a batch, laid out so that the classes are not the innermost dimension.

A softmax over the last 10 of 1437 x 10 values takes a CPU 20 times as long as one over the first 10 of 10 x 1437.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional


def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy in nats per example, the same number as ``torch.nn.functional.cross_entropy``.

    Args:
        outputs: logits, shape (n, classes); other shapes go to PyTorch's own function.
        targets: class indices, shape (n,).

    >>> float(cross_entropy(torch.zeros(5, 4), torch.tensor([0, 1, 2, 3, 0])).exp())
    4.0
    """
    if outputs.dim() != 2 or targets.dim() != 1 or targets.is_floating_point():
        return functional.cross_entropy(outputs, targets)
    log_probabilities = functional.log_softmax(outputs.t().contiguous(), dim=0)
    return -log_probabilities.gather(0, targets[None]).mean()


def stacked_cross_entropy(outputs: Tensor, classes: Tensor, room: Tensor | None = None) -> Tensor:
    """`cross_entropy` of many networks at once, shape (points,).

    On a CPU the exponentials are powers of 2, ``ln 2 * log2 sum_j 2**((z_j - max z) / ln 2)``, which take half the time
    of powers of e.

    Args:
        outputs: logits, shape (points, classes, n): classes before examples.
        classes: the targets as `flat_classes`, shape (n,).
        room: memory of the shape of ``outputs`` that may be overwritten.
    """
    score = _of_classes(outputs, classes)
    if outputs.device.type != "cpu":
        return (outputs.logsumexp(dim=1) - score).mean(dim=1)
    largest = outputs.amax(dim=1)
    below = torch.sub(outputs, largest[:, None], out=room).mul_(1 / math.log(2))
    # what 2**-126 adds to 1 is lost in any precision, and smaller (subnormal) numbers take ten times as long
    log_sum = below.clamp_min_(-126).exp2_().sum(dim=1).log2_().mul_(math.log(2))
    return log_sum.add_(largest.sub_(score)).mean(dim=1)


def stacked_accuracy(outputs: Tensor, classes: Tensor, room: Tensor | None = None) -> Tensor:
    """`accuracy` of many networks at once, shape (points,); arguments as for `stacked_cross_entropy`."""
    largest = outputs.amax(dim=1)
    right = _of_classes(outputs, classes) == largest
    ties = (outputs == largest[:, None]).sum(dim=1).clamp_min_(1)
    return (right / ties).to(outputs.dtype).mean(dim=1)


def mean_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean over examples and outputs of the squared difference from one-hot targets."""
    # `one_hot` reads the targets' range, which cannot be traced
    one_hot = targets[..., None] == torch.arange(outputs.shape[-1], device=targets.device)
    return functional.mse_loss(outputs, one_hot.to(outputs.dtype))


def accuracy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Share of examples whose largest output is the right class, in [0, 1]; a tie of c classes counts 1 / c.

    Args:
        outputs: shape (n, classes).
        targets: class indices, shape (n,).

    >>> float(accuracy(torch.tensor([[2.0, 1.0], [0.0, 0.0]]), torch.tensor([0, 1])))
    0.75
    """
    return right_shares(outputs, targets).mean()


def right_shares(outputs: Tensor, targets: Tensor) -> Tensor:
    """1 for each example whose largest output is the right class, 0 for the others, 1 / c in a tie; shape (n,)."""
    values = outputs.t().contiguous()
    largest = values.amax(dim=0)
    right = values.gather(0, targets[None])[0] == largest
    return (right / (values == largest).sum(dim=0).clamp_min(1)).to(outputs.dtype)


def full(outputs: Tensor) -> Tensor:
    """Half-precision outputs in float32, others as they are: a mean loss of 8 bits would be steps, not a surface."""
    return outputs.float() if outputs.dtype in (torch.bfloat16, torch.float16) else outputs


def flat_classes(targets: Tensor) -> Tensor:
    """Where each example's target stands in (classes, n) values laid flat, shape (n,)."""
    return targets * len(targets) + torch.arange(len(targets), device=targets.device)


def _of_classes(values: Tensor, classes: Tensor) -> Tensor:
    """The target's own entry of every example, (points, n): one flat selection, a third of the time of a gather."""
    return values.reshape(len(values), -1).index_select(1, classes)


def is_cross_entropy(loss: object) -> bool:
    """Whether ``loss`` is plain cross-entropy, given as this function, PyTorch's, or its module with no options."""
    if isinstance(loss, torch.nn.CrossEntropyLoss):
        plain = torch.nn.CrossEntropyLoss()
        return loss.weight is None and all(
            getattr(loss, key) == getattr(plain, key) for key in ("reduction", "label_smoothing", "ignore_index")
        )
    return loss is cross_entropy or loss is functional.cross_entropy
