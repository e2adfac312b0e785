"""What all records share: axes, names of metrics, arrays that nobody can write to."""

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.records.base import SCHEMA_NAMES, Axis, names_metric, read_only


def test_an_axis_is_finite_and_increasing() -> None:
    for values in ([0.0, 0.0], [1.0, 0.0], [0.0, np.nan], [0.0, np.inf], [[0.0, 1.0]]):
        with pytest.raises(InputError, match="'alpha': expected finite, strictly increasing"):
            Axis("alpha", np.array(values))


def test_an_axis_is_drawn_on_its_scale() -> None:
    steps = np.array([0.0, 9.0, 99.0])
    np.testing.assert_array_equal(Axis("alpha", steps).positions, steps)
    np.testing.assert_allclose(Axis("alpha", steps, scale="log1p").positions, np.log([1, 10, 100]))
    assert len(Axis("alpha", steps)) == 3


def test_a_metric_has_a_word_for_a_name_that_files_do_not_use() -> None:
    assert names_metric("test_loss")
    for name in (*SCHEMA_NAMES, "two words", "a/b", "", 3):
        assert not names_metric(name)


def test_a_read_only_array_is_a_copy_in_the_type_asked_for() -> None:
    values = np.array([1.0, 2.0])
    copy = read_only(values, np.uint8)
    values[0] = 5
    assert (copy.tolist(), copy.dtype, copy.flags.writeable) == ([1, 2], np.uint8, False)
