"""Random labels: wide networks fit them, and learn nothing that holds for unseen examples."""

from collections.abc import Callable

import numpy as np

from landscape.records.findings import StudyResult
from landscape.study.memorization import RANDOM, random_plan
from landscape.study.settings import Settings


def test_only_wide_networks_fit_random_labels(result_of: Callable[[str], StudyResult]) -> None:
    memorization = result_of("memorization")
    assert memorization.number("training accuracy, random labels, width 2").mean < 0.6
    assert memorization.number("training accuracy, random labels, width 48").mean == 1


def test_random_labels_teach_nothing_about_unseen_examples(result_of: Callable[[str], StudyResult]) -> None:
    assert result_of("memorization").number("test accuracy after random labels, width 48").high < 0.4


def test_the_labels_are_drawn_by_the_seed_of_the_settings() -> None:
    (condition,) = random_plan(Settings(seed=5)).conditions
    assert (condition.name, dict(condition.data)) == (RANDOM, {"labels": "random", "label_seed": 5})


def test_chance_is_marked_where_the_classes_put_it(result_of: Callable[[str], StudyResult]) -> None:
    (plot,) = result_of("memorization").plots
    assert plot.marks[-1].label == "chance"
    assert np.isclose(plot.marks[-1].value, 0.1)
