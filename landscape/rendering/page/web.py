"""Interactive surfaces for web pages: one file, nothing fetched, the same heights and camera as in print."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from landscape.errors import DisplayError, InputError
from landscape.records.sampled import Profile, Surface
from landscape.rendering.facts.names import names_of
from landscape.rendering.facts.quantities import metric_label
from landscape.rendering.facts.small_print import panel_notes
from landscape.rendering.geometry.backend import Backend
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.ticks import plain
from landscape.rendering.look import PLAIN, Look, Rendering, as_list, rendering_of
from landscape.rendering.page.document import page, template
from landscape.rendering.page.payload import panels_by_scale, payload
from landscape.rendering.write import write_text

MAX_PANELS = 12
SUFFIXES = (".html", ".htm")
SCALE_WORDS = {"linear": "linear", "log": "logarithmic", "sqrt": "square root"}
Records: TypeAlias = Surface | Profile | Sequence[Surface | Profile]


@dataclass(frozen=True)
class PageOptions:
    """The options of pages alone; `landscape.render` says what each of them means."""

    title: str | None = None
    stack: str | None = None
    start: int = 0
    fixed: int = 0


def component(surfaces: Records, look: Look = PLAIN, options: PageOptions = PageOptions()) -> str:
    """An HTML fragment with surfaces to turn, zoom and read; needs a page of `document` around it.

    The surfaces stand side by side with linked cameras and readings, or one after another under a slider. Every value
    that can be read is that of the record at the nearest grid point; what passes by while the slider moves is not
    readable. The reader can change the scale to any that the values allow.

    Args:
        surfaces: planes or corridors, all of one kind.
        look: see `landscape.render`.
        options: likewise; the title is that of a page, and has no meaning here.

    Returns:
        HTML text.

    Raises:
        InputError: surfaces that cannot share axes, or an unknown metric, scale, colour map or camera.
        DisplayError: nothing finite to draw, or fewer than 2 points a side.
    """
    surfaces, stack = _surfaces_of(as_list(surfaces), look, options), options.stack
    names = look.names(surfaces)
    headings = [f"{stack} {name}" for name in names] if stack is not None else names
    by_scale = panels_by_scale(surfaces, replace(look, titles=headings))
    panels = next(iter(by_scale.values()))
    alone = options.fixed if stack is not None else len(panels)
    groups = [[panel] for panel in panels[:alone]] + ([list(panels[alone:])] if stack is not None else [])
    data = payload(by_scale, groups, look.viewpoint(panels), look.colormap)
    # The fixed surfaces come first in every list, and have no stop of the slider.
    stops = names[options.fixed :] if stack is not None else []
    return _fragment(
        data | {"stop": options.start, "stops": stops, "headings": headings[options.fixed :]}, groups, stack
    )


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
    surfaces: Records, path: str | Path, look: Look = PLAIN, options: PageOptions = PageOptions()
) -> Rendering:
    """Write a page with `component`'s surfaces: one file that works offline and asks nobody for anything.

    Args:
        surfaces: planes or corridors, all of one kind.
        path: ends in ``.html``; what exists is replaced when the page is complete.
        look: see `landscape.render`.
        options: likewise.

    Raises:
        InputError: an unknown suffix, or what `component` refuses.
        DisplayError: nothing finite to draw.
        FileError: the page cannot be written.
    """
    target = check_suffix(path)
    surfaces = _surfaces_of(as_list(surfaces), look, options)
    body = component(surfaces, look, options)
    write_text(page(options.title or _title(surfaces, look.metric), body), target)
    return rendering_of(look.panels(surfaces), target, Backend("webgl"))


def check_suffix(path: str | Path) -> Path:
    """The path, if it is that of a page.

    Raises:
        InputError: its suffix is not ``.html``.
    """
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        raise InputError(f"cannot write a page to {target.name!r}: the suffix must be .html")
    return target


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
    return [plain(line) for line in panel_notes(uncut)]


def _title(surfaces: Sequence[Surface], metric: str) -> str:
    names = names_of(surfaces)
    places = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{metric_label(metric, surfaces[0].provenance).partition(' (')[0].capitalize()} around {places}"


def _surfaces_of(records: Sequence[Surface | Profile], look: Look, options: PageOptions) -> list[Surface]:
    """The records, all of them surfaces that suit the page."""
    count, stack, fixed = len(records), options.stack, options.fixed
    if not records:
        raise InputError("a page needs at least one surface")
    surfaces = [record for record in records if isinstance(record, Surface)]
    if len(surfaces) < count:
        raise InputError("a page shows surfaces; draw a profile as png, pdf or svg")
    for surface in surfaces:
        if min(surface.status.shape) < 2:
            raise DisplayError(f"a surface needs 2 points a side to be drawn, got {surface.status.shape}")
    if stack is None and count > MAX_PANELS:
        raise InputError(f"at most {MAX_PANELS} surfaces stand side by side, got {count}; stack them")
    if look.titles is not None and len(look.titles) != count:
        raise InputError(f"{count} surfaces need as many titles, got {len(look.titles)}")
    if not 0 <= fixed < count or (fixed and stack is None):
        raise InputError(f"fixed counts surfaces beside a stack, fewer than {count}, got {fixed}")
    if not 0 <= options.start < count - fixed:
        raise InputError(f"start is the index of one of {count - fixed} surfaces, got {options.start}")
    return surfaces
