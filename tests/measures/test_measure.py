import numpy as np

from landscape.measures.measure import Cost, Measure, Part, Results, Words, plain
from landscape.measures.quantities import quantity
from landscape.records.companions import Rays

LENGTH: Measure[str] = Measure(
    "length",
    parts=lambda objective, options: {"text": Part({"measure": "length"}, lambda pieces, progress: {"text": "abc"})},
    parse=lambda entries: str(entries["text"]["text"]),
    to_dict=lambda text: {"text": text},
    cost=lambda objective, options: Cost(),
    quantities=(quantity("length", "letters", lambda text: float(len(text))),),
)


def test_results_are_a_list_of_members_unless_the_measure_sums_them_up() -> None:
    results = Results(LENGTH, (0, 1), ("ab", "cde"), 0.5)
    assert results.to_dict() == {"length": [{"text": "ab"}, {"text": "cde"}]}
    assert results.words == Words()
    assert results.quantities()["length"].estimate.mean == 2.5


def test_plain_fields_hold_lists_in_place_of_arrays() -> None:
    rays = Rays(np.array([0.0, 1.0]), np.array([[0.0, 2.0]]), np.array([3.0]), seed=4)
    assert plain(rays) == {"radius": [0.0, 1.0], "loss": [[0.0, 2.0]], "length": [3.0], "seed": 4, "scale": rays.scale}
