"""Films of surfaces: an orbit, a flight along the corridor, its growth over training, or a morph over width.

Every frame is a figure with its axes, on one range of heights and colours; frames are drawn by several processes.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

from landscape.defaults import FRAMES, PIXELS, SECONDS
from landscape.errors import InputError
from landscape.records.base import LOSS, RISE
from landscape.records.sampled import Profile, Surface
from landscape.rendering.facts.notes import names_of
from landscape.rendering.figure import CORRIDOR_BOX, PLANE_BOX, Rendering
from landscape.rendering.film.footage import write_film
from landscape.rendering.film.shots import Plan
from landscape.rendering.geometry.backend import find_backend
from landscape.rendering.geometry.heights import HeightScale
from landscape.rendering.geometry.panel import panels_of
from landscape.rendering.geometry.style import ThemeName, colors_of, theme_of
from landscape.rendering.geometry.viewpoint import Preset, viewpoint

Film: TypeAlias = Literal["orbit", "flight", "growth", "morph"]
FILMS = ("orbit", "flight", "growth", "morph")
SUFFIXES = (".mp4", ".webm", ".gif")
MOST_POINTS = 128  # a side; a film's pixels show no more


def render_film(
    surfaces: Surface | Sequence[Surface],
    path: str | Path,
    *,
    film: Film = "orbit",
    metric: str = LOSS,
    scale: HeightScale = "auto",
    ceiling: float | None = None,
    sublevel: float | None = RISE,
    titles: Sequence[str] | None = None,
    seconds: float = SECONDS,
    fps: int = FRAMES,
    size: tuple[int, int] = PIXELS,
    theme: ThemeName = "slide",
    colormap: str = "viridis",
    camera: Preset = "auto",
    azimuth: float | None = None,
    elevation: float | None = None,
    processes: int | None = None,
    progress: bool = False,
) -> Rendering:
    """Write a film; heights, colours and axes have one range in all its frames.

    Args:
        surfaces: planes or corridors of one kind, side by side; of a morph one after another.
        path: the suffix chooses MP4 (H.264, 4:2:0, as browsers play it), WebM (VP9) or GIF.
        film: ``"orbit"`` once around; ``"flight"`` along the training path; ``"growth"``, the corridor revealed step by
            step; ``"morph"`` from surface to surface, in between interpolated and said to be so.
        metric: what height and colour show.
        scale: of heights, see `common_heights`.
        ceiling: value above which the surfaces are cut away.
        sublevel: nats per example; where the loss rises by less is shaded on the floor. None shades nothing.
        titles: one per surface; by default the models' names.
        seconds: how long the film is.
        fps: frames per second.
        size: width and height in pixels, even numbers.
        theme: ``"paper"``, ``"dark"`` or ``"slide"``.
        colormap: a matplotlib colour map whose lightness goes one way.
        camera: where an orbit begins, and where the others stand; see `viewpoint`.
        azimuth: degrees; instead of the camera's.
        elevation: degrees; instead of the camera's.
        processes: how many draw; by default as many as there are cores for this process, 8 at most.
        progress: whether a bar runs on stderr.

    Raises:
        InputError: an unknown suffix or film, surfaces that do not suit it, or a missing ``landscape[movie]``.
        DisplayError: nothing finite to draw, or a process that drew frames failed.
        FileError: the film cannot be written.
    """
    target = check_film(path)
    given = [surfaces] if isinstance(surfaces, Surface | Profile) else list(surfaces)
    _check(given, film, seconds, fps, size)
    names = list(titles) if titles is not None else names_of(given)
    if len(names) != len(given):
        raise InputError(f"{len(given)} surfaces need as many titles, got {len(names)}")
    box = CORRIDOR_BOX if given[0].kind == "corridor" else PLANE_BOX
    sublevel = sublevel if metric == LOSS else None
    panels = panels_of(given, metric, box, names, scale=scale, ceiling=ceiling, sublevel=sublevel)
    panels = [panel.limit_points(MOST_POINTS) for panel in panels]
    place = viewpoint(panels, camera, azimuth=azimuth, elevation=elevation)
    theme_of(theme), colors_of(colormap)  # refused here, not in a child
    backend = find_backend()
    plan = Plan(panels, film, max(2, round(seconds * fps)), size, place, theme, colormap, backend)
    write_film(plan, target, fps, _processes(processes, plan.count), progress=progress)
    heights = panels[0].heights
    clipped = tuple(heights.num_clipped(surface, metric) for surface in given)
    messages = (f"drawn with matplotlib's own 3-D; {backend.advice}",) if backend.advice else ()
    return Rendering(target, backend.name, clipped, heights.low, heights.high, messages=messages)


def check_film(path: str | Path) -> Path:
    """The path, if a film can be written in the format its suffix names.

    Raises:
        InputError: the suffix names none, or the extra ``landscape[movie]`` is missing.
    """
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        raise InputError(f"cannot film to {target.name!r}: the suffix must be one of {', '.join(SUFFIXES)}")
    try:
        import imageio_ffmpeg  # noqa: F401
    except ImportError:
        raise InputError("films need FFmpeg through imageio-ffmpeg: pip install 'landscape[movie]'") from None
    return target


def _check(given: Sequence[Any], film: str, seconds: float, fps: int, size: tuple[int, int]) -> None:
    if film not in FILMS:
        raise InputError(f"unknown film {film!r}; expected one of {', '.join(FILMS)}")
    if not given or any(isinstance(record, Profile) for record in given):
        raise InputError("a film shows surfaces; draw a profile as png, pdf or svg")
    if not 0.1 <= seconds <= 600 or not 1 <= fps <= 120:
        raise InputError(f"a film lasts 0.1 to 600 s at 1 to 120 frames a second, got {seconds:g} s at {fps}")
    if not all(side % 2 == 0 and 160 <= side <= 4096 for side in size):
        raise InputError(f"the size of a film is two even numbers from 160 to 4096, got {size[0]}x{size[1]}")
    kinds = {record.kind for record in given}
    if film in ("flight", "growth") and kinds != {"corridor"}:
        raise InputError(f"a film of {film} needs corridors, got a {next(iter(kinds - {'corridor'})) or 'surface'}")
    if film == "morph" and (len(given) < 2 or len({record.status.shape for record in given}) > 1):
        shapes = ", ".join("x".join(map(str, record.status.shape)) for record in given)
        raise InputError(f"a morph needs two or more surfaces with equally many points, got {shapes}")
    if film != "morph" and len(given) > 3:
        raise InputError(f"a film shows 1 to 3 surfaces side by side, got {len(given)}; morph shows more in turn")


def _processes(asked: int | None, count: int) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(asked or cores, 8, count))
