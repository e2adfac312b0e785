import numpy as np
import pytest
from problems import quadratic

from landscape.files.ledger import Ledger
from landscape.measures.catalogue import take
from landscape.measures.half_widths import HALF_WIDTH
from landscape.measures.measure import MeasureOptions, Results
from landscape.measures.widths import half_width


def test_rays_are_sampled_with_the_options_of_the_measure() -> None:
    objective = quadratic([4.0, 4.0])[0]
    rays = take(HALF_WIDTH, objective, MeasureOptions(directions=4, seed=7), Ledger(None))
    assert (len(rays.length), rays.seed) == (4, 1007)
    assert rays.loss.shape[0] == 4


def test_the_summary_has_both_units_and_the_quantities_their_numbers() -> None:
    objective = quadratic([4.0, 4.0])[0]
    rays = take(HALF_WIDTH, objective, MeasureOptions(directions=4), Ledger(None))
    measured = Results(HALF_WIDTH, (3,), (rays,), 0.5)
    entries = measured.to_dict()
    assert entries["half_width"]["mean"] == half_width(rays).mean
    assert entries["half_width_l2"]["unit"] == "L2"
    quantities = measured.quantities()
    assert list(quantities) == ["half-width", "half-width, L2"]
    assert quantities["half-width"].estimate.mean == pytest.approx(half_width(rays).mean)
    np.testing.assert_allclose(quantities["half-width, L2"].values[0], quantities["half-width"].values[0] * rays.length)


def test_half_widths_are_told_in_lines_of_their_own() -> None:
    objective = quadratic([4.0, 4.0])[0]
    rays = take(HALF_WIDTH, objective, MeasureOptions(directions=4), Ledger(None))
    heads = Results(HALF_WIDTH, (0,), (rays,), 0.5).words.heads
    assert [line.label for line in heads] == ["half-width", "half-width, L2"]
    assert heads[0].text.endswith("filter norm (+0.5 loss, 4 directions, 95 % interval)")
