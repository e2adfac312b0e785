import json
from dataclasses import replace

import numpy as np
import pytest
from problems import bowl

from landscape.measures.summary import summarize_record
from landscape.records.base import Axis, Status
from landscape.records.sampled import Profile


def test_a_surface_gives_every_key_with_units() -> None:
    summary = summarize_record(bowl(curvature=8.0)).to_dict()
    width = summary["half_width"]
    assert {"mean", "low", "high", "unit", "directions", "rise"} <= set(width)
    assert width["mean"] == pytest.approx((1 / 8) ** 0.5, abs=2e-3)
    assert (width["unit"], width["directions"], width["rise"]) == ("filter norm", 64, 0.5)
    assert summary["half_width_l2"]["mean"] == pytest.approx(3 * width["mean"])
    assert summary["sublevel_area"]["area"] == pytest.approx(np.pi / 8, rel=0.02)
    assert summary["corridor_width"] is None
    json.dumps(summary, allow_nan=False)


def test_what_a_record_does_not_hold_is_none() -> None:
    axis = Axis("alpha", np.linspace(0, 1, 3))
    profile = Profile((axis,), {"train_loss": np.array([1.0, np.inf, np.nan])}, np.array([1, 1, 0]), np.zeros(3))
    summary = summarize_record(profile).to_dict()
    assert summary["half_width"] is summary["sublevel_area"] is None
    assert summary["loss"] == {"min": 1.0, "max": 1.0, "diverged": 1, "unit": "of unknown unit"}
    assert summary["points"] == {"measured": 2, "total": 3}


def test_an_incomplete_plane_has_no_area_yet() -> None:
    surface = bowl()
    status = np.array(surface.status)
    status[0, 0] = Status.PENDING
    assert summarize_record(replace(surface, status=status)).sublevel_area is None


def test_a_complete_plane_has_its_topology_and_only_that() -> None:
    found = summarize_record(bowl()).to_dict()["topology"]
    assert found["minima"] == found["persistent"] == 1
    assert found["deepest"] == 0
    assert found["death"] == found["saddle"] == found["parent"] == [None]
    assert found["roughness"] < 1e-12
