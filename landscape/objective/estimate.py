"""The spread of the examples' losses: how far the mean over a subset may be from the mean over all."""

from torch import Tensor


def spread(losses: Tensor, weights: Tensor) -> float:
    """Standard deviation of the weighted residuals ``l - w mean(l)`` over examples, for losses and weights (n,).

    It is the usual estimate for a ratio of means (Cochran 1977, Sampling Techniques, chapter 6) where the weights
    have mean 1, and the ordinary standard deviation where all are 1.
    """
    return float((losses - weights * losses.mean()).square().sum().div(len(losses) - 1).sqrt())
