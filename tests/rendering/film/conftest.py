"""Shot lists of small surfaces."""

from collections.abc import Callable
from typing import TypeAlias

import pytest

from landscape.records.sampled import Surface
from landscape.rendering.film.shots import ShotList
from landscape.rendering.geometry.backend import Backend
from landscape.rendering.geometry.camera import Camera
from landscape.rendering.look import Look

MakeShots: TypeAlias = Callable[..., ShotList]


@pytest.fixture
def make_shots() -> MakeShots:
    """A function from a film, its surfaces and a number of frames to the shot list; panels are called 0, 1, 2."""

    def make(film: str, *surfaces: Surface, count: int = 11, ceiling: float | None = None) -> ShotList:
        titles = [str(k) for k in range(len(surfaces))]
        panels = Look(ceiling=ceiling, sublevel=None, titles=titles).panels(surfaces)
        return ShotList(panels, film, count, (320, 180), Camera(), "slide", "viridis", Backend("matplotlib"))

    return make
