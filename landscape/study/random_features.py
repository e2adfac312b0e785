"""Random features in closed form: least squares of minimum norm, whose double descent is known without training."""

from dataclasses import dataclass

import numpy as np

from landscape.errors import InputError
from landscape.records.base import FloatArray
from landscape.train.datasets import Dataset


@dataclass(frozen=True, eq=False)
class RandomFeatures:
    """Errors of least squares on random features.

    Args:
        features: D, shape (n,).
        P: trained parameters, D K; fitting N examples of K outputs exactly takes P = N K.
        train: mean squared error over examples and outputs, shape (n,).
        test: the same on the test set.
    """

    features: FloatArray
    P: FloatArray
    train: FloatArray
    test: FloatArray


def random_features(dataset: Dataset, features: tuple[int, ...], *, seed: int = 0) -> RandomFeatures:
    """Exact errors of ``relu(x W) beta`` with W drawn and beta the least-squares solution of least norm.

    No bias and no penalty. With D < N features the residual is that of a projection; from D = N on it is zero, and of
    all solutions the pseudo-inverse takes the shortest. The test error diverges at D = N, where the smallest singular
    value of the features vanishes.

    Args:
        dataset: N training examples; targets are one-hot.
        features: numbers D of features, each at least 1; smaller sets are columns of larger ones.
        seed: of W, Gaussian with variance 1 / inputs.

    References:
        Belkin et al. 2019, arXiv 1812.11118, section 2; Belkin, Hsu and Xu 2020, arXiv 1903.07571.
    """
    if not features or min(features) < 1:
        raise InputError(f"numbers of random features start at 1, got {list(features)}")
    x_train, x_test = (x.reshape(len(x), -1).astype(np.float64) for x in (dataset.x_train, dataset.x_test))
    targets, test_targets = (np.eye(dataset.K)[y] for y in (dataset.y_train, dataset.y_test))
    draw = np.random.default_rng(seed).standard_normal((x_train.shape[1], max(features))) / np.sqrt(x_train.shape[1])
    train_features, test_features = (np.maximum(x @ draw, 0) for x in (x_train, x_test))
    train, test = [], []
    for count in features:
        beta = np.linalg.lstsq(train_features[:, :count], targets, rcond=None)[0]
        train.append(float(np.square(train_features[:, :count] @ beta - targets).mean()))
        test.append(float(np.square(test_features[:, :count] @ beta - test_targets).mean()))
    counts = np.array(features, dtype=np.float64)
    return RandomFeatures(counts, counts * dataset.K, np.array(train), np.array(test))
