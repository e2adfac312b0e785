"""Random features against the closed form."""

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.study.random_features import random_features
from landscape.train.datasets import load_dataset


def test_random_features_peak_where_the_parameters_equal_the_constraints() -> None:
    dataset = load_dataset("digits", num_train=50, labels="noise", noise=0.2)
    errors = random_features(dataset, (5, 25, 45, 50, 55, 100, 400))
    assert errors.P[errors.test.argmax()] == dataset.N * dataset.K
    assert errors.test.max() > 3 * errors.test[-1]
    # beyond the threshold the training set is fitted exactly: rounding of a system whose condition is 1e3 or better
    assert np.all(errors.train[errors.features > 50] < 1e-15)
    assert np.all(np.diff(errors.train) <= 1e-12)


def test_random_features_are_the_projection_that_least_squares_is() -> None:
    dataset = load_dataset("digits", num_train=30)
    errors = random_features(dataset, (7,), seed=3)
    weights = np.random.default_rng(3).standard_normal((64, 7)) / 8
    features = np.maximum(dataset.x_train.reshape(30, -1).astype(float) @ weights, 0)
    targets = np.eye(10)[dataset.y_train]
    residual = targets - features @ np.linalg.pinv(features) @ targets
    assert errors.train[0] == pytest.approx(np.square(residual).mean(), rel=1e-10)


def test_no_feature_is_refused() -> None:
    dataset = load_dataset("digits", num_train=30)
    for features in ((), (0, 5)):
        with pytest.raises(InputError, match="start at 1"):
            random_features(dataset, features)
