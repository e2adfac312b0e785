"""Films of surfaces: an orbit, a flight along the corridor, its growth over training, or a morph over width.

Every frame is a figure with its axes, on one range of heights and colours; frames are drawn by several processes.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from landscape.defaults import FRAMES, PIXELS, SECONDS
from landscape.errors import InputError
from landscape.records.sampled import Profile, Surface
from landscape.rendering.film.footage import write_film
from landscape.rendering.film.shots import ShotList
from landscape.rendering.geometry.backend import find_backend
from landscape.rendering.geometry.style import ThemeName, colors_of, theme_of
from landscape.rendering.look import PLAIN, Look, Rendering, as_list, rendering_of, thin

Film: TypeAlias = Literal["orbit", "flight", "growth", "morph"]
SUFFIXES = (".mp4", ".webm", ".gif")
MAX_POINTS = 128  # a side; a film's pixels show no more
MAX_SIDE_BY_SIDE = 3
MAX_PROCESSES = 8


@dataclass(frozen=True)
class FilmOptions:
    """The options of films alone; `landscape.render` says what each of them means."""

    film: Film = "orbit"
    seconds: float = SECONDS
    fps: int = FRAMES
    size: tuple[int, int] = PIXELS
    theme: ThemeName | None = None
    processes: int | None = None
    progress: bool = False


def render_film(
    surfaces: Surface | Profile | Sequence[Surface | Profile],
    path: str | Path,
    look: Look = PLAIN,
    options: FilmOptions = FilmOptions(),
) -> Rendering:
    """Write a film; heights, colours and axes have one range in all its frames.

    Args:
        surfaces: planes or corridors of one kind, side by side; of a morph one after another, interpolated in between.
        path: the suffix chooses MP4 (H.264, 4:2:0, as browsers play it), WebM (VP9) or GIF.
        look: see `landscape.render`.
        options: likewise.

    Raises:
        InputError: an unknown suffix or film, surfaces that do not suit it, or a missing ``landscape[movie]``.
        DisplayError: nothing finite to draw, or a process that drew frames failed.
        FileError: the film cannot be written.
    """
    target = check_film(path)
    surfaces = _surfaces_of(as_list(surfaces), options)
    if look.titles is not None and len(look.titles) != len(surfaces):
        raise InputError(f"{len(surfaces)} surfaces need as many titles, got {len(look.titles)}")
    panels = thin(look.panels(surfaces), MAX_POINTS)
    camera = look.viewpoint(panels)
    theme = options.theme or "slide"
    theme_of(theme), colors_of(look.colormap)  # an unknown name is refused here, with one line, and not in a child
    backend = find_backend()
    count = max(2, round(options.seconds * options.fps))
    shots = ShotList(panels, options.film, count, options.size, camera, theme, look.colormap, backend)
    write_film(shots, target, options.fps, _processes(options.processes, count), progress=options.progress)
    return rendering_of(panels, target, backend)


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


def _surfaces_of(records: Sequence[Surface | Profile], options: FilmOptions) -> list[Surface]:
    """The records, all of them surfaces that suit the film."""
    film, size = options.film, options.size
    if film not in get_args(Film):
        raise InputError(f"unknown film {film!r}; expected one of {', '.join(get_args(Film))}")
    surfaces = [record for record in records if isinstance(record, Surface)]
    if not records or len(surfaces) < len(records):
        raise InputError("a film shows surfaces; draw a profile as png, pdf or svg")
    if not 0.1 <= options.seconds <= 600 or not 1 <= options.fps <= 120:
        raise InputError(
            f"a film lasts 0.1 to 600 s at 1 to 120 frames a second, got {options.seconds:g} s at {options.fps}"
        )
    if not all(side % 2 == 0 and 160 <= side <= 4096 for side in size):
        raise InputError(f"the size of a film is two even numbers from 160 to 4096, got {size[0]}x{size[1]}")
    kinds = {surface.kind for surface in surfaces}
    if film in ("flight", "growth") and kinds != {"corridor"}:
        raise InputError(f"a film of {film} needs corridors, got a {next(iter(kinds - {'corridor'})) or 'surface'}")
    if film == "morph" and (len(surfaces) < 2 or len({surface.status.shape for surface in surfaces}) > 1):
        shapes = ", ".join("x".join(map(str, surface.status.shape)) for surface in surfaces)
        raise InputError(f"a morph needs two or more surfaces with equally many points, got {shapes}")
    if film != "morph" and len(surfaces) > MAX_SIDE_BY_SIDE:
        raise InputError(
            f"a film shows 1 to {MAX_SIDE_BY_SIDE} surfaces side by side, got {len(surfaces)}; morph shows more in turn"
        )
    return surfaces


def _processes(processes: int | None, count: int) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(processes or cores, MAX_PROCESSES, count))
