"""The script of a page gets the values of the record, and scales and axes as they stand in print."""

import base64
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from problems import bowl, tunnel

from landscape.records.sampled import Surface
from landscape.rendering.geometry.camera import Camera
from landscape.rendering.look import CORRIDOR_BOX, PLAIN, Look
from landscape.rendering.page.payload import MAX_POINTS, panels_by_scale, payload


def payload_of(surface: Surface, look: Look = PLAIN) -> dict[str, Any]:
    by_scale = panels_by_scale([surface], look)
    return payload(by_scale, [next(iter(by_scale.values()))], Camera(10, 20), "viridis")


def floats(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f8")


def test_the_data_are_the_values_bit_for_bit_and_json() -> None:
    surface = bowl(points=5)
    data = json.loads(json.dumps(payload_of(surface)))
    frame = data["panels"][0]["frames"][0]
    assert floats(frame["values"]).tobytes() == surface.loss.tobytes()
    assert floats(frame["alpha"]).tobytes() == surface.alpha.values.tobytes()
    assert data["camera"] == {"azimuth": 10, "elevation": 20}
    assert len(base64.b64decode(data["colors"])) == 256 * 3


def test_the_chosen_scale_comes_first_and_a_logarithm_only_of_positive_values() -> None:
    surface = bowl(points=5)
    positive = replace(surface, metrics={"train_loss": surface.loss + 0.1})
    assert list(panels_by_scale([surface], Look())) == ["linear"]
    assert list(panels_by_scale([positive], Look(scale="log"))) == ["log", "linear"]
    assert list(panels_by_scale([positive], Look(scale="sqrt"))) == ["sqrt", "linear", "log"]


def test_more_points_than_a_page_draws_are_thinned() -> None:
    data = payload_of(bowl(points=2 * MAX_POINTS + 1))
    assert len(floats(data["panels"][0]["frames"][0]["x"])) == 171  # every third of 513


def test_path_and_marker_stand_on_the_floor_at_their_losses() -> None:
    frame = payload_of(tunnel())["panels"][0]["frames"][0]
    x, y, loss = np.array(frame["path"]).T
    assert (x[0], x[-1]) == pytest.approx((-CORRIDOR_BOX.half_x, CORRIDOR_BOX.half_x))
    assert y == pytest.approx(np.zeros(len(y)))
    assert loss == pytest.approx(np.linspace(1, 0, 21))
    assert frame["marker"] == pytest.approx([CORRIDOR_BOX.half_x, 0, 0])


def test_a_scale_says_how_many_points_its_ceiling_cuts() -> None:
    surface = bowl(points=9)
    (scale,) = payload_of(surface, Look(ceiling=1.5))["scales"]
    assert scale["high"] == 1.5
    count = np.count_nonzero(surface.loss > 1.5)
    assert scale["note"] == f"cut away above 1.5: {count} of 81 points of surface"
    (scale,) = payload_of(surface)["scales"]
    assert scale["note"] == ""


def test_axes_have_names_and_units() -> None:
    data = payload_of(tunnel())
    assert data["names"]["alpha"] == "step"
    assert data["unit"] == " nats per example"
    assert {tick["label"] for tick in data["beta"]["ticks"]} >= {"0"}
