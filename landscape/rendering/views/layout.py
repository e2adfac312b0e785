"""The layout in inches: panels in a grid, with room for ticks, titles, small print and colour bars."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure

from landscape.errors import InputError
from landscape.rendering.facts.names import letters
from landscape.rendering.facts.quantities import metric_label
from landscape.rendering.facts.small_print import panel_notes
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.style import Theme
from landscape.rendering.geometry.ticks import height_ticks
from landscape.rendering.views.labels import text_inches, wrap_lines

COLUMN = 3.375  # inches: one column of a two-column paper
TEXT = 6.75  # its text width
WIDTHS = {"column": COLUMN, "text": TEXT}
UNITS = {"in": 1.0, "cm": 2.54, "mm": 25.4, "pt": 72.27}  # to the inch
PANEL_INCHES = 3.35
NARROWEST = 0.8
READABLE = 1.55
BAR_WITH_NAME, BAR_ALONE = 0.78, 0.5


@dataclass(frozen=True)
class Margins:
    """Room around each panel, in inches at a text size of 8 points."""

    left: float = 0.52
    right: float = 0.12
    below: float = 0.36
    title: float = 0.26
    note: float = 0.135


@dataclass(frozen=True)
class Sheet:
    """The parts of a figure.

    Args:
        panels: in reading order.
        aspect: height over width of a panel's axes.
        draw: draws one panel into its axes, given their width in inches.
        margins: around the axes.
        one_bar: whether one colour bar serves all panels.
        notes: whether the small print is drawn.
        flat: whether the panels are maps.
        bar_names: whether the colour bar has a name wherever there is room for one, as no axis names the metric.
    """

    panels: Sequence[Panel]
    aspect: float
    draw: Callable[[Axes, Panel, float], None]
    margins: Margins
    one_bar: bool = True
    notes: bool = True
    flat: bool = False
    bar_names: bool = False


def inches(width: str | float | None) -> float | None:
    """A width in inches: a number, ``"column"`` (3.375), ``"text"`` (6.75), or a number with in, cm, mm or pt.

    >>> inches("column"), inches("6.75in"), inches("25.4mm")
    (3.375, 6.75, 1.0)

    Raises:
        InputError: it is no width, or not between 0.5 and 60 inches.
    """
    if width is None:
        return None
    text = str(width).strip().lower()
    unit = next((unit for unit in UNITS if text.endswith(unit)), "")
    try:
        value = WIDTHS[text] if text in WIDTHS else float(text.removesuffix(unit)) / UNITS.get(unit, 1.0)
    except ValueError:
        raise InputError(
            f"the width of a figure is column, text, or a number such as 6.75in or 8.6cm, got {width!r}"
        ) from None
    if not 0.5 <= value <= 60:
        raise InputError(f"the width of a figure must lie between 0.5 and 60 inches, got {width}")
    return value


def compose(sheet: Sheet, theme: Theme, colors: Colormap, *, width: float | None, columns: int | None) -> Figure:
    """The figure: every panel with its title, small print and colour bars.

    Args:
        sheet: the panels and how they are drawn.
        theme: colours and font.
        colors: the colour map of the bars.
        width: of the figure, inches; by default 3.35 a panel.
        columns: panels side by side; by default as many as can be read.

    Raises:
        InputError: too narrow for its panels.
    """
    unit = theme.size / 8
    count = len(sheet.panels)
    columns, total, bar = _grid(sheet, unit, width, columns)
    bars = 1 if sheet.one_bar else columns
    cell = (total - bar * bars) / columns
    margins = sheet.margins
    inner = cell - (margins.left + margins.right) * unit
    stride = cell if sheet.one_bar else cell + bar
    tall = sheet.aspect * inner
    # Small print may be as wide as the cell, wider than the axes: it decides the height of its row.
    notes = [_notes(sheet, panel, cell, theme) for panel in sheet.panels]
    rows = math.ceil(count / columns)
    shift = _shift(notes, margins.left * unit + inner / 2, cell, theme)
    deepest = [max(map(len, notes[row * columns : (row + 1) * columns])) for row in range(rows)]
    heights = [(margins.title + margins.below + margins.note * lines + 0.05) * unit + tall for lines in deepest]
    figure = Figure(figsize=(total, sum(heights)), facecolor=theme.ground)
    FigureCanvasAgg(figure)
    for index, panel in enumerate(sheet.panels):
        row, column = divmod(index, columns)
        left = column * stride + margins.left * unit
        bottom = sum(heights) - sum(heights[:row]) - margins.title * unit - tall
        axes = _axes(figure, left, bottom, inner, tall)
        sheet.draw(axes, panel, inner)
        _words(figure, axes, _title(panel, index, count), notes[index], margins, theme, shift)
        if not sheet.one_bar:
            color_bar(figure, panel, colors, theme, (left + inner + (margins.right + 0.1) * unit, bottom, tall, bar))
    if sheet.one_bar:
        bottom = sum(heights) - margins.title * unit - tall
        color_bar(figure, sheet.panels[0], colors, theme, (total - bar + 0.12 * unit, bottom, tall, bar))
    return figure


def _grid(sheet: Sheet, unit: float, width: float | None, columns: int | None) -> tuple[int, float, float]:
    """Columns, width of the figure and of one colour bar, in inches."""
    count = len(sheet.panels)
    if columns is not None and not 1 <= columns <= 12:
        raise InputError(f"a figure has 1 to 12 columns, got {columns}")
    around = (sheet.margins.left + sheet.margins.right) * unit
    if width is None:
        columns = min(columns or (count if count <= 3 else math.ceil(math.sqrt(count))), count)
        bar = BAR_WITH_NAME * unit
        return columns, (PANEL_INCHES * unit) * columns + bar * (1 if sheet.one_bar else columns), bar
    # The name of a bar can go where the height axis has the same one.
    narrow = width < 4.5 * unit or not sheet.one_bar
    needless = not sheet.bar_names and sheet.panels[0].color == sheet.panels[0].metric
    bar = (BAR_ALONE if narrow and needless else BAR_WITH_NAME) * unit
    per_column, once = (0.0, bar) if sheet.one_bar else (bar, 0.0)
    if columns is None:
        fit = max(1, min(count, int((width - once) / (around + per_column + READABLE * unit))))
        # As many rows as that takes, filled evenly: four panels as 2 + 2, not 3 + 1.
        columns = math.ceil(count / math.ceil(count / fit))
    columns = min(columns, count)
    if (width - once) / columns - per_column - around < NARROWEST * unit:
        least = columns * (around + per_column + NARROWEST * unit) + once
        raise InputError(
            f"{width:g} in is too narrow for {columns} panel{'s' * (columns > 1)} side by side; give at least "
            f"{math.ceil(10 * least) / 10:g}in, or fewer columns"
        )
    return columns, width, bar


def _axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """New axes, in inches from the lower left corner."""
    total, tall = figure.get_size_inches()
    return figure.add_axes((left / total, bottom / tall, width / total, height / tall))


def _title(panel: Panel, index: int, count: int) -> str:
    """The title with the letter of the panel where there are several."""
    return f"({letters(index).lower()}) {panel.title}" if count > 1 else panel.title


def _words(
    figure: Figure, axes: Axes, title: str, notes: Sequence[str], margins: Margins, theme: Theme, shift: float
) -> None:
    """Title above and small print below the axes."""
    unit, (wide, tall), box = theme.size / 8, figure.get_size_inches(), axes.get_position()
    middle = (box.x0 + box.x1) / 2
    top = box.y1 + (margins.title - 0.05) * unit / tall
    figure.text(middle, top, title, ha="center", va="top", fontsize=theme.size + 3 * unit)
    for row, line in enumerate(notes):
        y = box.y0 - (margins.below + margins.note * row) * unit / tall
        figure.text(
            middle - shift / wide, y, line, ha="center", va="top", fontsize=theme.size - unit, color=theme.small
        )


def _notes(sheet: Sheet, panel: Panel, cell: float, theme: Theme) -> list[str]:
    """The small print of a panel in lines that its cell has room for."""
    if not sheet.notes:
        return []
    return wrap_lines(panel_notes(panel, flat=sheet.flat), cell - 0.12, lambda text: _note_inches(text, theme))


def _shift(notes: Sequence[Sequence[str]], middle: float, cell: float, theme: Theme) -> float:
    """Inches by which all small print moves left of the middles of the panels, so that none reaches its neighbour."""
    widest = max((_note_inches(line, theme) for lines in notes for line in lines), default=0.0)
    return max(0.0, middle + widest / 2 - (cell - 0.06))


def _note_inches(text: str, theme: Theme) -> float:
    """Width of a line of small print."""
    return text_inches(text, theme.size * 7 / 8, theme.font)


def color_bar(
    figure: Figure, panel: Panel, colors: Colormap, theme: Theme, rectangle: tuple[float, float, float, float]
) -> None:
    """A colour bar with its name where there is room.

    Args:
        figure: which gets the bar.
        panel: one of those that the bar serves.
        colors: the colour map.
        theme: colours and font.
        rectangle: left, bottom, height of the panel and width for bar and name, in inches.
    """
    left, bottom, tall, room = rectangle
    unit, shades = theme.size / 8, panel.shades
    axes = _axes(figure, left, bottom + 0.14 * tall, 0.11 * unit, 0.72 * tall)
    extend = "max" if shades.ceiling is not None else "neither"
    bar = figure.colorbar(ScalarMappable(Normalize(0, 1), colors), cax=axes, extend=extend)
    values, labels = height_ticks(shades)
    bar.set_ticks(list(shades.share(values)), labels=labels, fontsize=theme.size)
    bar.ax.minorticks_off()
    bar.outline.set_linewidth(0.6 * theme.line)
    bar.ax.tick_params(width=0.6 * theme.line, length=2.5 * unit, pad=2 * unit)
    if room >= BAR_WITH_NAME * unit:
        name = metric_label(panel.color, panel.surface.provenance)
        fits = text_inches(name, theme.size + unit, theme.font) < tall
        bar.set_label(name if fits else name.replace(" per example", ""), fontsize=theme.size + unit)
