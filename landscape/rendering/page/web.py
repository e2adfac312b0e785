"""Interactive surfaces for web pages: one file, nothing fetched, the same heights and camera as in print."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from landscape.errors import DisplayError, InputError
from landscape.records.base import LOSS, RISE
from landscape.records.sampled import Profile, Surface
from landscape.rendering.facts.notes import names_of, small_print
from landscape.rendering.facts.quantities import metric_label
from landscape.rendering.figure import Rendering
from landscape.rendering.geometry.heights import HeightScale, common_heights
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.ticks import plain
from landscape.rendering.geometry.viewpoint import Preset, viewpoint
from landscape.rendering.page.document import page, template
from landscape.rendering.page.payload import panels_by_scale, payload
from landscape.rendering.write import check_free, write_text

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
    """An HTML fragment with surfaces to turn, zoom and read; needs a page of `document` around it.

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
    given = [surfaces] if isinstance(surfaces, Surface | Profile) else list(surfaces)
    names = list(titles) if titles is not None else names_of(given) if given else []
    _check(given, names, stack, start, fixed)
    stops = names[fixed:] if stack is not None else []
    titled = [f"{stack} {name}" for name in names] if stack is not None else names
    by_scale = panels_by_scale(given, metric, titled, scale, ceiling, sublevel if metric == LOSS else None)
    panels = next(iter(by_scale.values()))
    place = viewpoint(panels, camera, azimuth=azimuth, elevation=elevation)
    alone = fixed if stack is not None else len(panels)
    groups = [[panel] for panel in panels[:alone]] + ([list(panels[alone:])] if stack is not None else [])
    data = payload(by_scale, groups, place, colormap) | {"stop": start, "stops": stops, "headings": titled[fixed:]}
    return _fragment(data, groups, stack)


def _fragment(data: Mapping[str, Any], groups: Sequence[Sequence[Panel]], slider: str | None) -> str:
    first = groups[0][0]
    label = plain(metric_label(first.metric, first.surface.provenance))
    names = [panel.title for group in groups for panel in group]
    html: str = template("component.html").render(
        data=data,
        panels=[_words(group, label, data["stop"]) for group in groups],
        scales=[{"name": scale["name"], "words": SCALE_WORDS[scale["name"]]} for scale in data["scales"]],
        stops=data["stops"],
        stop=data["stop"],
        slider=slider,
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
    given = [surfaces] if isinstance(surfaces, Surface | Profile) else list(surfaces)
    body = component(given, **options)
    write_text(page(title or _title(given, options.get("metric", LOSS)), body), target)
    metric = options.get("metric", LOSS)
    heights = common_heights(given, metric, options.get("scale", "auto"), options.get("ceiling"))
    clipped = tuple(heights.num_clipped(surface, metric) for surface in given)
    return Rendering(target, "webgl", clipped, heights.low, heights.high)


def check_page(path: str | Path, *, force: bool = False) -> None:
    """Refuse a page that could not be written, or that would replace a file landscape did not make.

    Raises:
        FileError: the folder is missing or locked, or something else lies there and ``force`` is off.
    """
    check_free(Path(path), force=force)


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
