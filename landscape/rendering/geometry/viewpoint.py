"""The viewer's place: a preset, angles by hand, or the place from which no rim hides the minimum."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np
from scipy.ndimage import map_coordinates

from landscape.errors import InputError
from landscape.records.base import FloatArray
from landscape.rendering.geometry.camera import Camera
from landscape.rendering.geometry.panel import Panel

Preset: TypeAlias = Literal["auto", "front", "side", "corner", "low", "top"]
PRESETS = {
    "front": Camera(-80.0, 28.0),
    "side": Camera(-10.0, 28.0),
    "corner": Camera(-45.0, 35.0),
    "low": Camera(-50.0, 14.0),
    "top": Camera(-60.0, 72.0),
}
CORRIDOR = Camera(-32.0, 33.0)
PLANE = Camera(-58.0, 40.0)
TURNS = (0.0, -8.0, 8.0, -16.0, 16.0, -25.0, 25.0)
LIFTS = (0.0, 6.0, 12.0, 18.0, 22.0)
HIGHEST = 62.0  # from further up heights can hardly be read
LAST_LIFTS = (34.0, 38.0)  # where nothing else shows the minimum
CLEARANCE = 5.0  # degrees
LOWER_BOXES = (0.75, 0.4)  # shares of the height
ENOUGH = 0.9  # of what matters
RAY_POINTS = 160


def viewpoint(
    panels: Sequence[Panel], preset: Preset = "auto", *, azimuth: float | None = None, elevation: float | None = None
) -> Camera:
    """One camera for all panels.

    ``auto`` starts from the place that suits the kind of surface and turns and climbs as little as it must until, in
    every panel, the minimum and nine tenths of the path are visible. If there is no such place, it takes the one that
    shows most.

    Args:
        panels: one or more, with boxes of one size.
        preset: ``"auto"`` or the name of a place.
        azimuth: degrees from the alpha axis towards the beta axis; instead of the preset's.
        elevation: degrees above the floor, 5 to 85; instead of the preset's.

    Raises:
        InputError: an unknown preset, or an angle out of range.
    """
    if preset != "auto" and preset not in PRESETS:
        raise InputError(f"unknown camera {preset!r}; expected auto, {', '.join(PRESETS)}")
    if elevation is not None and not 5 <= elevation <= 85:
        raise InputError(f"the elevation must lie between 5 and 85 degrees, got {elevation:g}")
    if azimuth is not None and not -360 <= azimuth <= 360:
        raise InputError(f"the azimuth must lie between -360 and 360 degrees, got {azimuth:g}")
    start = PRESETS.get(preset, CORRIDOR if panels[0].surface.kind == "corridor" else PLANE)
    base = Camera(start.azimuth if azimuth is None else azimuth, start.elevation if elevation is None else elevation)
    if preset != "auto" or (azimuth is not None and elevation is not None):
        return base
    turns = (0.0,) if azimuth is not None else TURNS
    lifts = (0.0,) if elevation is not None else LIFTS
    places = [
        Camera(base.azimuth + turn, max(base.elevation, min(base.elevation + lift, HIGHEST)))
        for lift in lifts
        for turn in turns
    ]
    # To climb costs more than to turn: from further up, heights are harder to compare.
    places.sort(key=lambda place: abs(place.azimuth - base.azimuth) + 1.5 * (place.elevation - base.elevation))
    best, best_sum = base, -1.0
    for place in places:
        shares = [visible_share(panel, place) for panel in panels]
        if min(shares) >= ENOUGH:
            return place
        # A further place must show clearly more, not a pixel more, to be worth the detour.
        if sum(shares) > best_sum + 0.02 * len(panels):
            best, best_sum = place, sum(shares)
    return best


def lower_box(panels: Sequence[Panel], camera: Camera) -> tuple[Sequence[Panel], Camera]:
    """Panels in a box just low enough that every minimum is visible, and the camera for them.

    The rim of a needle in a wide plane hides its minimum at every elevation from which heights can be read; in a lower
    box the rim is lower too. Where that does not help, the panels and the camera are returned unchanged.
    """
    if all(minimum_is_visible(panel, camera) for panel in panels):
        return panels, camera
    for share in LOWER_BOXES:
        lower = [_scale_height(panel, share) for panel in panels]
        place = _climb(viewpoint(lower))
        if _clear(lower, place):
            return lower, place
    for lift in LAST_LIFTS:
        place = Camera(camera.azimuth, PLANE.elevation + lift)
        if _clear(lower, place):
            return lower, place
    return panels, camera


def _climb(camera: Camera) -> Camera:
    """The camera a little higher, as far as heights can still be read."""
    return Camera(camera.azimuth, min(camera.elevation + CLEARANCE, HIGHEST))


def _clear(panels: Sequence[Panel], camera: Camera) -> bool:
    """Whether every minimum is visible, and not just above its rim: the marker has a size."""
    below = Camera(camera.azimuth, camera.elevation - CLEARANCE)
    return all(minimum_is_visible(panel, below) for panel in panels)


def _scale_height(panel: Panel, share: float) -> Panel:
    """The panel in a box whose heights are multiplied by a share."""
    box = panel.box
    return replace(panel, box=replace(box, top=box.bottom + share * (box.top - box.bottom)))


def minimum_is_visible(panel: Panel, camera: Camera) -> bool:
    """Whether the surface hides no marker of its minimum; true where there is none."""
    marker = panel.marker()
    return marker is None or bool(visible_points(panel, camera, marker[None])[0])


def hidden_minimum_message(panel: Panel, camera: Camera) -> str:
    """A line for people if the minimum lies behind the surface, with the elevation that shows it; else empty."""
    if minimum_is_visible(panel, camera):
        return ""
    for elevation in range(math.ceil(camera.elevation) + 1, 86):
        if minimum_is_visible(panel, Camera(camera.azimuth, float(elevation))):
            return f"the minimum of {panel.title} lies behind its rim; --elevation {elevation} shows it"
    return f"the minimum of {panel.title} lies behind its rim"


def visible_share(panel: Panel, camera: Camera) -> float:
    """Share of minimum and path that is visible: half for each of them; 1 where there is neither."""
    path, parts = panel.path(), []
    if panel.marker() is not None:
        parts.append(float(minimum_is_visible(panel, camera)))
    if path is not None and len(path) > 1:
        parts.append(float(visible_points(panel, camera, path).mean()))
    return float(np.mean(parts)) if parts else 1.0


def visible_points(panel: Panel, camera: Camera, points: FloatArray) -> FloatArray:
    """Whether the straight line from each world point (k, 3) to the viewer meets the surface nowhere, shape (k,).

    The surface between grid points is bilinear; holes, and what is cut away above the ceiling, hide nothing.
    """
    reach = 2 * (panel.box.half_x + panel.box.half_y) + panel.box.top
    along = np.linspace(0.02, reach, RAY_POINTS)
    # Points lie on the surface: rays start a little above it, or every point would hide itself.
    rays = points[:, None, :] + along[None, :, None] * camera.towards + (0, 0, 0.012)
    x, y, z = panel.x, panel.y, panel.z
    # Outside the grid there is nothing: such samples get a negative row, and a floor far below.
    rows = np.interp(rays[..., 0], x, np.arange(len(x)), left=-9, right=-9)
    columns = np.interp(rays[..., 1], y, np.arange(len(y)), left=-9, right=-9)
    low = -1e3
    solid = np.isfinite(z) & (z <= panel.box.top if panel.heights.ceiling is not None else True)
    surface = map_coordinates(np.where(solid, z, low), [rows, columns], order=1, mode="constant", cval=low)
    surface = np.where((rows < 0) | (columns < 0), low, surface)
    return np.asarray(~np.any(surface > rays[..., 2], axis=1), dtype=np.float64)
