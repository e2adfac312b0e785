"""What records show in a notebook, and what they become in other libraries: axes, xarray, PyVista."""

import base64
import html
import io
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from landscape.errors import InputError, LandscapeError
from landscape.records.base import LOSS
from landscape.records.sampled import Profile, Surface, describe_points
from landscape.rendering.export.mesh import grid_of
from landscape.rendering.export.tables import variables_of
from landscape.rendering.facts.quantities import axis_label, metric_label, metric_of
from landscape.rendering.geometry.heights import HeightScale
from landscape.rendering.geometry.style import colors_of, theme_of
from landscape.rendering.look import Look
from landscape.rendering.views import contour

INCHES = (4.2, 3.4)
DPI = 110


def plot_surface(
    surface: Surface, axes: Axes | None = None, *, metric: str = LOSS, scale: HeightScale = "auto"
) -> Axes:
    """Matplotlib axes with the surface from above: filled contours with labels, hatched where it is cut or missing."""
    metric = metric_of([surface], metric)
    look = Look(metric, scale, sublevel=None)
    (panel,) = look.panels([surface])
    theme = theme_of("paper")
    with mpl.rc_context(theme.settings()):
        axes = _new_axes() if axes is None else axes
        contour.draw_map(axes, panel, colors_of(look.colormap), theme)
        axes.set_title(f"{panel.title}: {metric_label(metric, surface.provenance)}", fontsize=theme.size + 2)
    return axes


def plot_profile(profile: Profile, axes: Axes | None = None, *, metric: str = LOSS) -> Axes:
    """Matplotlib axes with the values against the coordinate; gaps where they are not finite."""
    metric = metric_of([profile], metric)
    if metric not in profile.metrics:
        raise InputError(f"no {metric} in this record; it holds {', '.join(profile.metrics)}")
    theme = theme_of("paper")
    with mpl.rc_context(theme.settings()):
        axes = _new_axes() if axes is None else axes
        values = profile.metrics[metric]
        axes.plot(profile.alpha.positions, np.where(np.isfinite(values), values, np.nan), color=theme.series[0])
        axes.set_xlabel(axis_label(profile.alpha, "$\\alpha$"))
        axes.set_ylabel(metric_label(metric, profile.provenance))
        axes.set_title(profile.provenance.identity.model or profile.kind)
    return axes


def to_xarray(record: Surface | Profile) -> Any:
    """The record as an `xarray.Dataset`: dimensions alpha and beta with units, all values, provenance as attributes.

    Raises:
        InputError: xarray is not installed.
    """
    try:
        import xarray
    except ImportError:
        raise InputError("xarray is not installed: pip install 'landscape[notebook]'") from None
    variables, attributes = variables_of(record)
    names = [axis.name for axis in record.axes]
    entries = {name: (dims, values, notes) for name, (dims, values, notes) in variables.items()}
    coordinates = {name: entries.pop(name) for name in names}
    return xarray.Dataset(entries, coordinates, attributes)


def to_pyvista(surface: Surface) -> Any:
    """The surface as a `pyvista.StructuredGrid`: the loss as height, every metric and the status at its points."""
    return grid_of(surface, surface.metrics[LOSS])


def html_of(record: Surface | Profile) -> str:
    """A small table with what the record holds, and its picture; the table alone where there is nothing to draw."""
    identity = record.provenance.identity
    rows = {
        "network": identity.network,
        "P, N, K": f"{identity.P:,}, {identity.N:,}, {identity.K}" if identity.P else "",
        "grid": " x ".join(f"{len(axis)} {axis.name} ({axis.unit})" for axis in record.axes),
        "points": ", ".join(describe_points(record.num_measured, record.status.size, record.provenance.accuracy)),
        "metrics": ", ".join(record.metrics),
    }
    left = "style='text-align:left'"
    cells = "".join(
        f"<tr><th {left}>{html.escape(name)}</th><td {left}>{html.escape(text)}</td></tr>"
        for name, text in rows.items()
        if text
    )
    title = html.escape(f"{type(record).__name__}: {record.kind or 'grid'} {identity.model}".strip())
    table = f"<table><caption>{title}</caption>{cells}</table>"
    try:
        picture = base64.b64encode(png_of(record)).decode()
    except (LandscapeError, ValueError, ArithmeticError):
        return table
    return f'<div>{table}<img alt="{title}" src="data:image/png;base64,{picture}"></div>'


def png_of(record: Surface | Profile) -> bytes:
    """The picture of `plot_surface` or `plot_profile` as a PNG file."""
    axes = plot_surface(record) if isinstance(record, Surface) else plot_profile(record)
    figure = axes.figure
    assert isinstance(figure, Figure)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI, bbox_inches="tight")
    return stream.getvalue()


def _new_axes() -> Axes:
    figure = Figure(figsize=INCHES, layout="constrained")
    FigureCanvasAgg(figure)
    return figure.add_subplot()
