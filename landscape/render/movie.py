"""Films of surfaces: an orbit, a flight along the corridor, its growth over training, or a morph over width.

Every frame is a figure with its axes, on one range of heights and colours; frames are drawn by several processes.
"""

import os
import pickle
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from tqdm import tqdm

import landscape
from landscape.errors import DisplayError, InputError
from landscape.records import LOSS, RISE, FloatArray, Profile, Surface
from landscape.render.backend import Backend, find_backend
from landscape.render.camera import Camera, Frame
from landscape.render.fallback import draw_polygons
from landscape.render.figure import CORRIDOR_BOX, PLANE_BOX, Rendering
from landscape.render.heights import HeightScale
from landscape.render.layout import color_bar
from landscape.render.notes import names_of
from landscape.render.overlay import Overlay
from landscape.render.panel import Panel, panels_of
from landscape.render.scene import Stage
from landscape.render.style import ThemeName, colors_of, theme_of
from landscape.render.ticks import number
from landscape.render.viewpoint import Preset, viewpoint
from landscape.render.write import beside

Film: TypeAlias = Literal["orbit", "flight", "growth", "morph"]
FILMS = ("orbit", "flight", "growth", "morph")
SUFFIXES = (".mp4", ".webm", ".gif")
MOST_POINTS = 128  # a side; a film's pixels show no more
INCHES = 7.2  # height of a frame at the sizes of the theme
CLOSE = 0.55  # of the full view's side, half way along a flight
STILL = 0.4  # share of each step of a morph during which a measured surface is shown
GIF_WORDS = "[0:v]split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=sierra2_4a"
CODECS: dict[str, dict[str, Any]] = {
    ".mp4": {
        "codec": "libx264",
        "pix_fmt_out": "yuv420p",
        "output_params": ["-crf", "20", "-preset", "medium", "-movflags", "+faststart", "-f", "mp4"],
    },
    ".webm": {
        "codec": "libvpx-vp9",
        "pix_fmt_out": "yuv420p",
        "output_params": ["-crf", "30", "-b:v", "0", "-cpu-used", "5", "-row-mt", "1", "-f", "webm"],
    },
    ".gif": {"codec": "gif", "pix_fmt_out": "pal8", "output_params": ["-filter_complex", GIF_WORDS, "-f", "gif"]},
}


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
    seconds: float = 5.0,
    fps: int = 24,
    size: tuple[int, int] = (1280, 720),
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
    given = [surfaces] if isinstance(surfaces, Surface) else list(surfaces)
    _check(given, film, seconds, fps, size)
    names = list(titles) if titles is not None else names_of(given)
    if len(names) != len(given):
        raise InputError(f"{len(given)} surfaces need as many titles, got {len(names)}")
    box = CORRIDOR_BOX if given[0].kind == "corridor" else PLANE_BOX
    sublevel = sublevel if metric == LOSS else None
    panels = panels_of(given, metric, box, names, scale=scale, ceiling=ceiling, sublevel=sublevel)
    panels = [replace(panel, thinned=1 + (max(panel.surface.status.shape) - 1) // MOST_POINTS) for panel in panels]
    place = viewpoint(panels, camera, azimuth=azimuth, elevation=elevation)
    theme_of(theme), colors_of(colormap)  # refused here, not in a child
    backend = find_backend()
    plan = Plan(panels, film, max(2, round(seconds * fps)), size, place, theme, colormap, backend)
    _write(plan, target, fps, _processes(processes, plan.count), progress=progress)
    heights = panels[0].heights
    clipped = tuple(heights.clipped(surface, metric) for surface in given)
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


@dataclass(frozen=True)
class Plan:
    """All that a process needs to draw any frame of a film.

    Args:
        panels: side by side; of a morph in order.
        film: one of ``FILMS``.
        count: frames.
        size: pixels.
        camera: where it begins.
        theme: by name.
        colormap: by name.
        backend: what draws the surfaces.
    """

    panels: Sequence[Panel]
    film: str
    count: int
    size: tuple[int, int]
    camera: Camera
    theme: str
    colormap: str
    backend: Backend

    def shot(self, index: int) -> "Shot":
        """What frame ``index`` shows."""
        shares = {"orbit": self.count, "flight": self.count - 1, "growth": self.count - 1, "morph": self.count - 1}
        return _SHOTS[self.film](self, index / shares[self.film])


@dataclass(frozen=True)
class Shot:
    """One frame: panels, where the viewer stands, and what is near.

    Args:
        panels: side by side.
        camera: for all of them.
        near: side of the view over the full one.
        centre: world point in the middle of each panel's view; None for the middle of the box.
        note: a line at the bottom.
    """

    panels: Sequence[Panel]
    camera: Camera
    near: float = 1.0
    centre: Sequence[FloatArray] | None = None
    note: str = ""


def _orbit(plan: Plan, share: float) -> Shot:
    return Shot(plan.panels, replace(plan.camera, azimuth=plan.camera.azimuth + 360 * share))


def _flight(plan: Plan, share: float) -> Shot:
    """Down the training path: the view closes in on a point that runs along it, and opens again at its end."""
    along = _eased(min(1.0, share / 0.85))
    closing = np.sin(np.pi * min(1.0, max(0.0, share)) ** 0.8)
    camera = Camera(plan.camera.azimuth - 35 * (1 - along), plan.camera.elevation + 12 * (1 - along))
    centres, panels = [], []
    for panel in plan.panels:
        path = panel.path()
        if path is None or len(path) < 2:
            raise InputError(f"{panel.title} has no training path to fly along")
        steps = np.linspace(0, 1, len(path))
        head = np.array([np.interp(along, steps, path[:, axis]) for axis in range(3)])
        middle = np.array([0.0, 0.0, panel.box.top / 2])
        centres.append(middle + closing * (head - middle))
        panels.append(panel)
    return Shot(panels, camera, 1 - (1 - CLOSE) * float(closing), centres)


def _growth(plan: Plan, share: float) -> Shot:
    """The corridor up to a step of training that runs from its start to its end, where the film rests."""
    along = min(1.0, share / 0.85)
    grown, last = [], 0.0
    for panel in plan.panels:
        positions = panel.surface.alpha.positions
        reached = positions[0] + along * (positions[-1] - positions[0]) + 1e-9
        rows = max(2, int(np.count_nonzero(positions <= reached)))
        grown.append(replace(panel, surface=_until(panel.surface, rows)))
        last = max(last, float(panel.surface.alpha.values[rows - 1]))
    return Shot(grown, plan.camera, note=f"training step {last:,.0f}")


def _until(surface: Surface, rows: int) -> Surface:
    """The first rows of a corridor, with the path as far as they reach."""
    alpha = replace(surface.alpha, values=surface.alpha.values[:rows])
    path = surface.trajectory
    if path is not None:
        known = path.alpha <= alpha.values[-1] * (1 + 1e-9)
        names = ("step", "alpha", "beta", "loss", "length")
        path = replace(path, **{name: getattr(path, name)[known] for name in names})
    metrics = {name: values[:rows] for name, values in surface.metrics.items()}
    return replace(
        surface,
        axes=(alpha, surface.beta),
        metrics=metrics,
        status=surface.status[:rows],
        error=surface.error[:rows],
        trajectory=path,
    )


def _morph(plan: Plan, share: float) -> Shot:
    """Measured surfaces in turn, each shown for a while, with a blend of heights between neighbours."""
    panels = plan.panels
    place = share * (len(panels) - 1)
    first = min(int(place), len(panels) - 2)
    part = _eased(float(np.clip((place - first - STILL / 2) / (1 - STILL), 0, 1)))
    before, after = panels[first], panels[first + 1]
    if part in (0.0, 1.0):
        return Shot([after if part else before], plan.camera, note="as measured")
    between = replace(_blend(before, after, part), title=f"{before.title} to {after.title}")
    return Shot([between], plan.camera, note=f"interpolated between {before.title} and {after.title}, not measured")


def _blend(before: Panel, after: Panel, part: float) -> Panel:
    """Heights and places of the grid points between those of two surfaces; no path, no marks, no width."""

    def mix(a: FloatArray, b: FloatArray) -> FloatArray:
        return np.asarray((1 - part) * a + part * b)

    heights, metric, one, two = before.heights, before.metric, before.surface, after.surface
    values = heights.value(mix(heights.share(one.metrics[metric]), heights.share(two.metrics[metric])))
    axes = tuple(replace(a, values=mix(a.values, b.values)) for a, b in zip(one.axes, two.axes, strict=True))
    surface = replace(
        one, axes=axes, metrics={metric: values}, status=np.minimum(one.status, two.status), trajectory=None, rays=None
    )
    return replace(before, surface=surface, sublevel=None)


_SHOTS = {"orbit": _orbit, "flight": _flight, "growth": _growth, "morph": _morph}


def _eased(share: float) -> float:
    return share * share * (3 - 2 * share)


class Projector:
    """Draws the frames of a plan, keeping what stays the same from one to the next."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.theme, self.colors = theme_of(plan.theme), colors_of(plan.colormap)
        width, height = plan.size
        self.dpi = height / INCHES
        self.figure = Figure(figsize=(width / self.dpi, INCHES), dpi=self.dpi, facecolor=self.theme.ground)
        self.canvas = FigureCanvasAgg(self.figure)
        self.stages: dict[int, Stage] = {}

    def draw(self, index: int) -> bytes:
        """Frame ``index`` as rows of RGB bytes."""
        shot = self.plan.shot(index)
        with mpl.rc_context(self.theme.settings()):
            self.figure.clear()
            for column, panel in enumerate(shot.panels):
                self._panel(shot, panel, column)
            self._words(shot)
            self.canvas.draw()
        return np.asarray(self.canvas.buffer_rgba())[..., :3].tobytes()

    @cached_property
    def _cells(self) -> tuple[float, float, float]:
        """Width of a panel with its margins, its axes' height and their foot, in inches."""
        count = 1 if self.plan.film == "morph" else len(self.plan.panels)
        width = self.figure.get_size_inches()[0]
        return (width - 1.25) / count, INCHES - 1.75, 1.05

    def _panel(self, shot: Shot, panel: Panel, column: int) -> None:
        cell, tall, foot = self._cells
        total = self.figure.get_size_inches()[0]
        left, wide = column * cell + 0.95, cell - 1.2
        axes = self.figure.add_axes((left / total, foot / INCHES, wide / total, tall / INCHES))
        frame = self._frame(shot, panel, column, wide, tall)
        axes.set_axis_off()
        axes.set_xlim(frame.left, frame.right)
        axes.set_ylim(frame.bottom, frame.top)
        Overlay(axes, panel, shot.camera, self.colors, self.theme).draw()
        if self.plan.backend.name == "vtk":
            size = max(8, round(wide * self.dpi)), max(8, round(tall * self.dpi))
            image = self._stage(panel, column, size).draw(shot.camera, frame)
            extent = (frame.left, frame.right, frame.bottom, frame.top)
            axes.imshow(image, extent=extent, aspect="auto", interpolation="nearest", zorder=2)
        else:
            draw_polygons(axes, panel, shot.camera, self.colors, self.theme)
        axes.set_xlim(frame.left, frame.right)
        axes.set_ylim(frame.bottom, frame.top)
        if shot.near < 1:
            for text in axes.texts:  # of what lies outside a close view, the ticks would stand beside it
                text.set_visible(bool(frame.holds(text.xy)))
        self.figure.text(
            (left + wide / 2) / total,
            1 - 0.22 / INCHES,
            panel.title,
            ha="center",
            va="top",
            fontsize=self.theme.size + 4,
        )

    def _stage(self, panel: Panel, column: int, size: tuple[int, int]) -> Stage:
        stage = self.stages.get(column)
        if stage is None:
            stage = self.stages[column] = Stage(size, self.colors, path_color=self.theme.path)
        stage.show(panel.scene, key=panel)
        return stage

    def _frame(self, shot: Shot, panel: Panel, column: int, wide: float, tall: float) -> Frame:
        """The same scale in all frames but for ``near``, whatever the azimuth."""
        box, camera = panel.box, shot.camera
        across, high = np.ptp(camera.project(box.corners()), axis=0).tolist()
        if self.plan.film == "orbit":  # what no azimuth exceeds
            reach, elevation = float(np.hypot(box.half_x, box.half_y)), np.radians(camera.elevation)
            across, high = 2 * reach, float(2 * reach * np.sin(elevation) + box.top * np.cos(elevation))
        side = max(across / wide, high / tall) * shot.near * 1.03
        middle = np.array([0.0, 0.0, box.top / 2]) if shot.centre is None else shot.centre[column]
        u, v = camera.project(middle)
        return Frame(u - side * wide / 2, u + side * wide / 2, v - side * tall / 2, v + side * tall / 2)

    def _words(self, shot: Shot) -> None:
        panel, (_, tall, foot) = shot.panels[0], self._cells
        total = self.figure.get_size_inches()[0]
        color_bar(self.figure, panel, self.colors, self.theme, (total - 1.05, foot, tall, 2.0))
        cut = panel.heights.ceiling
        words = [shot.note] if shot.note else []
        words += [f"cut away above {number(cut, 3)}"] if cut is not None else []
        self.figure.text(
            0.5,
            0.22 / INCHES,
            "; ".join(words),
            ha="center",
            va="bottom",
            fontsize=self.theme.size,
            color=self.theme.small,
        )


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


def _write(plan: Plan, target: Path, fps: int, processes: int, *, progress: bool) -> None:
    import imageio_ffmpeg

    comment = f"Drawn by landscape {landscape.__version__}"
    options = CODECS[target.suffix.lower()]
    parameters = ["-metadata", f"comment={comment}", *options["output_params"]]
    with beside(target) as temporary:
        settings = {
            **options,
            "output_params": parameters,
            "fps": fps,
            "macro_block_size": 2,
            "ffmpeg_log_level": "error",
        }
        film = imageio_ffmpeg.write_frames(str(temporary), plan.size, **settings)
        film.send(None)
        try:
            for frame in tqdm(_frames(plan, processes), total=plan.count, desc="film", disable=not progress):
                film.send(frame)
        finally:
            film.close()
        if target.suffix.lower() == ".gif":
            _comment(temporary, comment)
        os.replace(temporary, target)


def _comment(path: Path, words: str) -> None:
    """A comment block before the last byte of a GIF: FFmpeg writes none."""
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"\x21\xfe" + bytes([len(words)]) + words.encode() + b"\x00" + content[-1:])


def _frames(plan: Plan, processes: int) -> Iterator[bytes]:
    """All frames in order, each process drawing every ``processes``-th one."""
    size = 3 * plan.size[0] * plan.size[1]
    with ExitStack() as stack:
        children = [stack.enter_context(_child(plan, start, processes)) for start in range(processes)]
        for child in children:
            stack.callback(child.kill)
        for index in range(plan.count):
            child = children[index % processes]
            assert child.stdout is not None
            frame = child.stdout.read(size)
            if len(frame) != size:
                raise DisplayError(
                    f"frame {index} could not be drawn: the process that draws ended with {child.wait()}"
                )
            yield frame


def _child(plan: Plan, start: int, step: int) -> subprocess.Popen[bytes]:
    """A process of its own, whatever the caller's main module is; the plan goes in, frames come out."""
    code = "import sys; from landscape.render.movie import work; work(sys.stdin.buffer, sys.stdout.buffer)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "LP_NUM_THREADS": "1"}
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    assert child.stdin is not None
    payload = pickle.dumps((plan, start, step))
    child.stdin.write(struct.pack("<Q", len(payload)) + payload)
    child.stdin.flush()
    return child


def work(source: IO[bytes], sink: IO[bytes]) -> None:
    """Draw the frames that are asked for on ``source`` and write them to ``sink``: the main of a child process."""
    (length,) = struct.unpack("<Q", source.read(8))
    plan, start, step = pickle.loads(source.read(length))
    projector = Projector(plan)
    for index in range(start, plan.count, step):
        sink.write(projector.draw(index))
        sink.flush()
