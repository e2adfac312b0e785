"""Interactive surfaces for web pages: one file, nothing fetched, the same heights and camera as in print."""

import base64
import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FunctionLoader
from markupsafe import Markup

import landscape
from landscape.errors import DisplayError, InputError
from landscape.records import LOSS, RISE, FloatArray, Profile, Surface
from landscape.render.figure import CORRIDOR_BOX, PLANE_BOX, Rendering
from landscape.render.heights import Heights, HeightScale, common_heights
from landscape.render.notes import names_of, small_print
from landscape.render.panel import Panel, panels_of
from landscape.render.style import colors_of
from landscape.render.ticks import axis_label, axis_ticks, height_ticks, metric_label, number, plain
from landscape.render.viewpoint import Preset, viewpoint
from landscape.render.write import check_free, write_text

MOST_POINTS = 256  # a side; more are thinned, and the page says so
MOST_PANELS = 12
SUFFIXES = (".html", ".htm")
SCALE_WORDS = {"linear": "linear", "log": "logarithmic", "sqrt": "square root"}


def component(
    surfaces: Surface | Sequence[Surface],
    *,
    metric: str = LOSS,
    scale: HeightScale = "auto",
    ceiling: float | None = None,
    sublevel: float | None = RISE,
    titles: Sequence[str] | None = None,
    stack: str | None = None,
    start: int = 0,
    fixed: int = 0,
    colormap: str = "viridis",
    camera: Preset = "auto",
    azimuth: float | None = None,
    elevation: float | None = None,
) -> str:
    """An HTML fragment with surfaces to turn, zoom and read; needs `style` and `script` once in its page.

    The surfaces stand side by side with linked cameras and readings, or one after another under a slider. Every value
    that can be read is that of the record at the nearest grid point; what passes by while the slider moves is not
    readable.

    Args:
        surfaces: planes or corridors, all of one kind.
        metric: what the height and the colour show.
        scale: the scale at first; the reader can change it to any that the values allow.
        ceiling: value above which the surfaces are cut away; by default as in print, see `common_heights`.
        sublevel: nats per example; where the loss rises by less is shaded on the floor. None shades nothing.
        titles: one per surface; by default the models' names. Of a stack, the slider's stops: ``["2", "8", "64"]``.
        stack: what the slider runs over, ``"width"``; None sets the surfaces side by side.
        start: which surface of a stack is shown at first.
        fixed: so many of the first surfaces stand beside the stack and do not move; they have no stop.
        colormap: a matplotlib colour map whose lightness goes one way.
        camera: as in print, see `viewpoint`.
        azimuth: degrees; instead of the camera's.
        elevation: degrees; instead of the camera's.

    Raises:
        InputError: surfaces that cannot share axes, or an unknown metric, scale, colour map or camera.
        DisplayError: nothing finite to draw, or fewer than 2 points a side.
    """
    given = [surfaces] if isinstance(surfaces, Surface) else list(surfaces)
    names = list(titles) if titles is not None else names_of(given) if given else []
    _check(given, names, stack, start, fixed)
    stops = names[fixed:] if stack is not None else []
    names = [f"{stack} {name}" for name in names] if stack is not None else names
    by_scale = _panels_by_scale(given, metric, names, scale, ceiling, sublevel if metric == LOSS else None)
    panels = next(iter(by_scale.values()))
    place = viewpoint(panels, camera, azimuth=azimuth, elevation=elevation)
    alone = fixed if stack is not None else len(panels)
    groups = [[panel] for panel in panels[:alone]] + ([list(panels[alone:])] if stack is not None else [])
    label = plain(metric_label(metric, given[0].provenance))
    data = {
        "panels": [{"frames": [_frame(panel) for panel in group]} for group in groups],
        "scales": [_scale(scaled, metric) for scaled in by_scale.values()],
        "colors": _base64((colors_of(colormap)(np.linspace(0, 1, 256))[:, :3] * 255).round().astype(np.uint8)),
        "camera": {"azimuth": place.azimuth, "elevation": place.elevation},
        "stop": start,
        "stops": stops,
        "headings": names[fixed:],
        **_axes(panels[0], label),
    }
    html: str = template("component.html").render(
        data=data,
        panels=[_words(group, label, start) for group in groups],
        scales=[{"name": name, "words": SCALE_WORDS[name]} for name in by_scale],
        stops=stops,
        stop=start,
        slider=stack,
        key=f"ls-{hashlib.sha256(repr((names, data)).encode()).hexdigest()[:8]}",
        metric=label,
        label=f"Interactive surfaces: {label} of {', '.join(names)}",
    )
    return html


def render_page(
    surfaces: Surface | Sequence[Surface], path: str | Path, *, title: str | None = None, **options: Any
) -> Rendering:
    """Write a page with `component`'s surfaces: one file that works offline and asks nobody for anything.

    Args:
        surfaces: planes or corridors, all of one kind.
        path: ends in ``.html``; what exists is replaced when the page is complete.
        title: of the page; by default the models' names.
        options: those of `component`.

    Raises:
        InputError: an unknown suffix, or what `component` refuses.
        DisplayError: nothing finite to draw.
        FileError: the page cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        raise InputError(f"cannot write a page to {target.name!r}: the suffix must be .html")
    given = [surfaces] if isinstance(surfaces, Surface) else list(surfaces)
    body = component(given, **options)
    write_text(page(title or _title(given, options.get("metric", LOSS)), body), target)
    metric = options.get("metric", LOSS)
    heights = common_heights(given, metric, options.get("scale", "auto"), options.get("ceiling"))
    clipped = tuple(heights.clipped(surface, metric) for surface in given)
    return Rendering(target, "webgl", clipped, heights.low, heights.high)


def check_page(path: str | Path, *, force: bool = False) -> None:
    """Refuse a page that could not be written, or that would replace a file landscape did not make.

    Raises:
        FileError: the folder is missing or locked, or something else lies there and ``force`` is off.
    """
    check_free(Path(path), force=force)


def page(title: str, body: str) -> str:
    """A whole page around HTML fragments; its policy lets nothing in but its own style and script."""
    html: str = template("page.html").render(
        title=title, body=Markup(body), style=style(), script=script(), policy=policy(), version=landscape.__version__
    )
    return html


@cache
def style() -> str:
    """The style sheet that components need, once in a page."""
    return asset("surface.css")


@cache
def script() -> str:
    """The script that components need, once in a page and after them."""
    return asset("surface.js")


def policy(*, styles: Sequence[str] = (), scripts: Sequence[str] = ()) -> str:
    """A Content-Security-Policy under which nothing is requested from anywhere, and no other script or style runs.

    Args:
        styles: style sheets of the page's own, beside `style`, as they stand between the tags.
        scripts: likewise, beside `script`.
    """
    styled = " ".join(_digest(text) for text in (style(), *styles))
    scripted = " ".join(_digest(text) for text in (script(), *scripts))
    return f"default-src 'none'; style-src {styled}; script-src {scripted}; img-src data:; base-uri 'none'"


def _panels(
    surfaces: Sequence[Surface],
    metric: str,
    titles: Sequence[str],
    scale: HeightScale,
    ceiling: float | None,
    sublevel: float | None,
) -> list[Panel]:
    box = CORRIDOR_BOX if surfaces[0].kind == "corridor" else PLANE_BOX
    panels = panels_of(surfaces, metric, box, titles, scale=scale, ceiling=ceiling, sublevel=sublevel)
    return [replace(panel, thinned=1 + (max(panel.surface.status.shape) - 1) // MOST_POINTS) for panel in panels]


def _panels_by_scale(
    surfaces: Sequence[Surface],
    metric: str,
    titles: Sequence[str],
    scale: HeightScale,
    ceiling: float | None,
    sublevel: float | None,
) -> dict[str, list[Panel]]:
    """The panels on every scale that the values allow, the one to begin with first."""
    chosen = _panels(surfaces, metric, titles, scale, ceiling, sublevel)
    result: dict[str, list[Panel]] = {chosen[0].heights.scale: chosen}
    finite = np.concatenate([panel.values[np.isfinite(panel.values)] for panel in chosen])
    others: dict[HeightScale, bool] = {"linear": True, "log": bool(finite.min() > 0)}
    for name, allowed in others.items():
        if allowed and name not in result:
            result[name] = _panels(surfaces, metric, titles, name, ceiling, sublevel)
    return result


def _frame(panel: Panel) -> dict[str, Any]:
    """One surface as the script takes it: world coordinates, the record's own coordinates and values."""
    values = panel.values
    step = panel.thinned
    below = panel.below()
    path = panel.path_at()
    frame: dict[str, Any] = {
        "x": _base64(panel.x),
        "y": _base64(panel.y),
        "alpha": _base64(panel.surface.alpha.values[::step]),
        "beta": _base64(panel.surface.beta.values[::step]),
        "values": _base64(values),
        "below": None if below is None else _base64(below),
        "path": None,
        "marker": None,
    }
    if path is not None:
        frame["path"] = _marks(panel, path)
    if panel.solution is not None and math.isfinite(panel.solution[2]):
        frame["marker"] = _marks(panel, np.array([panel.solution]))[0]
    return frame


def _marks(panel: Panel, at: FloatArray) -> list[list[float]]:
    """World x and y and the value of points given as positions and value, those on the floor."""
    x, y = panel.floor.x(at[:, 0], panel.box), panel.floor.y(at[:, 1], panel.box)
    inside = (np.abs(x) <= panel.box.half_x + 1e-9) & (np.abs(y) <= panel.box.half_y + 1e-9) & np.isfinite(at[:, 2])
    kept: list[list[float]] = np.column_stack([x, y, at[:, 2]])[inside].tolist()
    return kept


def _scale(panels: Sequence[Panel], metric: str) -> dict[str, Any]:
    heights = panels[0].heights
    values, labels = height_ticks(heights)
    shares = heights.share(values)
    return {
        "name": heights.scale,
        "low": heights.low,
        "high": heights.high,
        "note": _cut(panels, heights, metric),
        "ticks": [{"share": float(share), "label": plain(text)} for share, text in zip(shares, labels, strict=True)],
    }


def _cut(panels: Sequence[Panel], heights: Heights, metric: str) -> str:
    counts = [(panel.title, heights.clipped(panel.surface, metric), panel.surface.status.size) for panel in panels]
    points = ", ".join(f"{count:,} of {total:,} points of {title}" for title, count, total in counts if count)
    if len(counts) > 3 and points:
        points = f"up to {max(count for _, count, _ in counts):,} of {counts[0][2]:,} points of a surface"
    what = "diverged" if heights.ceiling is None else f"cut away above {plain(number(heights.ceiling, 3))}"
    return f"{what}: {points}" if points else ""


def _axes(panel: Panel, label: str) -> dict[str, Any]:
    floor, box = panel.floor, panel.box
    name, _, unit = label.partition(" (")
    places = {"alpha": (floor.alpha_axis, floor.alpha, floor.x), "beta": (floor.beta_axis, floor.beta, floor.y)}
    axes = {}
    for key, (axis, ends, spread) in places.items():
        positions, labels = axis_ticks(axis, ends)
        ticks = zip(spread(positions, box).tolist(), labels, strict=True)
        axes[key] = {
            "label": plain(axis_label(axis, f"$\\{key}$")),
            "ticks": [{"at": at, "label": plain(text)} for at, text in ticks],
        }
    step = floor.alpha_axis.unit == "step"
    return {
        "box": {"half_x": box.half_x, "half_y": box.half_y, "bottom": box.bottom, "top": box.top},
        **axes,
        "names": {
            "alpha": "step" if step else "\u03b1",
            "beta": "\u03b2",
            "metric": name,
            "height": label.replace(" per example", ""),
        },
        "unit": f" {unit.removesuffix(')')}" if unit else "",
    }


def _words(group: Sequence[Panel], label: str, start: int) -> dict[str, Any]:
    """Title, alternative text and small print of one panel; the small print of each surface under a slider."""
    lowest = [float(np.min(panel.values[np.isfinite(panel.values)], initial=math.inf)) for panel in group]
    parts = [f"{panel.title}: lowest {low:.4g}" for panel, low in zip(group, lowest, strict=True) if low < math.inf]
    return {
        "title": group[min(start, len(group) - 1)].title,
        "alt": f"{label}, {'; '.join(parts)}. Arrow keys turn, plus and minus zoom, Shift and arrow keys read values.",
        "notes": [_notes(panel) for panel in group],
    }


def _notes(panel: Panel) -> list[str]:
    """The small print as in figures, without what the ceiling cuts: that changes with the scale."""
    uncut = replace(panel, heights=replace(panel.heights, ceiling=None))
    return [plain(line) for line in small_print(uncut)]


def _title(surfaces: Sequence[Surface], metric: str) -> str:
    *others, last = names_of(surfaces)
    what = metric_label(metric, surfaces[0].provenance).partition(" (")[0]
    return f"{what.capitalize()} around {' and '.join([', '.join(others), last] if others else [last])}"


def _check(given: Sequence[Any], names: Sequence[str], stack: str | None, start: int, fixed: int) -> None:
    if not given:
        raise InputError("a page needs at least one surface")
    for record in given:
        if isinstance(record, Profile):
            raise InputError("a page shows surfaces; draw a profile as png, pdf or svg")
        if min(record.status.shape) < 2:
            raise DisplayError(f"a surface needs 2 points a side to be drawn, got {record.status.shape}")
    if stack is None and len(given) > MOST_PANELS:
        raise InputError(f"at most {MOST_PANELS} surfaces stand side by side, got {len(given)}; stack them")
    if len(names) != len(given):
        raise InputError(f"{len(given)} surfaces need as many titles, got {len(names)}")
    if not 0 <= fixed < len(given) or (fixed and stack is None):
        raise InputError(f"fixed counts surfaces beside a stack, fewer than {len(given)}, got {fixed}")
    if not 0 <= start < len(given) - fixed:
        raise InputError(f"start is the index of one of {len(given) - fixed} surfaces, got {start}")


def _base64(values: np.ndarray[Any, Any]) -> str:
    """The bytes of an array, little-endian, row by row."""
    little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return base64.b64encode(little.tobytes()).decode()


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def asset(name: str) -> str:
    """The text of a file in ``page/``."""
    return files("landscape.render").joinpath("page", name).read_text(encoding="utf-8")


def template(name: str) -> Any:
    """The Jinja2 template of that name there; it escapes what it is given."""
    return Environment(autoescape=True, loader=FunctionLoader(asset)).get_template(name)
